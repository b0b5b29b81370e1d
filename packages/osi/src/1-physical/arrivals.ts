import { type Nanoseconds, type Simulation, Timed } from '../time/index.ts';
import type { Frame } from './frame.ts';

/** No check sequence was kept: the frame's bits are as they were sent. */
export const UNDAMAGED = -1;

/**
 * The frames on their way in one direction of a cable, in the order in which they will arrive: a chain of the frames
 * themselves, so that a cable on which one is under way touches little else.
 */
export class Arrivals extends Timed {
  #first: Frame | null = null;
  #last: Frame | null = null;
  size = 0;
  readonly #of: { deliver(): void };

  /** @param of is told when the first one arrives: the deadline, which it sets. */
  constructor(sim: Simulation, of: { deliver(): void }) {
    super(sim);
    this.#of = of;
  }

  protected expired(): void {
    this.#of.deliver();
  }

  /** The one that arrives first, which stays; null without any. */
  get first(): Frame | null {
    return this.#first;
  }

  /**
   * Adds a frame behind all that arrive at the same time or earlier.
   * @param check the FCS that it was sent with, if its bits were changed on the way; `UNDAMAGED` otherwise.
   */
  add(frame: Frame, at: Nanoseconds, check: number): void {
    frame.arrival = at;
    frame.check = check;
    let before = this.#last;
    let after: Frame | null = null;
    while (before !== null && before.arrival > at) {
      after = before;
      before = before.previous;
    }
    frame.previous = before;
    frame.next = after;
    if (before === null) this.#first = frame;
    else before.next = frame;
    if (after === null) this.#last = frame;
    else after.previous = frame;
    this.size++;
  }

  /** Takes the first one out, or null. */
  take(): Frame | null {
    const frame = this.#first;
    if (frame === null) return null;
    const { next } = frame;
    this.#first = next;
    if (next === null) this.#last = null;
    else next.previous = null;
    frame.next = null;
    this.size--;
    return frame;
  }
}
