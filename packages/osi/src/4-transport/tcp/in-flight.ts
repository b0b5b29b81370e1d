import type { Nanoseconds } from '../../time/index.ts';
import { type Sequence, seqAtMost, seqLess } from './sequence.ts';

const FIRST_CAPACITY = 16;

/** What is known of a segment. */
export const SACKED = 1;
/** It is taken as lost, and has not arrived since. */
export const LOST = 2;
/** It was sent again, and that copy is taken to be on its way. */
export const RESENT = 4;
/** It was sent more than once. */
export const TWICE = 8;
/** It went out in one burst with the one before it. */
export const JOINED = 16;
/** When it was sent the program had little to send. */
const LIMITED = 32;

/**
 * The segments sent and not yet acknowledged, oldest first and without a gap: where each ends, when it was sent
 * last, and what is known of it. That is the scoreboard of selective acknowledgment (RFC 2018 section 5, RFC 6675), and where
 * round-trip times come from.
 *
 * Segment `k` counts from the oldest. Without SACK `sackedOut` counts duplicate acknowledgments: each says that
 * some segment has arrived (as in Linux).
 */
export class InFlight {
  count = 0;
  sackedOut = 0;
  lostOut = 0;
  resentOut = 0;
  /** RACK (RFC 8985 section 5.2): of what has arrived, when the segment sent last was sent, where it ends, what had been delivered. */
  rackSentAt: Nanoseconds = -1;
  rackEnd: Sequence = 0;
  rackDelivered = 0;
  /** The round trip of what arrived last. */
  rackRoundTrip: Nanoseconds = 0;
  /** Behind the highest segment that is selectively acknowledged; only while `sackedOut` says that there is one. */
  highestSacked: Sequence = 0;
  /** For the rate of delivery: when the segment acknowledged last was sent, when something was delivered last. */
  firstSent: Nanoseconds = 0;
  lastDelivered: Nanoseconds = 0;
  #ends = new Int32Array(FIRST_CAPACITY);
  /** Four numbers of each: when it was sent last; those two then (the second -1 once it has arrived); what had been delivered. */
  #sent = new Float64Array(FIRST_CAPACITY * 4);
  #marks = new Uint8Array(FIRST_CAPACITY);
  #head = 0;

  /** Segments taken to be on their way (RFC 6675's pipe; Linux: tcp_packets_in_flight). */
  get pipe(): number {
    return this.count - this.sackedOut - this.lostOut + this.resentOut;
  }

  endOf(k: number): Sequence {
    return this.#ends[(this.#head + k) & (this.#ends.length - 1)] as number;
  }

  sentAt(k: number): Nanoseconds {
    return this.#sent[((this.#head + k) & (this.#ends.length - 1)) << 2] as number;
  }

  marks(k: number): number {
    return this.#marks[(this.#head + k) & (this.#ends.length - 1)] as number;
  }

  firstSentAt(k: number): Nanoseconds {
    return this.#sent[(((this.#head + k) & (this.#ends.length - 1)) << 2) + 1] as number;
  }

  deliveredAt(k: number): Nanoseconds {
    return this.#sent[(((this.#head + k) & (this.#ends.length - 1)) << 2) + 2] as number;
  }

  deliveredBefore(k: number): number {
    return this.#sent[(((this.#head + k) & (this.#ends.length - 1)) << 2) + 3] as number;
  }

