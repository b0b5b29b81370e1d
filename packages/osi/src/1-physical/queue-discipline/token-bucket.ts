import type { Nanoseconds } from '../../time/index.ts';
import type { Frame } from '../frame.ts';
import { type Drop, positive, type QueueDiscipline } from './discipline.ts';
import { Fifo } from './fifo.ts';

export interface TokenBucketSettings {
  readonly kind: 'tbf';
  /** Bits per second in the long run. */
  readonly rate: number;
  /** Bytes that may be sent at once after a pause: the size of the bucket; at least a frame. */
  readonly burst: number;
  /** How many frames may wait; default 1000. */
  readonly limit?: number;
}

/**
 * A token bucket filter (`tc-tbf(8)`): the bucket fills at a rate up to its size, and a frame takes as many tokens as it
 * has bytes (destination MAC to the end, as Linux counts). A frame larger than the bucket could never go: it is dropped.
 */
export class TokenBucket implements QueueDiscipline {
  readonly #bytesPerNanosecond: number;
  readonly #burst: number;
  readonly #queue: Fifo;
  readonly #drop: Drop;
  #tokens: number;
  #filledAt: Nanoseconds = 0;

  /** @throws RangeError for settings that are not above 0. */
  constructor(settings: TokenBucketSettings, drop: Drop) {
    const { rate, burst, limit } = settings;
    this.#bytesPerNanosecond = positive('rate', rate) / 8e9;
    this.#burst = positive('burst', burst);
    this.#tokens = burst;
    this.#queue = new Fifo({ kind: 'fifo', ...(limit !== undefined && { limit }) }, drop);
    this.#drop = drop;
  }

  get length(): number {
    return this.#queue.length;
  }

  get readyAt(): Nanoseconds {
    const { head } = this.#queue;
    if (head === null) return Number.POSITIVE_INFINITY;
    const missing = head.length - this.#tokens;
    return missing <= 0 ? this.#filledAt : Math.ceil(this.#filledAt + missing / this.#bytesPerNanosecond);
  }

  enqueue(frame: Frame): void {
    if (frame.length > this.#burst) this.#drop(frame, 'queue.larger-than-burst');
    else this.#queue.enqueue(frame);
  }

  dequeue(now: Nanoseconds): Frame | null {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#bytesPerNanosecond);
    this.#filledAt = now;
    const { head } = this.#queue;
    // A ten-millionth of a byte is a rounding error, not a lack of tokens.
    if (head === null || this.#tokens + 1e-7 < head.length) return null;
    this.#tokens -= head.length;
    return this.#queue.dequeue();
  }

  drain(): Frame[] {
    return this.#queue.drain();
  }
}
