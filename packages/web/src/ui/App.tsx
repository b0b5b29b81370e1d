import { useGlass } from '../store.ts';
import { Notices } from './Notices.tsx';
import { useShortcuts } from './shortcuts.ts';
import { Timeline } from './Timeline.tsx';
import { Toolbar } from './Toolbar.tsx';
import { Workspace } from './Workspace.tsx';

export function App() {
  useShortcuts();
  // Other machines have other panes.
  const panes = useGlass((state) =>
    state.lab === null && state.phase !== 'failed'
      ? null
      : `${state.labId} ${state.lab?.nodes.map(({ name }) => name).join(' ')}`,
  );
  return (
    <div className="page">
      <Toolbar />
      <Notices />
      <main className="workspace">{panes !== null && <Workspace key={panes} />}</main>
      <Timeline />
    </div>
  );
}
