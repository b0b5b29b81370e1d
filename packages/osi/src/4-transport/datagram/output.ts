import {
  ANY,
  type IpService,
  type Ipv4Address,
  isMulticast,
  type SendOptions,
} from '../../3-network/index.ts';
import { ERRNO } from '../../trace/index.ts';
import type { UdpOptions } from '../services.ts';

/** A multicast goes no further than the next router unless the program says so (RFC 1112 section 6.1). */
const MULTICAST_TTL = 1;

/**
 * The address that a datagram to `destination` bears.
 * @param bound where the socket is bound; nothing is sent from a group or from 0.0.0.0 while there is better.
 * @returns -ENETUNREACH, -EACCES for a broadcast without SO_BROADCAST.
 */
export function chooseSource(
  ip: IpService,
  bound: Ipv4Address,
  destination: Ipv4Address,
  options: UdpOptions,
): Ipv4Address | number {
  const chosen = ip.sourceFor(destination);
  // The route is asked for first: 255.255.255.255 takes the default route, and there may be none (`udp_sendmsg`).
  if (chosen === null && options.ip.interface === undefined) return -ERRNO.ENETUNREACH;
  if (!options.broadcast && !isMulticast(destination) && ip.isBroadcast(destination)) return -ERRNO.EACCES;
  if (bound !== ANY && !isMulticast(bound) && !ip.isBroadcast(bound)) return bound;
  // Bound to an interface it can be sent without an address yet, as DHCP has to (RFC 2131 section 4.1).
  return chosen ?? ANY;
}

/** Fills `into` with how a datagram to `destination` is sent. */
export function fillSendOptions(
  into: SendOptions,
  options: SendOptions,
  destination: Ipv4Address,
): SendOptions {
  into.ttl = options.ttl ?? (isMulticast(destination) ? MULTICAST_TTL : undefined);
  into.tos = options.tos;
  into.interface = options.interface;
  into.dontFragment = options.dontFragment ?? 'if-it-fits';
  return into;
}
