import {
  ANY,
  ANY6,
  formatIpv4,
  isIpv6,
  isMapped,
  mappedOf,
  needsZone,
  parseIpv4,
  parseIpv6,
  unmapped,
} from '../3-network/index.ts';
import type { Endpoint } from '../4-transport/index.ts';
import { ERRNO } from '../trace/index.ts';
import { AF_INET, AF_INET6, AF_UNSPEC } from './constants.ts';
import type { SocketAddress } from './socket-types.ts';

/** What a socket of AF_INET6 makes of addresses. */
export interface Reader6 {
  /** IPV6_V6ONLY. */
  readonly v6Only: boolean;
  /** The number of the interface that it is bound to, 0 for none. */
  readonly zone: number;
}

/** No address and no port yet, of a socket's family. */
export const nowhere = (domain: number): Endpoint => (domain === AF_INET6 ? NOWHERE6 : NOWHERE);
const NOWHERE: Endpoint = { address: ANY, port: 0 };
const NOWHERE6: Endpoint = { address: ANY6, port: 0 };

/** The last one that was formatted: programs ask for one peer's address over and over. */
let latest: Endpoint | null = null;
let latestAddress: SocketAddress | null = null;

/** An endpoint as programs see it: those of AF_INET6 see IPv4 addresses mapped (RFC 3493 section 3.7). */
export function addressOf(endpoint: Endpoint, domain: number): SocketAddress {
  if (
    latestAddress?.family === domain &&
    latest?.address === endpoint.address &&
    latest.port === endpoint.port
  ) {
    return latestAddress;
  }
  const { address, port } = endpoint;
  if (domain === AF_INET6) {
    const { text, zone } = isIpv6(address) ? address : address === ANY ? ANY6 : mappedOf(address);
    latestAddress = { family: AF_INET6, address: text, port, flowInfo: 0, scopeId: zone };
  } else {
    latestAddress = { family: AF_INET, address: isIpv6(address) ? address.text : formatIpv4(address), port };
  }
  latest = endpoint;
  return latestAddress;
}

/**
 * Reads an address for a socket of AF_INET. @param orUnspecified takes AF_UNSPEC with 0.0.0.0 for AF_INET, as `bind` does.
 * @returns -EAFNOSUPPORT; -EINVAL for what is no address.
 */
export function readEndpoint4(address: SocketAddress, orUnspecified: boolean): Endpoint | number {
  const family: number = address.family;
  const parsed = parseIpv4(address.address ?? '');
  if (family !== AF_INET && !(orUnspecified && family === AF_UNSPEC && parsed === 0)) {
    return -ERRNO.EAFNOSUPPORT;
  }
  if (parsed === null || !isPort(address.port)) return -ERRNO.EINVAL;
  return { address: parsed, port: address.port };
}

/**
 * Reads an address for a socket of AF_INET6; a mapped one becomes the IPv4 address that it stands for.
 * @param orInternet takes AF_INET too, as sending does. @returns -EAFNOSUPPORT; -ENETUNREACH for IPv4 with IPV6_V6ONLY;
 * -EINVAL for what is no address, or, to connect to, a link-local one without an interface.
 */
export function readEndpoint6(
  address: SocketAddress,
  reader: Reader6,
  orInternet: boolean,
): Endpoint | number {
  if (address.family === AF_INET && orInternet) {
    const plain = readEndpoint4(address, false);
    return typeof plain !== 'number' && reader.v6Only ? -ERRNO.ENETUNREACH : plain;
  }
  if (address.family !== AF_INET6) return -ERRNO.EAFNOSUPPORT;
  const parsed = parseIpv6(address.address ?? '');
  const { port } = address;
  if (parsed === null || !isPort(port)) return -ERRNO.EINVAL;
  if (isMapped(parsed)) {
    return reader.v6Only ? -ERRNO.ENETUNREACH : { address: unmapped(parsed), port };
  }
  if (!needsZone(parsed)) return { address: parsed, port };
  const zone = address.scopeId || reader.zone;
  // A group's interface may be named by IPV6_MULTICAST_IF, or be the routes' choice; when sending, the latter holds for all.
  if (zone === 0 && !orInternet && parsed.a >>> 24 !== 0xff) return -ERRNO.EINVAL;
  if (address.scopeId !== 0 && reader.zone !== 0 && address.scopeId !== reader.zone) return -ERRNO.EINVAL;
  return { address: parsed.inZone(zone), port };
}

const isPort = (port: number): boolean => port >= 0 && port <= 0xffff;
