import type { Link } from '../../2-datalink/index.ts';
import { type Ipv4Address, netmask } from '../address.ts';
import type { Route } from './route.ts';

const NONE: readonly Route[] = [];

/** Many routes by their prefixes: looking one up costs a table for each length of prefix that is in use. */
export class RouteIndex {
  /** By prefix length, then by destination: those with the least metric first. */
  readonly #byLength: (Map<number, readonly Route[]> | undefined)[] = [];
  /** Bit 31 - n is set while there are routes of length n; length 32 has a flag of its own. */
  #lengths = 0;
  #hosts = false;

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.add(route);
  }

  /** Those to one prefix. */
  of(length: number, destination: Ipv4Address): readonly Route[] {
    return this.#byLength[length]?.get(destination) ?? NONE;
  }

  add(route: Route): void {
    const { length, destination, metric } = route;
    const routes = this.of(length, destination);
    const place = routes.findIndex((other) => other.metric > metric);
    const table = (this.#byLength[length] ??= new Map());
    table.set(destination, place < 0 ? [...routes, route] : routes.toSpliced(place, 0, route));
    this.#mark(length);
  }

  remove(route: Route): void {
    const { length, destination } = route;
    const left = this.of(length, destination).filter((other) => other !== route);
    if (left.length > 0) this.#byLength[length]?.set(destination, left);
    else this.#byLength[length]?.delete(destination);
    this.#mark(length);
  }

  /** The route to an address, or null. @param link only routes by this link. */
  lookup(destination: Ipv4Address, link: Link | null): Route | null {
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
    const some = (this.#byLength[length]?.size ?? 0) > 0;
    if (length === 32) this.#hosts = some;
    else if (some) this.#lengths |= 1 << (31 - length);
    else this.#lengths &= ~(1 << (31 - length));
  }
}

function choose(routes: readonly Route[] | undefined, link: Link | null): Route | null {
  if (routes === undefined) return null;
  if (link === null) return routes[0] ?? null;
  for (const route of routes) if (route.link === link) return route;
  return null;
}
