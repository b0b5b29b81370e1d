import { ERRNO, type SourceLocation } from '@netarium/osi/trace';
import type { Emscripten, Exports } from './emscripten.ts';
import type { Handlers, Outcome } from './hooks.ts';
import { readI32, writeI32 } from './memory.ts';
import { LOOK } from './processor-time.ts';
import type { Stacks, Task } from './stacks.ts';
import type { SystemCallPort } from './system-calls.ts';

/** Bytes of C's stack that a thread may use before Python raises RecursionError. */
const STACK_SIZE = 128 * 1024;
/** Where CPython's `struct bootstate` (Modules/_threadmodule.c) has the new thread's state and its handle … */
const BOOT = { threadState: 0, handle: 16 } as const;
/** … and where the handle says that there is something for pthread_join(3): then CPython would call it. */
const JOINABLE = 28;
/** `_PyParkingLot_Park`'s results (pycore_parking_lot.h). */
const PARK = { woken: 0, changed: -1, timeout: -2, interrupted: -3 } as const;
/** `PyLockStatus` (pythread.h). */
const LOCK = { failed: 0, acquired: 1, interrupted: 2 } as const;
/** futex(2). */
const FUTEX_WAIT_PRIVATE = 128;
const FUTEX_WAKE_PRIVATE = 129;
/**
 * How often a thread looks for signals (at every 50th jump or call) before it lets the others run: about what CPython
 * computes in the 5 ms of `sys.getswitchinterval()`, which pass then. Counted, so that each run is the same.
 */
const SLICE = 1000;
const SLICE_TIME = SLICE * LOOK;

interface Thread extends Task {
  /** gettid(2); the process's for the main thread. */
  readonly tid: number;
  /** `threading.get_ident()`: pthread_self(3) is an address too. */
  readonly ident: number;
  /** The line that started it: where it is while it runs only the library's code. */
  readonly origin: SourceLocation | undefined;
}

/** A thread that waits at an address. */
interface Parked {
  readonly thread: Thread;
  readonly argument: number;
  woken: boolean;
}

interface ThreadsOptions {
  readonly python: Emscripten;
  readonly exports: Exports;
  readonly stacks: Stacks;
  readonly calls: SystemCallPort;
  readonly pid: number;
  /** Whether the code that calls now can be suspended. */
  readonly canWait: () => boolean;
  /** Where the running thread is. */
  readonly where: () => SourceLocation | undefined;
  /** Runs a thread in a task of its own: the function and the argument that CPython gives to pthread_create(3). */
  readonly run: (startFunction: number, argument: number) => Promise<unknown>;
  /** A thread came to an end that no Python code can bring about. */
  readonly failed: (error: unknown) => void;
}

/** `threading.get_ident()` of the main thread: also while there is no process yet, and in a memory snapshot. */
export const MAIN_IDENT = 1;

/**
 * The threads of the process, for a CPython that was compiled without: each is a task with a C stack of its own.
 * One runs at a time, until it waits in a system call or has computed for a slice. Locks, events and joins are
 * CPython's own; where it would wait for a semaphore of the platform, the thread waits in futex(2).
 */
export class Threads {
  readonly #options: ThreadsOptions;
  readonly #main: Thread;
  readonly #parked = new Map<number, Set<Parked>>();
  #others = 0;
  #looks = 0;

  constructor(options: ThreadsOptions) {
    this.#options = options;
    this.#main = { tid: options.pid, ident: MAIN_IDENT, origin: undefined };
    options.stacks.task = this.#main;
  }

  get current(): Thread {
    return this.#options.stacks.task as Thread;
  }

  /** Whether the main thread runs: the one that Python handles signals in. */
  get isMain(): boolean {
    return this.current === this.#main;
  }

