import type { Random, Simulation } from '@netarium/osi/time';
import { ERRNO, type EventId, type SourceLocation, type Tracer } from '@netarium/osi/trace';
import type { FileSystem } from '../files/file-system.ts';
import type { User } from '../files/inode.ts';
import { absolute } from '../files/paths.ts';
import type { Program } from '../program.ts';
import type { Scheduler } from '../scheduler.ts';
import type {
  SystemCallArguments,
  SystemCallName,
  SystemCallResult,
  SystemCalls,
  TracedCall,
} from '../system-calls.ts';
import type { Terminal } from '../terminal.ts';
import { SIGNAL_MAX, SIGNALS, signalName, W_CONTINUED, W_STOPPED } from './constants.ts';
import { findProgram } from './executable.ts';
import { Followings } from './following.ts';
import { RLIMIT, THREADS_MAX } from './limits.ts';
import type { Network } from './network.ts';
import type { Caller, OpenFile } from './open-file.ts';
import { Process, type ProcessHost } from './process.ts';
import type { SocketFile } from './socket-file.ts';
import { describeCall, describeResult, straceLine } from './strace.ts';
import { isUnseen, type OutputLimit } from './terminal-log.ts';
import { UnixNames } from './unix/unix-names.ts';
import { UnixSocket } from './unix/unix-socket.ts';
import { Blocked } from './wait.ts';
import { beginWaiting } from './waiting-call.ts';

/** One system call that is being made: by whom, and as which event of the record. */
export interface Call {
  readonly kernel: Kernel;
  readonly process: Process;
  /** The thread that calls. */
  readonly tid: number;
  readonly name: SystemCallName;
  readonly event: EventId;
  /** Who reads or writes, by descriptor `fd`. */
  by(fd: number): Caller;
}

/** A call that does not return: the process that made it has ended. */
export const NEVER = Symbol('never returns');

type Answer<N extends SystemCallName> =
  | ReturnType<SystemCalls[N]>
  | Blocked<ReturnType<SystemCalls[N]>>
  | typeof NEVER;
type Handler<N extends SystemCallName> = (call: Call, ...args: Parameters<SystemCalls[N]>) => Answer<N>;

/** What the kernel does for each system call. */
export type Handlers = { readonly [N in SystemCallName]: Handler<N> };
/** The part of it that one file has. */
export type Family<N extends SystemCallName> = Pick<Handlers, N>;

export interface KernelOptions {
  readonly name: string;
  readonly sim: Simulation;
  readonly scheduler: Scheduler;
  readonly tracer: Tracer;
  readonly files: FileSystem;
  readonly network: Network;
  readonly handlers: Handlers;
  /** CLOCK_REALTIME at virtual time 0, in nanoseconds since 1970. */
  readonly epoch: number;
  readonly outputLimit: OutputLimit;
}

export interface StartOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: User;
  readonly parent: Process | null;
  readonly terminal: Terminal | null;
  /** What it has open from the start, by number. */
  readonly files: readonly (readonly [fd: number, file: OpenFile])[];
}

/** Signals that end nothing when nobody handles them (signal(7)). */
const HARMLESS: ReadonlySet<number> = new Set([
  SIGNALS.SIGCHLD,
  SIGNALS.SIGURG,
  SIGNALS.SIGWINCH,
  SIGNALS.SIGCONT,
  // They would stop a process whose shell could let it go on; its group is orphaned (setpgid(2)), and then they do nothing.
  SIGNALS.SIGTSTP,
  SIGNALS.SIGTTIN,
  SIGNALS.SIGTTOU,
]);

/** PID of the first process that is started; those below belong to a kernel's own. */
const FIRST_PID = 100;
/** Where the numbers of sockets and pipes begin (`socket:[20000]`). */
const FIRST_ANONYMOUS_INODE = 20_000;

