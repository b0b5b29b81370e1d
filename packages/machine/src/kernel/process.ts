import type { Simulation } from '@netarium/osi/time';
import type { SourceLocation } from '@netarium/osi/trace';
import { ERRNO } from '@netarium/osi/trace';
import type { FileChange } from '../files/changes.ts';
import type { FileSystem } from '../files/file-system.ts';
import type { User } from '../files/inode.ts';
import type { JournalReader } from '../files/journal.ts';
import { basename } from '../files/paths.ts';
import { applyChanges, replicaOf } from '../files/replica.ts';
import type { ProcessEvents, RunningProcess } from '../program.ts';
import type { Runnable, Scheduler } from '../scheduler.ts';
import type {
  ReceivedDescriptor,
  ResourceUsage,
  SystemCallArguments,
  SystemCallName,
  SystemCallResult,
  TracedCall,
} from '../system-calls.ts';
import type { Terminal } from '../terminal.ts';
import { SIGNALS } from './constants.ts';
import { DescriptorTable } from './descriptors.ts';
import type { Following } from './following.ts';
import type { IntervalTimer } from './interval-timer.ts';
import { LentBuffers } from './lent-buffers.ts';
import { ResourceLimits, RLIMIT } from './limits.ts';
import type { OpenFile } from './open-file.ts';
import { describeFile } from './socket-file.ts';
import { type FutexWaiter, WaitQueue } from './wait.ts';

/** What a process does with a signal: what Linux does by default, nothing, or its own handler. */
export type Disposition = 'default' | 'ignore' | 'handler';

/** A call that waits, and how to end its waiting. */
export interface PendingCall {
  /** As strace shows it while it waits. */
  readonly line: () => TracedCall;
  readonly interrupt: () => void;
  readonly cancel: () => void;
}

/** What a process needs of its kernel. */
export interface ProcessHost {
  readonly name: string;
  readonly hostname: string;
  readonly sim: Simulation;
  readonly scheduler: Scheduler;
  readonly files: FileSystem;
  handle<N extends SystemCallName>(
    process: Process,
    number: number,
    tid: number,
    name: N,
    args: SystemCallArguments<N>,
    where: SourceLocation | undefined,
    done: (result: SystemCallResult<N>) => void,
  ): void;
  exitedByItself(process: Process, status: number): void;
  endBySignal(process: Process, signal: number): void;
}

export interface ProcessOptions {
  readonly pid: number;
  readonly parent: Process | null;
  /** The process group: who gets a terminal's Ctrl-C. */
  readonly group: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: User;
  readonly terminal: Terminal | null;
}

/** A process: what the kernel knows of a running program. The program has it as its `RunningProcess`. */
export class Process implements RunningProcess, Runnable {
  readonly pid: number;
  readonly group: number;
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  readonly user: User;
  readonly terminal: Terminal | null;
  readonly limits: ResourceLimits;
  readonly descriptors: DescriptorTable;
  readonly children = new Set<Process>();
  /** Told when a child ended. */
  readonly childEnded = new WaitQueue();
  /** Those who follow its system calls (ptrace(2)). */
  readonly followers = new Set<Following>();
  /** Resolves with the exit status (see `exitStatus`) when it has ended. */
  readonly exit: Promise<number>;
  readonly seed: number;
  /** As the person named it: `server.py`, `ping`. */
  program: string;
  /** Virtual time at which it started. */
  readonly started: number;
  parent: Process | null;
  cwd: string;
  ended = false;
  running = false;
  /** SIGSTOP came, and no SIGCONT since: it does not run. */
  stopped = false;
  /** That it was stopped or goes on, as wait4 gives it: what its parent has not been told. */
  news: number | null = null;
  /** As wait4 gives it once it has ended: exit code × 256, or the signal. */
  waitStatus = 0;
  events: ProcessEvents = {};
  /** Calls that wait, by their numbers. */
  readonly pending = new Map<number, PendingCall>();
  /** The ids of its threads other than the main one. */
  readonly threads = new Set<number>();
  /** Threads that wait in futex(2), by address, in the order in which they came. */
  readonly futexes = new Map<number, Set<FutexWaiter>>();
  /** Its ITIMER_REAL, once it was asked for (setitimer(2)). */
  alarm: IntervalTimer | null = null;
  /** What it has written to terminals, as far as that was counted, and its last write that is in the record (`TerminalLog`). */
  readonly output = { characters: 0, writes: 0, last: 0, floods: false };
  /** Where something of it waits to be told. */
  untold: { tell(): void } | null = null;
  /** The program looks after RLIMIT_CPU itself. */
  keepsTime = false;
  /** What it has computed, as the program tells, and what its system calls took: nanoseconds. */
  userTime = 0;
  systemTime = 0;
  /** What the children that were waited for have used, with theirs. */
  childrenUsed: ResourceUsage = { userTime: 0, systemTime: 0 };
  /** What it receives into, if it only borrows results. */
  lent: LentBuffers | undefined;
  readonly #kernel: ProcessHost;
  readonly #dispositions = new Map<number, Disposition>();
  #journal: JournalReader | null = null;
  /** What is to come about once it goes on: signals before anything else, each once (sigpending(2)). */
  readonly #heldSignals = new Map<number, () => void>();
  #held: (() => void)[] = [];
  #calls = 0;
  #exited: (status: number) => void = () => {};

