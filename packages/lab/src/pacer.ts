import type { Nanoseconds } from '@netarium/osi/time';
import type { Stop, StopSignal } from './driver.ts';
import type { Lab } from './lab.ts';

/** The wall clock a lab is paced by, handed in by the platform. */
export interface WallClock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Resolves after about `milliseconds`; 0 lets everything else that is due happen first. */
  wait(milliseconds: number): Promise<void>;
}

export type PacerState = 'running' | 'paused' | 'idle' | 'stopped';

/** How long to work before others get a turn, and how long to sleep at most, in milliseconds. */
const BUDGET = 8;
const LONGEST_SLEEP = 20;
const NANOSECONDS = 1e6;

/**
 * Lets a lab's time pass at a rate of the wall clock's: `speed` 1 is real time, 0.001 a thousand times slower,
 * `Infinity` as fast as it goes. A program that computes holds virtual time up, as in `Lab.run`.
 */
export class Pacer {
  readonly #lab: Lab;
  readonly #clock: WallClock;
  readonly #listeners = new Set<(state: PacerState) => void>();
  #speed = 1;
  #paused = false;
  #state: PacerState = 'stopped';
  /** A pair of moments that belong together. */
  #real = 0;
  #virtual: Nanoseconds = 0;
  #wake: (() => void) | null = null;
  /** A poke that came while nobody slept. */
  #poked = false;

  constructor(lab: Lab, clock: WallClock) {
    this.#lab = lab;
    this.#clock = clock;
  }

  get state(): PacerState {
    return this.#state;
  }

  get speed(): number {
    return this.#speed;
  }

  /** Virtual over wall-clock time, > 0; may change while it runs. @throws RangeError */
  set speed(factor: number) {
    if (!(factor > 0)) throw new RangeError(`speed: expected a number above 0, found ${factor}`);
    this.#speed = factor;
    this.#anchor();
    this.poke();
  }

  /** Calls `listener` with each new state. @returns what ends it. */
  subscribe(listener: (state: PacerState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  pause(): void {
    this.#paused = true;
    this.poke();
  }

  resume(): void {
    this.#paused = false;
    this.#anchor();
    this.poke();
  }

  /** Does something from outside (a key typed, a cable pulled) at the virtual time that it is by now. */
  act(work: () => void): void {
    if (this.#state === 'running' || this.#state === 'idle') this.#catchUp(this.#lab.sim.nextAt);
    work();
    this.poke();
  }

  /** Tells that there may be something to do now. */
  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  /**
   * Drives the lab until aborted, until virtual time `until`, or until nothing is left to happen. As long as `stay` says so
   * it then waits for an `act` or a `poke`, while time passes. @throws Error when the lab is being driven already.
   */
  async run(
    options: { until?: Nanoseconds; signal?: StopSignal; stay?: boolean | (() => boolean) } = {},
  ): Promise<Stop> {
    const { until = Number.POSITIVE_INFINITY, signal, stay = false } = options;
    const stays = typeof stay === 'function' ? stay : () => stay;
    const wake = () => this.poke();
    signal?.addEventListener('abort', wake);
    try {
      return await this.#lab.driver.exclusively(() => this.#run(until, signal, stays));
    } finally {
      signal?.removeEventListener('abort', wake);
      this.#enter('stopped');
    }
  }

  async #run(until: Nanoseconds, signal: StopSignal | undefined, stays: () => boolean): Promise<Stop> {
    const { sim, driver } = this.#lab;
    this.#anchor();
    let workingSince = this.#clock.now();
    for (;;) {
      if (signal?.aborted === true) return 'interrupted';
      if (driver.busy) {
        this.#enter('running');
        await driver.settle(signal);
        continue;
      }
      if (this.#paused) {
        this.#enter('paused');
        await this.#sleep(Number.POSITIVE_INFINITY);
        continue;
      }
      const next = sim.nextAt;
      if (next > until || next === Number.POSITIVE_INFINITY) {
        const left = stays() ? this.#due(until) - this.#clock.now() : 0;
        if (left > 0) {
          this.#enter('idle');
          await this.#sleep(Number.isFinite(this.#speed) ? Math.min(left, LONGEST_SLEEP) : left);
          this.#catchUp(Math.min(next, until));
          continue;
        }
        if (until < Number.POSITIVE_INFINITY) sim.run(until);
        return next === Number.POSITIVE_INFINITY ? 'idle' : 'until';
      }
      this.#enter('running');
      const due = this.#due(next) - this.#clock.now();
      if (due > 0) {
        await this.#sleep(Math.min(due, LONGEST_SLEEP));
        this.#catchUp(next);
        workingSince = this.#clock.now();
      } else {
        sim.step();
        if (this.#clock.now() - workingSince > BUDGET) {
          await this.#clock.wait(0);
          workingSince = this.#clock.now();
        }
      }
    }
  }

  /** The wall-clock moment of a virtual time. */
  #due(time: Nanoseconds): number {
    if (time === Number.POSITIVE_INFINITY) return time;
    return this.#real + (time - this.#virtual) / NANOSECONDS / this.#speed;
  }

  /** Between events the clock shows the time that has passed, short of the next event. */
  #catchUp(next: Nanoseconds): void {
    if (!Number.isFinite(this.#speed)) return;
    const { sim, driver } = this.#lab;
    const passed = this.#virtual + (this.#clock.now() - this.#real) * NANOSECONDS * this.#speed;
    const now = Math.floor(Math.min(passed, next - 1, sim.nextAt - 1));
    if (!driver.busy && now > sim.now) sim.run(now);
  }

  #anchor(): void {
    this.#real = this.#clock.now();
    this.#virtual = this.#lab.sim.now;
  }

  async #sleep(milliseconds: number): Promise<void> {
    if (!this.#poked) {
      const poked = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const forEver = milliseconds === Number.POSITIVE_INFINITY;
      await (forEver ? poked : Promise.race([poked, this.#clock.wait(milliseconds)]));
    }
    this.#poked = false;
    this.#wake = null;
  }

  #enter(state: PacerState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
