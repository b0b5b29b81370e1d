import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import 'dockview-react/dist/styles/dockview.css';
import '@xyflow/react/dist/base.css';
import '@xterm/xterm/css/xterm.css';
import './styles/tokens.css';
import './styles/page.css';
import './styles/panes.css';
import { App } from './ui/App.tsx';
import { connect } from './connection.ts';
import { startTranslation } from './i18n.ts';
import { followTheme } from './theme.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
// The worker starts first: it prepares Python while the page is drawn.
connect();
followTheme();
await startTranslation();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