  constructor(kernel: ProcessHost, options: ProcessOptions) {
    this.#kernel = kernel;
    this.pid = options.pid;
    this.group = options.group;
    this.parent = options.parent;
    this.argv = options.argv;
    this.env = options.env;
    this.cwd = options.cwd;
    this.user = options.user;
    this.terminal = options.terminal;
    const limits = new ResourceLimits(options.parent?.limits ?? null);
    this.limits = limits;
    this.descriptors = new DescriptorTable(() => limits.most(RLIMIT.NOFILE));
    this.seed = kernel.sim.randomFor(`${kernel.name}/process:${options.pid}`).uint32();
    this.program = programName(options.argv);
    this.started = kernel.sim.now;
    this.exit = new Promise((resolve) => {
      this.#exited = resolve;
    });
  }

  /** Whether it has written so much to terminals that the record has only part of it. */
  get floods(): boolean {
    return this.output.floods;
  }

  get credentials(): { readonly pid: number; readonly uid: number; readonly gid: number } {
    return { pid: this.pid, ...this.user };
  }

  get hostname(): string {
    return this.#kernel.hostname;
  }

  /** 0–255: the exit code, or 128 + signal as shells show it. */
  get exitStatus(): number {
    return this.waitStatus & 0x7f ? 128 + (this.waitStatus & 0x7f) : this.waitStatus >> 8;
  }

  call<N extends SystemCallName>(
    tid: number,
    name: N,
    args: SystemCallArguments<N>,
    where: SourceLocation | undefined,
    done: (result: SystemCallResult<N>) => void,
  ): number {
    const number = ++this.#calls;
    if (!this.ended) this.#kernel.handle(this, number, tid, name, args, where, done);
    return number;
  }

  interrupt(call: number): boolean {
    const pending = this.pending.get(call);
    pending?.interrupt();
    return pending !== undefined;
  }

  borrow(): void {
    this.lent ??= new LentBuffers();
  }

  quiescent(): void {
    this.#kernel.scheduler.rested(this);
  }

  exited(status: number): void {
    if (!this.ended) this.#kernel.exitedByItself(this, status & 255);
  }

  endedBy(signal: number): void {
    if (this.ended) return;
    this.events = {};
    this.#kernel.endBySignal(this, signal);
    this.#kernel.scheduler.strayed(this);
  }

