import {
  anyLike,
  firstStation,
  type IpAddress,
  type IpService,
  isAnyIp,
  isIpv6,
  isLoopbackIp,
  isMulticastIp,
  type SendOptions,
} from '../../3-network/index.ts';
import { ERRNO } from '../../trace/index.ts';
import type { UdpOptions } from '../services.ts';

/**
 * The address that a datagram to `destination` bears.
 * @param bound where the socket is bound; nothing is sent from a group or from 0.0.0.0 while there is better.
 * @returns an address; -ENETUNREACH, -EINVAL, -EACCES for a broadcast without SO_BROADCAST.
 */
export function chooseSource(
  ip: IpService,
  bound: IpAddress,
  destination: IpAddress,
  options: UdpOptions,
): IpAddress | number {
  const group = isMulticastIp(destination);
  const multicast = group && !isIpv6(destination) ? options.multicast : null;
  const via = outgoing(options, destination);
  if (via === null) return -ERRNO.ENETUNREACH;
  const first = firstStation(destination, options.ip);
  const chosen = multicast?.source ?? ip.sourceFor(first, via);
  // The route is asked for first: 255.255.255.255 takes the default route, and there may be none (`udp_sendmsg`).
  if (chosen === null && via === undefined) return -ERRNO.ENETUNREACH;
  if (!options.broadcast && !group && ip.isBroadcast(destination)) return -ERRNO.EACCES;
  const { from } = options;
  if (from !== undefined) return isAnyIp(from) ? (chosen ?? anyLike(destination)) : from;
  if (isIpv6(bound) === isIpv6(destination) && !isAnyIp(bound) && !ip.isBroadcast(bound)) {
    // What is from 127.0.0.0/8 stays on this machine (`__mkroute_output`).
    const leaves = !group && !ip.isLocal(first);
    return leaves && !isIpv6(bound) && isLoopbackIp(bound) ? -ERRNO.EINVAL : bound;
  }
  // Bound to an interface it can be sent without an address yet, as DHCP has to (RFC 2131 section 4.1).
  return chosen ?? anyLike(destination);
}

/** The interface that the program has chosen for it; null when that is not there. */
function outgoing(options: UdpOptions, destination: IpAddress): string | undefined | null {
  const { ip, multicast, multicast6, stickyInterface } = options;
  if (ip.interface !== undefined) return ip.interface;
  const six = isIpv6(destination);
  if (six && stickyInterface !== undefined) return stickyInterface.name;
  if (!isMulticastIp(destination)) return undefined;
  return six ? multicast6.interface?.name : multicast.interface;
}

/** Whether `chooseSource` refused. */
export const isRefusal = (source: IpAddress | number): boolean => typeof source === 'number' && source < 0;

/** Fills `into` with how a datagram to `destination` is sent. */
export function fillSendOptions(into: SendOptions, options: UdpOptions, destination: IpAddress): SendOptions {
  const { ip, multicast, multicast6 } = options;
  if (isMulticastIp(destination)) {
    const six = isIpv6(destination);
    into.ttl = six ? multicast6.hops : multicast.ttl;
    into.quiet = !(six ? multicast6.loop : multicast.loop);
  } else {
    into.ttl = ip.ttl;
    into.quiet = false;
  }
  into.tos = ip.tos;
  into.interface = outgoing(options, destination) ?? undefined;
  into.dontFragment =
    options.dontFragment6 === true && isIpv6(destination) ? true : (ip.dontFragment ?? 'if-it-fits');
  into.fragmentSize = options.fragmentSize;
  into.extensions = ip.extensions;
  into.headerOptions = ip.headerOptions;
  return into;
}
