import type { Assets, FromWorker, Port, StartedProcess, ToWorker } from '../protocol.ts';
import { childHandlers } from './children.ts';
import { Clock } from './clock.ts';
import { type Command, parseCommandLine } from './command-line.ts';
import { Descriptors } from './descriptors.ts';
import { ErrorNumbers } from './errno.ts';
import { Replica } from './files.ts';
import type { Handler, HandlerContext } from './hooks.ts';
import { interfaceHandlers } from './interfaces.ts';
import { callPython, Exited, Interpreter } from './interpreter.ts';
import { kernelFileHandlers } from './kernel-files.ts';
import { systemHandlers } from './libc.ts';
import { FileSizes, Limits, limitRequests } from './limits.ts';
import { readI32 } from './memory.ts';
import { ProcessorTime } from './processor-time.ts';
import { Chance } from './random.ts';
import { Signals } from './signals.ts';
import { socketHandlers } from './sockets.ts';
import { streamHandlers } from './streams.ts';
import { SystemCallPort } from './system-calls.ts';
import { Threads } from './threads.ts';
import { Where } from './where.ts';

/** Request numbers of our own: see netarium_finalize.py and netarium_threads.py. */
const ALONE = 0x4e540107;
const GETTID = 0x4e540106;
const S_IFMT = 0o170000;
const S_IFCHR = 0o020000;
const O_WRONLY = 1;
const SIGXFSZ = 25;
/** ioctl_tty(2): what isatty(3) asks. */
const TCGETS = 0x5401;
/**
 * Bytes of C's stack that a program may use before Python raises RecursionError. There are more, but the engine's own
 * stack, which nobody can ask how full it is, has to last as long: about a megabyte where stacks are switched (V8).
 * What uses none of C's stack can still exhaust it: Python then ends as it does for a fatal error.
 */
const STACK_SIZE = 128 * 1024;
/** What a shell reports of a process that aborted: 128 + SIGABRT. */
const ABORTED = 134;
/** Beyond the highest status are signals that the process ends by itself (netarium_process.py). */
const MOST_STATUS = 255;
const END_OF_FILE = -1;
const LINE_FEED = 10;

/** Runs in a worker: starts CPython, says so, and becomes the process it is then told to be. One worker, one process. */
export function runWorker(port: Port<FromWorker, ToWorker>): void {
  const chance = new Chance();
  let booting: Promise<Interpreter> | undefined;
  let process: Process | undefined;
  const receive = (message: ToWorker): void => {
    switch (message.type) {
      case 'boot':
        booting = boot(port, message.assets, chance);
        break;
      case 'start':
        void booting?.then(async (interpreter) => {
          process = new Process(port, interpreter, message.process, chance, port.wait && next);
          await process.run();
        });
        break;
      case 'result':
        process?.calls.returned(message.id, message.result);
        break;
      case 'signal':
        process?.signals.raise(message.signal);
        break;
      case 'limits':
        process?.limits.set(message.limits);
        break;
      case 'files':
        process?.replica.apply(message.changes);
    }
  };
  const next = () => {
    const message = port.wait?.();
    if (message !== undefined) receive(message);
  };
  port.listen(receive);
}

async function boot(port: Port<FromWorker, ToWorker>, assets: Assets, chance: Chance): Promise<Interpreter> {
  try {
    const interpreter = await Interpreter.start(assets, chance);
    entry = new WebAssembly.Instance(assets.entry, { python: interpreter.exports }).exports;
    port.post({ type: 'ready' });
    return interpreter;
  } catch (error) {
    port.post({ type: 'failed', message: describe(error) });
    throw error;
  }
}
let entry: WebAssembly.Exports = {};

const describe = (error: unknown) =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

class Process {
  readonly calls: SystemCallPort;
  readonly replica: Replica;
  readonly signals: Signals;
  readonly limits: Limits;
  readonly #port: Port<FromWorker, ToWorker>;
  readonly #interpreter: Interpreter;
  readonly #started: StartedProcess;
  readonly #descriptors: Descriptors;
  readonly #clock: Clock;
  readonly #time: ProcessorTime;
  #over = false;

