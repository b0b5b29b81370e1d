import {
  anyLike,
  type IpAddress,
  type IpService,
  isAnyIp,
  isIpv6,
  isMulticastIp,
  type SendOptions,
} from '../../3-network/index.ts';
import { ERRNO } from '../../trace/index.ts';
import type { UdpOptions } from '../services.ts';

/** A multicast goes no further than the next router unless the program says so (RFC 1112 section 6.1). */
const MULTICAST_TTL = 1;

/**
 * The address that a datagram to `destination` bears.
 * @param bound where the socket is bound; nothing is sent from a group or from 0.0.0.0 while there is better.
 * @returns an address; -ENETUNREACH, -EACCES for a broadcast without SO_BROADCAST.
 */
export function chooseSource(
  ip: IpService,
  bound: IpAddress,
  destination: IpAddress,
  options: UdpOptions,
): IpAddress | number {
  const chosen = ip.sourceFor(destination, options.ip.interface);
  // The route is asked for first: 255.255.255.255 takes the default route, and there may be none (`udp_sendmsg`).
  if (chosen === null && options.ip.interface === undefined) return -ERRNO.ENETUNREACH;
  if (!options.broadcast && !isMulticastIp(destination) && ip.isBroadcast(destination)) {
    return -ERRNO.EACCES;
  }
  if (isIpv6(bound) === isIpv6(destination) && !isAnyIp(bound) && !ip.isBroadcast(bound)) return bound;
  // Bound to an interface it can be sent without an address yet, as DHCP has to (RFC 2131 section 4.1).
  return chosen ?? anyLike(destination);
}

/** Whether `chooseSource` refused. */
export const isRefusal = (source: IpAddress | number): boolean => typeof source === 'number' && source < 0;

/** Fills `into` with how a datagram to `destination` is sent. */
export function fillSendOptions(
  into: SendOptions,
  options: SendOptions,
  destination: IpAddress,
): SendOptions {
  into.ttl = options.ttl ?? (isMulticastIp(destination) ? MULTICAST_TTL : undefined);
  into.tos = options.tos;
  into.interface = options.interface;
  into.dontFragment = options.dontFragment ?? 'if-it-fits';
  return into;
}
