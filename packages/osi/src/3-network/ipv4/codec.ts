import type { Frame } from '../../1-physical/index.ts';
import type { Ipv4Address } from '../address.ts';
import { checksumOf, sumBytes } from '../checksum.ts';

/** The IPv4 header (RFC 791 section 3.1): 20 bytes without options, at most 60. */
export const IPV4_HEADER = 20;
/** The largest packet: its length field has 16 bits. */
export const IPV4_MAX_PACKET = 65_535;

const TOS = 1;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FRAGMENT = 6;
const TTL = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
/** The destination stands behind it. */
export const IPV4_SOURCE = 12;
export const IPV4_DESTINATION = 16;

/** Flags of the fragment field. */
export const DONT_FRAGMENT = 0x4000;
export const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;

/**
 * Says what keeps `[at, end)` from beginning with a valid header: the reason it is dropped by, or null (RFC 1122
 * section 3.2.1). After null every field may be read, and the packet ends at or before `end`.
 */
export function checkIpv4(view: DataView, at: number, end: number): string | null {
  if (end - at < IPV4_HEADER) return 'ip.truncated';
  if (view.getUint8(at) >>> 4 !== 4) return 'ip.version';
  const headerLength = readHeaderLength(view, at);
  if (headerLength < IPV4_HEADER || headerLength > end - at) return 'ip.header-length';
  const totalLength = readTotalLength(view, at);
  if (totalLength < headerLength || totalLength > end - at) return 'ip.total-length';
  if (sumBytes(view, at, at + headerLength) !== 0xffff) return 'ip.checksum';
  return null;
}

/** In bytes, options included. */
export const readHeaderLength = (view: DataView, at: number): number => (view.getUint8(at) & 15) * 4;
export const readTos = (view: DataView, at: number): number => view.getUint8(at + TOS);
/** Sets bits of it; the checksum is to be written anew. */
export const addTos = (view: DataView, at: number, bits: number): void =>
  view.setUint8(at + TOS, readTos(view, at) | bits);
/** Header and payload, in bytes. */
export const readTotalLength = (view: DataView, at: number): number => view.getUint16(at + TOTAL_LENGTH);
export const readIdentification = (view: DataView, at: number): number => view.getUint16(at + IDENTIFICATION);
/** Where in the whole packet's payload this one's begins, in bytes. */
export const readFragmentOffset = (view: DataView, at: number): number =>
  (view.getUint16(at + FRAGMENT) & OFFSET_MASK) * 8;
export const hasMoreFragments = (view: DataView, at: number): boolean =>
  (view.getUint16(at + FRAGMENT) & MORE_FRAGMENTS) !== 0;
export const hasDontFragment = (view: DataView, at: number): boolean =>
  (view.getUint16(at + FRAGMENT) & DONT_FRAGMENT) !== 0;
/** Not the whole of a packet. */
export const isFragment = (view: DataView, at: number): boolean =>
  (view.getUint16(at + FRAGMENT) & (MORE_FRAGMENTS | OFFSET_MASK)) !== 0;
export const readTtl = (view: DataView, at: number): number => view.getUint8(at + TTL);
export const readProtocol = (view: DataView, at: number): number => view.getUint8(at + PROTOCOL);
export const readSource = (view: DataView, at: number): Ipv4Address =>
  view.getUint32(at + IPV4_SOURCE) as Ipv4Address;
export const readDestination = (view: DataView, at: number): Ipv4Address =>
  view.getUint32(at + IPV4_DESTINATION) as Ipv4Address;

/** Writes a header without options, checksum included, to the 20 bytes from `at` on. @param fragment flags and offset in units of 8 bytes. */
export function writeIpv4(
  view: DataView,
  at: number,
  tos: number,
  totalLength: number,
  identification: number,
  fragment: number,
  ttl: number,
  protocol: number,
  source: Ipv4Address,
  destination: Ipv4Address,
): void {
  view.setUint16(at, 0x4500 | tos);
  view.setUint16(at + TOTAL_LENGTH, totalLength);
  view.setUint16(at + IDENTIFICATION, identification);
  view.setUint16(at + FRAGMENT, fragment);
  view.setUint16(at + TTL, (ttl << 8) | protocol);
  view.setUint32(at + IPV4_SOURCE, source);
  view.setUint32(at + IPV4_DESTINATION, destination);
  writeChecksum(view, at, IPV4_HEADER);
}

/** Writes options behind the header that `writeIpv4` wrote at `frame.start`: the bytes are free for them. */
export function writeHeaderOptions(frame: Frame, options: Uint8Array): void {
  const { view, start } = frame;
  const length = IPV4_HEADER + options.length;
  frame.bytes.set(options, start + IPV4_HEADER);
  view.setUint8(start, 0x40 | (length >> 2));
  writeChecksum(view, start, length);
}

/** Fills in what a program leaves to the machine in a header of its own: length, source, identification, checksum. */
export function completeHeader(frame: Frame, source: Ipv4Address, identification: number): void {
  const { view, start } = frame;
  view.setUint16(start + TOTAL_LENGTH, frame.length);
  view.setUint16(start + IDENTIFICATION, identification);
  view.setUint32(start + IPV4_SOURCE, source);
  writeChecksum(view, start, readHeaderLength(view, start));
}

/** Makes a header that was copied the header of a piece of its packet. */
export function rewriteFragment(view: DataView, at: number, totalLength: number, fragment: number): void {
  view.setUint16(at + TOTAL_LENGTH, totalLength);
  view.setUint16(at + FRAGMENT, fragment);
  writeChecksum(view, at, readHeaderLength(view, at));
}

/** Makes a header that was copied the header of a packet of its own: a segment of what stood for many. */
export function rewriteSegment(
  view: DataView,
  at: number,
  totalLength: number,
  identification: number,
): void {
  view.setUint16(at + TOTAL_LENGTH, totalLength);
  view.setUint16(at + IDENTIFICATION, identification);
  writeChecksum(view, at, readHeaderLength(view, at));
}

/** Lowers the TTL by one and corrects the checksum for it (RFC 1141). */
export function decrementTtl(view: DataView, at: number): void {
  view.setUint8(at + TTL, view.getUint8(at + TTL) - 1);
  const sum = view.getUint16(at + CHECKSUM) + 0x0100;
  view.setUint16(at + CHECKSUM, (sum + (sum >>> 16)) & 0xffff);
}

/** Computes a header's checksum anew. */
export function writeChecksum(view: DataView, at: number, headerLength: number): void {
  view.setUint16(at + CHECKSUM, 0);
  view.setUint16(at + CHECKSUM, checksumOf(sumBytes(view, at, at + headerLength)));
}
