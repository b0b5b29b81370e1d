import type { Simulation } from '@netarium/osi/time';
import { ERRNO, errnoMessage, errnoName, type TraceRecord, Tracer } from '@netarium/osi/trace';
import { installCommands } from './commands/index.ts';
import { FileSystem } from './files/file-system.ts';
import { ROOT, type User } from './files/inode.ts';
import { HANDLERS } from './kernel/calls/index.ts';
import { O_RDWR } from './kernel/constants.ts';
import { mountDevices } from './kernel/devices.ts';
import { DEFAULT_PATH } from './kernel/executable.ts';
import { Kernel } from './kernel/kernel.ts';
import type { Network } from './kernel/network.ts';
import { mountProc } from './kernel/proc/index.ts';
import type { Process } from './kernel/process.ts';
import { NO_OUTPUT_LIMIT, type OutputLimit, TerminalLog } from './kernel/terminal-log.ts';
import type { Program } from './program.ts';
import type { Scheduler } from './scheduler.ts';
import { Terminal, type TerminalOwner } from './terminal.ts';
import type { WindowSize } from './termios.ts';
import { splitWords } from './words.ts';

export interface ComputerOptions {
  readonly sim: Simulation;
  readonly scheduler: Scheduler;
  readonly name: string;
  readonly record?: TraceRecord | null;
  /** The machine's pen; its own when absent. */
  readonly tracer?: Tracer;
  readonly network: Network;
  /** CLOCK_REALTIME at the beginning of the run, in milliseconds since 1970. Default: 2026-01-01T00:00:00Z. */
  readonly epoch?: number;
  /** How much of what a process writes to terminals is in the record as it is, before only part of it is. Default: all. */
  readonly outputLimit?: OutputLimit;
}

/** The ordinary user of a machine; ports below 1024 are not for it. */
export const STUDENT: User = { uid: 1000, gid: 1000 };
export const DEFAULT_EPOCH = Date.UTC(2026, 0, 1);

export interface SpawnSettings {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the user's home directory. */
  readonly cwd?: string;
  /** 0 is root; default 1000, `student`. */
  readonly uid?: number;
  /** What its standard streams are; a new terminal when absent. */
  readonly terminal?: Terminal;
}

/** A process as those outside the machine see it. */
export interface ProcessInfo {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly program: string;
  readonly terminal: Terminal;
  readonly ended: boolean;
  /** The exit code, or 128 + signal; null while it runs. */
  readonly status: number | null;
  /** Resolves with the status. */
  readonly exit: Promise<number>;
  /** Sends a signal, as the machine's own kernel does. */
  kill(signal: number): void;
}

/** A program could not be started. */
export class SpawnError extends Error {
  /** `ENOENT`, `EACCES` … */
  readonly code: string;
  /** Negative, as Node gives it. */
  readonly errno: number;
  readonly syscall: string;

  constructor(name: string, errno: number) {
    super(`${name}: ${errno === ERRNO.ENOENT ? 'command not found' : errnoMessage(errno)}`);
    this.name = 'SpawnError';
    this.code = errnoName(errno);
    this.errno = -errno;
    this.syscall = `spawn ${name}`;
  }
}

/** A computer on any network: kernel, files, terminals, processes. `Machine` is one with a stack and ports. */
export class Computer {
  readonly name: string;
  readonly kernel: Kernel;
  readonly files: FileSystem;
  readonly terminals: Terminal[] = [];
  #window: WindowSize | undefined;

  constructor(options: ComputerOptions) {
    const { sim, scheduler, name, network } = options;
    const epoch = (options.epoch ?? DEFAULT_EPOCH) * 1e6;
    this.name = name;
    this.files = new FileSystem(
      () => epoch + sim.now,
      () => this.#furnish(),
    );
    this.kernel = new Kernel({
      name,
      sim,
      scheduler,
      tracer: options.tracer ?? new Tracer(sim, name, options.record ?? null),
      files: this.files,
      network,
      handlers: HANDLERS,
      epoch,
      outputLimit: options.outputLimit ?? NO_OUTPUT_LIMIT,
    });
  }

  /** Puts a program there; a path without a slash goes to `/usr/bin`. */
  install(path: string, program: Program): void {
    this.files.install(path.includes('/') ? path : `/usr/bin/${path}`, program);
  }

