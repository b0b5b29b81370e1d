import type { Nanoseconds, Random } from '../../time/index.ts';
import type { Frame } from '../frame.ts';
import { DEFAULT_LIMIT, type Drop, positive, type QueueDiscipline } from './discipline.ts';

export interface NetemSettings {
  readonly kind: 'netem';
  /** How long each frame is held back. */
  readonly delay: Nanoseconds;
  /** By how much the delay varies to either side, uniformly: frames may overtake one another. Default 0. */
  readonly jitter?: Nanoseconds;
  /** The share of frames that are dropped, 0–1; default 0. */
  readonly loss?: number;
  /** How many frames may be held back; default 1000. */
  readonly limit?: number;
}

/** Emulates a network behind the port (`tc-netem(8)`): delay, jitter, loss. What is drawn follows from the seed. */
export class Netem implements QueueDiscipline {
  readonly #delay: Nanoseconds;
  readonly #jitter: Nanoseconds;
  readonly #loss: number;
  readonly #limit: number;
  readonly #random: Random;
  readonly #drop: Drop;
  /** By the time at which they are due, those of one time in the order of their coming. */
  #held: { readonly frame: Frame; readonly due: Nanoseconds }[] = [];

  /** @throws RangeError for a negative time, or a share that is not 0–1. */
  constructor(settings: NetemSettings, drop: Drop, random: Random) {
    const { delay, jitter = 0, loss = 0, limit = DEFAULT_LIMIT } = settings;
    if (!(delay >= 0 && jitter >= 0)) throw new RangeError('netem: expected times of 0 or more');
    if (!(loss >= 0 && loss <= 1)) throw new RangeError(`loss: expected a share from 0 to 1, found ${loss}`);
    this.#delay = delay;
    this.#jitter = jitter;
    this.#loss = loss;
    this.#limit = positive('limit', limit);
    this.#random = random;
    this.#drop = drop;
  }

  get length(): number {
    return this.#held.length;
  }

  get readyAt(): Nanoseconds {
    return this.#held[0]?.due ?? Number.POSITIVE_INFINITY;
  }

  enqueue(frame: Frame, now: Nanoseconds): void {
    if (this.#random.chance(this.#loss)) {
      this.#drop(frame, 'queue.netem-loss');
      return;
    }
    if (this.#held.length >= this.#limit) {
      this.#drop(frame, 'cable.queue-full');
      return;
    }
    const shift = this.#jitter > 0 ? (2 * this.#random.unit() - 1) * this.#jitter : 0;
    const due = Math.max(now, Math.round(now + this.#delay + shift));
    let at = this.#held.length;
    while (at > 0 && (this.#held[at - 1] as { due: number }).due > due) at--;
    this.#held.splice(at, 0, { frame, due });
  }

  dequeue(now: Nanoseconds): Frame | null {
    if (this.readyAt > now) return null;
    return this.#held.shift()?.frame ?? null;
  }

  drain(): Frame[] {
    return this.#held.splice(0).map(({ frame }) => frame);
  }
}
