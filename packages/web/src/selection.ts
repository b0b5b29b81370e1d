import { lineOf } from '@netarium/osi/trace';
import { baseName, lineKey, type Model } from './model/model.ts';
import { type Glass, type Selection, useGlass } from './store.ts';

/** The frame in front: whose layers are shown. */
export const frameOf = (selection: Selection | null): number | null => selection?.frame ?? null;

/** Every frame that belongs to the selection. */
export function framesOf(model: Model, selection: Selection | null): ReadonlySet<number> {
  if (selection === null) return new Set();
  if (selection.kind === 'frame') return new Set([selection.frame]);
  if (selection.kind === 'line')
    return new Set(model.lines.get(lineKey(selection.node, selection.file, selection.line))?.frames);
  return new Set(framesOfCall(model, selection.call));
}

/** The frames that a system call made. */
function framesOfCall(model: Model, call: number): number[] {
  return model.callsOfFrames.flatMap((calls, i) => (calls.some(({ id }) => id === call) ? [i + 1] : []));
}

export interface ShownLine {
  readonly node: string;
  readonly file: string;
  readonly line: number;
  /** False when the line only began what the frame answers. */
  readonly direct: boolean;
}

/** The lines of programs that belong to the selection. */
export function linesOf(model: Model, selection: Selection | null): ShownLine[] {
  if (selection === null) return [];
  if (selection.kind === 'line') {
    return [{ node: selection.node, file: selection.file, line: selection.line, direct: true }];
  }
  if (selection.kind === 'call') {
    const call = model.calls.get(selection.call)?.call;
    return call?.where === undefined
      ? []
      : [{ node: call.node, file: baseName(call.where.file), line: call.where.line, direct: true }];
  }
  const journey = model.frame(selection.frame);
  if (journey === undefined) return [];
  const direct = (model.callsOfFrames[selection.frame - 1] ?? []).flatMap((call) =>
    call.where === undefined
      ? []
      : [{ node: call.node, ...call.where, file: baseName(call.where.file), direct: true }],
  );
  if (direct.length > 0) return direct;
  return lineOf(model.record, journey.sent.id).map(({ node, file, line }) => ({
    node,
    file: baseName(file),
    line,
    direct: false,
  }));
}

const clearPointing = { highlight: null, pinned: null };

/** Selects a frame everywhere. While nothing runs, the moment looked at becomes the one of its flight. */
export function selectFrame(frame: number): void {
  useGlass.setState((state) => ({
    selection: { kind: 'frame', frame },
    ...clearPointing,
    ...lookAt(state, frame),
  }));
}

/** Selects a line of a program and its frames. */
export function selectLine(node: string, file: string, line: number): void {
  useGlass.setState((state) => {
    const frames = state.model.lines.get(lineKey(node, file, line))?.frames ?? [];
    const current = frameOf(state.selection);
    const { selection } = state;
    const again =
      selection?.kind === 'line' &&
      selection.node === node &&
      selection.file === file &&
      selection.line === line;
    const at = current === null ? -1 : frames.indexOf(current);
    // Choosing a line again goes on to its next frame.
    const frame = (again ? frames[(at + 1) % frames.length] : at >= 0 ? current : frames[0]) ?? null;
    return {
      selection: { kind: 'line', node, file, line, frame },
      ...clearPointing,
      ...(frame === null ? {} : lookAt(state, frame)),
    };
  });
}

export function selectCall(call: number): void {
  useGlass.setState((state) => {
    const frame = framesOfCall(state.model, call)[0] ?? null;
    return {
      selection: { kind: 'call', call, frame },
      ...clearPointing,
      ...(frame === null ? {} : lookAt(state, frame)),
    };
  });
}

/** Goes to the next or an earlier frame, as the arrow keys do. */
export function moveSelection(by: number): void {
  const { selection, model } = useGlass.getState();
  const last = model.journeys.all.length;
  if (last === 0) return;
  const current = frameOf(selection);
  selectFrame(current === null ? (by > 0 ? 1 : last) : Math.min(last, Math.max(1, current + by)));
}

export function clearSelection(): void {
  useGlass.setState({ selection: null, ...clearPointing, view: null });
}

/** While the lab stands still, a chosen frame is seen on its way: half-way over its first cable. */
function lookAt({ model, phase }: Glass, frame: number): Partial<Glass> {
  if (phase === 'running') return {};
  const hop = model.frame(frame)?.hops[0];
  if (hop === undefined) return {};
  const arrival = hop.received?.time ?? hop.dropped?.time ?? hop.sent.time;
  return { view: hop.sent.time + (arrival - hop.sent.time) / 2 };
}
