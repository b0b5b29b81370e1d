import type { FileChange, ReceivedDescriptor, ResourceLimit, SystemCallName } from '@netarium/machine';
import type { SourceLocation } from '@netarium/osi/trace';

/** Messages between a process's worker and the thread its machine's kernel lives in, over one ordered port. */

/** What a worker loads CPython from. Compiled modules and buffers are shared by all workers. */
export interface Assets {
  /** Addresses of Pyodide's two JavaScript modules and of the folder it looks for files in. */
  readonly loader: string;
  readonly factory: string;
  readonly folder: string;
  /** Address of the standard library, a zip file. */
  readonly library: string;
  readonly python: WebAssembly.Module;
  readonly shim: WebAssembly.Module;
  readonly entry: WebAssembly.Module;
  /** Our Python modules by name. */
  readonly site: Readonly<Record<string, string>>;
  /** Memory of an interpreter that has started, to begin from; without it CPython starts from nothing. */
  readonly snapshot?: Uint8Array;
}

export interface StartedProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly hostname: string;
  readonly uid: number;
  readonly gid: number;
  readonly ppid: number;
  readonly seed: number;
  /** What it has open beside its standard streams. */
  readonly inherited: readonly ReceivedDescriptor[];
  /** What it may use (getrlimit(2)), in the order of the resources' numbers. */
  readonly limits: readonly ResourceLimit[];
  readonly files: readonly FileChange[];
}

export type ToWorker =
  | { readonly type: 'boot'; readonly assets: Assets }
  | { readonly type: 'start'; readonly process: StartedProcess }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'signal'; readonly signal: number }
  /** Another process gave it other limits (prlimit(2)). */
  | { readonly type: 'limits'; readonly limits: readonly ResourceLimit[] }
  | { readonly type: 'files'; readonly changes: readonly FileChange[] };

export type FromWorker =
  | { readonly type: 'ready' }
  /** CPython could not start, or came to an end that no program can bring about by itself. */
  | { readonly type: 'failed'; readonly message: string }
  | CallMessage
  | { readonly type: 'interrupt'; readonly id: number }
  /** Every thread of the process waits, after so many results and signals. */
  | { readonly type: 'quiescent'; readonly received: number }
  | { readonly type: 'files'; readonly changes: readonly FileChange[] }
  /** It has computed for so many nanoseconds more. */
  | { readonly type: 'computed'; readonly time: number }
  /** `signal`: what ended it, if it did not end by itself. */
  | { readonly type: 'exit'; readonly status: number; readonly signal?: number };

export interface CallMessage {
  readonly type: 'call';
  readonly id: number;
  readonly tid: number;
  readonly name: SystemCallName;
  readonly arguments: readonly unknown[];
  readonly where: SourceLocation | undefined;
  /** With this call every thread of the process waits. */
  readonly quiescent: boolean;
  /** How many results and signals the worker has received: it is at rest only if no other is on its way. */
  readonly received: number;
  /** Nobody waits for the result: it is not sent. */
  readonly forgotten: boolean;
  /** A signal has come that the thread has not handled yet: if the call would wait, it is interrupted. */
  readonly interrupted: boolean;
}

/** A worker's end of the port, or the end that a worker is seen by. */
export interface Port<Out, In> {
  /** Bytes in a call's arguments are only lent: they are copied before it returns. */
  post(message: Out): void;
  listen(receive: (message: In) => void): void;
  /**
   * Waits for the next message with everything else in this thread standing still, `listen` included; at the machines'
   * end only for a moment, and undefined is returned when none has come. Absent where the platform cannot.
   */
  wait?(): In | undefined;
}
