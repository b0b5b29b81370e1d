/**
 * TCP options: kinds and lengths (IANA "TCP Option Kind Numbers"), read and written in place.
 *
 * The order is Linux's (`tcp_options_write`): MSS, timestamps, window scale; each padded to a multiple of four
 * with NOPs in front. SACK, with its place between MSS and timestamps, is not negotiated yet.
 */
const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const TIMESTAMPS = 8;

export const MSS_LENGTH = 4;
export const TIMESTAMPS_LENGTH = 12;
export const WINDOW_SCALE_LENGTH = 4;

/** NOP, NOP, kind 8, length 10: the word in front of two timestamps (RFC 7323 appendix A). */
const TIMESTAMPS_WORD = (NOP << 24) | (NOP << 16) | (TIMESTAMPS << 8) | 10;

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
}

export function clearOptions(into: SegmentOptions): void {
  into.mss = 0;
  into.windowScale = -1;
  into.hasTimestamps = false;
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
    at += length;
  }
}

function readTimestamps(view: DataView, at: number, into: SegmentOptions): void {
  into.hasTimestamps = true;
  into.timestamp = view.getInt32(at);
  into.timestampEcho = view.getInt32(at + 4);
}

/** Each writes one option at `at`. @returns where the next one goes. */
export function writeMss(view: DataView, at: number, mss: number): number {
  view.setUint32(at, (MSS << 24) | (4 << 16) | mss);
  return at + MSS_LENGTH;
}

export function writeTimestamps(view: DataView, at: number, value: number, echo: number): number {
  view.setInt32(at, TIMESTAMPS_WORD);
  view.setInt32(at + 4, value);
  view.setInt32(at + 8, echo);
  return at + TIMESTAMPS_LENGTH;
}

export function writeWindowScale(view: DataView, at: number, shift: number): number {
  view.setUint32(at, (NOP << 24) | (WINDOW_SCALE << 16) | (3 << 8) | shift);
  return at + WINDOW_SCALE_LENGTH;
}