  files(): FileChange[] {
    this.#journal?.close();
    this.#journal = this.#kernel.files.journal.reader(this.pid);
    return replicaOf(this.#kernel.files);
  }

  filesChanged(changes: readonly FileChange[]): void {
    if (this.ended) return;
    const { files } = this.#kernel;
    const refused = applyChanges(files, changes, this.user, this.pid);
    if (refused.length === 0) return;
    // Its replica shows what is not so: it is told what really is there.
    const truth = replicaOf(files).filter(
      (change) => change.op !== 'rename' && refused.includes(change.path),
    );
    const there = new Set(truth.map((change) => (change.op === 'rename' ? change.to : change.path)));
    const gone = refused
      .filter((path) => !there.has(path))
      .map((path): FileChange => ({ op: 'unlink', path }));
    this.events.filesChanged?.([...gone, ...truth]);
  }

  keepTime(): void {
    this.keepsTime = true;
  }

  inherited(): ReceivedDescriptor[] {
    return [...this.descriptors.entries()]
      .filter(([fd]) => fd > 2)
      .map(([fd, file]) => describeFile(fd, file));
  }

  computed(time: number): void {
    this.userTime += time;
  }

  /** A child that has ended was waited for. */
  addChild({ userTime, systemTime, childrenUsed }: Process): void {
    const before = this.childrenUsed;
    this.childrenUsed = {
      userTime: before.userTime + userTime + childrenUsed.userTime,
      systemTime: before.systemTime + systemTime + childrenUsed.systemTime,
    };
  }

  overrun(): void {
    const said = `${this.program}: ended: it ran for too long without making a system call\n`;
    const by = { pid: this.pid, fd: 2, call: 0, fileSize: Number.POSITIVE_INFINITY };
    this.descriptors.get(2)?.write(new TextEncoder().encode(said), by);
    this.#kernel.endBySignal(this, SIGNALS.SIGKILL);
  }

  /** Queues a turn of this process: `run` tells the program what it waits for. */
  resume(run: () => void): void {
    if (this.stopped) {
      this.#held.push(() => this.resume(run));
      return;
    }
    this.#kernel.scheduler.enqueue(this, () => {
      if (this.stopped) {
        this.#held.push(() => this.resume(run));
        this.quiescent();
        return;
      }
      const changes = this.#journal?.read() ?? [];
      if (changes.length > 0) this.events.filesChanged?.(changes);
      run();
    });
  }

  /** Keeps a signal for when it goes on. */
  holdSignal(signal: number, deliver: () => void): void {
    this.#heldSignals.set(signal, deliver);
  }

  /** It is not stopped any more, and has what came in the meantime. */
  goOn(): void {
    const held = [...this.#heldSignals.values(), ...this.#held];
    this.#heldSignals.clear();
    this.#held = [];
    for (const later of held) if (!this.ended) later();
  }

  /** What this process does when `signal` comes. Programs that have an `events.signal` handle what ends others. */
  disposition(signal: number): Disposition {
    const chosen = this.#dispositions.get(signal);
    if (chosen !== undefined) return chosen;
    if (this.events.signal === undefined) return 'default';
    // A language runtime: these are errors of the call for it, not the end (as for CPython and Node).
    if (signal === SIGNALS.SIGPIPE || signal === SIGNALS.SIGXFSZ) return 'ignore';
    return RUNTIME_HANDLES.has(signal) ? 'handler' : 'default';
  }

  /** rt_sigaction(2). */
  setDisposition(signal: number, disposition: Disposition): number {
    if (signal < 1 || signal > 64 || signal === SIGNALS.SIGKILL || signal === SIGNALS.SIGSTOP) {
      return -ERRNO.EINVAL;
    }
    this.#dispositions.set(signal, disposition);
    return 0;
  }

  /** The program behind it is told to stop, and let go of: what is left of its calls may be known for some time yet. */
  free(): void {
    const { killed } = this.events;
    this.events = {};
    killed?.();
  }

  /** execve(2): from now on it is another program's. What is left: `files`, signals that are ignored, limits, its alarm. */
  become(
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
    cwd: string,
    files: readonly (readonly [fd: number, file: OpenFile])[],
  ): void {
    this.#callOff();
    this.free();
    this.argv = argv;
    this.env = env;
    this.cwd = cwd;
    this.program = programName(argv);
    this.threads.clear();
    this.descriptors.replace(files);
    for (const [signal, disposition] of this.#dispositions)
      if (disposition === 'handler') this.#dispositions.delete(signal);
    this.lent = undefined;
    this.keepsTime = false;
    this.#journal?.close();
    this.#journal = null;
  }

  /** Everything it waits for is called off, everything it has open is closed. */
  dissolve(): void {
    this.ended = true;
    this.#callOff();
    this.alarm?.set({ value: 0, interval: 0 });
    this.descriptors.closeAll();
    this.#journal?.close();
    this.#journal = null;
    this.#exited(this.exitStatus);
  }

  #callOff(): void {
    for (const call of [...this.pending.values()]) call.cancel();
    this.pending.clear();
  }
}

const RUNTIME_HANDLES: ReadonlySet<number> = new Set([
  SIGNALS.SIGINT,
  SIGNALS.SIGTERM,
  SIGNALS.SIGHUP,
  SIGNALS.SIGALRM,
  SIGNALS.SIGUSR1,
  SIGNALS.SIGUSR2,
]);

/** `server.py` for `python3 -u server.py 9000`, `ping` for `/bin/ping 10.0.0.2`. */
function programName(argv: readonly string[]): string {
  const name = basename(argv[0] ?? '');
  if (!/^(?:python|node)[\d.]*$/.test(name)) return name;
  const script = argv.slice(1).find((word) => !word.startsWith('-'));
  return script === undefined || argv[1] === '-c' || argv[1] === '-m' ? name : basename(script);
}
