import {
  ANY6,
  type ExtensionHeaders,
  type IpAddress,
  ipv4FromNumber,
  isAny6,
  isMapped,
  readIpv6,
  unmapped,
} from '../3-network/index.ts';
import { ERRNO } from '../trace/index.ts';
import {
  IP_PKTINFO,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_DONTFRAG,
  IPV6_DSTOPTS,
  IPV6_HOPLIMIT,
  IPV6_HOPOPTS,
  IPV6_PKTINFO,
  IPV6_RTHDRDSTOPTS,
  IPV6_TCLASS,
} from './constants.ts';
import type { ControlMessage } from './control-message.ts';
import { type Credentials, PRIVILEGED } from './credentials.ts';
import { wholeHeader } from './extension-options.ts';
import { readInt } from './option-table.ts';

/** What one packet is sent with instead of the socket's settings. */
export interface PacketControls {
  ttl?: number;
  tos?: number;
  /** The number of the interface to send by. */
  interface?: number;
  /** The address to send from; 0.0.0.0: the one that the routes choose. */
  source?: IpAddress;
  /** Extension headers in the place of all of the socket's. */
  extensions?: ExtensionHeaders;
  /** IPV6_DONTFRAG. */
  dontFragment?: boolean;
}

/** `struct in_pktinfo` and `struct in6_pktinfo`. */
const IN_PKTINFO = 12;
const IN6_PKTINFO = 20;

/**
 * Reads the control messages of a datagram over IPv4 (`ip_cmsg_send`). Those of other levels are not looked at, but for
 * IPV6_PKTINFO of a socket of AF_INET6. @param mapped it is one.
 * @returns -EINVAL for another message, or one with a value of another size or range.
 */
export function readControls4(controls: readonly ControlMessage[], mapped: boolean): PacketControls | number {
  const read: PacketControls = {};
  for (const { level, type, data } of controls) {
    let result = 0;
    if (level === IPPROTO_IPV6 && mapped && type === IPV6_PKTINFO) result = readMappedInfo(read, data);
    else if (level !== IPPROTO_IP) continue;
    else if (type === IP_TTL) result = readNumber(read, 'ttl', data, 1);
    else if (type === IP_TOS) {
      if (data.length === 1) read.tos = data[0];
      else result = readNumber(read, 'tos', data, 0);
    } else if (type === IP_PKTINFO) result = readInfo4(read, data);
    else return -ERRNO.EINVAL;
    if (result < 0) return result;
  }
  return read;
}

/** The same over IPv6 (`ip6_datagram_send_ctl`). @returns -EPERM, too, for headers that a privileged program alone may send. */
export function readControls6(
  controls: readonly ControlMessage[],
  by: Credentials = PRIVILEGED,
): PacketControls | number {
  const read: PacketControls = {};
  for (const { level, type, data } of controls) {
    if (level !== IPPROTO_IPV6) continue;
    let result: number = -ERRNO.EINVAL;
    // -1 asks for what the machine would choose.
    if (type === IPV6_HOPLIMIT) result = readNumber(read, 'ttl', data, -1);
    else if (type === IPV6_TCLASS) result = readNumber(read, 'tos', data, -1);
    else if (type === IPV6_PKTINFO) result = readInfo6(read, data);
    else if (type === IPV6_DONTFRAG) result = readDontFragment(read, data);
    else if (type in HEADERS) result = readHeader(read, type, data, by);
    if (result < 0) return result;
  }
  return read;
}

/** Headers by their control messages. There is none of routing: Linux takes type 2 alone there, with Mobile IPv6. */
const HEADERS: Readonly<Record<number, keyof ExtensionHeaders>> = {
  [IPV6_HOPOPTS]: 'hopByHop',
  [IPV6_RTHDRDSTOPTS]: 'atStations',
  [IPV6_DSTOPTS]: 'destination',
};

function readHeader(into: PacketControls, type: number, data: Uint8Array, by: Credentials): number {
  const name = HEADERS[type] as keyof ExtensionHeaders;
  const header = wholeHeader(data);
  if (header === null || (name === 'hopByHop' && into.extensions?.hopByHop !== undefined)) {
    return -ERRNO.EINVAL;
  }
  if (!by.privileged) return -ERRNO.EPERM;
  into.extensions = { ...into.extensions, [name]: header };
  return 0;
}

function readDontFragment(into: PacketControls, data: Uint8Array): number {
  const value = data.length === 4 ? readInt(data, 0) : -1;
  if (value !== 0 && value !== 1) return -ERRNO.EINVAL;
  into.dontFragment = value === 1;
  return 0;
}

function readNumber(into: PacketControls, name: 'ttl' | 'tos', data: Uint8Array, least: number): number {
  if (data.length !== 4) return -ERRNO.EINVAL;
  const value = readInt(data, 0);
  if (value < least || value > 255) return -ERRNO.EINVAL;
  if (value >= 0) into[name] = value;
  return 0;
}

function readInfo4(into: PacketControls, data: Uint8Array): number {
  if (data.length !== IN_PKTINFO) return -ERRNO.EINVAL;
  const index = readInt(data, 0);
  if (index !== 0) into.interface = index;
  into.source = ipv4FromNumber(viewOf(data).getUint32(4));
  return 0;
}

function readInfo6(into: PacketControls, data: Uint8Array): number {
  if (data.length < IN6_PKTINFO) return -ERRNO.EINVAL;
  const { address, index } = info6(data);
  if (index !== 0) into.interface = index;
  if (!isAny6(address)) into.source = address;
  return 0;
}

function readMappedInfo(into: PacketControls, data: Uint8Array): number {
  const { address, index } = data.length < IN6_PKTINFO ? { address: ANY6, index: 0 } : info6(data);
  if (!isMapped(address)) return -ERRNO.EINVAL;
  if (index !== 0) into.interface = index;
  into.source = unmapped(address);
  return 0;
}

const info6 = (data: Uint8Array) => ({ address: readIpv6(viewOf(data), 0), index: readInt(data, 16) });

const viewOf = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);
