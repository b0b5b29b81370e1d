import { type Ipv4Address, ipv4FromNumber } from '../address.ts';
import { checksumOf, sumBytes } from '../checksum.ts';

/** IGMP up to version 2 (RFC 1112, 2236): type, a time, checksum, group. Version 3 goes on behind it (RFC 3376 section 4). */
export const IGMP_HEADER = 8;
/** A version 3 query without sources. */
const IGMP_QUERY_V3 = 12;
/** A group record of a version 3 report, without sources. */
export const GROUP_RECORD = 8;

export const IGMP_QUERY = 0x11;
export const IGMP_REPORT_V1 = 0x12;
export const IGMP_REPORT_V2 = 0x16;
export const IGMP_LEAVE = 0x17;
const IGMP_REPORT_V3 = 0x22;

/** 224.0.0.1, every host on the link: a group that each host is in and never reports (RFC 1112 section 4). */
export const ALL_HOSTS = 0xe0000001 as Ipv4Address;
/** 224.0.0.2, every router on the link: where a version 2 host says that it leaves. */
export const ALL_ROUTERS = 0xe0000002 as Ipv4Address;
/** 224.0.0.22, the routers that speak version 3: where reports go (RFC 3376 section 4.2.14). */
export const ALL_V3_ROUTERS = 0xe0000016 as Ipv4Address;

/** The IP option that makes routers look at a packet that is not for them (RFC 2113). */
export const ROUTER_ALERT = Uint8Array.of(0x94, 4, 0, 0);

/** Says what keeps `[at, end)` from being an IGMP message: the reason it is dropped by, or null. */
export function checkIgmp(view: DataView, at: number, end: number): string | null {
  if (end - at < IGMP_HEADER) return 'igmp.truncated';
  if (sumBytes(view, at, end) !== 0xffff) return 'igmp.checksum';
  if (readType(view, at) !== IGMP_QUERY || end - at === IGMP_HEADER) return null;
  if (end - at < IGMP_QUERY_V3) return 'igmp.truncated';
  return end - at < IGMP_QUERY_V3 + 4 * readSourceCount(view, at) ? 'igmp.truncated' : null;
}

export const readType = (view: DataView, at: number): number => view.getUint8(at);
/** Of a query: the code that stands for the time to answer in. */
export const readResponseCode = (view: DataView, at: number): number => view.getUint8(at + 1);
export const readGroup = (view: DataView, at: number): Ipv4Address => ipv4FromNumber(view.getUint32(at + 4));
/** Of a version 3 query: the querier's robustness variable, 0–7; 0 says nothing. */
export const readRobustness = (view: DataView, at: number): number => view.getUint8(at + 8) & 7;
/** Of a version 3 query: the code that stands for the querier's interval, in seconds; 0 says nothing. */
export const readIntervalCode = (view: DataView, at: number): number => view.getUint8(at + 9);
/** Of a version 3 query: how many sources it asks for. */
export const readSourceCount = (view: DataView, at: number): number => view.getUint16(at + 10);
export const readQuerySource = (view: DataView, at: number, index: number): Ipv4Address =>
  ipv4FromNumber(view.getUint32(at + IGMP_QUERY_V3 + 4 * index));

/** Writes a message of version 1 or 2, 8 bytes, checksum included. */
export function writeMessage(view: DataView, at: number, type: number, group: Ipv4Address): void {
  view.setUint16(at, type << 8);
  view.setUint32(at + 4, group);
  writeChecksum(view, at, at + IGMP_HEADER);
}

/** Writes the 8 bytes in front of a version 3 report's records; the checksum follows when they are there. */
export function writeReportHeader(view: DataView, at: number, records: number): void {
  view.setUint16(at, IGMP_REPORT_V3 << 8);
  view.setUint16(at + 4, 0);
  view.setUint16(at + 6, records);
}

/** Writes a group record without its sources. */
export function writeRecord(
  view: DataView,
  at: number,
  type: number,
  sources: number,
  group: Ipv4Address,
): void {
  view.setUint16(at, type << 8);
  view.setUint16(at + 2, sources);
  view.setUint32(at + 4, group);
}

/** Computes and writes the checksum of the message `[at, end)`. */
export function writeChecksum(view: DataView, at: number, end: number): void {
  view.setUint16(at + 2, 0);
  view.setUint16(at + 2, checksumOf(sumBytes(view, at, end)));
}
