import type { Nanoseconds } from '../time/index.ts';
import type { Frame } from './frame.ts';

/** No check sequence was kept: the frame's bits are as they were sent. */
export const UNDAMAGED = -1;

/**
 * The frames on their way in one direction of a cable, in the order in which they will arrive. A ring:
 * adding behind the last and taking the first cost a few stores, and nothing is allocated per frame.
 */
export class Arrivals {
  #frames: (Frame | null)[] = [];
  #times: number[] = [];
  #checks: number[] = [];
  #first = 0;
  size = 0;

  /** When the first one arrives; `Infinity` without any. */
  get nextAt(): Nanoseconds {
    return this.size === 0 ? Number.POSITIVE_INFINITY : (this.#times[this.#first] as number);
  }

  /** The FCS that the first one was sent with, if its bits were changed on the way; `UNDAMAGED` otherwise. */
  get nextCheck(): number {
    return this.#checks[this.#first] as number;
  }

  /** Adds a frame behind all that arrive at the same time or earlier. */
  add(frame: Frame, at: Nanoseconds, check: number): void {
    if (this.size === this.#frames.length) this.#grow();
    const mask = this.#frames.length - 1;
    let place = (this.#first + this.size) & mask;
    for (let i = this.size; i > 0; i--) {
      const before = (place - 1) & mask;
      if ((this.#times[before] as number) <= at) break;
      this.#frames[place] = this.#frames[before] as Frame;
      this.#times[place] = this.#times[before] as number;
      this.#checks[place] = this.#checks[before] as number;
      place = before;
    }
    this.#frames[place] = frame;
    this.#times[place] = at;
    this.#checks[place] = check;
    this.size++;
  }

  /** Takes the first one out, or null. */
  take(): Frame | null {
    if (this.size === 0) return null;
    const frame = this.#frames[this.#first] as Frame;
    this.#frames[this.#first] = null;
    this.#first = (this.#first + 1) & (this.#frames.length - 1);
    this.size--;
    return frame;
  }

  /** Doubles the ring; its length is a power of two. */
  #grow(): void {
    const length = this.#frames.length;
    if (length === 0) {
      this.#frames = [null, null, null, null];
      this.#times = [0, 0, 0, 0];
      this.#checks = [0, 0, 0, 0];
      return;
    }
    const turn = <T>(ring: T[], empty: T): T[] => [
      ...ring.slice(this.#first),
      ...ring.slice(0, this.#first),
      ...new Array<T>(length).fill(empty),
    ];
    this.#frames = turn(this.#frames, null);
    this.#times = turn(this.#times, 0);
    this.#checks = turn(this.#checks, 0);
    this.#first = 0;
  }
}