  constructor(
    port: Port<FromWorker, ToWorker>,
    interpreter: Interpreter,
    started: StartedProcess,
    chance: Chance,
    next: (() => void) | undefined,
  ) {
    const { python, exports, hooks, stacks } = interpreter;
    this.#port = port;
    this.#interpreter = interpreter;
    this.#started = started;
    chance.seed(started.seed);
    interpreter.machine.hostname = started.hostname;
    const limits = new Limits(started.limits);
    this.limits = limits;
    interpreter.machine.memory = () => limits.memory;
    this.#time = new ProcessorTime((time) => port.post({ type: 'computed', time }));

    const frames = new Where(python, exports);
    const where = () => frames.current() ?? threads.current.origin;
    this.calls = new SystemCallPort({
      post: (message) => port.post(message),
      before: () => this.#sendChanges(),
      where,
      interrupted: (tid) => this.signals.waitsFor(tid),
      next,
    });
    const sizes = new FileSizes(python, limits, () => this.signals.raiseOwn(SIGXFSZ));
    this.replica = new Replica(python, sizes);
    this.replica.apply(started.files);
    const abandon = (fd: number) => this.calls.tell(started.pid, 'close', fd);
    this.#descriptors = new Descriptors(python, limits, abandon);
    this.#clock = new Clock(this.calls, () => this.#time.tell());
    const canWait = () => python.validSuspender.value;
    const threads = new Threads({
      python,
      exports,
      stacks,
      calls: this.calls,
      pid: started.pid,
      canWait,
      where,
      run: suspendable(entry.thread),
      failed: (error) => void this.#fail(error),
    });
    const context: HandlerContext = { python, exports, canWait, thread: () => threads.current.tid };
    const errors = new ErrorNumbers(python.ERRNO_CODES);
    this.signals = new Signals(
      this.calls,
      context,
      started.pid,
      threads,
      { time: this.#time, limits },
      (signal) => this.#exit(0, signal),
    );
    const streams = streamHandlers(context, hooks, this.calls, this.#descriptors, errors);
    hooks.add(streams);
    hooks.add(kernelFileHandlers(context, hooks, this.calls, this.#descriptors, errors));
    const children = childHandlers(context, this.calls, this.#descriptors, errors, streams.syscallIoctl);
    hooks.add({ getitimer: children.getitimer });
    const limited = limitRequests(context, this.calls, limits, errors, started.pid, () => this.#time.tell());
    const control: Handler = (fd = 0, request = 0, argument = 0) => {
      if (request === GETTID) return context.thread();
      if (request !== ALONE)
        return limited(request, readI32(python, argument)) ?? children.syscallIoctl(fd, request, argument);
      this.calls.leaveAlone(context.thread());
      return 0;
    };
    const sockets = [context, this.calls, this.#descriptors, errors, control] as const;
    hooks.add(socketHandlers(...sockets, started));
    hooks.add(systemHandlers(context, this.calls));
    hooks.add(interfaceHandlers(context, this.calls));
    hooks.add(this.#clock.handlers(context));
    hooks.add(this.signals.handlers());
    hooks.add(threads.handlers());
    takeOverPlatform(this.#clock, chance);
  }

  /** Runs the program to its end and tells the kernel its exit status. */
  async run(): Promise<void> {
    const { pid, argv } = this.#started;
    this.calls.started();
    await this.#clock.start(pid);
    await this.#openStandardStreams(pid);
    const command = parseCommandLine(argv, this.#version());
    if (command.kind === 'say') {
      await this.#say(command.fd, command.text);
      return this.#exit(command.status);
    }
    try {
      const status = await this.#execute(command);
      if (status > MOST_STATUS) this.#exit(0, status - MOST_STATUS - 1);
      else this.#exit(status);
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** A thread left Python otherwise than by its end. */
  async #fail(error: unknown): Promise<void> {
    if (error instanceof Exited) return this.#exit(error.status);
    if (this.#over) return;
    const reason = error instanceof RangeError ? 'stack overflow' : String(error);
    await this.#say(2, `Fatal Python error: ${reason}\n`);
    this.#exit(ABORTED);
  }

  async #execute(command: Exclude<Command, { kind: 'say' }>): Promise<number> {
    const { python, exports, pyodide } = this.#interpreter;
    const { env, cwd, pid, ppid, uid, gid } = this.#started;
    const terminals = [0, 1, 2].map((fd) => this.#descriptors.get(fd)?.file.kind === 'terminal');
    const interactive = command.inspect || (command.kind === 'input' && terminals[0] === true);
    const path = command.kind === 'script' ? absolute(cwd, command.path) : '';
    const problem = callPython(
      pyodide,
      'netarium_process',
      'prepare',
      JSON.stringify({
        argv: command.argv,
        env,
        cwd,
        ids: { pid, ppid, uid, gid },
        unbuffered: command.unbuffered,
        interactive,
        greets: interactive && command.kind === 'input' && !command.quiet,
        kind: command.kind,
        path,
        module: command.kind === 'module' ? command.name : '',
        terminals,
      }),
    );
    if (typeof problem === 'string' && problem !== '') {
      const [status, text] = JSON.parse(problem) as [number, string];
      await this.#say(2, text);
      return status;
    }
    const text = (value: string) => python.stringToNewUTF8(value);
    const attribute = (module: number, name: string) => exports.PyObject_GetAttrString(module, text(name));
    const program = command.kind === 'input' && !interactive ? exports.fdopen(0, text('r')) : 0;
    const file = path === '' ? program : exports.fopen(text(path), text('rb'));
    if (file !== 0 && path !== '' && command.skipsFirstLine) this.#skipLine(file);
    const source = command.kind === 'command' ? text(`${command.source}\n`) : 0;
    const main = exports.PyImport_AddModuleRef(text('__main__'));
    const globals = exports.PyModule_GetDict(main);
    // The program has its module to itself, so that it goes when the program ends.
    exports.Py_DecRef(main);
    const ours = exports.PyImport_AddModuleRef(text('netarium_process'));
    const finish = attribute(ours, 'finish');
    const nothing = attribute(ours, 'nothing');

    // Pyodide's interpreter was started for someone who stays when a program exits.
    exports.PyConfig_Set(text('inspect'), exports.PyLong_FromLong(0));
    const optimize = Math.max(command.optimize, flagOf(env.PYTHONOPTIMIZE));
    exports.PyConfig_Set(text('optimization_level'), exports.PyLong_FromLong(optimize));
    exports.PyConfig_Set(text('interactive'), exports.PyLong_FromLong(command.inspect ? 1 : 0));
    pyodide.setInterruptBuffer([0]);
    const run = suspendable(entry.run);
    python.validSuspender.value = true;
    const stack = exports.emscripten_stack_get_current();
    return run(
      file,
      text(path === '' ? '<stdin>' : path),
      source,
      globals,
      finish,
      nothing,
      stack - STACK_SIZE,
      STACK_SIZE,
    );
  }

  /** Reads a line of a C file up to its end, which stays: so the lines after it have their numbers. */
  #skipLine(file: number): void {
    const { exports } = this.#interpreter;
    let character: number;
    do {
      character = exports.getc(file);
    } while (character !== END_OF_FILE && character !== LINE_FEED);
    if (character === LINE_FEED) exports.ungetc(character, file);
  }

  /** Standard input, output and error are the kernel's 0, 1 and 2; what they are decides how Python buffers. */
  async #openStandardStreams(pid: number): Promise<void> {
    const { FS } = this.#interpreter.python;
    for (const fd of [0, 1, 2]) {
      const status = await this.calls.call(pid, 'fstat', fd);
      if (FS.getStream(fd)) FS.closeStream(fd);
      if (typeof status === 'number') continue;
      const flags = fd === 0 ? 0 : O_WRONLY;
      const kind = (status.mode & S_IFMT) === S_IFCHR ? await this.#deviceKind(pid, fd) : 'pipe';
      this.#descriptors.open(fd, kind, { flags, at: fd });
    }
    for (const each of this.#started.inherited)
      this.#descriptors.receive(each, { closeOnExec: false, at: each.fd });
  }

  /** /dev/null and its like are no terminals. */
  async #deviceKind(pid: number, fd: number): Promise<'terminal' | 'device'> {
    const settings = await this.calls.call(pid, 'ioctl', fd, TCGETS);
    return typeof settings === 'number' ? 'device' : 'terminal';
  }

  async #say(fd: number, text: string): Promise<void> {
    await this.calls.call(this.#started.pid, 'write', fd, new TextEncoder().encode(text));
  }

  #version(): string {
    const { exports, python } = this.#interpreter;
    return python.UTF8ToString(exports.Py_GetVersion()).split(' ')[0] ?? '';
  }

  #sendChanges(): void {
    const changes = this.replica.drain();
    if (changes.length > 0) this.#port.post({ type: 'files', changes });
  }

  /** @param signal what ended it, if it did not end by itself. */
  #exit(status: number, signal?: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#sendChanges();
    this.#time.tell();
    this.#port.post({ type: 'exit', status, ...(signal === undefined ? {} : { signal }) });
  }
}

/** JavaScript promise integration: what TypeScript's own types do not have yet. */
interface StackSwitching {
  promising(exported: unknown): (...values: number[]) => Promise<number>;
}

/** The function as one whose whole stack can be suspended. */
const suspendable = (exported: unknown) => (WebAssembly as unknown as StackSwitching).promising(exported);

/** What an environment variable says that may have a number, or anything to say 1 (`_Py_get_env_flag`). */
function flagOf(value: string | undefined): number {
  if (value === undefined || value === '') return 0;
  return /^\d+$/.test(value) ? Number(value) : 1;
}

function absolute(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Emscripten's JavaScript reads the platform's clocks and chance: in this worker they are the machine's. */
function takeOverPlatform(clock: Clock, chance: Chance): void {
  Date.now = () => clock.realtime;
  performance.now = () => clock.monotonic;
  Math.random = () => chance.next() / 2 ** 32;
}
