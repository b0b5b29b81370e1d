import type { Frame } from '../frame.ts';
import { DEFAULT_LIMIT, type Drop, positive, type QueueDiscipline } from './discipline.ts';

export interface FifoSettings {
  readonly kind: 'fifo';
  /** How many frames may wait; default 1000. */
  readonly limit?: number;
}

/** First in, first out; what comes when it is full is dropped (`tc-pfifo(8)`). */
export class Fifo implements QueueDiscipline {
  readonly #limit: number;
  readonly #drop: Drop;
  #frames: Frame[] = [];
  #first = 0;

  /** @throws RangeError for a limit that is not above 0. */
  constructor(settings: FifoSettings, drop: Drop) {
    this.#limit = positive('limit', settings.limit ?? DEFAULT_LIMIT);
    this.#drop = drop;
  }

  get length(): number {
    return this.#frames.length - this.#first;
  }

  get readyAt(): number {
    return this.length > 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  /** The first one, which stays. */
  get head(): Frame | null {
    return this.#frames[this.#first] ?? null;
  }

  enqueue(frame: Frame): void {
    if (this.length >= this.#limit) this.#drop(frame, 'cable.queue-full');
    else this.#frames.push(frame);
  }

  dequeue(): Frame | null {
    const frame = this.head;
    if (frame === null) return null;
    this.#first++;
    if (this.#first > 64 && this.#first * 2 > this.#frames.length) {
      this.#frames.splice(0, this.#first);
      this.#first = 0;
    }
    return frame;
  }

  drain(): Frame[] {
    const frames = this.#frames.slice(this.#first);
    this.#frames = [];
    this.#first = 0;
    return frames;
  }
}
