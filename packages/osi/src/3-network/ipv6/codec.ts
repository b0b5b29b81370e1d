import { type Ipv6Address, readIpv6, writeIpv6Address } from './address.ts';

/** The IPv6 header (RFC 8200 section 3): always 40 bytes. */
export const IPV6_HEADER = 40;
/** What every link takes (RFC 8200 section 5). */
export const IPV6_LEAST_MTU = 1280;
/** The largest packet: its length field has 16 bits and counts what is behind the header. */
export const IPV6_MAX_PACKET = IPV6_HEADER + 65_535;

export const IPV6_PAYLOAD_LENGTH = 4;
export const IPV6_NEXT_HEADER = 6;
export const IPV6_HOP_LIMIT = 7;
export const IPV6_SOURCE = 8;
export const IPV6_DESTINATION = 24;

/**
 * Says what keeps `[at, end)` from beginning with a valid header: the reason it is dropped by, or null. After null
 * every field may be read, and the packet ends at or before `end`. Jumbograms (RFC 2675) are not taken.
 */
export function checkIpv6(view: DataView, at: number, end: number): string | null {
  if (end - at < IPV6_HEADER) return 'ipv6.truncated';
  if (view.getUint8(at) >>> 4 !== 6) return 'ipv6.version';
  return readPayloadLength(view, at) > end - at - IPV6_HEADER ? 'ipv6.payload-length' : null;
}

/** The DS field with the ECN bits. */
export const readTrafficClass = (view: DataView, at: number): number => (view.getUint16(at) >>> 4) & 0xff;
export const addTrafficClass = (view: DataView, at: number, bits: number): void =>
  view.setUint16(at, view.getUint16(at) | (bits << 4));
export const readFlowLabel = (view: DataView, at: number): number => view.getUint32(at) & 0xf_ffff;
/** Of everything behind the header, extension headers included, in bytes. */
export const readPayloadLength = (view: DataView, at: number): number =>
  view.getUint16(at + IPV6_PAYLOAD_LENGTH);
export const readNextHeader = (view: DataView, at: number): number => view.getUint8(at + IPV6_NEXT_HEADER);
export const readHopLimit = (view: DataView, at: number): number => view.getUint8(at + IPV6_HOP_LIMIT);
/** @param link the number of the interface it came by: the zone of an address that is local to a link. */
export const readSource = (view: DataView, at: number, link: number): Ipv6Address =>
  readIpv6(view, at + IPV6_SOURCE, link);
export const readDestination = (view: DataView, at: number, link: number): Ipv6Address =>
  readIpv6(view, at + IPV6_DESTINATION, link);

/** Writes the 40 bytes from `at` on. @param flowLabel 0–0xfffff. */
export function writeIpv6(
  view: DataView,
  at: number,
  trafficClass: number,
  flowLabel: number,
  payloadLength: number,
  nextHeader: number,
  hopLimit: number,
  source: Ipv6Address,
  destination: Ipv6Address,
): void {
  view.setInt32(at, 0x6000_0000 | (trafficClass << 20) | flowLabel);
  view.setUint16(at + IPV6_PAYLOAD_LENGTH, payloadLength);
  view.setUint16(at + IPV6_NEXT_HEADER, (nextHeader << 8) | hopLimit);
  writeIpv6Address(view, at + IPV6_SOURCE, source);
  writeIpv6Address(view, at + IPV6_DESTINATION, destination);
}

export function writePayloadLength(view: DataView, at: number, length: number): void {
  view.setUint16(at + IPV6_PAYLOAD_LENGTH, length);
}

export function writeNextHeader(view: DataView, at: number, nextHeader: number): void {
  view.setUint8(at + IPV6_NEXT_HEADER, nextHeader);
}

export function decrementHopLimit(view: DataView, at: number): void {
  view.setUint8(at + IPV6_HOP_LIMIT, readHopLimit(view, at) - 1);
}
