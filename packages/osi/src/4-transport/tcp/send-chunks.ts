import { type Sequence, seqAtMost } from './sequence.ts';

const FIRST_CAPACITY = 8;

/** The segment that ends a chunk has PSH. */
export const PUSHED = 1;
/** MSG_EOR: what the program writes next never shares a segment with it. */
export const RECORD_END = 2;

/**
 * How the bytes of a send buffer fell into it: the pieces that Linux would have in socket buffers (`struct sk_buff`) of
 * its write queue, each as much as one packet with segmentation offload can carry, oldest first and without a gap.
 * They decide how much a program can write, which segments are not full, and which have PSH.
 */
export class SendChunks {
  count = 0;
  /** The first that has bytes not sent yet; `count` when there is none. */
  next = 0;
  #ends = new Int32Array(FIRST_CAPACITY);
  #marks = new Uint8Array(FIRST_CAPACITY);
  #head = 0;

  /** Number of the byte behind chunk `k`. */
  endOf(k: number): Sequence {
    return this.#ends[(this.#head + k) & (this.#ends.length - 1)] as number;
  }

  marks(k: number): number {
    return this.#marks[(this.#head + k) & (this.#ends.length - 1)] as number;
  }

  add(end: Sequence): void {
    if (this.count === this.#ends.length) this.#grow();
    const i = (this.#head + this.count++) & (this.#ends.length - 1);
    this.#ends[i] = end;
    this.#marks[i] = 0;
  }

  /** More bytes join the last one: it ends at `end` now. @param again by another write: the PSH of the former is gone. */
  extend(end: Sequence, again: boolean): void {
    const i = (this.#head + this.count - 1) & (this.#ends.length - 1);
    this.#ends[i] = end;
    if (again) this.#marks[i] = (this.#marks[i] as number) & ~PUSHED;
  }

  markLast(mark: number): void {
    const i = (this.#head + this.count - 1) & (this.#ends.length - 1);
    this.#marks[i] = (this.#marks[i] as number) | mark;
  }

  /** Everything before `una` is acknowledged. */
  drop(una: Sequence): void {
    const mask = this.#ends.length - 1;
    while (this.count > 0 && seqAtMost(this.#ends[this.#head] as number, una)) {
      this.#head = (this.#head + 1) & mask;
      this.count--;
      if (this.next > 0) this.next--;
    }
  }

  /** Everything before `seq` has been sent once. */
  sent(seq: Sequence): void {
    while (this.next < this.count && seqAtMost(this.endOf(this.next), seq)) this.next++;
  }

  /** The marks of the chunk that ends at `seq`; 0 when none does. */
  marksAt(seq: Sequence): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (seqAtMost(seq, this.endOf(middle))) high = middle;
      else low = middle + 1;
    }
    return low < this.count && this.endOf(low) === seq ? this.marks(low) : 0;
  }

  clear(): void {
    this.count = 0;
    this.next = 0;
    this.#head = 0;
  }

  #grow(): void {
    const old = this.#ends.length;
    const ends = new Int32Array(old * 2);
    const marks = new Uint8Array(old * 2);
    for (let k = 0; k < this.count; k++) {
      ends[k] = this.endOf(k);
      marks[k] = this.marks(k);
    }
    this.#ends = ends;
    this.#marks = marks;
    this.#head = 0;
  }
}
