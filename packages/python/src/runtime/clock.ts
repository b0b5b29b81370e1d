import type { HandlerContext, Handlers } from './hooks.ts';
import { readI32, readI64, writeI64 } from './memory.ts';
import { INTERRUPTED, type SystemCallPort } from './system-calls.ts';

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
/** What all threads together have used; of one alone it is not kept. */
const CLOCK_PROCESS_CPUTIME_ID = 2;
const CLOCK_THREAD_CPUTIME_ID = 3;
const TIMER_ABSTIME = 1;
const SECOND = 1e9;
/** How much later each look at the clock is than the one before it, when nothing happened between: nanoseconds. */
const READING = 1000;
/** After so many looks in a row the process really lets the time pass that it saw passing. */
const READINGS = 1000;

/**
 * The process's clocks, which are its machine's.
 *
 * Between two system calls no time passes for the machine, so only the first look asks the kernel. Each further
 * look is a microsecond later, or a program that measured something would divide by zero; and a program that looks
 * again and again until a time has come sleeps after every thousandth look for as long as it has seen pass.
 */
export class Clock {
  readonly #calls: SystemCallPort;
  readonly #tellTime: () => void;
  /** The last time that was read, of the monotonic clock, and how much the real-time clock is ahead of it. */
  #now = 0;
  #ahead = 0;
  #knowsAhead = false;
  /** How many system calls had been made then, and how often the clock was read since. */
  #callsMade = -1;
  #readings = 0;

  /** @param tellTime lets the kernel know what the process has computed until now. */
  constructor(calls: SystemCallPort, tellTime: () => void) {
    this.#calls = calls;
    this.#tellTime = tellTime;
  }

  /** CLOCK_REALTIME as it was read last, in milliseconds: for those who cannot wait. */
  get realtime(): number {
    return (this.#now + this.#ahead) / 1e6;
  }

  /** CLOCK_MONOTONIC as it was read last, in milliseconds. */
  get monotonic(): number {
    return this.#now / 1e6;
  }

  /** Asks the kernel for both clocks. */
  async start(tid: number): Promise<void> {
    this.#now = await this.#calls.call(tid, 'clock_gettime', CLOCK_MONOTONIC);
    this.#ahead = (await this.#calls.call(tid, 'clock_gettime', CLOCK_REALTIME)) - this.#now;
    this.#knowsAhead = true;
    this.#fresh();
  }

  handlers({ python, canWait, thread }: HandlerContext): Handlers {
    const store = (clock: number, pointer: number): number => {
      const time = clock === CLOCK_REALTIME ? this.#now + this.#ahead : this.#now;
      writeI64(python, pointer, Math.round(time));
      return 0;
    };
    const ask = async (tid: number): Promise<void> => {
      const now = await this.#calls.call(tid, 'clock_gettime', CLOCK_MONOTONIC);
      this.#now = Math.max(this.#now, now);
      this.#fresh();
    };
    return {
      /** `clock_time_get(clock, precision, pointer)`; clocks that are neither the real-time one nor the process's are the monotonic one. */
      clockTime: (clock = 0, _precision = 0, pointer = 0) => {
        if ((clock === CLOCK_PROCESS_CPUTIME_ID || clock === CLOCK_THREAD_CPUTIME_ID) && canWait()) {
          this.#tellTime();
          return this.#calls.ask(thread(), 'clock_gettime', [CLOCK_PROCESS_CPUTIME_ID], (time) => {
            writeI64(python, pointer, time);
            return 0;
          });
        }
        const fresh = this.#callsMade === this.#calls.made;
        if (!this.#knowsAhead || !canWait() || (fresh && this.#readings < READINGS)) {
          this.#now += READING;
          this.#readings++;
          return store(clock, pointer);
        }
        const tid = thread();
        const asked = fresh
          ? this.#calls.call(tid, 'nanosleep', READING * READINGS).then(() => ask(tid))
          : ask(tid);
        return asked.then(() => () => store(clock, pointer));
      },

      /** clock_nanosleep(2): returns the error number itself. */
      clock_nanosleep: (clock = 0, flags = 0, request = 0) => {
        const time = readI64(python, request) * SECOND + readI32(python, request + 8);
        const now = clock === CLOCK_REALTIME ? this.#now + this.#ahead : this.#now;
        const duration = Math.max(0, flags & TIMER_ABSTIME ? time - now : time);
        if (!canWait()) return 0;
        return this.#calls
          .call(thread(), 'nanosleep', duration)
          .then((result) => (result === INTERRUPTED ? (python.ERRNO_CODES.EINTR ?? 0) : 0));
      },
    };
  }

  #fresh(): void {
    this.#callsMade = this.#calls.made;
    this.#readings = 0;
  }
}
