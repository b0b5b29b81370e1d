import { type Extension, RangeSet, StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView, GutterMarker, gutter } from '@codemirror/view';

/** What is shown beside and on one line. */
export interface LineMark {
  readonly line: number;
  frames: number;
  /** It made the selected frame, or only began what that frame answers. */
  selected: 'direct' | 'indirect' | null;
  /** A program waits here in a system call. */
  waits: boolean;
}

export const setMarks = StateEffect.define<readonly LineMark[]>();

const markField = StateField.define<readonly LineMark[]>({
  create: () => [],
  update: (marks, transaction) => {
    for (const effect of transaction.effects) if (effect.is(setMarks)) return effect.value;
    // Lines of an edited text are other lines.
    return transaction.docChanged ? [] : marks;
  },
  provide: (field) =>
    EditorView.decorations.from(field, (marks) => (view) => {
      const ranges = marks.flatMap((mark) => {
        if (mark.line > view.state.doc.lines) return [];
        const classes = [
          mark.selected !== null && `line-${mark.selected}`,
          mark.waits && 'line-waits',
        ].filter(Boolean);
        if (classes.length === 0) return [];
        return [Decoration.line({ class: classes.join(' ') }).range(view.state.doc.line(mark.line).from)];
      });
      return Decoration.set(ranges, true);
    }),
});

class FrameCount extends GutterMarker {
  readonly mark: LineMark;

  constructor(mark: LineMark) {
    super();
    this.mark = mark;
  }

  override eq(other: FrameCount): boolean {
    const { frames, selected, waits } = this.mark;
    return other.mark.frames === frames && other.mark.selected === selected && other.mark.waits === waits;
  }

  override toDOM(): HTMLElement {
    const { line, frames, selected, waits } = this.mark;
    const element = document.createElement('button');
    element.type = 'button';
    element.className = `frame-count${selected === null ? '' : ` ${selected}`}${waits ? ' waits' : ''}`;
    element.textContent = frames > 0 ? String(frames) : '';
    element.dataset.line = String(line);
    element.tabIndex = -1;
    return element;
  }
}

/** The gutter with each line's frames, and the lines that are marked. @param choose called with the line that is clicked. */
export function marks(choose: (line: number) => void): Extension {
  return [
    markField,
    gutter({
      class: 'frame-gutter',
      markers: (view) => {
        const all = view.state.field(markField).filter(({ line }) => line <= view.state.doc.lines);
        return RangeSet.of(
          all.map((mark) => new FrameCount(mark).range(view.state.doc.line(mark.line).from)),
          true,
        );
      },
      domEventHandlers: {
        mousedown: (view, block) => {
          choose(view.state.doc.lineAt(block.from).number);
          return true;
        },
      },
    }),
    EditorView.domEventHandlers({
      // A line is chosen by clicking it; dragging and double clicks are for the text.
      click: (event, view) => {
        const target = event.target as HTMLElement;
        if (event.detail !== 1 || !view.state.selection.main.empty || target.closest('.cm-content') === null)
          return false;
        const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
        if (at === null) return false;
        const line = view.state.doc.lineAt(at).number;
        if (view.state.field(markField).some((mark) => mark.line === line && mark.frames > 0)) choose(line);
        return false;
      },
    }),
  ];
}