/** The kernel of one machine: its processes, and what they can ask of it. */
export class Kernel implements ProcessHost {
  readonly name: string;
  readonly sim: Simulation;
  readonly scheduler: Scheduler;
  readonly tracer: Tracer;
  readonly files: FileSystem;
  readonly network: Network;
  readonly epoch: number;
  readonly outputLimit: OutputLimit;
  hostname: string;
  /** All processes that run or have not been waited for, by PID. */
  readonly processes = new Map<number, Process>();
  readonly sockets = new Set<SocketFile>();
  readonly unixNames: UnixNames;
  /** Where `getrandom` and `/dev/urandom` draw from. */
  readonly random: Random;
  readonly followings = new Followings();
  readonly #handlers: Handlers;
  #lastPid = FIRST_PID - 1;
  #lastInode = FIRST_ANONYMOUS_INODE - 1;

  constructor(options: KernelOptions) {
    this.name = options.name;
    this.hostname = options.name;
    this.sim = options.sim;
    this.scheduler = options.scheduler;
    this.tracer = options.tracer;
    this.files = options.files;
    this.network = options.network;
    this.epoch = options.epoch;
    this.outputLimit = options.outputLimit;
    this.unixNames = new UnixNames(options.files);
    this.random = options.sim.randomFor(`${options.name}/getrandom`);
    this.#handlers = options.handlers;
  }

  /** CLOCK_REALTIME in nanoseconds; a `number` keeps it to 256 ns. */
  get realTime(): number {
    return this.epoch + this.sim.now;
  }

  /** A number for a process or thread. */
  nextPid(): number {
    return ++this.#lastPid;
  }

  /** A number for a pipe or socket. */
  nextInode(): number {
    return ++this.#lastInode;
  }

  /** Starts a process of the program at `path` (looked up on PATH when it has no slash). @returns it, or a negated errno. */
  start(path: string, options: StartOptions): Process | number {
    const found = findProgram(this.files, path, options);
    if (typeof found === 'number') return found;
    const process = new Process(this, {
      ...options,
      argv: found.argv,
      pid: this.nextPid(),
      group: options.parent?.group ?? this.#lastPid,
      cwd: absolute(options.cwd, '/'),
    });
    for (const [fd, file] of options.files) process.descriptors.put(fd, file);
    this.processes.set(process.pid, process);
    options.parent?.children.add(process);
    this.tracer.write({ kind: 'process', pid: process.pid, change: 'start', argv: process.argv });
    this.#begin(process, found.program);
    return process;
  }

  /** execve(2). @param files what it has open from then on. @returns a negated errno, or 0: the program that called is no more. */
  execute(
    process: Process,
    path: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    cwd: string,
    files: readonly (readonly [fd: number, file: OpenFile])[],
  ): number {
    const { user } = process;
    const found = findProgram(this.files, path, { argv, env, cwd, user });
    if (typeof found === 'number') return found;
    for (const follower of process.followers)
      follower.add({ text: straceLine('execve', [path, argv, env], 0, false), tid: process.pid });
    process.become(found.argv, env, absolute(cwd, '/'), files);
    this.#begin(process, found.program);
    this.scheduler.rested(process);
    return 0;
  }

