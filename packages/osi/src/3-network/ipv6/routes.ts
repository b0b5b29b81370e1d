import type { Link } from '../../2-datalink/index.ts';
import type { Nanoseconds } from '../../time/index.ts';
import { ERRNO, type TableChanged, type Tracer } from '../../trace/index.ts';
import type { TableUser } from '../table-user.ts';
import { type Ipv6Address, isAny6, maskedHash, maskIpv6, samePrefix } from './address.ts';

/** A line of `ip -6 route`. */
export interface Route6 {
  /** With no bits set behind `length`. */
  readonly destination: Ipv6Address;
  /** Of the prefix, 0–128; 0 is a default route. */
  readonly length: number;
  /** The router on the link that takes it further; null when the destination itself is on the link. */
  readonly gateway: Ipv6Address | null;
  readonly link: Link;
  /** Among routes of one length the least wins: 256 with an address, 1024 otherwise. */
  readonly metric: number;
  /** Who made it: `kernel` with an address, `ra` a router's advertisement, `boot` or `static` by hand. */
  readonly protocol: 'kernel' | 'boot' | 'static' | 'ra';
  /** When it ends; `Infinity` for never. Routers put it off. */
  until: Nanoseconds;
}

/** The IPv6 routes of one machine. The one with the longest prefix wins, then the least metric, then the oldest. */
export class RouteTable6 {
  readonly #tracer: Tracer;
  readonly #user: TableUser;
  #all: Route6[] = [];
  /** Prefix lengths in use, longest first, and for each the routes by the hash of their prefix. */
  #lengths: number[] = [];
  readonly #byLength = new Map<number, Map<number, Route6[]>>();

  constructor(tracer: Tracer, user: TableUser) {
    this.#tracer = tracer;
    this.#user = user;
  }

  /** In the order in which they were added. */
  entries(): readonly Route6[] {
    return this.#all;
  }

  /** @returns 0; -EEXIST when the same prefix has a route with this metric by this way, -EINVAL when bits behind the prefix are set. */
  add(route: Route6): number {
    const { destination, length, gateway, link, metric } = route;
    if (!isAny6(maskIpv6(destination, length)) || length === 0) {
      if (!maskIpv6(destination, length).equals(destination)) return -ERRNO.EINVAL;
    } else if (!isAny6(destination)) return -ERRNO.EINVAL;
    const same = this.#at(length, destination).find(
      (other) => other.metric === metric && other.link === link && sameGateway(other.gateway, gateway),
    );
    if (same !== undefined) return -ERRNO.EEXIST;
    this.#all.push(route);
    this.#index();
    this.#record('add', route);
    return 0;
  }

  /** @returns 0, or -ESRCH when it is not there. */
  remove(route: Route6): number {
    if (!this.#all.includes(route)) return -ERRNO.ESRCH;
    this.#all = this.#all.filter((other) => other !== route);
    this.#index();
    this.#record('remove', route);
    return 0;
  }

  /**
   * The route to an address, or null. @param link only routes by this link.
   * @param silent of a router that does not answer: then another with the same metric is taken, if there is one.
   */
  lookup(
    destination: Ipv6Address,
    link: Link | null = null,
    silent: (route: Route6) => boolean = () => false,
  ): Route6 | null {
    for (const length of this.#lengths) {
      const routes = this.#byLength.get(length)?.get(maskedHash(destination, length));
      if (routes === undefined) continue;
      let found: Route6 | null = null;
      for (const route of routes) {
        if (link !== null && route.link !== link) continue;
        if (!samePrefix(route.destination, destination, length)) continue;
        if (found !== null && route.metric > found.metric) break;
        if (found === null || (silent(found) && !silent(route))) found = route;
      }
      if (found !== null) return found;
    }
    return null;
  }

  #at(length: number, destination: Ipv6Address): readonly Route6[] {
    const routes = this.#byLength.get(length)?.get(maskedHash(destination, length)) ?? [];
    return routes.filter((route) => samePrefix(route.destination, destination, length));
  }

  #index(): void {
    this.#byLength.clear();
    for (const route of this.#all) {
      let table = this.#byLength.get(route.length);
      if (table === undefined) this.#byLength.set(route.length, (table = new Map()));
      const hash = maskedHash(route.destination, route.length);
      const routes = table.get(hash);
      if (routes === undefined) table.set(hash, [route]);
      else routes.push(route);
    }
    for (const table of this.#byLength.values()) {
      for (const routes of table.values()) routes.sort((x, y) => x.metric - y.metric);
    }
    this.#lengths = [...this.#byLength.keys()].sort((x, y) => y - x);
    this.#user.tableChanged();
  }

  #record(change: TableChanged['change'], route: Route6): void {
    if (!this.#tracer.on) return;
    const { destination, length, gateway, link, metric, protocol } = route;
    const via = gateway === null ? '' : `via ${gateway.text} `;
    this.#tracer.write({
      kind: 'table',
      table: 'route',
      change,
      key: length === 0 ? 'default' : `${destination.text}/${length}`,
      value: change === 'remove' ? '' : `${via}dev ${link.name} proto ${protocol} metric ${metric}`,
    });
  }
}

const sameGateway = (x: Ipv6Address | null, y: Ipv6Address | null): boolean =>
  x === null || y === null ? x === y : x.equals(y);
