import type { Nanoseconds } from '../time/index.ts';
import { ACK, FIN, RST, type Segment, SYN } from './segment.ts';

/** What is remarkable about a segment: Wireshark's `tcp.analysis.*`, with `-` for `_`. */
export type TcpHint =
  | 'reused-ports'
  | 'retransmission'
  | 'fast-retransmission'
  | 'spurious-retransmission'
  | 'out-of-order'
  | 'lost-segment'
  | 'ack-lost-segment'
  | 'window-update'
  | 'window-full'
  | 'keep-alive'
  | 'keep-alive-ack'
  | 'duplicate-ack'
  | 'zero-window'
  | 'zero-window-probe'
  | 'zero-window-probe-ack';

/** What one end of a connection has said so far, as far as the capture shows. */
export interface Direction {
  /** The number that counts as 0: its initial sequence number. */
  base: number | null;
  /** The shift count that it offered; `unused` when one end offered none; null when no SYN was seen. */
  windowShift: number | 'unused' | null;
  /** The highest number that came, plus one; the time of the segment that brought it. */
  next: number | null;
  nextTime: Nanoseconds;
  /** The end of what came without a gap. */
  contiguous: number | null;
  /** The end of a probe into a zero window: its byte counts once it is acknowledged. */
  probed: number | null;
  /** What its latest segment acknowledged, and when; the window it gave. */
  lastAck: number;
  lastAckTime: Nanoseconds;
  window: number;
  /** The first segment with that acknowledgment, and how often it was repeated. */
  firstAckFrame: number;
  duplicates: number;
  /** How many segments with an acknowledgment came: the window of the first is not scaled. */
  acks: number;
  lastHints: readonly TcpHint[];
}

export const freshDirection = (): Direction => ({
  base: null,
  windowShift: null,
  next: null,
  nextTime: 0,
  contiguous: null,
  probed: null,
  lastAck: 0,
  lastAckTime: 0,
  window: -1,
  firstAckFrame: 0,
  duplicates: 0,
  acks: 0,
  lastHints: [],
});

/** Within this time after the newest data, a gap that fills is taken for reordering while the round trip is unknown: 3 ms. */
const REORDERING: Nanoseconds = 3_000_000;
/** Within this time after the duplicates it answers, a retransmission is a fast one: 20 ms. */
const FAST: Nanoseconds = 20_000_000;

/** Sequence numbers wrap: a is behind b when the way from b to a is the shorter one (RFC 9293 section 3.4). */
const after = (a: number, b: number): boolean => ((a - b) | 0) > 0;

interface Finding {
  readonly hints: readonly TcpHint[];
  readonly duplicateOf: { readonly frame: number; readonly times: number } | null;
}

/**
 * Compares a segment with what both ends have said before, and notes it. The rules are those by which Wireshark 4.0
 * judges, thresholds included. Where it is odd we are not:
 * a probe's byte that the receiver took counts as seen from then on, and what was missing is reported missing once.
 */
export function analyse(
  segment: Segment,
  forward: Direction,
  reverse: Direction,
  time: Nanoseconds,
  frame: number,
  roundTrip: Nanoseconds,
): Finding {
  const hints = new Set<TcpHint>();
  const final = windowHints(segment, forward, reverse, hints);
  let duplicateOf: Finding['duplicateOf'] = null;
  if (!final && repeatsAck(segment, forward) && segment.window === forward.window && segment.window !== 0) {
    forward.duplicates++;
    hints.add('duplicate-ack');
    duplicateOf = { frame: forward.firstAckFrame, times: forward.duplicates };
  }
  if (segment.ack !== forward.lastAck) {
    forward.firstAckFrame = frame;
    forward.duplicates = 0;
  }
  const acknowledges = (segment.flags & ACK) !== 0;
  if (acknowledges && segment.ack === reverse.probed) {
    reverse.next = reverse.contiguous = segment.ack;
    reverse.probed = null;
  }
  if (reverse.contiguous !== null && acknowledges && after(segment.ack, reverse.contiguous)) {
    hints.add('ack-lost-segment');
    // Once is enough.
    reverse.contiguous =
      reverse.next !== null && after(reverse.next, segment.ack) ? reverse.next : segment.ack;
  }
  if (segment.length > 0 || segment.flags & (SYN | FIN)) {
    const repetition = repetitionHint(segment, forward, reverse, time, roundTrip, hints);
    if (repetition !== null) hints.add(repetition);
  }
  note(segment, forward, time, hints);
  return { hints: [...hints], duplicateOf };
}

