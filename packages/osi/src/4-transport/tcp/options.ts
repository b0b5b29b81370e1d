import { COOKIE_MAX, COOKIE_MIN, type Cookie } from './fast-open/cookie.ts';
import type { Sequence } from './sequence.ts';

/**
 * TCP options: kinds and lengths (IANA "TCP Option Kind Numbers"), read and written in place.
 *
 * The order is Linux's (`tcp_options_write`): MSS, SACK-permitted and timestamps, window scale, SACK blocks; each
 * padded to a multiple of four with NOPs in front, but SACK-permitted takes the place of the timestamps' NOPs. The
 * cookie of Fast Open is last, with its NOPs behind.
 */
const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;
/** RFC 7413 section 4.1.1; and as an experiment (RFC 6994), with the magic number of Fast Open. */
const FAST_OPEN = 34;
const EXPERIMENT = 254;
const FAST_OPEN_MAGIC = 0xf989;
const FAST_OPEN_HEAD = 2;
const EXPERIMENT_HEAD = 4;

export const MSS_LENGTH = 4;
export const TIMESTAMPS_LENGTH = 12;
export const WINDOW_SCALE_LENGTH = 4;
/** SACK-permitted without timestamps that it could share a word with. */
export const SACK_PERMITTED_LENGTH = 4;

/** Options fill at most 40 bytes. */
const SPACE = 40;
/** NOP, NOP, kind and length in front of the blocks, and one block (RFC 2018 section 3). */
const SACK_HEAD = 4;
const SACK_BLOCK = 8;
/** The most blocks that a segment can carry. */
export const SACK_BLOCKS = 4;

/** How many SACK blocks fit beside timestamps, or without them. */
export const sackBlocksThatFit = (timestamps: boolean): number =>
  (SPACE - SACK_HEAD - (timestamps ? TIMESTAMPS_LENGTH : 0)) >> 3;

/** What `count` blocks take of the header. */
export const sackLength = (count: number): number => (count === 0 ? 0 : SACK_HEAD + count * SACK_BLOCK);

/** NOP, NOP, kind 8, length 10: the word in front of two timestamps (RFC 7323 appendix A). */
const TIMESTAMPS_WORD = (NOP << 24) | (NOP << 16) | (TIMESTAMPS << 8) | 10;

const SACK_AND_TIMESTAMPS_WORD = (SACK_PERMITTED << 24) | (2 << 16) | (TIMESTAMPS << 8) | 10;

/** The largest shift count (RFC 7323 section 2.3). */
export const MAX_WINDOW_SCALE = 14;

/** What the options of a segment said. */
export interface SegmentOptions {
  /** 0 when absent. */
  mss: number;
  /** -1 when absent. */
  windowScale: number;
  hasTimestamps: boolean;
  timestamp: number;
  timestampEcho: number;
  sackPermitted: boolean;
  /** How many SACK blocks there are, and their edges: left, right, left, right … */
  sacks: number;
  readonly sackEdges: Int32Array;
  /** Length of the cookie of Fast Open: -1 when there is none, or no good one; 0 for a request. It means something only with SYN. */
  fastOpen: number;
  fastOpenExperimental: boolean;
  readonly fastOpenCookie: Uint8Array;
}

export function clearOptions(into: SegmentOptions): void {
  into.mss = 0;
  into.windowScale = -1;
  into.hasTimestamps = false;
  into.sackPermitted = false;
  into.sacks = 0;
  into.fastOpen = -1;
}

/**
 * Reads the options in `[at, end)`. Unknown kinds are skipped; one with an impossible length ends the list, as in
 * Linux (RFC 9293 section 3.1 MUST-7 asks only that it does no harm).
 */
export function readOptions(view: DataView, at: number, end: number, into: SegmentOptions): void {
  clearOptions(into);
  if (end - at === TIMESTAMPS_LENGTH && view.getInt32(at) === TIMESTAMPS_WORD) {
    readTimestamps(view, at + 4, into);
    return;
  }
  while (at < end) {
    const kind = view.getUint8(at);
    if (kind === END) return;
    if (kind === NOP) {
      at++;
      continue;
    }
    if (at + 2 > end) return;
    const length = view.getUint8(at + 1);
    if (length < 2 || at + length > end) return;
    if (kind === MSS && length === 4) into.mss = view.getUint16(at + 2);
    else if (kind === WINDOW_SCALE && length === 3) {
      into.windowScale = Math.min(view.getUint8(at + 2), MAX_WINDOW_SCALE);
    } else if (kind === TIMESTAMPS && length === 10) readTimestamps(view, at + 2, into);
    else if (kind === SACK_PERMITTED && length === 2) into.sackPermitted = true;
    else if (kind === SACK && length >= 2 + SACK_BLOCK && (length - 2) % SACK_BLOCK === 0) {
      readSacks(view, at + 2, (length - 2) / SACK_BLOCK, into);
    } else if (kind === FAST_OPEN) {
      readFastOpen(view, at + FAST_OPEN_HEAD, length - FAST_OPEN_HEAD, into, false);
    } else if (
      kind === EXPERIMENT &&
      length >= EXPERIMENT_HEAD &&
      view.getUint16(at + 2) === FAST_OPEN_MAGIC
    ) {
      readFastOpen(view, at + EXPERIMENT_HEAD, length - EXPERIMENT_HEAD, into, true);
    }
    at += length;
  }
}

