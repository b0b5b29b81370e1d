import { indentWithTab } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import { indentUnit } from '@codemirror/language';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import { keymap } from '@codemirror/view';
import { basicSetup, EditorView } from 'codemirror';
import type { IDockviewPanelProps } from 'dockview-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { editFile, originalOf } from '../../connection.ts';
import { lineKey } from '../../model/model.ts';
import { linesOf, selectLine } from '../../selection.ts';
import { useGlass } from '../../store.ts';
import { UndoIcon } from '../../ui/icons.tsx';
import { appearance } from './appearance.ts';
import { type LineMark, marks, setMarks } from './marks.ts';

export interface CodeParams {
  readonly node: string;
  /** In the lab's folder: `client/client.py`. */
  readonly path: string;
}

/** One file of a machine: editable, with the frames of each line beside it. */
export function Code({ params: { node, path } }: IDockviewPanelProps<CodeParams>) {
  const { t } = useTranslation();
  const holder = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView | null>(null);
  const file = path.slice(path.indexOf('/') + 1);
  const text = useGlass((state) => state.files[path]);
  const changed = text !== undefined && text !== originalOf(path);
  const stale = useGlass((state) => state.files[path] !== state.loaded[path]);

  useEffect(() => {
    const parent = holder.current;
    if (parent === null) return;
    const look = new Compartment();
    const view = new EditorView({
      parent,
      state: EditorState.create({
        doc: useGlass.getState().files[path] ?? '',
        extensions: [
          Prec.high(marks((line) => selectLine(node, file, line))),
          basicSetup,
          keymap.of([indentWithTab]),
          EditorView.lineWrapping,
          indentUnit.of('    '),
          path.endsWith('.py') ? python() : [],
          look.of(appearance(useGlass.getState().dark)),
          EditorView.contentAttributes.of({ 'aria-label': path }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) editFile(path, update.state.doc.toString());
          }),
        ],
      }),
    });
    editor.current = view;

    // An editor that has just come to the front has no height yet: it is asked again when it has.
    const show = (line: number) => {
      const scroll = () => {
        if (view.dom.isConnected && line <= view.state.doc.lines) {
          const { from } = view.state.doc.line(line);
          view.dispatch({ effects: EditorView.scrollIntoView(from, { y: 'nearest', yMargin: 40 }) });
        }
      };
      if (parent.clientHeight > 0) scroll();
      requestAnimationFrame(() => requestAnimationFrame(scroll));
    };
    let shown = '';
    let scrolledTo = '';
    let { dark } = useGlass.getState();
    const draw = () => {
      const state = useGlass.getState();
      if (state.dark !== dark) {
        dark = state.dark;
        view.dispatch({ effects: look.reconfigure(appearance(dark)) });
      }
      const text = state.files[path] ?? '';
      if (text !== view.state.doc.toString()) {
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      }
      const lines = collect(state, node, file, view.state.doc.lines);
      const key = JSON.stringify(lines);
      if (key !== shown) {
        shown = key;
        view.dispatch({ effects: setMarks.of(lines) });
      }
      const chosen = lines.find(({ selected }) => selected !== null)?.line;
      const place = chosen === undefined ? '' : `${JSON.stringify(state.selection)}`;
      if (chosen !== undefined && place !== scrolledTo) show(chosen);
      scrolledTo = place;
    };
    draw();
    const unsubscribe = useGlass.subscribe(draw);
    return () => {
      unsubscribe();
      view.destroy();
      editor.current = null;
    };
  }, [node, path, file]);

  return (
    <div className="pane code" data-testid={`code-${path}`}>
      {changed && (
        <div className="code-note">
          <span>{stale ? t('code.changed') : t('code.edited')}</span>
          <button
            type="button"
            className="button small"
            onClick={() => editFile(path, originalOf(path) ?? '')}
          >
            <UndoIcon /> {t('code.reset')}
          </button>
        </div>
      )}
      <div className="code-editor" ref={holder} />
    </div>
  );
}

type State = ReturnType<typeof useGlass.getState>;

/** What is to be said of each line of a file, from the record. */
function collect(state: State, node: string, file: string, count: number): LineMark[] {
  const { model, selection, view } = state;
  const lines = new Map<number, LineMark>();
  const at = (line: number): LineMark => {
    let mark = lines.get(line);
    if (mark === undefined) {
      mark = { line, frames: 0, selected: null, waits: false };
      lines.set(line, mark);
    }
    return mark;
  };
  // Markers of a run belong to the text it ran.
  const path = `${node}/${file}`;
  if (state.files[path] !== state.loaded[path]) return [];
  for (let line = 1; line <= count; line++) {
    const trace = model.lines.get(lineKey(node, file, line));
    const frames = trace?.frames.length ?? 0;
    if (frames > 0) at(line).frames = frames;
  }
  for (const shown of linesOf(model, selection)) {
    if (shown.node === node && shown.file === file && shown.line <= count) {
      at(shown.line).selected = shown.direct ? 'direct' : 'indirect';
    }
  }
  const moment = view === null ? model.now : model.at(view);
  for (const process of moment.node(node).processes.values()) {
    if (process.status !== null) continue;
    for (const { where } of process.open.values()) {
      if (where?.file.endsWith(file) && where.line <= count) at(where.line).waits = true;
    }
  }
  return [...lines.values()].sort((a, b) => a.line - b.line);
}
