import type { Link } from '../../2-datalink/index.ts';
import { ERRNO, type TableChanged, type Tracer } from '../../trace/index.ts';
import { formatIpv4, type Ipv4Address, netmask } from '../address.ts';
import type { TableUser } from '../table-user.ts';
import type { Route } from './route.ts';
import { RouteIndex } from './route-index.ts';

export type { Route };

/** Up to so many, looking at each of them is as fast as an index, and takes up less: most machines have two. */
const FEW = 8;

/** The routes of one machine. The one with the longest prefix wins, then the least metric, then the oldest (RFC 1812 section 5.2.4.3). */
export class RouteTable {
  readonly #tracer: Tracer;
  #all: readonly Route[] = [];
  /** Only of many. */
  #index: RouteIndex | null = null;
  readonly #user: TableUser;

  constructor(tracer: Tracer, user: TableUser) {
    this.#tracer = tracer;
    this.#user = user;
  }

  /** In the order in which they were added; a later change does not show in it. */
  entries(): readonly Route[] {
    return this.#all;
  }

  /**
   * @param append another way for the same prefix and metric may be there: it comes first, as those of addresses do.
   * @returns 0; -EEXIST when the same prefix has a route with this metric, -EINVAL when bits behind the prefix are set.
   */
  add(route: Route, append = false): number {
    const { destination, length, metric, link, gateway, source } = route;
    if ((destination & ~netmask(length)) !== 0) return -ERRNO.EINVAL;
    const same = this.#index?.of(length, destination) ?? this.#all;
    if (
      same.some(
        (other) =>
          other.length === length &&
          other.destination === destination &&
          other.metric === metric &&
          (!append || (other.link === link && other.gateway === gateway && other.source === source)),
      )
    ) {
      return -ERRNO.EEXIST;
    }
    this.#all = this.#all.concat(route);
    if (this.#index !== null) this.#index.add(route);
    else if (this.#all.length > FEW) this.#index = new RouteIndex(this.#all);
    this.#user.tableChanged();
    this.#record('add', route);
    return 0;
  }

  /** @returns 0, or -ESRCH when it is not there. */
  remove(route: Route): number {
    const left = this.#all.filter((other) => other !== route);
    if (left.length === this.#all.length) return -ERRNO.ESRCH;
    this.#all = left;
    this.#index?.remove(route);
    this.#user.tableChanged();
    this.#record('remove', route);
    return 0;
  }

  /** The route to an address, or null. @param link only routes by this link. */
  lookup(destination: Ipv4Address, link: Link | null = null): Route | null {
    if (this.#index !== null) return this.#index.lookup(destination, link);
    let best: Route | null = null;
    for (const route of this.#all) {
      if (link !== null && route.link !== link) continue;
      if (((route.destination ^ destination) & netmask(route.length)) !== 0) continue;
      if (best === null || isBetter(route, best)) best = route;
    }
    return best;
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

const isBetter = (route: Route, other: Route): boolean =>
  route.length > other.length || (route.length === other.length && route.metric < other.metric);
