import { type Sequence, seqAtMost, seqLess, seqMax } from './sequence.ts';

/** As many blocks as are remembered (RFC 2018 section 4); a segment with timestamps has room for three. */
const REMEMBERED = 4;

/**
 * What the receiver tells of the segments that wait behind a gap: the blocks of its selective acknowledgments, the
 * one that changed last in front (RFC 2018 section 4), and before them once what came twice (D-SACK, RFC 2883).
 */
export class SelectiveAcks {
  /** How many blocks there are, the duplicate not counted. */
  count = 0;
  /** A duplicate is to be told. */
  duplicate = false;
  readonly #edges = new Int32Array(2 * REMEMBERED);
  #duplicateStart: Sequence = 0;
  #duplicateEnd: Sequence = 0;

  /** How many blocks there are to tell. */
  get waiting(): number {
    return this.count + (this.duplicate ? 1 : 0);
  }

  /** Block `i` of those to tell, the duplicate first. */
  start(i: number): Sequence {
    if (!this.duplicate) return this.#edges[2 * i] as number;
    return i === 0 ? this.#duplicateStart : (this.#edges[2 * i - 2] as number);
  }

  end(i: number): Sequence {
    if (!this.duplicate) return this.#edges[2 * i + 1] as number;
    return i === 0 ? this.#duplicateEnd : (this.#edges[2 * i - 1] as number);
  }

  /** The end of the last block. */
  get last(): Sequence {
    let last = this.#edges[1] as number;
    for (let i = 1; i < this.count; i++) last = seqMax(last, this.#edges[2 * i + 1] as number);
    return last;
  }

  /** `[start, end)` came behind a gap. */
  add(start: Sequence, end: Sequence): void {
    const edges = this.#edges;
    // What touches it becomes one with it; the others keep their order behind it.
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      const from = edges[2 * i] as number;
      const to = edges[2 * i + 1] as number;
      if (seqAtMost(start, to) && seqAtMost(from, end)) {
        if (seqLess(from, start)) start = from;
        end = seqMax(end, to);
      } else {
        edges[2 * kept] = from;
        edges[2 * kept + 1] = to;
        kept++;
      }
    }
    if (kept === REMEMBERED) kept--;
    edges.copyWithin(2, 0, 2 * kept);
    edges[0] = start;
    edges[1] = end;
    this.count = kept + 1;
  }

  /** The stream has come as far as `next`: forgets the blocks that it has reached. */
  advance(next: Sequence): void {
    const edges = this.#edges;
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      const from = edges[2 * i] as number;
      if (!seqLess(next, from)) continue;
      edges[2 * kept] = from;
      edges[2 * kept + 1] = edges[2 * i + 1] as number;
      kept++;
    }
    this.count = kept;
  }

  /** `[start, end)` came twice. A second such range before the next acknowledgment joins the first when they touch. */
  repeat(start: Sequence, end: Sequence, join: boolean): void {
    if (this.duplicate && join) {
      if (seqAtMost(start, this.#duplicateEnd) && seqAtMost(this.#duplicateStart, end)) {
        if (seqLess(start, this.#duplicateStart)) this.#duplicateStart = start;
        this.#duplicateEnd = seqMax(this.#duplicateEnd, end);
      }
      return;
    }
    this.duplicate = true;
    this.#duplicateStart = start;
    this.#duplicateEnd = end;
  }
}
