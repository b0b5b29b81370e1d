import type { Frame } from '../../1-physical/index.ts';
import type { Link } from '../../2-datalink/index.ts';
import { ERRNO, type Tracer } from '../../trace/index.ts';
import {
  ANY,
  BROADCAST,
  type Ipv4Address,
  type Ipv4Prefix,
  ipv4FromNumber,
  isLoopback,
  isMulticast,
  LOOPBACK,
  netmask,
} from '../address.ts';
import { AddressTable } from './addresses.ts';
import { readSource } from './codec.ts';
import { type Route, RouteTable } from './routes.ts';

/** Where a packet goes next: written anew for each packet. */
export interface Hop {
  link: Link | null;
  nextHop: Ipv4Address;
  /** `nextHop` is a broadcast or multicast address. */
  group: boolean;
}

/** Where packets go: the links, addresses and routes of one machine. */
export class Routing {
  readonly addresses: AddressTable;
  readonly routes: RouteTable;
  /** In the order of their numbers. */
  readonly links: Link[] = [];
  /** What `route` decided last. */
  protected readonly hop: Hop = { link: null, nextHop: ANY, group: false };
  #loopback: Link | null = null;
  /** The last decision for what is neither ours nor multicast: packet after packet goes the same way. */
  readonly #last: Hop = { link: null, nextHop: ANY, group: false };
  #lastDestination: Ipv4Address = ANY;
  #lastVersion = -1;

  constructor(tracer: Tracer) {
    this.addresses = new AddressTable(tracer);
    this.routes = new RouteTable(tracer);
  }

  addLink(link: Link): void {
    this.links.push(link);
    if (link.loopback) this.#loopback = link;
  }

  /** Gives a link an address, and with it the route to its network. @returns 0, -EEXIST, -EINVAL. */
  addAddress(link: Link, prefix: Ipv4Prefix): number {
    const line = this.addresses.add(link, prefix);
    if (typeof line === 'number') return line;
    if (link.up) this.#connect(link, prefix);
    return 0;
  }

  /** Takes an address away, and the routes that send from it. @returns 0, -EADDRNOTAVAIL. */
  removeAddress(link: Link, prefix: Ipv4Prefix): number {
    const line = this.addresses.remove(link, prefix);
    if (typeof line === 'number') return line;
    for (const route of [...this.routes.entries()]) {
      if (route.source === line.address) this.routes.remove(route);
    }
    return 0;
  }

  /** A link was switched on or off: its routes go with it, and those of its addresses come back (as on Linux). */
  linkChanged(link: Link): void {
    if (!link.up) {
      for (const route of [...this.routes.entries()]) if (route.link === link) this.routes.remove(route);
      return;
    }
    for (const line of this.addresses.entries()) if (line.link === link) this.#connect(link, line);
  }

  sourceFor(destination: Ipv4Address, via?: string): Ipv4Address | null {
    if (this.addresses.isOwn(destination)) {
      return isLoopback(destination) ? LOOPBACK : destination;
    }
    if (via !== undefined) {
      const link = this.links.find(({ name }) => name === via);
      if (link === undefined) return null;
      const way = this.routes.lookup(destination, link);
      return way?.source ?? this.addresses.select(link, way?.gateway ?? destination);
    }
    const route = this.routes.lookup(destination);
    const broadcast = this.addresses.ofBroadcast(destination);
    if (broadcast !== undefined) return broadcast.address;
    if (route === null) return null;
    return route.source ?? this.addresses.select(route.link, route.gateway ?? destination);
  }

  isLocal(address: Ipv4Address): boolean {
    return this.addresses.isOwn(address);
  }

  isBroadcast(address: Ipv4Address): boolean {
    return this.addresses.isBroadcast(address);
  }

  confirm(destination: Ipv4Address): void {
    if (this.route(destination, ANY) === 0) this.hop.link?.neighbours?.confirm(this.hop.nextHop);
  }

  /** The address that an ARP request by `link` is sent from (`arp_announce` 0 of Linux). */
  arpSource(link: Link, target: Ipv4Address, waiting: Frame | null): Ipv4Address {
    if (waiting !== null) {
      const source = readSource(waiting.view, waiting.start);
      if (this.addresses.isAnsweredFor(source)) return source;
    }
    return this.addresses.select(link, target) ?? ANY;
  }

  /** Decides where a packet goes; writes `hop`. @param name of the interface to go by. @returns 0 or a negated errno. */
  protected route(destination: Ipv4Address, source: Ipv4Address, name?: string): number {
    const hop = this.hop;
    const { addresses } = this;
    const version = this.routes.version + addresses.version;
    const last = this.#last;
    if (
      destination === this.#lastDestination &&
      version === this.#lastVersion &&
      name === undefined &&
      last.link?.up === true
    ) {
      hop.link = last.link;
      hop.nextHop = last.nextHop;
      hop.group = last.group;
      return 0;
    }
    hop.nextHop = destination;
    hop.group = false;
    hop.link = null;
    if (addresses.isOwn(destination)) {
      const lo = this.#loopback;
      hop.link = lo;
      // Without `lo` its network is gone; what is for our other addresses goes there all the same, and is lost.
      return lo === null || (!lo.up && isLoopback(destination)) ? -ERRNO.ENETUNREACH : 0;
    }
    const bound = name === undefined ? null : (this.links.find((link) => link.name === name) ?? null);
    if (name !== undefined && bound === null) return -ERRNO.ENODEV;
    if (destination === BROADCAST || isMulticast(destination)) {
      hop.group = true;
      hop.link = bound ?? addresses.find(source)?.link ?? this.routes.lookup(destination)?.link ?? null;
    } else {
      const broadcast = addresses.ofBroadcast(destination);
      const route: Route | null = broadcast === undefined ? this.routes.lookup(destination, bound) : null;
      if (broadcast !== undefined) {
        hop.group = true;
        hop.link = bound ?? broadcast.link;
      } else if (route !== null) {
        hop.link = route.link;
        if (route.gateway !== null) hop.nextHop = route.gateway;
      } else {
        // Bound to an interface without a route, Linux takes the destination to be on its link.
        hop.link = bound;
      }
      if (name === undefined) {
        last.link = hop.link;
        last.nextHop = hop.nextHop;
        last.group = hop.group;
        this.#lastDestination = destination;
        this.#lastVersion = version;
      }
    }
    if (hop.link === null) return -ERRNO.ENETUNREACH;
    return hop.link.up ? 0 : -ERRNO.ENETDOWN;
  }

  #connect(link: Link, { address, length }: Ipv4Prefix): void {
    if (length === 32 || link.loopback) return;
    this.routes.add({
      destination: ipv4FromNumber(address & netmask(length)),
      length,
      gateway: null,
      link,
      metric: 0,
      source: address,
      protocol: 'kernel',
    });
  }
}
