import {
  type Ipv4Address,
  type Ipv4Layer,
  netmask,
  parseIpv4,
  parseIpv4Prefix,
  type Route,
} from '../3-network/index.ts';
import { ERRNO } from '../trace/index.ts';

/** A route as `ip route add` is told of it. */
export interface RouteRequest {
  /** `10.1.0.0/16`, `10.1.0.1` for one host, or `default`. */
  readonly destination: string;
  /** The router, which must be on a network of ours. */
  readonly via?: string;
  /** The interface; with `via` it follows from that. */
  readonly interface?: string;
  /** Default 0. */
  readonly metric?: number;
  /** Who made it; default `boot`, as `ip route add` marks it. */
  readonly protocol?: Route['protocol'];
}

interface Destination {
  readonly address: Ipv4Address;
  readonly length: number;
}

/** The checks of Linux's `fib_create_info`. @returns 0, -EINVAL, -ENODEV, -ENETDOWN, -ENETUNREACH, -EEXIST. */
export function addRoute(ip: Ipv4Layer, request: RouteRequest): number {
  const destination = readDestination(request.destination);
  const gateway = request.via === undefined ? null : parseIpv4(request.via);
  if (destination === null || (request.via !== undefined && gateway === null)) return -ERRNO.EINVAL;

  const named = ip.links.find(({ name }) => name === request.interface);
  if (request.interface !== undefined && named === undefined) return -ERRNO.ENODEV;
  let link = named;
  if (gateway !== null) {
    if (ip.isLocal(gateway)) return -ERRNO.EINVAL;
    const way = ip.routes.lookup(gateway, named ?? null);
    // A router must be a neighbour: "Nexthop has invalid gateway".
    if (way === null || way.gateway !== null) return -ERRNO.ENETUNREACH;
    link = way.link;
  }
  if (link === undefined) return -ERRNO.ENODEV;
  if (!link.up) return -ERRNO.ENETDOWN;
  return ip.routes.add({
    destination: destination.address,
    length: destination.length,
    gateway,
    link,
    metric: request.metric ?? 0,
    source: null,
    protocol: request.protocol ?? 'boot',
  });
}

/** Removes the first route that is as requested; what is not given may be anything. @returns 0, -EINVAL, -ESRCH. */
export function removeRoute(ip: Ipv4Layer, request: RouteRequest): number {
  const destination = readDestination(request.destination);
  const gateway = request.via === undefined ? undefined : parseIpv4(request.via);
  if (destination === null || gateway === null) return -ERRNO.EINVAL;
  for (const route of ip.routes.entries()) {
    if (route.destination !== destination.address || route.length !== destination.length) continue;
    if (gateway !== undefined && route.gateway !== gateway) continue;
    if (request.interface !== undefined && route.link.name !== request.interface) continue;
    if (request.metric !== undefined && route.metric !== request.metric) continue;
    return ip.routes.remove(route);
  }
  return -ERRNO.ESRCH;
}

/** Bits behind the prefix must not be set, as `ip route` insists. */
function readDestination(text: string): Destination | null {
  if (text === 'default') return { address: 0 as Ipv4Address, length: 0 };
  const host = parseIpv4(text);
  const prefix = host === null ? parseIpv4Prefix(text) : { address: host, length: 32 };
  if (prefix === null) return null;
  return (prefix.address & ~netmask(prefix.length)) === 0 ? prefix : null;
}