  limited(k: number): boolean {
    return ((this.#marks[(this.#head + k) & (this.#ends.length - 1)] as number) & LIMITED) !== 0;
  }

  /** @param delivered segments that have arrived so far. @param limited the program has little to send. */
  add(end: Sequence, now: Nanoseconds, joined: boolean, delivered: number, limited: boolean): void {
    if (this.count === this.#ends.length) this.#grow();
    if (this.count === 0) {
      this.firstSent = now;
      this.lastDelivered = now;
    }
    const i = (this.#head + this.count++) & (this.#ends.length - 1);
    this.#ends[i] = end;
    this.#marks[i] = (joined ? JOINED : 0) | (limited ? LIMITED : 0);
    this.#note(i, now, delivered);
  }

  /** Forgets the oldest segment. */
  shift(): void {
    const marks = this.#marks[this.#head] as number;
    // Without SACK nothing is marked: the count is corrected by whoever counts duplicates.
    if ((marks & SACKED) !== 0) this.sackedOut--;
    if ((marks & LOST) !== 0) this.lostOut--;
    if ((marks & RESENT) !== 0) this.resentOut--;
    this.#head = (this.#head + 1) & (this.#ends.length - 1);
    this.count--;
  }

  /** The first segment that ends behind `seq`; `count` when there is none. */
  find(seq: Sequence): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (seqAtMost(this.endOf(middle), seq)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  markSacked(k: number): void {
    const i = (this.#head + k) & (this.#ends.length - 1);
    const end = this.#ends[i] as number;
    if (this.sackedOut === 0 || seqLess(this.highestSacked, end)) this.highestSacked = end;
    const marks = this.#marks[i] as number;
    this.sackedOut++;
    if ((marks & LOST) !== 0) this.lostOut--;
    // A retransmission whose original may still be under way stays counted, as in Linux.
    const gone = (marks & LOST) !== 0 ? LOST | RESENT : 0;
    if ((marks & gone & RESENT) !== 0) this.resentOut--;
    this.#marks[i] = (marks & ~gone) | SACKED;
    this.#sent[(i << 2) + 2] = -1;
  }

  /** The peer no longer has what it said it had. */
  unmarkSacked(): void {
    for (let k = 0; k < this.count; k++) this.#unmark(k, SACKED);
    this.sackedOut = 0;
  }

  /** @returns whether it was a retransmission that is lost again. */
  markLost(k: number): boolean {
    const i = (this.#head + k) & (this.#ends.length - 1);
    const marks = this.#marks[i] as number;
    if ((marks & SACKED) !== 0) return false;
    if ((marks & LOST) === 0) {
      this.lostOut++;
      this.#marks[i] = marks | LOST;
      return false;
    }
    if ((marks & RESENT) === 0) return false;
    this.resentOut--;
    this.#marks[i] = marks & ~RESENT;
    return true;
  }

  unmarkLost(): void {
    for (let k = 0; k < this.count; k++) this.#unmark(k, LOST);
    this.lostOut = 0;
  }

  /** The peer has got a retransmission as well as its original. */
  unmarkResent(k: number): void {
    if ((this.marks(k) & RESENT) === 0) return;
    this.#unmark(k, RESENT);
    this.resentOut--;
  }

  /** Notes that segment `k` was sent again. @param counted whether it counts as in flight: a probe does not. Others as for `add`. */
  markResent(k: number, now: Nanoseconds, counted: boolean, delivered: number, limited: boolean): void {
    const i = (this.#head + k) & (this.#ends.length - 1);
    const marks = this.#marks[i] as number;
    if (counted && (marks & RESENT) === 0) this.resentOut++;
    this.#marks[i] = (marks & ~LIMITED) | TWICE | (counted ? RESENT : 0) | (limited ? LIMITED : 0);
    this.#note(i, now, delivered);
  }

  /** Segment `k` was to be sent again, and could not be: what is said of it does not say when it was sent. */
  markTried(k: number): void {
    const i = (this.#head + k) & (this.#ends.length - 1);
    this.#marks[i] = (this.#marks[i] as number) | TWICE;
  }

  /** Cuts segment `k` in two at `seq`: a smaller one has to do. */
  split(k: number, seq: Sequence): void {
    if (this.count === this.#ends.length) this.#grow();
    const mask = this.#ends.length - 1;
    for (let j = this.count; j > k; j--) this.#copy((this.#head + j - 1) & mask, (this.#head + j) & mask);
    const i = (this.#head + k) & mask;
    this.#ends[i] = seq;
    this.count++;
    this.#marks[(i + 1) & mask] = (this.#marks[i] as number) | JOINED;
    const marks = this.#marks[i] as number;
    if ((marks & SACKED) !== 0) this.sackedOut++;
    if ((marks & LOST) !== 0) this.lostOut++;
    if ((marks & RESENT) !== 0) this.resentOut++;
  }

  /** Makes one segment of `k` and the one behind it, which is neither selectively acknowledged nor on its way again. */
  join(k: number): void {
    const mask = this.#ends.length - 1;
    const first = (this.#head + k) & mask;
    const second = (first + 1) & mask;
    const marks = this.#marks[second] as number;
    if ((marks & LOST) !== 0) this.lostOut--;
    if ((marks & RESENT) !== 0) this.resentOut--;
    this.#ends[first] = this.#ends[second] as number;
    this.#marks[first] = (this.#marks[first] as number) | (marks & TWICE);
    for (let j = k + 1; j + 1 < this.count; j++) {
      this.#copy((this.#head + j + 1) & mask, (this.#head + j) & mask);
    }
    this.count--;
  }

  clear(): void {
    this.count = 0;
    this.sackedOut = 0;
    this.lostOut = 0;
    this.resentOut = 0;
    this.rackSentAt = -1;
    this.#head = 0;
  }

  #note(i: number, now: Nanoseconds, delivered: number): void {
    const at = i << 2;
    this.#sent[at] = now;
    this.#sent[at + 1] = this.firstSent;
    this.#sent[at + 2] = this.lastDelivered;
    this.#sent[at + 3] = delivered;
  }

  #unmark(k: number, mark: number): void {
    const i = (this.#head + k) & (this.#ends.length - 1);
    this.#marks[i] = (this.#marks[i] as number) & ~mark;
  }

  #copy(from: number, to: number): void {
    this.#ends[to] = this.#ends[from] as number;
    this.#sent.copyWithin(to << 2, from << 2, (from << 2) + 4);
    this.#marks[to] = this.#marks[from] as number;
  }

  #grow(): void {
    const old = this.#ends.length;
    const head = this.#head;
    const longer = <T extends Int32Array | Float64Array | Uint8Array>(to: T, from: T, each: number): T => {
      to.set(from.subarray(head * each));
      to.set(from.subarray(0, head * each), (old - head) * each);
      return to;
    };
    this.#ends = longer(new Int32Array(old * 2), this.#ends, 1);
    this.#sent = longer(new Float64Array(old * 8), this.#sent, 4);
    this.#marks = longer(new Uint8Array(old * 2), this.#marks, 1);
    this.#head = 0;
  }
}