  #begin(process: Process, program: Program): void {
    this.sim.after(this.scheduler.systemCallCost, () => {
      if (!process.ended) process.resume(() => program.start(process));
    });
  }

  /** Whether there may be one more process or thread (RLIMIT_NPROC, of which root has no limit; kernel.threads-max). */
  mayAddTask({ user, limits }: Process): boolean {
    let [all, own] = [0, 0];
    for (const process of this.processes.values()) {
      const tasks = 1 + process.threads.size;
      all += tasks;
      if (process.user.uid === user.uid) own += tasks;
    }
    return all < THREADS_MAX && (user.uid === 0 || own < limits.most(RLIMIT.NPROC));
  }

  /** A process makes a system call: it is handled now, and the process resumed later. */
  handle<N extends SystemCallName>(
    process: Process,
    number: number,
    tid: number,
    name: N,
    args: SystemCallArguments<N>,
    where: SourceLocation | undefined,
    done: (result: SystemCallResult<N>) => void,
  ): void {
    const { tracer, scheduler } = this;
    if (this.#outOfTime(process)) return;
    const unseen = process.floods && isUnseen(process, name, args[0]);
    if (!unseen) process.untold?.tell();
    const event =
      tracer.on && !unseen
        ? tracer.write({
            kind: 'system-call',
            pid: process.pid,
            tid,
            program: process.program,
            name,
            args: describeCall(name, args),
            ...(where === undefined ? {} : { where }),
            cause: 0,
          })
        : 0;
    const call: Call = {
      kernel: this,
      process,
      tid,
      name,
      event,
      by: (fd) => ({ pid: process.pid, fd, call: event, fileSize: process.limits.most(RLIMIT.FSIZE) }),
    };
    const handler = this.#handlers[name] as Handler<N> | undefined;
    const answer = tracer.within(event, () =>
      handler === undefined
        ? (-ERRNO.ENOSYS as Answer<N>)
        : handler(call, ...(args as Parameters<SystemCalls[N]>)),
    );
    if (answer === NEVER || process.ended) return;
    let unfinished = false;
    const traced = (text: string): TracedCall => ({ text, tid, ...(where !== undefined && { where }) });
    const giveBack = (result: SystemCallResult<N>, cause: EventId): void => {
      this.sim.after(scheduler.systemCallCost, () => {
        if (process.ended) return;
        process.resume(() => {
          if (event !== 0) {
            const { result: value, text } = describeResult(name, args, result);
            tracer.write({
              kind: 'system-call-returned',
              call: event,
              result: value,
              text,
              cause: cause || event,
            });
          }
          for (const follower of process.followers)
            follower.add(traced(straceLine(name, args, result, unfinished)));
          done(result);
          const bytes = (result as { data?: unknown } | undefined)?.data;
          if (bytes instanceof Uint8Array) process.lent?.giveBack(bytes);
        });
      });
    };
    if (answer instanceof Blocked) {
      unfinished = true;
      const line = (): TracedCall => traced(straceLine(name, args, undefined, true));
      for (const follower of process.followers) follower.add(line());
      beginWaiting({ kernel: this, process, number, name, event, line }, answer.waiting, giveBack);
    } else {
      giveBack(answer as SystemCallResult<N>, event);
    }
    scheduler.strayed(process);
  }

  /**
   * The process has used the time of one more system call (RLIMIT_CPU): at the soft limit SIGXCPU comes, and again each second;
   * at the hard one SIGKILL (`check_process_timers`). @returns whether it has ended by that.
   */
  #outOfTime(process: Process): boolean {
    process.systemTime += this.scheduler.systemCallCost;
    if (process.keepsTime) return false;
    const signal = process.limits.cpuSignal(process.userTime + process.systemTime);
    if (signal !== 0) this.signal(process, signal);
    return process.ended;
  }

  /** Sends a signal; what it does is the process's choice (signal(7)). */
  signal(process: Process, signal: number, from: Process | null = null): void {
    if (process.ended || signal < 1 || signal > SIGNAL_MAX) return;
    for (const follower of process.followers) {
      const origin =
        from === null ? 'si_code=SI_KERNEL' : `si_code=SI_USER, si_pid=${from.pid}, si_uid=${from.user.uid}`;
      const text = `--- ${signalName(signal)} {si_signo=${signalName(signal)}, ${origin}} ---`;
      follower.add({ text, tid: process.pid });
    }
    if (signal === SIGNALS.SIGSTOP) {
      this.#stop(process);
      return;
    }
    const goesOn = signal === SIGNALS.SIGCONT && process.stopped;
    if (goesOn) {
      process.stopped = false;
      this.#tellParent(process, W_CONTINUED);
    }
    this.#deliver(process, signal, from);
    if (goesOn) process.goOn();
  }

  #deliver(process: Process, signal: number, from: Process | null): void {
    // To one that is stopped only SIGKILL comes through.
    if (process.stopped && signal !== SIGNALS.SIGKILL) {
      process.holdSignal(signal, () => this.#deliver(process, signal, from));
      return;
    }
    switch (signal === SIGNALS.SIGKILL ? 'default' : process.disposition(signal)) {
      case 'ignore':
        return;
      case 'handler':
        // One that computes has its turn now and may never rest by itself: it is told at once.
        if (process.running && from === null && process.events.signal !== undefined) {
          process.events.signal(signal);
          return;
        }
        process.resume(() => {
          if (process.events.signal === undefined) process.quiescent();
          else process.events.signal(signal);
        });
        return;
      case 'default':
        if (!HARMLESS.has(signal)) this.endBySignal(process, signal);
    }
  }

  #stop(process: Process): void {
    if (process.stopped) return;
    for (const follower of process.followers)
      follower.add({ text: '--- stopped by SIGSTOP ---', tid: process.pid });
    process.stopped = true;
    this.#tellParent(process, (SIGNALS.SIGSTOP << 8) | W_STOPPED);
  }

  #tellParent(process: Process, news: number): void {
    process.news = news;
    if (process.parent === null) return;
    process.parent.childEnded.wake();
    this.signal(process.parent, SIGNALS.SIGCHLD, process);
  }

  /** A person pressed Ctrl-C: SIGINT for every process of the group. */
  signalGroup(group: number, signal: number): void {
    for (const process of [...this.processes.values()])
      if (process.group === group) this.signal(process, signal);
  }

  endBySignal(process: Process, signal: number): void {
    const text = `+++ killed by ${signalName(signal)} +++`;
    for (const follower of process.followers) follower.end({ text, tid: process.pid });
    this.#end(process, signal);
    process.free();
  }

  /** exit_group(2), called by the process. */
  exitGroup(process: Process, status: number): void {
    for (const follower of process.followers) {
      follower.add({ text: straceLine('exit_group', [status], undefined, false), tid: process.pid });
      follower.end({ text: `+++ exited with ${status & 255} +++`, tid: process.pid });
    }
    this.#end(process, (status & 255) << 8);
    process.free();
  }

  /** The program came to its end: what a C library makes of that is exit_group(2). */
  exitedByItself(process: Process, status: number): void {
    process.untold?.tell();
    const event = this.tracer.write({
      kind: 'system-call',
      pid: process.pid,
      tid: process.pid,
      program: process.program,
      name: 'exit_group',
      args: String(status),
      cause: 0,
    });
    process.events = {};
    this.tracer.within(event, () => this.exitGroup(process, status));
    this.scheduler.strayed(process);
  }

  /** The last descriptor of a socket was closed. */
  forget(file: SocketFile): void {
    this.sockets.delete(file);
    if (file.socket instanceof UnixSocket) this.unixNames.release(file.socket);
  }

  /** A child that has ended is waited for no longer. */
  reap(process: Process): void {
    this.processes.delete(process.pid);
    process.parent?.children.delete(process);
  }

  /** Ends everything: the machine is switched off. */
  close(): void {
    for (const process of [...this.processes.values()]) {
      if (!process.ended) this.endBySignal(process, SIGNALS.SIGKILL);
    }
  }

  #end(process: Process, waitStatus: number): void {
    const { tracer } = this;
    process.untold?.tell();
    process.waitStatus = waitStatus;
    const event = tracer.write({
      kind: 'process',
      pid: process.pid,
      change: 'exit',
      argv: process.argv,
      status: process.exitStatus,
    });
    tracer.within(event || tracer.cause, () => {
      process.dissolve();
      for (const child of [...process.children]) {
        child.parent = null;
        if (child.ended) this.reap(child);
      }
      process.children.clear();
      this.followings.drop(process.pid, this.processes.values());
      const { parent } = process;
      if (parent === null) {
        this.reap(process);
      } else {
        parent.childEnded.wake();
        this.signal(parent, SIGNALS.SIGCHLD, process);
      }
      process.terminal?.left(process.group, this.#groupLives(process.group));
    });
    this.scheduler.rested(process);
  }

  #groupLives(group: number): boolean {
    for (const process of this.processes.values()) if (process.group === group && !process.ended) return true;
    return false;
  }
}
