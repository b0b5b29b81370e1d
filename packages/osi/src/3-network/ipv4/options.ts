import { type Ipv4Address, ipv4FromNumber } from '../address.ts';
import type { IpAddress } from '../ip-address.ts';
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
    if (isSourceRoute(type)) {
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
  view.setUint32(slot + size - 4, now);
  view.setUint8(at + 2, pointer + size);
  return true;
}

/**
 * The options that an answer bears too, as a program would give them: the route and the times so far, which go on there,
 * and a source route backwards (`ip_options_echo`; RFC 1122 section 3.2.1.8, 3.2.2.6). @param source of the packet.
 */
export function echoedOptions(options: Uint8Array, source: IpAddress): Uint8Array | undefined {
  const echoed: number[] = [];
  for (let at = 0; at < options.length; ) {
    const type = options[at] as number;
    if (type === END_OF_OPTIONS) break;
    const length = type === NO_OPERATION ? 1 : (options[at + 1] as number);
    const option = options.subarray(at, at + length);
    if (type === RECORD_ROUTE || type === TIMESTAMP) echoed.push(...option);
    else if (isSourceRoute(type)) echoed.push(...backwards(option, source));
    at += length;
  }
  if (echoed.length === 0) return undefined;
  return paddedOptions(Uint8Array.from(echoed));
}

/** The stations that a packet has come by in reverse; its source need not be one of them (RFC 1812 section 5.2.4.1). */
function backwards(option: Uint8Array, source: IpAddress): readonly number[] {
  const view = viewOf(option);
  const stations: number[] = [];
  for (let at = 3; at + 3 < option.length && at + 1 < view.getUint8(2); at += 4) {
    const station = view.getUint32(at);
    if (at > 3 || station !== source) stations.unshift(station);
  }
  if (stations.length === 0) return [];
  const bytes = stations.flatMap((station) => [24, 16, 8, 0].map((shift) => (station >>> shift) & 0xff));
  return [view.getUint8(0), 3 + bytes.length, 4, ...bytes];
}

const isSourceRoute = (type: number): boolean => type === LOOSE_SOURCE_ROUTE || type === STRICT_SOURCE_ROUTE;

/** Where a source route stands in options as a program gives them, which are in order; -1 for none. */
export function sourceRouteIn(options: Uint8Array): number {
  for (let at = 0; at < options.length; ) {
    const type = options[at] as number;
    if (type === END_OF_OPTIONS) break;
    if (isSourceRoute(type)) return at;
    at += type === NO_OPERATION ? 1 : (options[at + 1] as number);
  }
  return -1;
}

/** Whether options as a program gives them have a strict source route. */
export const isStrictRoute = (options: Uint8Array | undefined): boolean =>
  options !== undefined && options[sourceRouteIn(options)] === STRICT_SOURCE_ROUTE;

/** Where a packet to `destination` goes first: to the first station of its own route, if it has one. */
export function firstOfRoute(destination: Ipv4Address, options: Uint8Array | undefined): Ipv4Address {
  const at = options === undefined ? -1 : sourceRouteIn(options);
  return at < 0 || options === undefined ? destination : ipv4FromNumber(viewOf(options).getUint32(at + 3));
}

/** A header is a multiple of four bytes long. */
export function paddedOptions(options: Uint8Array): Uint8Array {
  const padded = new Uint8Array((options.length + 3) & ~3);
  padded.set(options);
  return padded;
}
