import type { Frame } from '../1-physical/index.ts';
import type { TracedTimer } from '../trace/index.ts';

/** What a small piece counts for in bytes: in Linux a descriptor of 256 and a block of 512 (`skb->truesize`). */
const LEAST_MEMORY = 768;

/** The ECN field (RFC 3168 section 5). */
const ECN = 3;
const CE = 3;

/**
 * The pieces of one packet that are here, in their order and without overlaps (RFC 815). Both versions of IP put packets
 * together in this way, as Linux does (net/ipv4/inet_fragment.c).
 */
export abstract class Pieces {
  /** What packets are told apart by, not always enough. */
  readonly key: number;
  readonly frames: Frame[] = [];
  /** Where in its frame's slot each piece's payload stands, and which part of the packet's payload it is. */
  readonly starts: number[] = [];
  readonly begins: number[] = [];
  readonly ends: number[] = [];
  /** Payload bytes that are here. */
  here = 0;
  /** Where the payload ends as far as is known, and whether the last piece has said so. */
  end = 0;
  ended = false;
  /** Slots held, in bytes. */
  memory = 0;
  timer: TracedTimer | null = null;

  constructor(key: number) {
    this.key = key;
  }

  /** For people: whose packet, and which. */
  abstract get name(): string;
  /** The DS field of a piece's header, with the ECN bits. */
  protected abstract trafficClass(frame: Frame): number;

  get complete(): boolean {
    return this.ended && this.here === this.end;
  }

  /**
   * Puts `[begin, end)` of the payload in its place; it stands at `start` in the frame's slot.
   * @param more it is not the last piece. @returns null, or why it does not fit; all but a duplicate spoil the packet.
   */
  insert(frame: Frame, start: number, begin: number, end: number, more: boolean): string | null {
    if (more) {
      if (end > this.end && this.ended) return 'ip.fragment-beyond-end';
    } else if (end < this.end || (this.ended && end !== this.end)) {
      return 'ip.fragment-beyond-end';
    }
    if (end <= begin) return 'ip.fragment-empty';

    const { begins, ends } = this;
    let place = begins.length;
    while (place > 0 && (begins[place - 1] as number) > begin) place--;
    if (this.#covers(begin, end)) return 'ip.fragment-duplicate';
    const before = ends[place - 1];
    const after = begins[place];
    if ((before !== undefined && before > begin) || (after !== undefined && after < end)) {
      return 'ip.fragment-overlap';
    }
    this.frames.splice(place, 0, frame);
    this.starts.splice(place, 0, start);
    begins.splice(place, 0, begin);
    ends.splice(place, 0, end);
    this.here += end - begin;
    if (end > this.end) this.end = end;
    if (!more) this.ended = true;
    this.memory += Math.max(frame.bytes.length, LEAST_MEMORY);
    return null;
  }

  /**
   * The ECN bits that the whole packet has besides those of its first piece: a mark on one piece is one on all
   * (RFC 3168 section 5.3). @returns -1 when some are ECN-capable and others not: then nobody made them so.
   */
  get marks(): number {
    const fields = this.frames.map((frame) => this.trafficClass(frame) & ECN);
    const capable = fields.filter((field) => field !== 0).length;
    if (capable > 0 && capable < fields.length) return -1;
    return fields.includes(CE) ? CE : 0;
  }

  /** Copies the whole payload behind `at` in another frame, and gives the pieces back. */
  joinInto(whole: Frame, at: number): void {
    const [first] = this.frames;
    whole.reason = first?.reason ?? '';
    if (first !== undefined) whole.origins = first.origins;
    this.frames.forEach((frame, i) => {
      const start = this.starts[i] as number;
      const begin = this.begins[i] as number;
      const size = (this.ends[i] as number) - begin;
      whole.bytes.set(frame.bytes.subarray(start, start + size), at + begin);
      whole.sent = frame.sent > whole.sent ? frame.sent : whole.sent;
      frame.release();
    });
  }

  /** Whether pieces that join without a gap have all of `[begin, end)`. */
  #covers(begin: number, end: number): boolean {
    let at = begin;
    for (let i = 0; i < this.begins.length; i++) {
      if ((this.begins[i] as number) <= at && (this.ends[i] as number) > at) at = this.ends[i] as number;
      if (at >= end) return true;
    }
    return false;
  }
}