const plain = (segment: Segment): boolean => (segment.flags & (SYN | FIN | RST)) === 0;

/** Nothing new: no data, the sequence number that was due, the same acknowledgment as before. */
function repeatsAck(segment: Segment, forward: Direction): boolean {
  return (
    segment.length === 0 && plain(segment) && segment.seq === forward.next && segment.ack === forward.lastAck
  );
}

/** Hints about windows, gaps and keep-alives. @returns true when they leave no room for a duplicate acknowledgment. */
function windowHints(segment: Segment, forward: Direction, reverse: Direction, hints: Set<TcpHint>): boolean {
  const { seq, ack, length, window } = segment;
  if (length === 1 && seq === forward.next && reverse.window === 0) {
    hints.add('zero-window-probe');
    return true;
  }
  if (window === 0 && plain(segment)) hints.add('zero-window');
  if (forward.next !== null && after(seq, forward.next) && !(segment.flags & RST)) hints.add('lost-segment');
  const oneBefore = forward.next !== null && seq === (forward.next - 1) >>> 0;
  if (length <= 1 && oneBefore && plain(segment)) hints.add('keep-alive');
  if (repeatsAck(segment, forward) && window !== 0 && window !== forward.window) hints.add('window-update');
  if (length > 0 && plain(segment) && fillsWindow(segment, reverse)) hints.add('window-full');

  if (repeatsAck(segment, forward) && window !== 0 && window === forward.window) {
    if (reverse.lastHints.includes('keep-alive')) {
      hints.add('keep-alive-ack');
      return true;
    }
  }
  const still =
    window === 0 && forward.window === 0 && length === 0 && plain(segment) && seq === forward.next;
  const oneMore = (forward.lastAck + 1) >>> 0;
  if (
    still &&
    (ack === forward.lastAck || ack === oneMore) &&
    reverse.lastHints.includes('zero-window-probe')
  ) {
    hints.add('zero-window-probe-ack');
    return true;
  }
  return false;
}

/** The data end exactly where the window does that the other end gave last. */
function fillsWindow(segment: Segment, reverse: Direction): boolean {
  if (reverse.windowShift === null) return false;
  const shift = reverse.acks <= 1 || reverse.windowShift === 'unused' ? 0 : reverse.windowShift;
  return (segment.seq + segment.length) >>> 0 === (reverse.lastAck + reverse.window * 2 ** shift) >>> 0;
}

function repetitionHint(
  segment: Segment,
  forward: Direction,
  reverse: Direction,
  time: Nanoseconds,
  roundTrip: Nanoseconds,
  hints: ReadonlySet<TcpHint>,
): TcpHint | null {
  const { seq, length } = segment;
  if (hints.has('keep-alive')) return null;
  const end = (seq + length) >>> 0;
  if (length > 0 && reverse.lastAck !== 0 && !after(end, reverse.lastAck)) return 'spurious-retransmission';
  if (forward.next === null || !after(forward.next, seq)) return null;
  // One byte less than due, and more than one byte: new data after a zero-window probe.
  if (length > 1 && seq === (forward.next - 1) >>> 0) return null;
  if (reverse.duplicates >= 2 && reverse.lastAck === seq && time - reverse.lastAckTime < FAST) {
    return 'fast-retransmission';
  }
  const due = (end + (segment.flags & (SYN | FIN) ? 1 : 0)) >>> 0;
  if (time - forward.nextTime < (roundTrip || REORDERING) && forward.next !== due) return 'out-of-order';
  return 'retransmission';
}

function note(segment: Segment, forward: Direction, time: Nanoseconds, hints: ReadonlySet<TcpHint>): void {
  const { seq, length, flags } = segment;
  const end = (seq + length + (flags & (SYN | FIN) ? 1 : 0)) >>> 0;
  if (hints.has('zero-window-probe')) forward.probed = end;
  else {
    if (forward.next === null || after(end, forward.next)) {
      forward.next = end;
      forward.nextTime = time;
    }
    if (forward.contiguous === null || seq === forward.contiguous) forward.contiguous = forward.next;
  }
  forward.window = segment.window;
  forward.lastAck = segment.ack;
  forward.lastAckTime = time;
  if (flags & ACK) forward.acks++;
  forward.lastHints = [...hints];
}
