import type { Nanoseconds } from './nanoseconds.ts';
import { Random } from './random.ts';

const ENQUEUE = Symbol('enqueue');
const TAKE_ORDER = Symbol('take order');
const EXPIRE = Symbol('expire');
const ORDER = Symbol('order');
const QUEUED = Symbol('queued');
const AWAITED = Symbol('awaited');

/** What an event does when its time has come. It runs to its end before anything else happens. */
export type Action = () => void;

/** One place in the event queue. Timers keep theirs for life, so restarting one allocates nothing. */
class Slot {
  at: Nanoseconds = 0;
  order = 0;
  /** A one-shot event has an action, a timer's place has its timer, a place given up has neither. */
  timer: Timer | null = null;
  action: Action | null = null;
}

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
  readonly #heap: Slot[] = [];
  readonly #free: Slot[] = [];
  #order = 0;
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
    const slot = this.#free.pop() ?? new Slot();
    slot.at = at > this.now ? at : this.now;
    slot.order = this.#order++;
    slot.action = action;
    this[AWAITED]++;
    this.#push(slot);
  }

  /** Runs `action` after `delay` nanoseconds (≥ 0). */
  after(delay: Nanoseconds, action: Action): void {
    this.at(this.now + delay, action);
  }

  /** A timer that is not running yet. @param action runs each time it expires. */
  timer(action: Action): Timer {
    return new Timer(this, action, 1);
  }

  /**
   * A timer for what goes on for ever, such as a bridge's hello: it runs while something else is to happen or up
   * to a time that was asked for, and when nothing but such routine is left, nothing is left.
   */
  routineTimer(action: Action): Timer {
    return new Timer(this, action, 0);
  }

  /** The time of the next event, or `Infinity` when nothing (but routine) is left to happen. */
  get nextAt(): Nanoseconds {
    this.#settle();
    return this[AWAITED] > 0 ? (this.#heap[0]?.at ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  }

  /** Runs the next event and moves the clock to it. @returns false when nothing (but routine) is left. */
  step(): boolean {
    return this[AWAITED] > 0 && this.#step();
  }

  /** Runs the next event, routine too, if it comes by `until`. @returns whether one ran. */
  stepBy(until: Nanoseconds): boolean {
    this.#settle();
    const next = this.#heap[0];
    return next !== undefined && next.at <= until && this.#step();
  }

  #step(): boolean {
    this.#settle();
    const slot = this.#pop();
    if (slot === undefined) return false;
    this.now = slot.at;
    this.eventsRun++;
    const { timer, action } = slot;
    if (timer !== null) {
      timer[EXPIRE]();
    } else {
      slot.action = null;
      this.#free.push(slot);
      this[AWAITED]--;
      action?.();
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

  /** @internal Called by timers. */
  [ENQUEUE](slot: Slot): void {
    this.#push(slot);
  }

  /** @internal The place in the order of this instant that a timer takes when it is started. */
  [TAKE_ORDER](): number {
    return this.#order++;
  }

  /** Brings to the top of the heap an event that really is due: timers may have moved on or stopped. */
  #settle(): void {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined || top.action !== null) return;
      const timer = top.timer;
      if (timer === null) {
        this.#pop();
        continue;
      }
      if (timer.deadline === top.at && timer[ORDER] === top.order) return;
      this.#pop();
      if (timer.running) {
        top.at = timer.deadline;
        top.order = timer[ORDER];
        this.#push(top);
      } else {
        timer[QUEUED] = false;
      }
    }
  }

  #push(slot: Slot): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(slot);
    while (i > 0) {
      const up = (i - 1) >> 2;
      const parent = heap[up] as Slot;
      if (parent.at < slot.at || (parent.at === slot.at && parent.order < slot.order)) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = slot;
  }

  #pop(): Slot | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    const size = heap.length;
    let i = 0;
    for (;;) {
      const first = 4 * i + 1;
      if (first >= size) break;
      let least = first;
      let child = heap[first] as Slot;
      for (let k = first + 1; k < first + 4 && k < size; k++) {
        const other = heap[k] as Slot;
        if (other.at < child.at || (other.at === child.at && other.order < child.order)) {
          least = k;
          child = other;
        }
      }
      if (last.at < child.at || (last.at === child.at && last.order < child.order)) break;
      heap[i] = child;
      i = least;
    }
    heap[i] = last;
    return top;
  }
}

/**
 * A timer that can be restarted and stopped cheaply.
 *
 * Moving the deadline later only writes two numbers: the place in the event queue follows when it
 * comes up. So a retransmission timer that each acknowledgment restarts costs next to nothing.
 */
export class Timer {
  /** When it will expire; `Infinity` while it is stopped. */
  deadline: Nanoseconds = Number.POSITIVE_INFINITY;
  readonly #sim: Simulation;
  readonly #action: Action;
  /** 1 when the simulation goes on for it, 0 for routine. */
  readonly #weight: 0 | 1;
  #slot: Slot | null = null;
  [ORDER] = 0;
  [QUEUED] = false;

  /** @internal Use `sim.timer` or `sim.routineTimer`. */
  constructor(sim: Simulation, action: Action, weight: 0 | 1) {
    this.#sim = sim;
    this.#action = action;
    this.#weight = weight;
  }

  get running(): boolean {
    return this.deadline !== Number.POSITIVE_INFINITY;
  }

  /** Starts it, or starts it anew, to expire after `delay` nanoseconds. */
  start(delay: Nanoseconds): void {
    const sim = this.#sim;
    const deadline = sim.now + (delay > 0 ? delay : 0);
    if (deadline === Number.POSITIVE_INFINITY) {
      this.stop();
      return;
    }
    if (this.deadline === Number.POSITIVE_INFINITY) sim[AWAITED] += this.#weight;
    this.deadline = deadline;
    this[ORDER] = sim[TAKE_ORDER]();
    const slot = this.#slot;
    if (slot !== null && this[QUEUED]) {
      if (slot.at <= this.deadline) return;
      // The deadline came nearer: the queued slot would be too late, so it is left behind.
      slot.timer = null;
    }
    const fresh = slot !== null && !this[QUEUED] ? slot : new Slot();
    fresh.timer = this;
    fresh.at = this.deadline;
    fresh.order = this[ORDER];
    this.#slot = fresh;
    this[QUEUED] = true;
    sim[ENQUEUE](fresh);
  }

  stop(): void {
    if (this.deadline === Number.POSITIVE_INFINITY) return;
    this.#sim[AWAITED] -= this.#weight;
    this.deadline = Number.POSITIVE_INFINITY;
  }

  /** @internal Called by the simulation when the deadline has come. */
  [EXPIRE](): void {
    this.#sim[AWAITED] -= this.#weight;
    this.deadline = Number.POSITIVE_INFINITY;
    this[QUEUED] = false;
    this.#action();
  }
}
