import type { Frame } from '../../1-physical/index.ts';
import { checksumOf, pseudoHeaderSum, sumFrame } from '../checksum.ts';
import type { Ipv6Address } from '../ipv6/address.ts';

/** The protocol number of ICMPv6 (RFC 4443 section 1). */
export const PROTOCOL_ICMPV6 = 58;

/** ICMPv6 (RFC 4443 section 2.1): type, code, checksum; in most messages a second word that depends on the type. */
export const ICMPV6_HEADER = 8;

export const ICMPV6_DESTINATION_UNREACHABLE = 1;
export const ICMPV6_PACKET_TOO_BIG = 2;
export const ICMPV6_TIME_EXCEEDED = 3;
export const ICMPV6_PARAMETER_PROBLEM = 4;
/** From here on types tell something other than an error. */
export const ICMPV6_FIRST_INFORMATION = 128;
export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;
/** Multicast listener discovery (RFC 2710, 3810) and neighbour discovery (RFC 4861). */
export const MLD_QUERY = 130;
export const MLD_REPORT = 131;
export const MLD_DONE = 132;
export const ND_ROUTER_SOLICITATION = 133;
export const ND_ROUTER_ADVERTISEMENT = 134;
export const ND_NEIGHBOUR_SOLICITATION = 135;
export const ND_NEIGHBOUR_ADVERTISEMENT = 136;
export const ND_REDIRECT = 137;
export const MLD_V2_REPORT = 143;

/** Codes of "destination unreachable" (RFC 4443 section 3.1). */
export const CODE6_NO_ROUTE = 0;
export const CODE6_PROHIBITED = 1;
export const CODE6_BEYOND_SCOPE = 2;
export const CODE6_ADDRESS_UNREACHABLE = 3;
export const CODE6_PORT_UNREACHABLE = 4;
export const CODE6_SOURCE_POLICY = 5;
export const CODE6_REJECT_ROUTE = 6;

/** Codes of "time exceeded" (section 3.3) and of "parameter problem" (section 3.4). */
export const CODE6_HOP_LIMIT = 0;
export const CODE6_REASSEMBLY_TIME = 1;
export const CODE6_HEADER_FIELD = 0;
export const CODE6_NEXT_HEADER = 1;
export const CODE6_OPTION = 2;
/** The first fragment lacks headers (RFC 7112 section 8). */
export const CODE6_INCOMPLETE_CHAIN = 3;

const CHECKSUM = 2;
const INFO = 4;

/** Says what keeps a frame from being an ICMPv6 message, `frame.start` at it: the reason it is dropped by, or null. */
export function checkIcmpv6(frame: Frame, source: Ipv6Address, destination: Ipv6Address): string | null {
  const { start, end } = frame;
  if (end - start < 4) return 'icmpv6.truncated';
  const pseudo = pseudoHeaderSum(source, destination, PROTOCOL_ICMPV6, end - start);
  return sumFrame(frame, start, end, pseudo) === 0xffff ? null : 'icmpv6.checksum';
}

/** Writes type, code and second word; the checksum follows when the rest is there. */
export function writeIcmpv6(view: DataView, at: number, type: number, code: number, info: number): void {
  view.setUint16(at, (type << 8) | code);
  view.setUint16(at + CHECKSUM, 0);
  view.setUint32(at + INFO, info);
}

/** Computes and writes the checksum of the message between `frame.start` and `frame.end`. */
export function writeIcmpv6Checksum(frame: Frame, source: Ipv6Address, destination: Ipv6Address): void {
  const { view, start, end } = frame;
  view.setUint16(start + CHECKSUM, 0);
  const pseudo = pseudoHeaderSum(source, destination, PROTOCOL_ICMPV6, end - start);
  view.setUint16(start + CHECKSUM, checksumOf(sumFrame(frame, start, end, pseudo)));
}