  /** A new terminal, for a person or for a program that is started. */
  openTerminal(): Terminal {
    const { kernel } = this;
    const { tracer } = kernel;
    const log = new TerminalLog(tracer, kernel.outputLimit, kernel.processes);
    const owner: TerminalOwner = {
      wrote: (by, text, shown) => log.wrote(by, text, shown),
      typed: (text, shown, work) => {
        log.tell();
        const pid = terminal.foreground;
        tracer.within(tracer.write({ kind: 'terminal', pid, fd: 0, text, shown, cause: 0 }), work);
      },
      signal: (group, signal) => kernel.signalGroup(group, signal),
    };
    const terminal = new Terminal(this.terminals.length, owner, this.#window);
    this.terminals.push(terminal);
    return terminal;
  }

  /** The terminal that a person types on who sees all of them at once: the latest with a program in the foreground. */
  get terminalInFront(): Terminal | undefined {
    return this.terminals.findLast(({ foreground }) => foreground !== 0) ?? this.terminals.at(-1);
  }

  /** The window in which a person sees this machine's terminals, those to come too, has this size. */
  resize(window: WindowSize): void {
    this.#window = window;
    for (const terminal of this.terminals) terminal.resize(window);
  }

  /**
   * Starts a program, as a login shell would: searched on PATH, in the foreground of its terminal.
   *
   * @throws SpawnError when there is no such program, or it may not be run.
   */
  spawn(argv: readonly string[], settings: SpawnSettings = {}): ProcessInfo {
    const uid = settings.uid ?? STUDENT.uid;
    const home = uid === 0 ? '/root' : '/home/student';
    const terminal = settings.terminal ?? this.openTerminal();
    const streams = terminal.open(O_RDWR);
    const user = uid === 0 ? 'root' : 'student';
    const process = this.kernel.start(argv[0] ?? '', {
      argv,
      env: {
        HOME: home,
        LANG: 'C.UTF-8',
        LOGNAME: user,
        PATH: DEFAULT_PATH,
        TERM: 'xterm-256color',
        USER: user,
        ...settings.env,
      },
      cwd: settings.cwd ?? home,
      user: uid === 0 ? ROOT : { uid, gid: uid },
      parent: null,
      terminal,
      files: [0, 1, 2].map((fd) => [fd, streams]),
    });
    if (typeof process === 'number') throw new SpawnError(argv[0] ?? '', -process);
    terminal.enterForeground(process.group);
    return new Handle(this.kernel, process, terminal);
  }

  /**
   * Starts a program by a command line: words, with quotes. There is no shell yet: no pipes, redirections,
   * variables, wildcards or several commands.
   *
   * @throws SpawnError; Error for a line that asks for what is not built.
   */
  run(line: string, settings: SpawnSettings = {}): ProcessInfo {
    return this.spawn(splitWords(line), settings);
  }

  /** Switches it off: every process is killed. */
  close(): void {
    this.kernel.close();
  }

  #furnish(): void {
    const { files, kernel } = this;
    for (const path of [
      '/etc',
      '/home',
      '/root',
      '/usr/bin',
      '/usr/local/bin',
      '/usr/sbin',
      '/var',
      '/tmp',
    ]) {
      files.makeDirectories(path);
    }
    files.makeDirectories('/home/student', STUDENT);
    files.chmod('/tmp', 0o1777);
    files.chmod('/root', 0o700);
    files.put('/etc/hostname', `${this.name}\n`);
    files.put('/etc/hosts', hostsOf(this.name));
    files.put('/etc/resolv.conf', '');
    files.put('/etc/services', SERVICES);
    files.put(
      '/etc/passwd',
      'root:x:0:0:root:/root:/bin/sh\nstudent:x:1000:1000:student:/home/student:/bin/sh\n',
    );
    files.put('/etc/group', 'root:x:0:\nstudent:x:1000:\n');
    mountDevices(kernel);
    mountProc(kernel);
    installCommands(this);
  }
}

class Handle implements ProcessInfo {
  readonly terminal: Terminal;
  readonly #kernel: Kernel;
  readonly #process: Process;

  constructor(kernel: Kernel, process: Process, terminal: Terminal) {
    this.#kernel = kernel;
    this.#process = process;
    this.terminal = terminal;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get argv(): readonly string[] {
    return this.#process.argv;
  }

  get program(): string {
    return this.#process.program;
  }

  get ended(): boolean {
    return this.#process.ended;
  }

  get status(): number | null {
    return this.#process.ended ? this.#process.exitStatus : null;
  }

  get exit(): Promise<number> {
    return this.#process.exit;
  }

  kill(signal: number): void {
    this.#kernel.signal(this.#process, signal);
  }
}

/** hosts(5) as Debian's installer writes it. */
const hostsOf = (name: string): string => `127.0.0.1\tlocalhost
127.0.1.1\t${name}
::1\tlocalhost ip6-localhost ip6-loopback
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/** Well-known ports that the tools name (IANA "Service Name and Transport Protocol Port Number Registry"). */
const SERVICES = [
  ['echo', '7/tcp'],
  ['echo', '7/udp'],
  ['discard', '9/tcp'],
  ['discard', '9/udp'],
  ['daytime', '13/tcp'],
  ['ftp-data', '20/tcp'],
  ['ftp', '21/tcp'],
  ['ssh', '22/tcp'],
  ['telnet', '23/tcp'],
  ['smtp', '25/tcp'],
  ['domain', '53/tcp'],
  ['domain', '53/udp'],
  ['bootps', '67/udp'],
  ['bootpc', '68/udp'],
  ['tftp', '69/udp'],
  ['http', '80/tcp'],
  ['pop3', '110/tcp'],
  ['ntp', '123/udp'],
  ['imap2', '143/tcp'],
  ['snmp', '161/udp'],
  ['https', '443/tcp'],
  ['http-alt', '8080/tcp'],
]
  .map(([name = '', port = '']) => `${name}\t${name.length < 8 ? '\t' : ''}${port}\n`)
  .join('');
