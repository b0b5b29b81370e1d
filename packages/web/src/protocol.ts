import type { Nanoseconds } from '@netarium/osi/time';
import type { TraceEvent } from '@netarium/osi/trace';

/** The files of a lab by their paths in its folder: `lab.yaml`, `client/client.py`. */
export type LabFiles = Readonly<Record<string, string>>;

/**
 * How fast virtual time goes in the page.
 * `watch`: stretched so that a frame is seen travelling (about half a second per cable at factor 1), waiting cut short;
 * `scaled`: `factor` seconds of virtual time in a second; `max`: as fast as the machine can.
 */
export type Speed =
  | { readonly mode: 'watch'; readonly factor: number }
  | { readonly mode: 'scaled'; readonly factor: number }
  | { readonly mode: 'max' };

/** What one step goes on to. */
export type StepKind = 'event' | 'frame' | 'call' | 'line';

/** What the page asks of the lab's worker. */
export type Command =
  /** The first command. `python`: address of the folder with CPython's files. */
  | { readonly type: 'prepare'; readonly python: string }
  | {
      readonly type: 'load';
      readonly run: number;
      readonly files: LabFiles;
      readonly file: string;
      readonly seed: number;
    }
  | { readonly type: 'run' }
  | { readonly type: 'pause' }
  | { readonly type: 'step'; readonly kind: StepKind }
  | { readonly type: 'speed'; readonly speed: Speed }
  /** A person typed on a machine's terminal. `\x03` is Ctrl-C. */
  | { readonly type: 'type'; readonly node: string; readonly text: string }
  /** The window of a machine's terminals has this size, in characters. */
  | { readonly type: 'resize'; readonly node: string; readonly rows: number; readonly columns: number };

export type Phase = 'loading' | 'ready' | 'running' | 'paused' | 'ended' | 'failed';

/** A cable of the loaded lab. */
export interface LinkDescription {
  readonly a: { readonly node: string; readonly port: string };
  readonly b: { readonly node: string; readonly port: string };
  /** Bits per second; null without limit. */
  readonly bandwidth: number | null;
  readonly delay: Nanoseconds;
}

export interface NodeDescription {
  readonly name: string;
  readonly kind: 'host' | 'router' | 'switch' | 'hub';
  /** `eth0` → `10.0.0.1/24`. */
  readonly addresses: readonly (readonly [port: string, prefix: string])[];
  /** The commands that the lab starts on it. */
  readonly run: readonly string[];
}

export interface LabDescription {
  readonly name: string;
  readonly title: { readonly en?: string; readonly ko?: string };
  readonly nodes: readonly NodeDescription[];
  readonly links: readonly LinkDescription[];
}

/** One thing wrong with the lab, as `lab.yaml:12:3: …`. */
export interface Trouble {
  readonly kind: 'lab' | 'crash';
  readonly message: string;
}

/** A command of the lab that has not run: it could not be started, or still waits for a port of a machine. */
export interface NotRun {
  readonly node: string;
  readonly command: string;
  /** `pyhton3: command not found`; null while it waits. */
  readonly message: string | null;
  /** `server:9000`. */
  readonly waitsFor: string | null;
}

/** What the lab's worker tells the page. Everything but `python` belongs to the run that was loaded last. */
export type Report =
  | {
      readonly type: 'python';
      readonly state: 'preparing' | 'ready' | 'unsupported' | 'failed';
      readonly message?: string;
    }
  | { readonly type: 'loaded'; readonly run: number; readonly lab: LabDescription }
  /** New events of the record, in order; `bytes`: those of each `frame-sent` among them, one after the other. */
  | {
      readonly type: 'events';
      readonly run: number;
      readonly events: readonly TraceEvent[];
      readonly bytes: Uint8Array<ArrayBuffer>;
    }
  /** Virtual time goes from `from` to `to` in `wall` milliseconds from now on. */
  | {
      readonly type: 'clock';
      readonly run: number;
      readonly from: Nanoseconds;
      readonly to: Nanoseconds;
      readonly wall: number;
    }
  | { readonly type: 'phase'; readonly run: number; readonly phase: Phase; readonly reproducible: boolean }
  /** Told when a run has come to rest. */
  | { readonly type: 'not-run'; readonly run: number; readonly commands: readonly NotRun[] }
  | { readonly type: 'trouble'; readonly run: number; readonly trouble: Trouble };
