import type { DockviewApi } from 'dockview-react';
import {
  DockviewReact,
  type DockviewReadyEvent,
  type IDockviewPanelHeaderProps,
  type IDockviewPanelProps,
} from 'dockview-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Code, type CodeParams } from '../panes/code/Code.tsx';
import { Lesson } from '../panes/Lesson.tsx';
import { Ladder } from '../panes/ladder/Ladder.tsx';
import { Layers } from '../panes/layers/Layers.tsx';
import { Packets } from '../panes/Packets.tsx';
import { Terminal } from '../panes/Terminal.tsx';
import { Topology } from '../panes/topology/Topology.tsx';
import { linesOf } from '../selection.ts';
import { useGlass } from '../store.ts';
import { arrange, codeTitle, setApi, showFile } from './layout.ts';

const components: Record<string, React.FunctionComponent<IDockviewPanelProps>> = {
  topology: Topology,
  ladder: Ladder,
  packets: Packets,
  layers: Layers,
  terminal: Terminal,
  lesson: Lesson,
  code: Code as React.FunctionComponent<IDockviewPanelProps>,
};

const theme = { name: 'glass', className: 'dockview-theme-light', gap: 6 };

/** The panes, which a person can move, resize and stack. */
export function Workspace() {
  const [dock, setDock] = useState<DockviewApi | null>(null);
  const { t, i18n } = useTranslation();

  const ready = ({ api }: DockviewReadyEvent) => {
    arrange(api);
    setDock(api);
  };

  useEffect(() => {
    setApi(dock);
    return () => setApi(null);
  }, [dock]);

  // Titles follow the language.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` changes with the language
  useEffect(() => {
    if (dock === null) return;
    for (const panel of dock.panels)
      panel.api.setTitle(titleOf(panel.id, panel.params as Partial<CodeParams>, t));
  }, [dock, i18n.language]);

  // A selected frame's line comes to the front.
  useEffect(
    () =>
      useGlass.subscribe((state, before) => {
        if (state.selection === before.selection || state.selection?.kind === 'line') return;
        const [line] = linesOf(state.model, state.selection);
        if (line !== undefined) showFile(`${line.node}/${line.file}`);
      }),
    [],
  );

  return (
    <DockviewReact
      components={components}
      defaultTabComponent={Tab}
      theme={theme}
      onReady={ready}
      disableFloatingGroups
    />
  );
}

type Translate = ReturnType<typeof useTranslation>['t'];

function titleOf(id: string, params: Partial<CodeParams> | undefined, t: Translate): string {
  const { node = '', path = '' } = params ?? {};
  if (id.startsWith('code:')) return codeTitle(node, path);
  if (id.startsWith('terminal:')) return t('pane.terminal', { node });
  return t(`pane.${id as 'topology'}`);
}

/** A pane's tab: its title, and a dot while its file has changes that have not run. */
function Tab({ api, params }: IDockviewPanelHeaderProps<Partial<CodeParams>>) {
  const [title, setTitle] = useState(api.title);
  const { t } = useTranslation();
  const path = params.path;
  const stale = useGlass((state) => path !== undefined && state.files[path] !== state.loaded[path]);
  useEffect(() => {
    const subscription = api.onDidTitleChange((event) => setTitle(event.title));
    return () => subscription.dispose();
  }, [api]);
  return (
    <span className="tab-title">
      {title}
      {stale && <span className="dot" title={t('code.edited')} />}
    </span>
  );
}
