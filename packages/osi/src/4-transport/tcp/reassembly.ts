import { type Frame, releaseAll } from '../../1-physical/index.ts';
import { type Sequence, seqAdd, seqAtMost, seqDiff, seqLess, seqMin } from './sequence.ts';

/**
 * Segments that came before their turn, in order of sequence number and without overlap.
 *
 * Each frame carries its own sequence number: when it is put here, the eight bytes in front of its data, which
 * were its header, are overwritten by number and FIN mark. So waiting costs no memory but the frame.
 */
export class Reassembly {
  /** How many frames wait. */
  count = 0;
  /** What was given here and was there already, since the caller has asked last: `[repeatedStart, repeatedEnd)`. */
  repeatedStart: Sequence = 0;
  repeatedEnd: Sequence = 0;
  #head: Frame | null = null;
  #tail: Frame | null = null;

  /** Whether `seq` lies in what waits already. */
  covers(seq: Sequence): boolean {
    for (let at = this.#head; at !== null; at = at.next) {
      if (seqLess(seq, sequenceOf(at))) return false;
      if (seqLess(seq, endOf(at))) return true;
    }
    return false;
  }

  /**
   * Takes over a frame with data `[frame.start, frame.end)` at `seq`; `fin` when the stream ends behind it.
   * Of bytes that are there already the older copy stays, unless it lies wholly in the new one.
   */
  insert(frame: Frame, seq: Sequence, fin: boolean): void {
    let before: Frame | null = null;
    let after = this.#head;
    const tail = this.#tail;
    if (tail !== null && seqAtMost(endOf(tail), seq)) {
      before = tail;
      after = null;
    } else {
      while (after !== null && seqAtMost(sequenceOf(after), seq)) {
        before = after;
        after = after.next;
      }
    }
    const limit = seqAdd(seq, frame.end - frame.start + (fin ? 1 : 0));
    if (before !== null) {
      this.#repeat(seq, seqMin(limit, limitOf(before)));
      const overlap = seqDiff(endOf(before), seq);
      if (overlap > 0) {
        if (overlap >= frame.end - frame.start) {
          if (!fin || overlap > frame.end - frame.start || hasFin(before)) {
            frame.release();
            return;
          }
        }
        frame.start += overlap;
        seq = seqAdd(seq, overlap);
      }
    }
    const end = seqAdd(seq, frame.end - frame.start);
    while (after !== null && seqAtMost(endOf(after), end)) {
      this.#repeat(sequenceOf(after), seqMin(limit, limitOf(after)));
      fin ||= hasFin(after);
      const { next } = after;
      after.release();
      this.count--;
      after = next;
    }
    if (after !== null) {
      this.#repeat(sequenceOf(after), limit);
      const overlap = seqDiff(end, sequenceOf(after));
      if (overlap > 0) frame.end -= overlap;
      if (frame.end <= frame.start) {
        frame.release();
        this.#link(before, after);
        return;
      }
    }
    mark(frame, seq, fin);
    this.#link(before, frame);
    this.#link(frame, after);
    this.count++;
  }

  /** The next frame if it continues the stream at `rcvNxt`, cut to what is new; the caller takes it over. */
  take(rcvNxt: Sequence): Frame | null {
    for (;;) {
      const frame = this.#head;
      if (frame === null || seqLess(rcvNxt, sequenceOf(frame))) return null;
      this.#head = frame.next;
      if (this.#head === null) this.#tail = null;
      this.count--;
      frame.next = null;
      this.#repeat(sequenceOf(frame), seqMin(rcvNxt, limitOf(frame)));
      const known = seqDiff(rcvNxt, sequenceOf(frame));
      if (known < frame.end - frame.start || (hasFin(frame) && known === frame.end - frame.start)) {
        const fin = hasFin(frame);
        frame.start += known;
        mark(frame, rcvNxt, fin);
        return frame;
      }
      frame.release();
    }
  }

  /** Nothing waits but the end of the stream. */
  get onlyFin(): boolean {
    const head = this.#head;
    return head !== null && this.count === 1 && head.start === head.end && hasFin(head);
  }

  clear(): void {
    releaseAll(this.#head);
    this.#head = null;
    this.#tail = null;
    this.count = 0;
    this.repeatedEnd = this.repeatedStart;
  }

  /** `[start, end)` came again, unless that is empty. Of what is no piece of the first one nothing is told (Linux: tcp_dsack_extend). */
  #repeat(start: Sequence, end: Sequence): void {
    if (seqAtMost(end, start)) return;
    if (this.repeatedStart === this.repeatedEnd) this.repeatedStart = start;
    else if (!seqAtMost(start, this.repeatedEnd)) return;
    this.repeatedEnd = end;
  }

  #link(before: Frame | null, after: Frame | null): void {
    if (before === null) this.#head = after;
    else before.next = after;
    if (after === null) this.#tail = before;
  }
}

/** Whether the stream ends behind a frame that `take` gave. */
export const hasFin = (frame: Frame): boolean => frame.view.getUint8(frame.start - 4) === 1;

function mark(frame: Frame, seq: Sequence, fin: boolean): void {
  frame.view.setInt32(frame.start - 8, seq);
  frame.view.setUint8(frame.start - 4, fin ? 1 : 0);
}

const sequenceOf = (frame: Frame): Sequence => frame.view.getInt32(frame.start - 8);
const endOf = (frame: Frame): Sequence => seqAdd(sequenceOf(frame), frame.end - frame.start);
const limitOf = (frame: Frame): Sequence => (hasFin(frame) ? seqAdd(endOf(frame), 1) : endOf(frame));
