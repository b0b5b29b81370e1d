import type { Nanoseconds } from '@netarium/osi/time';
import type { Lab, StopSignal } from 'netarium';

/** Something real that frames come from. */
export interface Outside {
  /** Calls `arrived` from the event loop when frames have come; once until the next `take`. Null: no longer. */
  watch(arrived: (() => void) | null): void;
  /** Lets frames that have come enter the network now, `most` at most. @returns how many. */
  take(most: number): number;
}

/** The clock that virtual time follows: milliseconds since some moment, with a fraction; never goes back. */
export type MonotonicClock = () => number;

const NANOSECONDS = 1e6;
/** How many frames of one source, and how many events, come before the others' turn. */
const FRAMES = 64;
const EVENTS = 1024;
/** So much of virtual time passes at most, in nanoseconds, before frames are let in: they may answer what was sent in it. */
const SLICE = 1e6;
/** How long to work, in milliseconds, before the event loop gets a turn. */
const BUDGET = 8;
/** Below this, in milliseconds, a timer of the event loop is too coarse. */
const FINEST_TIMER = 1;
/** The longest wait of a timer of the event loop is some 24 days: 2^31 - 1 milliseconds. */
const LONGEST_WAIT = 1_000_000;

/**
 * Lets a lab's time pass as the monotonic clock's does, exactly and without end, while something real is attached.
 *
 * A `Pacer` shows a lab to people: its clock stands still when nothing is left to happen, and goes at any speed. A
 * real peer has timers of its own, so here virtual time is real time since `run`, also in between events. An event
 * never happens before its time. It happens after its time when this process is late; then frames that wait come
 * first, so that being late does not look like a lost frame. Programs hold virtual time up while they compute;
 * it catches up afterwards.
 */
export class RealTime {
  readonly #lab: Lab;
  readonly #clock: MonotonicClock;
  readonly #sources = new Set<Outside>();
  /** A pair of moments that belong together. */
  #real = 0;
  #virtual: Nanoseconds = 0;
  #running = false;
  #inTurn = false;
  #wake: (() => void) | null = null;
  /** Something came while nobody slept. */
  #woken = false;

  constructor(lab: Lab, clock: MonotonicClock = () => performance.now()) {
    this.#lab = lab;
    this.#clock = clock;
  }

  /** Lets frames from there in, from now on. */
  attach(source: Outside): void {
    this.#sources.add(source);
    source.watch(() => this.#poke());
  }

  detach(source: Outside): void {
    if (this.#sources.delete(source)) source.watch(null);
  }

  /**
   * Does something with the lab at the present time: starts a program, uses a socket. Whoever was called back by the
   * lab itself is in the present already; whoever comes from elsewhere (a file, a timer, a keyboard) comes in here.
   */
  enter<T>(work: () => T): T {
    if (this.#running && !this.#inTurn) this.#moveClock();
    try {
      return work();
    } finally {
      this.#poke();
    }
  }

  /** Drives the lab until aborted. @throws Error when it is being driven already, and what goes wrong in it. */
  async run(signal: StopSignal): Promise<void> {
    const wake = () => this.#poke();
    signal.addEventListener('abort', wake);
    try {
      await this.#lab.driver.exclusively(() => this.#run(signal));
    } finally {
      this.#running = false;
      signal.removeEventListener('abort', wake);
    }
  }

  async #run(signal: StopSignal): Promise<void> {
    const { sim, driver } = this.#lab;
    this.#real = this.#clock();
    this.#virtual = sim.now;
    this.#running = true;
    let workingSince = this.#real;
    while (!signal.aborted) {
      if (driver.busy) {
        await driver.settle(signal);
        continue;
      }
      this.#woken = false;
      if (this.#turn()) {
        if (this.#clock() - workingSince <= BUDGET) continue;
        await eventLoop();
      } else {
        await this.#sleep(this.#due(sim.nextAt) - this.#clock());
      }
      workingSince = this.#clock();
    }
  }

  /** Lets in what waits outside, then what is due happen. @returns whether there was anything. */
  #turn(): boolean {
    const { sim, driver } = this.#lab;
    const before = sim.eventsRun;
    let taken = 0;
    this.#inTurn = true;
    try {
      this.#moveClock();
      for (const source of this.#sources) taken += source.take(FRAMES);
      const until = Math.min(this.#now(), sim.nextAt + SLICE);
      while (sim.nextAt <= until && !driver.busy && sim.eventsRun - before < EVENTS) sim.step();
    } finally {
      this.#inTurn = false;
    }
    return taken > 0 || sim.eventsRun > before || driver.busy;
  }

  /** The virtual time that it is now. */
  #now(): Nanoseconds {
    return Math.floor(this.#virtual + (this.#clock() - this.#real) * NANOSECONDS);
  }

  /** When a virtual time comes, on the real clock. */
  #due(time: Nanoseconds): number {
    return this.#real + (time - this.#virtual) / NANOSECONDS;
  }

  /** Brings the lab's clock to the present, short of what has to happen first. */
  #moveClock(): void {
    const { sim } = this.#lab;
    const now = Math.min(this.#now(), sim.nextAt - 1);
    if (now > sim.now) sim.run(now);
  }

  #poke(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Waits so many milliseconds, or until something comes. What is due within a millisecond is awaited awake. */
  async #sleep(milliseconds: number): Promise<void> {
    if (this.#woken) return;
    if (milliseconds < FINEST_TIMER) return eventLoop();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(Math.floor(milliseconds), LONGEST_WAIT));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}

/** Gives everything else that is due a turn. */
function eventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
