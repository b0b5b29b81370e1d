import { EventQueue } from './event-queue.ts';
import type { Nanoseconds } from './nanoseconds.ts';
import { NOWHERE } from './places.ts';
import { Random } from './random.ts';

const QUEUE = Symbol('queue');
const AWAITED = Symbol('awaited');
const EXPIRE = Symbol('expire');

/** What an event does when its time has come. It runs to its end before anything else happens. */
export type Action = () => void;

/**
 * Virtual time and the event queue of one lab.
 *
 * Events run in order of time; events of one instant run in the order in which they were scheduled.
 * Nothing here reads a real clock: a run is a function of the seed and of what is scheduled.
 */
export class Simulation {
  /** The current virtual time; starts at 0. */
  now: Nanoseconds = 0;
  readonly seed: number;
  /** How many events have run so far. */
  eventsRun = 0;
  /** @internal For timers. */
  readonly [QUEUE] = new EventQueue<Timed, Action>();
  /** @internal How many events and running timers are to come that are more than routine. */
  [AWAITED] = 0;

  /** @param seed any integer; two simulations with one seed draw the same numbers. */
  constructor(seed = 0) {
    this.seed = seed;
  }

  /**
   * The generator of one user of chance, by name (`"client/tcp.isn"`, `"cable:3/loss"`). Each name has
   * its own sequence, so adding a machine changes nothing of what the others draw.
   */
  randomFor(name: string): Random {
    return new Random(this.seed, name);
  }

  /** Runs `action` at time `at`; a time in the past counts as now. */
  at(at: Nanoseconds, action: Action): void {
    this[AWAITED]++;
    this[QUEUE].add(at > this.now ? at : this.now, action);
  }

  /** Runs `action` after `delay` nanoseconds (≥ 0). */
  after(delay: Nanoseconds, action: Action): void {
    this.at(this.now + delay, action);
  }

  /** A timer that is not running yet. @param action runs each time it expires. */
  timer(action: Action): Timer {
    return new Timer(this, action, false);
  }

  /**
   * A timer for what goes on for ever, such as a bridge's hello: it runs while something else is to happen or up
   * to a time that was asked for, and when nothing but such routine is left, nothing is left.
   */
  routineTimer(action: Action): Timer {
    return new Timer(this, action, true);
  }

  /** The time of the next event, or `Infinity` when nothing (but routine) is left to happen. */
  get nextAt(): Nanoseconds {
    return this[AWAITED] > 0 ? this[QUEUE].nextAt : Number.POSITIVE_INFINITY;
  }

  /** Runs the next event and moves the clock to it. @returns false when nothing (but routine) is left. */
  step(): boolean {
    return this[AWAITED] > 0 && this.stepBy(Number.POSITIVE_INFINITY);
  }

  /** Runs the next event, routine too, if it comes by `until`. @returns whether one ran. */
  stepBy(until: Nanoseconds): boolean {
    const queue = this[QUEUE];
    const next = queue.take(until);
    if (next === null) return false;
    this.now = queue.takenAt;
    this.eventsRun++;
    if (typeof next === 'function') {
      this[AWAITED]--;
      next();
    } else {
      next.place = NOWHERE;
      next[EXPIRE]();
    }
    return true;
  }

  /**
   * Runs events up to and including time `until`, or until none is left.
   * With a finite `until` the clock ends at `until` even if the last event came earlier.
   */
  run(until: Nanoseconds = Number.POSITIVE_INFINITY): void {
    if (until === Number.POSITIVE_INFINITY) {
      while (this.step());
      return;
    }
    while (this.stepBy(until));
    if (until > this.now) this.now = until;
  }
}

/**
 * What happens when its deadline comes, and can be restarted and stopped cheaply.
 *
 * Moving the deadline later only writes two numbers: the place in the event queue follows when it
 * comes up. So a retransmission timer that each acknowledgment restarts costs next to nothing.
 */
export abstract class Timed {
  /** @internal Its place in the event queue. */
  place = NOWHERE;
  readonly #sim: Simulation;
  /** 1 when the simulation goes on for it, 0 for routine. */
  readonly #weight: 0 | 1;

  /** @param routine see `Simulation.routineTimer`. */
  constructor(sim: Simulation, routine = false) {
    this.#sim = sim;
    this.#weight = routine ? 0 : 1;
  }

  /** Its deadline has come. */
  protected abstract expired(): void;

  get running(): boolean {
    return this.deadline !== Number.POSITIVE_INFINITY;
  }

  /** When it will expire; `Infinity` while it is stopped. */
  get deadline(): Nanoseconds {
    return this.place === NOWHERE ? Number.POSITIVE_INFINITY : this.#sim[QUEUE].due(this.place);
  }

  /** Starts it, or starts it anew, to expire after `delay` nanoseconds. */
  start(delay: Nanoseconds): void {
    const sim = this.#sim;
    const deadline = sim.now + (delay > 0 ? delay : 0);
    if (deadline === Number.POSITIVE_INFINITY) {
      this.stop();
      return;
    }
    const queue = sim[QUEUE];
    const { place } = this;
    if (place === NOWHERE) {
      sim[AWAITED] += this.#weight;
      this.place = queue.add(deadline, this);
      return;
    }
    if (queue.due(place) === Number.POSITIVE_INFINITY) sim[AWAITED] += this.#weight;
    if (queue.postpone(place, deadline)) return;
    // The deadline came nearer: the place would be too late, so it is left behind.
    queue.abandon(place);
    this.place = queue.add(deadline, this);
  }

  stop(): void {
    if (!this.running) return;
    this.#sim[AWAITED] -= this.#weight;
    this.#sim[QUEUE].suspend(this.place);
  }

  /** @internal Called by the simulation when the deadline has come. */
  [EXPIRE](): void {
    this.#sim[AWAITED] -= this.#weight;
    this.expired();
  }
}

/** Does one thing each time it expires. */
export class Timer extends Timed {
  readonly #action: Action;

  /** @internal Use `sim.timer` or `sim.routineTimer`. */
  constructor(sim: Simulation, action: Action, routine: boolean) {
    super(sim, routine);
    this.#action = action;
  }

  protected expired(): void {
    this.#action();
  }
}
