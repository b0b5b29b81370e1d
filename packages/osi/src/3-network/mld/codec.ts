import { codeValue } from '../groups/code-value.ts';
import { MLD_V2_REPORT, writeIcmpv6 } from '../icmpv6/codec.ts';
import { type Ipv6Address, readIpv6, writeIpv6Address } from '../ipv6/address.ts';

/** A query or report of version 1 (RFC 2710 section 3), which a version 2 query begins with (RFC 3810 section 5.1). */
export const MLD_V1_LENGTH = 24;
export const MLD_V2_QUERY_LENGTH = 28;
/** A version 2 report before its records (RFC 3810 section 5.2), a record without sources, and a source. */
export const MLD_V2_REPORT_HEADER = 8;
export const MLD_RECORD_LENGTH = 20;
export const MLD_SOURCE_LENGTH = 16;

/** In milliseconds, of a version 1 message. */
export const readMaximumDelay = (view: DataView, at: number): number => view.getUint16(at + 4);

/** In milliseconds, of a version 2 query: large ones are a floating-point number (RFC 3810 section 5.1.3). */
export function readResponseDelay(view: DataView, at: number): number {
  const code = view.getUint16(at + 4);
  if (code < 0x8000) return code;
  return ((code & 0xfff) | 0x1000) << (((code >>> 12) & 7) + 3);
}

/** `::` in a general query. @param link the interface's number. */
export const readGroup = (view: DataView, at: number, link: number): Ipv6Address =>
  readIpv6(view, at + 8, link);
/** Of a version 2 query: the querier's robustness variable, 0–7; 0 says nothing. */
export const readRobustness = (view: DataView, at: number): number => view.getUint8(at + 24) & 7;
/** Of a version 2 query: the querier's query interval in seconds; 0 says nothing (RFC 3810 section 5.1.9). */
export const readQueryInterval = (view: DataView, at: number): number => codeValue(view.getUint8(at + 25));
/** Of a version 2 query: how many sources it asks about. */
export const readSourceCount = (view: DataView, at: number): number => view.getUint16(at + 26);
export const readSource = (view: DataView, at: number, index: number, link: number): Ipv6Address =>
  readIpv6(view, at + MLD_V2_QUERY_LENGTH + MLD_SOURCE_LENGTH * index, link);

/** Writes a version 1 report or done. */
export function writeMldV1(view: DataView, at: number, type: number, group: Ipv6Address): void {
  writeIcmpv6(view, at, type, 0, 0);
  writeIpv6Address(view, at + 8, group);
}

/** Writes the head of a version 2 report. */
export function writeMldReport(view: DataView, at: number, records: number): void {
  writeIcmpv6(view, at, MLD_V2_REPORT, 0, records);
}

/** Writes a record. @returns where it ends. */
export function writeMldRecord(
  view: DataView,
  at: number,
  type: number,
  group: Ipv6Address,
  sources: readonly Ipv6Address[],
): number {
  view.setUint32(at, (type << 24) | sources.length);
  writeIpv6Address(view, at + 4, group);
  let end = at + MLD_RECORD_LENGTH;
  for (const source of sources) {
    writeIpv6Address(view, end, source);
    end += MLD_SOURCE_LENGTH;
  }
  return end;
}
