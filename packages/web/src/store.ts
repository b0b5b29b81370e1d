import { create } from 'zustand';
import { Model } from './model/model.ts';
import type { LabDescription, LabFiles, NotRun, Phase, Speed, Trouble } from './protocol.ts';

/** What a person has chosen: one thing, shown everywhere. */
export type Selection =
  | { readonly kind: 'frame'; readonly frame: number }
  /** A line of a program, and which of its frames is in front. */
  | {
      readonly kind: 'line';
      readonly node: string;
      readonly file: string;
      readonly line: number;
      readonly frame: number | null;
    }
  | { readonly kind: 'call'; readonly call: number; readonly frame: number | null };

/** A stretch of bits of the selected frame that is pointed at, in the fields or in the bytes. */
export interface Highlight {
  readonly bitOffset: number;
  readonly bitLength: number;
}

/** Virtual time as the worker last told it: it goes from `from` to `to` between two wall-clock instants. */
interface Clock {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly wall: number;
}

export type Theme = 'system' | 'light' | 'dark';
type LayerView = 'osi' | 'tcpip';

export interface Glass {
  readonly lab: LabDescription | null;
  /** The lab's files as they will run: bundled ones with the person's changes. */
  readonly files: LabFiles;
  /** The files as the run on screen has them: what a marker in a gutter refers to. */
  readonly loaded: LabFiles;
  readonly labId: string;
  /** Which of the files is the lab file: `lab.yaml`. */
  readonly labFile: string;
  readonly seed: number;
  readonly speed: Speed;
  readonly phase: Phase;
  readonly reproducible: boolean;
  readonly python: {
    readonly state: 'preparing' | 'ready' | 'unsupported' | 'failed';
    readonly message?: string;
  };
  readonly trouble: Trouble | null;
  /** Commands of the lab that did not run, once it has come to rest. */
  readonly notRun: readonly NotRun[];
  readonly model: Model;
  /** Grows whenever the model does. */
  readonly version: number;
  readonly clock: Clock;
  /** The moment that is looked at; null for the newest. */
  readonly view: number | null;
  readonly selection: Selection | null;
  readonly highlight: Highlight | null;
  readonly pinned: Highlight | null;
  readonly layerView: LayerView;
  readonly theme: Theme;
  readonly dark: boolean;
}

const NO_CLOCK: Clock = { from: 0, to: 0, start: 0, wall: 0 };

/** How to start with an empty record. */
export const freshRun = () => ({
  model: new Model(),
  version: 0,
  clock: NO_CLOCK,
  view: null,
  selection: null,
  highlight: null,
  pinned: null,
  trouble: null,
  notRun: [] as readonly NotRun[],
  reproducible: true,
});

export const useGlass = create<Glass>()(() => ({
  lab: null,
  files: {},
  loaded: {},
  labId: '',
  labFile: 'lab.yaml',
  seed: 1,
  speed: { mode: 'watch', factor: 1 },
  phase: 'loading',
  python: { state: 'preparing' },
  layerView: 'osi',
  theme: 'system',
  dark: false,
  ...freshRun(),
}));

/** The virtual time to draw, in nanoseconds: the moment looked at, or where the clock is between two events. */
export function shownTime({ view, clock } = useGlass.getState()): number {
  if (view !== null) return view;
  const { from, to, start, wall } = clock;
  if (wall <= 0) return to;
  return from + (to - from) * Math.min(1, Math.max(0, (performance.now() - start) / wall));
}
