import type { Nanoseconds } from '../../time/index.ts';
import { type Sequence, seqAtMost, seqLess } from './sequence.ts';

const FIRST_CAPACITY = 16;

/**
 * The segments sent and not yet acknowledged, oldest first: where each ends, when it was sent last, and whether
 * more than once. Round-trip times come from here; selective acknowledgment will keep its marks here.
 */
export class InFlight {
  count = 0;
  #ends = new Int32Array(FIRST_CAPACITY);
  #sentAt = new Float64Array(FIRST_CAPACITY);
  #resent = new Uint8Array(FIRST_CAPACITY);
  #head = 0;

  add(end: Sequence, now: Nanoseconds): void {
    if (this.count === this.#ends.length) this.#grow();
    const i = (this.#head + this.count++) & (this.#ends.length - 1);
    this.#ends[i] = end;
    this.#sentAt[i] = now;
    this.#resent[i] = 0;
  }

  /**
   * Forgets what `ack` covers. @returns when the oldest of those segments was sent; -1 when there is none, or one
   * was sent twice: its acknowledgment measures nothing (Karn; RFC 6298 section 3).
   */
  acknowledge(ack: Sequence): Nanoseconds {
    const mask = this.#ends.length - 1;
    const oldest = this.#head;
    let twice = 0;
    let covered = 0;
    while (this.count > 0 && seqAtMost(this.#ends[this.#head] as number, ack)) {
      twice |= this.#resent[this.#head] as number;
      this.#head = (this.#head + 1) & mask;
      this.count--;
      covered++;
    }
    return covered === 0 || twice !== 0 ? -1 : (this.#sentAt[oldest] as number);
  }

  /** Notes that `[from, to)` was sent again. */
  resent(from: Sequence, to: Sequence, now: Nanoseconds): void {
    const mask = this.#ends.length - 1;
    for (let k = 0, i = this.#head; k < this.count; k++, i = (i + 1) & mask) {
      const end = this.#ends[i] as number;
      if (seqAtMost(end, from)) continue;
      this.#resent[i] = 1;
      this.#sentAt[i] = now;
      if (!seqLess(end, to)) return;
    }
  }

  /** When the oldest one was sent last; -1 when nothing is in flight. */
  get oldestSentAt(): Nanoseconds {
    return this.count === 0 ? -1 : (this.#sentAt[this.#head] as number);
  }

  clear(): void {
    this.count = 0;
    this.#head = 0;
  }

  #grow(): void {
    const old = this.#ends.length;
    const ends = new Int32Array(old * 2);
    const sentAt = new Float64Array(old * 2);
    const resent = new Uint8Array(old * 2);
    for (let k = 0; k < this.count; k++) {
      const i = (this.#head + k) & (old - 1);
      ends[k] = this.#ends[i] as number;
      sentAt[k] = this.#sentAt[i] as number;
      resent[k] = this.#resent[i] as number;
    }
    this.#ends = ends;
    this.#sentAt = sentAt;
    this.#resent = resent;
    this.#head = 0;
  }
}

/** Lists of one machine: a connection has one only while something is in flight. */
export class InFlightPool {
  readonly #free: InFlight[] = [];

  take(): InFlight {
    return this.#free.pop() ?? new InFlight();
  }

  give(list: InFlight): void {
    list.clear();
    if (this.#free.length < 1024) this.#free.push(list);
  }
}
