import { checksumOf, sumBytes } from '../checksum.ts';

/** ICMP (RFC 792): type, code, checksum, a second word that depends on the type; then echo data, or the packet an error is about. */
export const ICMP_HEADER = 8;

export const ICMP_ECHO_REPLY = 0;
export const ICMP_DESTINATION_UNREACHABLE = 3;
export const ICMP_SOURCE_QUENCH = 4;
export const ICMP_REDIRECT = 5;
export const ICMP_ECHO_REQUEST = 8;
export const ICMP_TIME_EXCEEDED = 11;
export const ICMP_PARAMETER_PROBLEM = 12;
export const ICMP_TIMESTAMP = 13;
export const ICMP_TIMESTAMP_REPLY = 14;
/** A timestamp message: identifier and number, then when it was sent, when it came, and when it was answered. */
export const ICMP_TIMESTAMP_LENGTH = 20;

/** Codes of "destination unreachable" (RFC 792, RFC 1191). */
export const CODE_NETWORK_UNREACHABLE = 0;
export const CODE_HOST_UNREACHABLE = 1;
export const CODE_PROTOCOL_UNREACHABLE = 2;
export const CODE_PORT_UNREACHABLE = 3;
export const CODE_FRAGMENTATION_NEEDED = 4;
export const CODE_SOURCE_ROUTE_FAILED = 5;

/** Of a redirect: a host of its own has a better way (RFC 1812 section 4.3.3.2 wants no other). */
export const CODE_REDIRECT_HOST = 1;

/** Codes of "time exceeded". */
export const CODE_TTL_EXCEEDED = 0;
export const CODE_REASSEMBLY_TIME_EXCEEDED = 1;

const CHECKSUM = 2;
const INFO = 4;
const SEQUENCE = 6;

/** Says what keeps `[at, end)` from being an ICMP message: the reason it is dropped by, or null. */
export function checkIcmp(view: DataView, at: number, end: number): string | null {
  if (end - at < ICMP_HEADER) return 'icmp.truncated';
  return sumBytes(view, at, end) === 0xffff ? null : 'icmp.checksum';
}

export const readType = (view: DataView, at: number): number => view.getUint8(at);
export const readCode = (view: DataView, at: number): number => view.getUint8(at + 1);
/** The second word: of an error the MTU in its low half, the pointer in its first byte, or the better router. */
export const readInfo = (view: DataView, at: number): number => view.getUint32(at + INFO);
/** Identifier and sequence number of an echo. */
export const readIdentifier = (view: DataView, at: number): number => view.getUint16(at + INFO);
export const readSequence = (view: DataView, at: number): number => view.getUint16(at + SEQUENCE);

/** Writes when a timestamp request came and is answered, in milliseconds since midnight: at once. */
export function writeTimes(view: DataView, at: number, now: number): void {
  view.setUint32(at + 12, now);
  view.setUint32(at + 16, now);
}

export function writeIdentifier(view: DataView, at: number, identifier: number): void {
  view.setUint16(at + INFO, identifier);
}

/** Writes type, code and second word; the checksum follows when the rest is there. */
export function writeIcmp(view: DataView, at: number, type: number, code: number, info: number): void {
  view.setUint8(at, type);
  view.setUint8(at + 1, code);
  view.setUint32(at + INFO, info);
}

/** Computes and writes the checksum of the message `[at, end)`. */
export function writeIcmpChecksum(view: DataView, at: number, end: number): void {
  view.setUint16(at + CHECKSUM, 0);
  view.setUint16(at + CHECKSUM, checksumOf(sumBytes(view, at, end)));
}
