import {
  ANY6,
  type Ipv6Layer,
  type Ipv6Prefix,
  isLinkLocal6,
  maskIpv6,
  parseIpv6,
  parseIpv6Prefix,
} from '../3-network/index.ts';
import { ERRNO } from '../trace/index.ts';
import type { RouteRequest } from './route-request.ts';

/** Routes by hand have this metric unless another is given (`IP6_RT_PRIO_USER`). */
const METRIC = 1024;

/** Whether a request is about IPv6: `default` is by the router's address. */
export const isRequest6 = ({ destination, via }: RouteRequest): boolean =>
  destination.includes(':') || via?.includes(':') === true;

/** The checks of Linux's `ip6_route_info_create`. @returns 0, -EINVAL, -ENODEV, -ENETDOWN, -EHOSTUNREACH, -EEXIST. */
export function addRoute6(ip: Ipv6Layer, request: RouteRequest): number {
  const destination = readDestination(request.destination);
  const via = request.via === undefined ? null : parseIpv6(request.via);
  if (destination === null || (request.via !== undefined && via === null)) return -ERRNO.EINVAL;

  const named = ip.interfaces.find(({ link }) => link.name === request.interface)?.link;
  if (request.interface !== undefined && named === undefined) return -ERRNO.ENODEV;
  let link = named;
  let gateway = via;
  if (via !== null && isLinkLocal6(via)) {
    // It is on many links: which is meant must be said.
    if (link === undefined) return -ERRNO.EINVAL;
    gateway = via.inZone(link.index);
  } else if (via !== null) {
    if (ip.isLocal(via)) return -ERRNO.EINVAL;
    const way = ip.routes.lookup(via, named ?? null);
    if (way === null || way.gateway !== null) return -ERRNO.EHOSTUNREACH;
    link = way.link;
  }
  if (link === undefined) return -ERRNO.ENODEV;
  if (!link.up || ip.on(link)?.enabled !== true) return -ERRNO.ENETDOWN;
  const metric = request.metric ?? METRIC;
  const { address, length } = destination;
  if (
    ip.routes
      .entries()
      .some(
        (route) => route.length === length && route.metric === metric && route.destination.equals(address),
      )
  ) {
    return -ERRNO.EEXIST;
  }
  return ip.routes.add({
    destination: address,
    length,
    gateway,
    link,
    metric,
    protocol: request.protocol === 'static' ? 'static' : 'boot',
    until: Number.POSITIVE_INFINITY,
  });
}

/** Removes the first route that is as requested; what is not given may be anything. @returns 0, -EINVAL, -ESRCH. */
export function removeRoute6(ip: Ipv6Layer, request: RouteRequest): number {
  const destination = readDestination(request.destination);
  const gateway = request.via === undefined ? undefined : parseIpv6(request.via);
  if (destination === null || gateway === null) return -ERRNO.EINVAL;
  for (const route of ip.routes.entries()) {
    if (route.length !== destination.length || !route.destination.equals(destination.address)) continue;
    if (gateway !== undefined && route.gateway?.inZone(0).equals(gateway) !== true) continue;
    if (request.interface !== undefined && route.link.name !== request.interface) continue;
    if (request.metric !== undefined && route.metric !== request.metric) continue;
    return ip.routes.remove(route);
  }
  return -ERRNO.ESRCH;
}

/** Bits behind the prefix count not, as in Linux: here it is laxer than with IPv4. */
function readDestination(text: string): Ipv6Prefix | null {
  if (text === 'default') return { address: ANY6, length: 0 };
  const host = parseIpv6(text);
  const prefix = host === null ? parseIpv6Prefix(text) : { address: host, length: 128 };
  if (prefix === null) return null;
  return { address: maskIpv6(prefix.address, prefix.length), length: prefix.length };
}
