import type { Ipv4Address } from '../address.ts';
import { IPV4_HEADER, readHeaderLength, writeChecksum } from './codec.ts';

/** Types of options (RFC 791 section 3.1). */
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const RECORD_ROUTE = 7;
const TIMESTAMP = 68;
const LOOSE_SOURCE_ROUTE = 131;
const STRICT_SOURCE_ROUTE = 137;

/** How many bytes of options a header has room for. */
export const IPV4_MOST_OPTIONS = 40;

/** Flags of a timestamp option: times only, each behind its address, or at addresses that the sender named. */
const TIMES_ONLY = 0;
const WITH_ADDRESS = 1;
const NAMED_ADDRESS = 3;

const DAY = 86_400_000;

/** What was found in the options of a header; offsets count from the header's beginning. */
export interface ExaminedOptions {
  /** Where what is wrong with them stands; -1 when they are in order. */
  problem: number;
  /** Where a source route stands, loose or strict; -1 for none. */
  sourceRoute: number;
}

/** Looks through the options of a checked header (`__ip_options_compile` in Linux). */
export function examineOptions(view: DataView, at: number, found: ExaminedOptions): ExaminedOptions {
  return examine(view, at, IPV4_HEADER, readHeaderLength(view, at), found);
}

/** The same for options as a program gives them, by themselves: a source route has all its stations before it. */
export function examineGiven(options: Uint8Array): ExaminedOptions {
  const view = viewOf(options);
  const found = examine(view, 0, 0, options.length, { problem: -1, sourceRoute: -1 });
  const { sourceRoute } = found;
  if (found.problem >= 0 || sourceRoute < 0) return found;
  const length = view.getUint8(sourceRoute + 1);
  if (view.getUint8(sourceRoute + 2) !== 4 || length < 7 || (length - 3) % 4 !== 0)
    found.problem = sourceRoute + 1;
  return found;
}

const viewOf = (options: Uint8Array): DataView =>
  new DataView(options.buffer, options.byteOffset, options.length);

function examine(
  view: DataView,
  at: number,
  from: number,
  end: number,
  found: ExaminedOptions,
): ExaminedOptions {
  found.problem = -1;
  found.sourceRoute = -1;
  const bad = (offset: number): ExaminedOptions => {
    found.problem = offset;
    return found;
  };
  for (let offset = from; offset < end; ) {
    const type = view.getUint8(at + offset);
    if (type === END_OF_OPTIONS) return found;
    if (type === NO_OPERATION) {
      offset++;
      continue;
    }
    if (offset + 1 >= end) return bad(offset);
    const length = view.getUint8(at + offset + 1);
    if (length < 2 || offset + length > end) return bad(offset);
    if (type === LOOSE_SOURCE_ROUTE || type === STRICT_SOURCE_ROUTE) {
      if (length < 3) return bad(offset + 1);
      if (view.getUint8(at + offset + 2) < 4) return bad(offset + 2);
      // There is one route at most.
      if (found.sourceRoute >= 0) return bad(offset);
      found.sourceRoute = offset;
    } else if (type === RECORD_ROUTE || type === TIMESTAMP) {
      const wrong = slotProblem(view, at + offset, type, length);
      if (wrong > 0) return bad(offset + wrong);
    }
    offset += length;
  }
  return found;
}

/** Whether the source route at `at` may go by its stations alone, with nothing in between (RFC 791 section 3.1). */
export const isStrict = (view: DataView, at: number): boolean => view.getUint8(at) === STRICT_SOURCE_ROUTE;

/** @returns 0, or the offset in the option of what is wrong: its length, its pointer, the flags. */
function slotProblem(view: DataView, at: number, type: number, length: number): number {
  const first = type === RECORD_ROUTE ? 4 : 5;
  if (length < first - 1) return 1;
  const pointer = view.getUint8(at + 2);
  if (pointer < first) return 2;
  const size = type === RECORD_ROUTE ? 4 : slotSize(view.getUint8(at + 3) & 15);
  if (size === 0) return 3;
  if (pointer <= length && pointer + size - 1 > length) return 2;
  // Nobody could say any more how many more stations there were.
  return type === TIMESTAMP && pointer > length && view.getUint8(at + 3) >>> 4 === 15 ? 3 : 0;
}

const slotSize = (flags: number): number =>
  flags === TIMES_ONLY ? 4 : flags === WITH_ADDRESS || flags === NAMED_ADDRESS ? 8 : 0;

/**
 * Writes down that a packet was here, where its options ask for it (RFC 791 section 3.1, RFC 1812 section 5.2.4),
 * and corrects the header's checksum. The options have been checked.
 * @param address by which it leaves, or at which it has arrived. @param now milliseconds since midnight UT.
 */
export function recordStation(view: DataView, at: number, address: Ipv4Address, now: number): void {
  const headerLength = readHeaderLength(view, at);
  let changed = false;
  for (let offset = IPV4_HEADER; offset < headerLength; ) {
    const type = view.getUint8(at + offset);
    if (type === END_OF_OPTIONS) break;
    if (type === RECORD_ROUTE && recordRoute(view, at + offset, address)) changed = true;
    if (type === TIMESTAMP && recordTime(view, at + offset, address, now)) changed = true;
    offset += type === NO_OPERATION ? 1 : view.getUint8(at + offset + 1);
  }
  if (changed) writeChecksum(view, at, headerLength);
}

function recordRoute(view: DataView, at: number, address: Ipv4Address): boolean {
  const pointer = view.getUint8(at + 2);
  if (pointer > view.getUint8(at + 1)) return false;
  view.setUint32(at + pointer - 1, address);
  view.setUint8(at + 2, pointer + 4);
  return true;
}

function recordTime(view: DataView, at: number, address: Ipv4Address, now: number): boolean {
  const pointer = view.getUint8(at + 2);
  const flags = view.getUint8(at + 3);
  if (pointer > view.getUint8(at + 1)) {
    // No room: one more station that is only counted.
    view.setUint8(at + 3, flags + 0x10);
    return true;
  }
  const slot = at + pointer - 1;
  const size = slotSize(flags & 15);
  if ((flags & 15) === NAMED_ADDRESS && view.getUint32(slot) !== address) return false;
  if ((flags & 15) === WITH_ADDRESS) view.setUint32(slot, address);
  view.setUint32(slot + size - 4, now % DAY);
  view.setUint8(at + 2, pointer + size);
  return true;
}

/** The options that an answer bears too: the route and the times so far, which go on there (`ip_options_echo`; RFC 1122 section 3.2.2.6). */
export function echoedOptions(options: Uint8Array): Uint8Array | undefined {
  const echoed: number[] = [];
  for (let at = 0; at < options.length; ) {
    const type = options[at] as number;
    if (type === END_OF_OPTIONS) break;
    const length = type === NO_OPERATION ? 1 : (options[at + 1] as number);
    if (type === RECORD_ROUTE || type === TIMESTAMP) echoed.push(...options.subarray(at, at + length));
    at += length;
  }
  if (echoed.length === 0) return undefined;
  return paddedOptions(Uint8Array.from(echoed));
}

/** A header is a multiple of four bytes long. */
export function paddedOptions(options: Uint8Array): Uint8Array {
  const padded = new Uint8Array((options.length + 3) & ~3);
  padded.set(options);
  return padded;
}
