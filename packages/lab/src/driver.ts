import type { Scheduler, Watchdog } from '@netarium/machine';
import { type AsyncTurns, turnsOf } from '@netarium/osi/5-session';
import type { Nanoseconds, Simulation } from '@netarium/osi/time';

/** Why driving came to a stop. */
export type Stop =
  /** Nothing can happen any more: no event is left and every program waits. */
  | 'idle'
  /** The time given was reached. */
  | 'until'
  /** What was waited for is there. */
  | 'reached'
  /** The signal was aborted. */
  | 'interrupted';

/** What is needed of an `AbortSignal`. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface DriveOptions {
  /** Virtual time up to and including which to go; default for ever. */
  readonly until?: Nanoseconds;
  /** Asked after each event and each turn of a program; true stops. */
  readonly reached?: () => boolean;
  readonly signal?: StopSignal;
}

/**
 * Lets a lab's time pass: programs that are ready run first, one at a time, then the next event comes.
 * One at a time drives: who asks while another does gets an error.
 */
export class Driver {
  readonly #sim: Simulation;
  readonly #scheduler: Scheduler;
  readonly #watchdog: Watchdog | undefined;
  readonly #turns: AsyncTurns;
  #driving = false;

  constructor(sim: Simulation, scheduler: Scheduler, watchdog: Watchdog | undefined) {
    this.#sim = sim;
    this.#scheduler = scheduler;
    this.#watchdog = watchdog;
    this.#turns = turnsOf(sim);
  }

  /** @throws Error when the lab is being driven already. */
  async drive({ until = Number.POSITIVE_INFINITY, reached, signal }: DriveOptions): Promise<Stop> {
    return this.exclusively(async () => {
      for (;;) {
        if (signal?.aborted === true) return 'interrupted';
        if (this.busy) await this.settle(signal);
        else if (reached?.() === true) return 'reached';
        else if (!this.#next(until)) return this.#sim.nextAt === Number.POSITIVE_INFINITY ? 'idle' : 'until';
      }
    });
  }

  /** Whether a program has something to do now: time must not move on before `settle`. */
  get busy(): boolean {
    return this.#scheduler.busy || this.#turns.busy;
  }

  /** Runs `work` as the one who drives. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#driving)
      throw new Error('the lab is being driven already: wait until run, step or until has ended');
    this.#driving = true;
    try {
      return await work();
    } finally {
      this.#driving = false;
    }
  }

  /** Lets programs that are ready run, until `busy` says whether others are; returns early when aborted. */
  settle(signal?: StopSignal): Promise<void> {
    const settled = this.#turns.busy ? this.#turns.settle() : this.#scheduler.settle(this.#watchdog);
    if (signal === undefined) return settled;
    return new Promise<void>((resolve, reject) => {
      const leave = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      signal.addEventListener('abort', leave);
      settled.then(leave, reject);
    });
  }

  /** Runs the next event if it comes by `until`; moves the clock there if none does. @returns whether one ran. */
  #next(until: Nanoseconds): boolean {
    if (until === Number.POSITIVE_INFINITY) return this.#sim.step();
    if (this.#sim.stepBy(until)) return true;
    this.#sim.run(until);
    return false;
  }
}
