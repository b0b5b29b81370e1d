import {
  checksumOf,
  type IpAddress,
  isIpv6,
  PROTOCOL_UDP,
  pseudoHeaderSum,
  sumBytes,
} from '../../3-network/index.ts';

/**
 * The header of UDP (RFC 768), four 16-bit numbers:
 *
 *     0      source port          2      destination port
 *     4      length               6      checksum
 *
 * Length counts header and payload. Checksum 0 means that the sender computed none.
 */
export const UDP_HEADER = 8;

export const readSourcePort = (view: DataView, at: number): number => view.getUint16(at);
export const readDestinationPort = (view: DataView, at: number): number => view.getUint16(at + 2);
/** Header and payload in bytes. */
export const readLength = (view: DataView, at: number): number => view.getUint16(at + 4);
export const readChecksum = (view: DataView, at: number): number => view.getUint16(at + 6);

/** Why a datagram is refused: the name that its drop is recorded under. */
export type UdpFault = 'udp.truncated' | 'udp.length' | 'udp.checksum';

/**
 * Checks the datagram in `[at, end)` of `view`: there is a header, its length is possible, its checksum is right
 * or absent. Bytes behind the length are padding and do not count.
 * @returns null when it is valid.
 */
export function checkDatagram(
  view: DataView,
  at: number,
  end: number,
  source: IpAddress,
  destination: IpAddress,
): UdpFault | null {
  if (end - at < UDP_HEADER) return 'udp.truncated';
  const length = readLength(view, at);
  if (length < UDP_HEADER || length > end - at) return 'udp.length';
  // IPv6 has no checksum of its own, so UDP must have one there (RFC 8200 section 8.1).
  if (readChecksum(view, at) === 0) return isIpv6(source) ? 'udp.checksum' : null;
  const sum = sumBytes(view, at, at + length, pseudoHeaderSum(source, destination, PROTOCOL_UDP, length));
  return sum === 0xffff ? null : 'udp.checksum';
}

/**
 * Writes the header in front of a payload that stands at `at + 8` already, checksum included.
 * @param length header and payload, 8–65535.
 */
export function writeHeader(
  view: DataView,
  at: number,
  source: IpAddress,
  sourcePort: number,
  destination: IpAddress,
  destinationPort: number,
  length: number,
): void {
  view.setUint16(at, sourcePort);
  view.setUint16(at + 2, destinationPort);
  view.setUint16(at + 4, length);
  view.setUint16(at + 6, 0);
  const sum = sumBytes(view, at, at + length, pseudoHeaderSum(source, destination, PROTOCOL_UDP, length));
  // A checksum that comes out as 0 is sent as its other form, for 0 says "none" (RFC 768).
  view.setUint16(at + 6, checksumOf(sum) || 0xffff);
}
