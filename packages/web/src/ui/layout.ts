import type { DockviewApi } from 'dockview-react';
import i18next from 'i18next';
import { lessonOf } from '../panes/Lesson.tsx';
import type { LabDescription, LabFiles } from '../protocol.ts';
import { useGlass } from '../store.ts';

let api: DockviewApi | null = null;

/** The files of a lab that are programs of its machines, those that run first. */
function programsOf(lab: LabDescription, files: LabFiles): { node: string; path: string }[] {
  const programs = lab.nodes.flatMap(({ name, run }) =>
    Object.keys(files)
      .filter((path) => path.startsWith(`${name}/`) && /[.](py|txt|js|ts)$/.test(path))
      .map((path) => ({
        node: name,
        path,
        runs: run.some((command) => command.includes(path.slice(name.length + 1))),
      })),
  );
  const running = programs.filter(({ runs }) => runs);
  return running.length > 0 ? running : programs;
}

export function setApi(to: DockviewApi | null): void {
  api = to;
}

/** Brings the pane of a file to the front, without taking the keyboard away. */
export function showFile(path: string): void {
  const panel = api?.getPanel(`code:${path}`);
  if (panel !== undefined && panel.group.activePanel !== panel) panel.api.setActive();
}

export function resetLayout(): void {
  api?.clear();
  if (api !== null) arrange(api);
}

/** `client · client.py`; the lab file by its name alone. */
export function codeTitle(node: string, path: string): string {
  return node === '' ? path : i18next.t('pane.code', { node, file: path.slice(node.length + 1) });
}

/** The panes as they stand when nobody has moved them: programs at the left, the network in the middle, bytes below. */
export function arrange(dock: DockviewApi): void {
  const { lab, files, labFile } = useGlass.getState();
  const t = i18next.t.bind(i18next);
  const { width, height } = dock;
  const left = Math.round(Math.min(620, Math.max(390, width * 0.325)));
  const machines = lab?.nodes.filter(({ kind }) => kind === 'host' || kind === 'router').slice(0, 4) ?? [];
  const programs = lab === null ? [] : programsOf(lab, files);

  // The lab file comes last: its cables and addresses can be changed as the programs can.
  if (files[labFile] !== undefined) programs.push({ node: '', path: labFile });
  const topology = dock.addPanel({ id: 'topology', component: 'topology', title: t('pane.topology') });
  let code = '';
  for (const { node, path } of programs) {
    const title = codeTitle(node, path);
    const position =
      code === '' ? { referencePanel: 'topology', direction: 'left' as const } : { referencePanel: code };
    dock.addPanel({
      id: `code:${path}`,
      component: 'code',
      title,
      params: { node, path },
      position,
      inactive: code !== '',
      initialWidth: left,
    });
    code ||= `code:${path}`;
  }
  if (code !== '' && lessonOf(files, i18next.language) !== undefined) {
    dock.addPanel({
      id: 'lesson',
      component: 'lesson',
      title: t('pane.lesson'),
      position: { referencePanel: code },
      inactive: true,
    });
  }
  let above = code;
  for (const { name } of machines) {
    const id = `terminal:${name}`;
    const position =
      above === ''
        ? { referencePanel: 'topology', direction: 'left' as const }
        : { referencePanel: above, direction: 'below' as const };
    dock.addPanel({
      id,
      component: 'terminal',
      title: t('pane.terminal', { node: name }),
      params: { node: name },
      position,
    });
    above = id;
  }
  const below = { referencePanel: 'topology', direction: 'below' as const };
  dock.addPanel({ id: 'layers', component: 'layers', title: t('pane.layers'), position: below });
  dock.addPanel({ id: 'packets', component: 'packets', title: t('pane.packets'), position: below });
  dock.addPanel({
    id: 'ladder',
    component: 'ladder',
    title: t('pane.ladder'),
    position: { referencePanel: 'packets', direction: 'right' },
  });
  // Sizes, from the outside in.
  const size = (id: string, wanted: { width?: number; height?: number }) =>
    dock.getPanel(id)?.group.api.setSize(wanted);
  const each =
    machines.length === 0
      ? 0
      : Math.max(96, Math.round((height * (machines.length > 1 ? 0.46 : 0.3)) / machines.length));
  if (code !== '') size(code, { width: left, height: height - each * machines.length });
  for (const { name } of machines) size(`terminal:${name}`, { height: each });
  size('topology', { height: Math.round(Math.max(150, height * 0.245)) });
  size('layers', { height: Math.round(Math.max(282, height * 0.39)) });
  size('packets', { width: Math.round((width - left) * 0.59) });
  topology.api.setActive();
}
