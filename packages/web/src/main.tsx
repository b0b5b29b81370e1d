import { connect } from './connection.ts';
import { followTheme } from './theme.ts';

// The worker starts first: it prepares Python while the rest of the page is loaded and drawn.
connect();
followTheme();
await import('./page.tsx');
