import type { HandlerContext, Handlers } from './hooks.ts';
import type { Limits } from './limits.ts';
import { readI32, writeI32 } from './memory.ts';
import type { ProcessorTime } from './processor-time.ts';
import type { SystemCallPort } from './system-calls.ts';
import type { Threads } from './threads.ts';

const SIG_DFL = 0;
/** As the binary was compiled: Linux's is 1, which is what Python programs see (netarium_signal.py). */
const SIG_IGN = -2;
/** signal(7): signals whose default is to do nothing. */
const IGNORED_BY_DEFAULT = new Set([17, 18, 23, 28]);
/** In CPython's `PyThreadState`, the bit of the eval breaker that says a signal came (pycore_ceval.h). */
const EVAL_BREAKER = 12;
const SIGNALS_PENDING = 2;
/** The interpreter looks for signals at every 50th jump or call; after so many looks the worker reads its messages. */
const LOOKS = 10_000;

/** What a system call takes, in nanoseconds (the machines' scheduler). */
const SYSTEM_CALL = 1000;
const SIGKILL = 9;

/** What the process uses, and may use. */
interface Use {
  readonly time: ProcessorTime;
  readonly limits: Limits;
}

/**
 * Signals to the process. The kernel's message arrives while the program waits in a system call, or while it
 * computes and has let the worker read its messages; Python's own handling does the rest.
 */
export class Signals {
  readonly #calls: SystemCallPort;
  readonly #context: HandlerContext;
  readonly #mainThread: number;
  readonly #threads: Threads;
  readonly #use: Use;
  readonly #end: (signal: number) => void;
  readonly #pending: number[] = [];
  readonly #action: number;
  #looks = 0;

  /** @param end ends the process at once: what a signal does that nobody handles. */
  constructor(
    calls: SystemCallPort,
    context: HandlerContext,
    mainThread: number,
    threads: Threads,
    use: Use,
    end: (signal: number) => void,
  ) {
    this.#calls = calls;
    this.#context = context;
    this.#mainThread = mainThread;
    this.#threads = threads;
    this.#use = use;
    this.#end = end;
    this.#action = context.exports.malloc(256);
  }

  /** The kernel sends a signal. */
  raise(signal: number): void {
    this.#calls.signalled();
    this.raiseOwn(signal);
    this.#calls.confirmQuiescent();
  }

  /** The process itself comes to a limit. */
  raiseOwn(signal: number): void {
    switch (this.#disposition(signal)) {
      case SIG_IGN:
        break;
      case SIG_DFL:
        if (IGNORED_BY_DEFAULT.has(signal)) break;
        this.#end(signal);
        return;
      default:
        this.#pending.push(signal);
        this.#lookAtOnce();
        this.#calls.interrupt(this.#mainThread);
    }
  }

  /** Whether a thread has a signal to handle: C code may be on its way into a call that waits, and look for it only then. */
  waitsFor(thread: number): boolean {
    return this.#pending.length > 0 && thread === this.#mainThread;
  }

  handlers(): Handlers {
    return {
      checkSignals: () => {
        if (this.#use.time.look()) this.#checkTime();
        if (this.#pending.length > 0 && this.#threads.isMain) return this.#take();
        if (!this.#context.canWait()) return 0;
        const others = this.#threads.endOfSlice();
        if (others !== undefined) return others.then(() => () => this.#take());
        if (++this.#looks < LOOKS) return 0;
        this.#looks = 0;
        return turn().then(() => () => this.#take());
      },
    };
  }

  /** RLIMIT_CPU: what it computes and what its system calls take. */
  #checkTime(): void {
    const { time, limits } = this.#use;
    time.tell();
    const signal = limits.cpuSignal(time.total + this.#calls.made * SYSTEM_CALL);
    if (signal === SIGKILL) this.#end(signal);
    else if (signal !== 0) this.raiseOwn(signal);
  }

  /** Python handles signals in its main thread. */
  #take(): number {
    if (!this.#threads.isMain) return 0;
    const signal = this.#pending.shift();
    if (signal !== undefined) this.#flagRunningThread();
    return signal ?? 0;
  }

  /** A call that returns just now must not be followed by another before the signal is handled. */
  #lookAtOnce(): void {
    const { exports, python } = this.#context;
    writeI32(python, exports._Py_emscripten_signal_clock.value as number, 0);
  }

  #disposition(signal: number): number {
    const { exports, python } = this.#context;
    if (exports.sigaction(signal, 0, this.#action) < 0) return SIG_DFL;
    return readI32(python, this.#action);
  }

  /** CPython tells its first thread state of a signal; the program runs in another, that of its task. */
  #flagRunningThread(): void {
    const { exports, python } = this.#context;
    const state = exports.PyThreadState_GetUnchecked();
    if (state === 0) return;
    const word = (state + EVAL_BREAKER) >>> 2;
    python.HEAP32[word] = (python.HEAP32[word] ?? 0) | SIGNALS_PENDING;
  }
}

/** Lets the worker's event loop go round once: messages that have come are received. */
const turn: () => Promise<void> = (() => {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  // In Node a port that listens would keep the worker alive, which its parent ends anyway.
  return () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
})();
