import { useGlass } from '../store.ts';
import { Notices } from './Notices.tsx';
import { Timeline } from './Timeline.tsx';
import { Toolbar } from './Toolbar.tsx';
import { useShortcuts } from './shortcuts.ts';
import { Workspace } from './Workspace.tsx';

export function App() {
  useShortcuts();
  const labId = useGlass((state) => state.labId);
  const ready = useGlass((state) => state.lab !== null || state.phase === 'failed');
  return (
    <div className="page">
      <Toolbar />
      <Notices />
      <main className="workspace">{ready && <Workspace key={labId} />}</main>
      <Timeline />
    </div>
  );
}
