import { type Nanoseconds, Timed } from '../time/index.ts';
import type { Frame } from './frame.ts';

/** No check sequence was kept: the frame's bits are as they were sent. */
export const UNDAMAGED = -1;

/**
 * What has frames on their way, in the order in which they will arrive: a chain of the frames themselves. Its deadline
 * is when the first one arrives.
 */
export abstract class Arrivals extends Timed {
  #first: Frame | null = null;
  #last: Frame | null = null;
  #size = 0;

  /** How many are on their way. */
  get inFlight(): number {
    return this.#size;
  }

  /** The one that arrives first, which stays; null without any. */
  protected get firstOnTheWay(): Frame | null {
    return this.#first;
  }

  /**
   * Adds a frame behind all that arrive at the same time or earlier.
   * @param check the FCS that it was sent with, if its bits were changed on the way; `UNDAMAGED` otherwise.
   */
  protected setOnItsWay(frame: Frame, at: Nanoseconds, check: number): void {
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
    this.#size++;
  }

  /** Takes the first one out, or null. */
  protected takeFirst(): Frame | null {
    const frame = this.#first;
    if (frame === null) return null;
    const { next } = frame;
    this.#first = next;
    if (next === null) this.#last = null;
    else next.previous = null;
    frame.next = null;
    this.#size--;
    return frame;
  }
}
