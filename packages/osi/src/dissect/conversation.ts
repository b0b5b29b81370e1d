import type { Nanoseconds } from '../time/index.ts';
import { analyse, type Direction, freshDirection, type TcpHint } from './analysis.ts';
import { ACK, FIN, RST, type Segment, SYN, segmentOf } from './segment.ts';
import type { FrameContext, TcpContext } from './tree.ts';

/** What a capture tells about one TCP segment, as in Wireshark's packet list. */
export interface SegmentView extends TcpContext {
  readonly segment: Segment;
  /** Relative to the connection's initial numbers; what comes next counts a SYN or FIN. */
  readonly seq: number;
  readonly nextSeq: number;
  /** Relative; 0 without the ACK flag. */
  readonly ack: number;
  /** What is remarkable about it: `retransmission`, `duplicate-ack`, … */
  readonly hints: readonly TcpHint[];
  /** For a duplicate acknowledgment: the frame number (from 1) that it repeats, and the how many-th repetition it is. */
  readonly duplicateOf: { readonly frame: number; readonly times: number } | null;
}

/** What the frames before it tell about a frame. */
export interface FrameView {
  /** To be handed to `dissect`. */
  readonly context: FrameContext;
  readonly tcp: SegmentView | null;
}

interface Connection {
  readonly stream: number;
  readonly began: Nanoseconds;
  last: Nanoseconds;
  /** When a SYN was seen, and how long after it the handshake was complete; 0 before that. */
  synTime: Nanoseconds | null;
  /** Which end sent the SYN. */
  client: 0 | 1;
  firstRoundTrip: Nanoseconds;
  ended: boolean;
  /** From the end with the smaller address and port, and from the other. */
  readonly directions: readonly [Direction, Direction];
}

const NO_VIEW: FrameView = { context: {}, tcp: null };

/**
 * Follows the TCP connections of a capture, frame by frame in the order of the capture: which stream a segment belongs
 * to, its relative numbers, its scaled window, and whether it repeats, skips or probes. What it says of a frame depends
 * on that frame and earlier ones only, so a list can grow while a lab runs.
 */
export class Conversations {
  readonly #connections = new Map<string, Connection>();
  #streams = 0;
  #frame = 0;

  /** Takes the next frame. */
  add(time: Nanoseconds, bytes: Uint8Array): FrameView {
    this.#frame++;
    const segment = segmentOf(bytes);
    if (segment === null) return NO_VIEW;
    const { key, side } = connectionKey(segment);
    let connection = this.#connections.get(key);
    const isSyn = (segment.flags & (SYN | ACK)) === SYN;
    const reused = connection !== undefined && isSyn && startsAnew(connection, side, segment);
    const known = connection?.directions[side].base;
    if (connection === undefined || reused) {
      connection = freshConnection(this.#streams++, time);
      this.#connections.set(key, connection);
    }
    const view = follow(connection, side, segment, time, this.#frame, reused && known !== segment.seq);
    return { context: { tcp: view }, tcp: view };
  }
}

/** `Conversations` over a whole capture. */
export function conversations(frames: Iterable<{ time: Nanoseconds; bytes: Uint8Array }>): FrameView[] {
  const all = new Conversations();
  return Array.from(frames, ({ time, bytes }) => all.add(time, bytes));
}

function freshConnection(stream: number, began: Nanoseconds): Connection {
  return {
    stream,
    began,
    last: began,
    synTime: null,
    client: 0,
    firstRoundTrip: 0,
    ended: false,
    directions: [freshDirection(), freshDirection()],
  };
}

function connectionKey(segment: Segment): { key: string; side: 0 | 1 } {
  const from = `${segment.source}:${segment.sourcePort}`;
  const to = `${segment.destination}:${segment.destinationPort}`;
  const forward =
    segment.source < segment.destination ||
    (segment.source === segment.destination && segment.sourcePort <= segment.destinationPort);
  return forward ? { key: `${from}-${to}`, side: 0 } : { key: `${to}-${from}`, side: 1 };
}

/** A SYN with another number than the connection's, or one after the connection ended, opens a new one with old ports. */
function startsAnew(connection: Connection, side: 0 | 1, segment: Segment): boolean {
  const { base } = connection.directions[side];
  return base !== null && (base !== segment.seq || connection.ended);
}

function follow(
  connection: Connection,
  side: 0 | 1,
  segment: Segment,
  time: Nanoseconds,
  frame: number,
  reused: boolean,
): SegmentView {
  const forward = connection.directions[side];
  const reverse = connection.directions[side === 0 ? 1 : 0];
  const { seq, ack, flags } = segment;
  const acknowledges = (flags & ACK) !== 0;
  const isSyn = (flags & SYN) !== 0;

  // A SYN-ACK with another number answers on reused ports.
  if (isSyn && acknowledges && forward.base !== null && forward.base !== seq) {
    forward.base = seq;
    reused = true;
  }
  // Without the handshake, numbers start at 1, as they would after one.
  forward.base ??= isSyn ? seq : (seq - 1) >>> 0;
  if (acknowledges) reverse.base ??= (ack - 1) >>> 0;
  if (isSyn) {
    if (segment.windowShift !== null) forward.windowShift = segment.windowShift;
    else forward.windowShift = reverse.windowShift = 'unused';
  }
  if (isSyn && !acknowledges) {
    connection.synTime = time;
    connection.client = side;
  } else if (acknowledges && !isSyn && side === connection.client && connection.firstRoundTrip === 0) {
    connection.firstRoundTrip = time - (connection.synTime ?? time);
  }

  const { hints, duplicateOf } = analyse(segment, forward, reverse, time, frame, connection.firstRoundTrip);
  if ((flags & (RST | FIN)) !== 0) connection.ended = true;
  const shift = forward.windowShift;
  const relative = (seq - forward.base) >>> 0;
  const view: SegmentView = {
    segment,
    stream: connection.stream,
    sequenceBase: forward.base,
    acknowledgmentBase: reverse.base ?? 0,
    windowScale: shift === null ? -1 : shift === 'unused' ? -2 : 2 ** Math.min(shift, 14),
    timeRelative: (time - connection.began) / 1e9,
    timeDelta: (time - connection.last) / 1e9,
    seq: relative,
    nextSeq: (relative + segment.length + (flags & (SYN | FIN) ? 1 : 0)) >>> 0,
    ack: acknowledges ? (ack - (reverse.base ?? 0)) >>> 0 : 0,
    hints: reused ? ['reused-ports', ...hints] : hints,
    duplicateOf,
  };
  connection.last = time;
  return view;
}