function readTimestamps(view: DataView, at: number, into: SegmentOptions): void {
  into.hasTimestamps = true;
  into.timestamp = view.getInt32(at);
  into.timestampEcho = view.getInt32(at + 4);
}

function readSacks(view: DataView, at: number, count: number, into: SegmentOptions): void {
  into.sacks = Math.min(count, SACK_BLOCKS);
  for (let i = 0; i < 2 * into.sacks; i++) into.sackEdges[i] = view.getInt32(at + 4 * i);
}

/** One of an odd length is passed over, one too short or too long counts as none, as in Linux. The last one counts. */
function readFastOpen(
  view: DataView,
  at: number,
  length: number,
  into: SegmentOptions,
  experimental: boolean,
): void {
  if (length % 2 !== 0) return;
  const good = length === 0 || (length >= COOKIE_MIN && length <= COOKIE_MAX);
  into.fastOpen = good ? length : -1;
  into.fastOpenExperimental = experimental;
  if (good) into.fastOpenCookie.set(new Uint8Array(view.buffer, view.byteOffset + at, length));
}

/** Each writes one option at `at`. @returns where the next one goes. */
export function writeMss(view: DataView, at: number, mss: number): number {
  view.setUint32(at, (MSS << 24) | (4 << 16) | mss);
  return at + MSS_LENGTH;
}

/** @param sackPermitted a SYN that offers selective acknowledgment too. */
export function writeTimestamps(
  view: DataView,
  at: number,
  value: number,
  echo: number,
  sackPermitted = false,
): number {
  view.setInt32(at, sackPermitted ? SACK_AND_TIMESTAMPS_WORD : TIMESTAMPS_WORD);
  view.setInt32(at + 4, value);
  view.setInt32(at + 8, echo);
  return at + TIMESTAMPS_LENGTH;
}

export function writeWindowScale(view: DataView, at: number, shift: number): number {
  view.setUint32(at, (NOP << 24) | (WINDOW_SCALE << 16) | (3 << 8) | shift);
  return at + WINDOW_SCALE_LENGTH;
}

/** SACK-permitted alone; with timestamps it is `writeTimestamps` that says so. */
export function writeSackPermitted(view: DataView, at: number): number {
  view.setInt32(at, (NOP << 24) | (NOP << 16) | (SACK_PERMITTED << 8) | 2);
  return at + SACK_PERMITTED_LENGTH;
}

/** Begins the SACK option; `count` blocks are to follow, by `writeSackBlock`. */
export function writeSackHead(view: DataView, at: number, count: number): number {
  view.setInt32(at, (NOP << 24) | (NOP << 16) | (SACK << 8) | (2 + count * SACK_BLOCK));
  return at + SACK_HEAD;
}

export function writeSackBlock(view: DataView, at: number, start: Sequence, end: Sequence): number {
  view.setInt32(at, start);
  view.setInt32(at + 4, end);
  return at + SACK_BLOCK;
}

/** Bytes that a cookie, or a request for one, takes; with its padding. */
export function fastOpenLength({ bytes, experimental }: Cookie): number {
  return (bytes.length + (experimental ? EXPERIMENT_HEAD : FAST_OPEN_HEAD) + 3) & ~3;
}

export function writeFastOpen(view: DataView, at: number, cookie: Cookie): number {
  const { bytes, experimental } = cookie;
  const head = experimental ? EXPERIMENT_HEAD : FAST_OPEN_HEAD;
  const end = at + fastOpenLength(cookie);
  view.setUint8(at, experimental ? EXPERIMENT : FAST_OPEN);
  view.setUint8(at + 1, head + bytes.length);
  if (experimental) view.setUint16(at + 2, FAST_OPEN_MAGIC);
  at += head;
  new Uint8Array(view.buffer, view.byteOffset).set(bytes, at);
  for (at += bytes.length; at < end; at++) view.setUint8(at, NOP);
  return end;
}
