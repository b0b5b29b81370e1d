import type { Link } from '../../2-datalink/index.ts';
import { ERRNO, type TableChanged, type Tracer } from '../../trace/index.ts';
import { formatIpv4, type Ipv4Address, netmask } from '../address.ts';

/** A line of `ip route`. */
export interface Route {
  /** With no bits set behind `length`. */
  readonly destination: Ipv4Address;
  /** Of the prefix, 0–32; 0 is the default route. */
  readonly length: number;
  /** The router on the link that takes it further; null when the destination itself is on the link. */
  readonly gateway: Ipv4Address | null;
  readonly link: Link;
  /** Among routes of one length the least wins. */
  readonly metric: number;
  /** The address to send from; null leaves it to the link's addresses. */
  readonly source: Ipv4Address | null;
  /** Who made it: `kernel` with an address, `boot` or `static` by hand (ip-route(8)). */
  readonly protocol: 'kernel' | 'boot' | 'static' | 'dhcp';
}

/** The routes of one machine. The one with the longest prefix wins, then the least metric, then the oldest (RFC 1812 section 5.2.4.3). */
export class RouteTable {
  readonly #tracer: Tracer;
  /** By prefix length, then by destination: those with the least metric first. */
  readonly #byLength: (Map<number, Route[]> | undefined)[] = [];
  /** Bit 31 - n is set while there are routes of length n; length 32 has a flag of its own. */
  #lengths = 0;
  #hosts = false;
  readonly #all = new Set<Route>();
  /** Counts changes: what was looked up before may be wrong. */
  version = 0;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** In the order in which they were added. */
  entries(): Iterable<Route> {
    return this.#all;
  }

  /** @returns 0; -EEXIST when the same prefix has a route with this metric, -EINVAL when bits behind the prefix are set. */
  add(route: Route): number {
    if ((route.destination & ~netmask(route.length)) !== 0) return -ERRNO.EINVAL;
    const table: Map<number, Route[]> = (this.#byLength[route.length] ??= new Map());
    const routes = table.get(route.destination);
    if (routes === undefined) {
      table.set(route.destination, [route]);
    } else {
      const place = routes.findIndex(({ metric }) => metric >= route.metric);
      if (routes[place]?.metric === route.metric) return -ERRNO.EEXIST;
      routes.splice(place < 0 ? routes.length : place, 0, route);
    }
    this.#all.add(route);
    this.#mark(route.length);
    this.#record('add', route);
    return 0;
  }

  /** @returns 0, or -ESRCH when it is not there. */
  remove(route: Route): number {
    if (!this.#all.delete(route)) return -ERRNO.ESRCH;
    const table = this.#byLength[route.length];
    const left = (table?.get(route.destination) ?? []).filter((other) => other !== route);
    if (left.length > 0) table?.set(route.destination, left);
    else table?.delete(route.destination);
    this.#mark(route.length);
    this.#record('remove', route);
    return 0;
  }

  /** The route to an address, or null. @param link only routes by this link. */
  lookup(destination: Ipv4Address, link: Link | null = null): Route | null {
    if (this.#hosts) {
      const route = choose(this.#byLength[32]?.get(destination), link);
      if (route !== null) return route;
    }
    for (let lengths = this.#lengths; lengths !== 0; ) {
      // The lowest bit that is set stands for the longest prefix.
      const bit = lengths & -lengths;
      lengths ^= bit;
      const length = Math.clz32(bit);
      const route = choose(this.#byLength[length]?.get((destination & netmask(length)) >>> 0), link);
      if (route !== null) return route;
    }
    return null;
  }

  #mark(length: number): void {
    this.version++;
    const some = (this.#byLength[length]?.size ?? 0) > 0;
    if (length === 32) this.#hosts = some;
    else if (some) this.#lengths |= 1 << (31 - length);
    else this.#lengths &= ~(1 << (31 - length));
  }

  #record(change: TableChanged['change'], route: Route): void {
    if (!this.#tracer.on) return;
    const { destination, length, gateway, link, source, metric } = route;
    const parts = [`dev ${link.name}`];
    if (gateway !== null) parts.unshift(`via ${formatIpv4(gateway)}`);
    if (source !== null) parts.push(`src ${formatIpv4(source)}`);
    if (metric !== 0) parts.push(`metric ${metric}`);
    this.#tracer.write({
      kind: 'table',
      table: 'route',
      change,
      key: length === 0 ? 'default' : `${formatIpv4(destination)}/${length}`,
      value: change === 'remove' ? '' : parts.join(' '),
    });
  }
}

function choose(routes: readonly Route[] | undefined, link: Link | null): Route | null {
  if (routes === undefined) return null;
  if (link === null) return routes[0] ?? null;
  for (const route of routes) if (route.link === link) return route;
  return null;
}
