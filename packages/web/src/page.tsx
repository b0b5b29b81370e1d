import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import 'dockview-react/dist/styles/dockview.css';
import '@xyflow/react/dist/base.css';
import '@xterm/xterm/css/xterm.css';
import './styles/tokens.css';
import './styles/page.css';
import './styles/network.css';
import './styles/frames.css';
import './styles/code.css';
import './styles/ladder.css';
import './styles/layers.css';
import './styles/lesson.css';
import { startTranslation } from './i18n.ts';
import { App } from './ui/App.tsx';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
await startTranslation();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