  handlers(): Handlers {
    return {
      PyThread_get_thread_ident: () => this.current.ident,
      PyThread_get_thread_ident_ex: () => this.current.ident,
      PyThread_start_joinable_thread: (startFunction = 0, argument = 0, ident = 0, handle = 0) =>
        this.#start(startFunction, argument, ident, handle),
      PyThread_acquire_lock_timed: (lock = 0, low = 0, high = 0, interruptible = 0) =>
        this.#acquire(lock, wide(low, high), interruptible !== 0),
      PyThread_release_lock: (lock = 0) => this.#release(lock),
      _PyParkingLot_Park: (address = 0, expected = 0, size = 0, low = 0, high = 0, argument = 0) =>
        this.#park(address, expected, size, wide(low, high), argument),
      _PyParkingLot_Unpark: (address = 0, tell = 0, argument = 0) => this.#unpark(address, tell, argument),
      _PyParkingLot_UnparkAll: (address = 0) => {
        for (const parked of this.#parked.get(address) ?? []) this.#wake(address, parked);
        return 0;
      },
    };
  }

  /** To be asked whenever Python looks for signals. @returns a promise when the others are to run first. */
  endOfSlice(): Promise<unknown> | undefined {
    if (this.#others === 0 || ++this.#looks < SLICE) return undefined;
    this.#looks = 0;
    return this.#options.calls.call(this.current.tid, 'sched_yield', SLICE_TIME);
  }

  /** @returns 0, or -1: "can't start new thread". */
  #start(startFunction: number, argument: number, ident: number, handle: number): Outcome {
    const { calls, python, canWait, where } = this.#options;
    if (!canWait()) return -1;
    const origin = where();
    return calls.ask(this.current.tid, 'clone', [], (tid) => {
      if (tid < 0) return -1;
      const stack = this.#options.stacks.allocate(STACK_SIZE);
      if (stack === 0) {
        calls.tell(tid, 'exit', 0);
        return -1;
      }
      const thread = { tid, ident: stack, origin };
      writeI32(python, ident, stack);
      writeI32(python, ident + 4, 0);
      writeI32(python, handle, stack);
      calls.started();
      this.#others++;
      // It begins once the thread that started it waits.
      queueMicrotask(() => this.#run(thread, startFunction, argument));
      return 0;
    });
  }

  #run(thread: Thread, startFunction: number, argument: number): void {
    const { calls, python, exports, stacks, run, failed } = this.#options;
    writeI32(python, readI32(python, argument + BOOT.handle) + JOINABLE, 0);
    const state = readI32(python, argument + BOOT.threadState);
    exports.PyUnstable_ThreadState_SetStackProtection(state, thread.ident, STACK_SIZE);
    stacks.enter(thread, thread.ident, STACK_SIZE);
    run(startFunction, argument).then(() => {
      this.#others--;
      stacks.leave(thread, thread.ident);
      calls.ended(thread.tid);
    }, failed);
  }

  #park(address: number, expected: number, size: number, timeout: number, argument: number): Outcome {
    const { python, canWait } = this.#options;
    for (let index = 0; index < size; index++)
      if (python.HEAPU8[address + index] !== python.HEAPU8[expected + index]) return PARK.changed;
    // Nobody else runs while this code cannot be suspended: it would wait for ever.
    if (!canWait()) return timeout < 0 ? PARK.changed : PARK.timeout;
    return this.#wait(this.current, address, timeout, argument);
  }

  /** A lock in C: a byte that is 1 while somebody has it. @param timeout microseconds; negative waits for ever. */
  #acquire(lock: number, timeout: number, interruptible: boolean): Outcome {
    const { python, canWait } = this.#options;
    if (python.HEAPU8[lock] === 0) {
      python.HEAPU8[lock] = 1;
      return LOCK.acquired;
    }
    if (timeout === 0 || !canWait()) return LOCK.failed;
    // Who releases it hands it over to the first that waits.
    const thread = this.current;
    const attempt = async (): Promise<number> => {
      const result = await this.#wait(thread, lock, timeout < 0 ? -1 : timeout * 1000, 0);
      if (result === PARK.woken) return LOCK.acquired;
      if (result === PARK.timeout) return LOCK.failed;
      return interruptible ? LOCK.interrupted : attempt();
    };
    return attempt();
  }

  #release(lock: number): number {
    const [next] = this.#parked.get(lock) ?? [];
    if (next === undefined) this.#options.python.HEAPU8[lock] = 0;
    else this.#wake(lock, next);
    return 0;
  }

  /** A thread waits until it is woken at an address. @param timeout nanoseconds; negative for ever. */
  #wait(thread: Thread, address: number, timeout: number, argument: number): Promise<number> {
    const parked: Parked = { thread, argument, woken: false };
    const waiting = this.#parked.get(address) ?? new Set();
    this.#parked.set(address, waiting.add(parked));
    const { tid, ident } = thread;
    return this.#options.calls.call(tid, 'futex', ident, FUTEX_WAIT_PRIVATE, 0, timeout).then((result) => {
      if (parked.woken) return PARK.woken;
      this.#forget(address, parked);
      return result === -ERRNO.ETIMEDOUT ? PARK.timeout : PARK.interrupted;
    });
  }

  /** Wakes the first that waits there, and tells the caller's function whom, and whether there are more. */
  #unpark(address: number, tell: number, argument: number): number {
    const [parked] = this.#parked.get(address) ?? [];
    if (parked !== undefined) this.#wake(address, parked);
    const more = this.#parked.has(address) ? 1 : 0;
    const { exports, python } = this.#options;
    const function_ = exports.__indirect_function_table.get(tell) as (...values: number[]) => void;
    // It reads the clock, and JavaScript below it cannot be suspended.
    const before = python.validSuspender.value;
    python.validSuspender.value = false;
    function_(argument, parked?.argument ?? 0, more);
    python.validSuspender.value = before;
    return 0;
  }

  #wake(address: number, parked: Parked): void {
    const { calls } = this.#options;
    parked.woken = true;
    this.#forget(address, parked);
    calls.tell(this.current.tid, 'futex', parked.thread.ident, FUTEX_WAKE_PRIVATE, 1, -1);
  }

  #forget(address: number, parked: Parked): void {
    const waiting = this.#parked.get(address);
    waiting?.delete(parked);
    if (waiting?.size === 0) this.#parked.delete(address);
  }
}

/** A signed integer of two words. */
const wide = (low: number, high: number): number => high * 2 ** 32 + (low >>> 0);
