import type { SourceLocation } from '@netarium/osi/trace';
import type { FileChange } from './files/changes.ts';
import type {
  ReceivedDescriptor,
  ResourceLimit,
  SystemCallArguments,
  SystemCallName,
  SystemCallResult,
  SystemCalls,
} from './system-calls.ts';

/** What the kernel finds behind an executable file: how a process of it is brought to life. */
export interface Program {
  /**
   * Starts a process. The program runs outside the simulation (in a worker, or in microtasks) and sees the
   * machine only through `process.call`. Called when it is the process's turn; until the process waits in
   * system calls or has ended, `process.quiescent` must not be told.
   */
  start(process: RunningProcess): void;
}

/** The kernel's end of a running process: what a `Program` may use. */
export interface RunningProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly hostname: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly parent: { readonly pid: number } | null;
  /** A seed for everything random in the process that is not asked of the kernel. */
  readonly seed: number;
  /**
   * Makes a system call for thread `tid` (the main thread is the pid). `done` is called with the result when the
   * call has returned and it is this process's turn to run; not at all if the process ended meanwhile.
   * @returns a number that `interrupt` takes.
   */
  call<N extends SystemCallName>(
    tid: number,
    name: N,
    args: SystemCallArguments<N>,
    where: SourceLocation | undefined,
    done: (result: SystemCallResult<N>) => void,
  ): number;
  /**
   * Says that the program has done with the bytes of a result when `done` returns: from now on they are only lent, and
   * their memory is used again.
   */
  borrow(): void;
  /** Makes a waiting call return -EINTR, if it still waits. @returns whether it did. */
  interrupt(call: number): boolean;
  /**
   * Says that every thread of the process now waits in a system call (or for another thread that does):
   * virtual time may move on. To be said after each `start`, `done` and `signal`, once the process has come to rest.
   */
  quiescent(): void;
  /** Says that the program counts what it computes, and keeps to RLIMIT_CPU by itself. */
  keepTime(): void;
  /** Says that the program has computed for so many nanoseconds more (its user time): no virtual time passes by that. */
  computed(time: number): void;
  /** The process is over, by itself. `status`: 0–255. */
  exited(status: number): void;
  /** The process is over: a signal came that it does not handle, and whose default is to end it. */
  endedBy(signal: number): void;
  /** What it has open from the start beside its standard streams. */
  inherited(): ReceivedDescriptor[];
  /** The process's own view of the files: everything there is now, as changes that build it up. */
  files(): FileChange[];
  /** Tells the kernel of changes the process made in its replica, before anything it calls afterwards. */
  filesChanged(changes: readonly FileChange[]): void;
  /** What it may use (getrlimit(2)), in the order of the resources' numbers. */
  readonly limits: { readonly all: readonly ResourceLimit[] };
  /** Where the kernel tells the program what happens to it. Set by the program in `start`. */
  events: ProcessEvents;
}

export interface ProcessEvents {
  /**
   * A signal that a handler of the process may catch (SIGINT 2, SIGTERM 15, SIGALRM 14 …). While this is not set, signals
   * do what Linux does by default: SIGINT, SIGTERM and most others end the process. Once it is set, it is told SIGHUP,
   * SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, and SIGPIPE is ignored, unless `rt_sigaction` says otherwise. The process
   * must say `quiescent` afterwards; calls that wait go on waiting unless it interrupts them.
   */
  signal?(signal: number): void;
  /** It has been ended (SIGKILL, the lab closed): stop at once and free everything. */
  killed?(): void;
  /** Another process gave it other limits (prlimit(2)); needs no `quiescent` of its own. */
  limitsChanged?(limits: readonly ResourceLimit[]): void;
  /** Other processes changed files. Told just before `done` or `signal`; needs no `quiescent` of its own. */
  filesChanged?(changes: readonly FileChange[]): void;
}

/** System calls as TypeScript programs make them: each returns a promise of the result. */
export type AsyncSystemCalls = {
  readonly [N in SystemCallName]: (
    ...args: Parameters<SystemCalls[N]>
  ) => Promise<ReturnType<SystemCalls[N]>>;
};

/** A program written in TypeScript. @returns the exit status. */
export type Main = (
  sys: AsyncSystemCalls,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<number>;
