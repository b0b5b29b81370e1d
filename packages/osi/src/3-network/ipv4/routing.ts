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
import type { Redirects } from '../redirects.ts';
import type { TableUser } from '../table-user.ts';
import { AddressTable } from './addresses.ts';
import { readSource } from './codec.ts';
import { type AddressDetails, type LocalAddress, RT_SCOPE_UNIVERSE } from './local-address.ts';
import { type Route, RouteTable } from './routes.ts';
import { Transports } from './transports.ts';
import { type AddressKind, type Hop, nextHopTo, Way } from './way.ts';
import { WayTable } from './way-table.ts';

/** A packet goes nowhere. */
const NOWHERE: Hop = { link: null, gateway: null, group: false };

/** Where packets go: the links, addresses and routes of one machine. What each packet asks for stands first. */
export class Routing extends Transports implements TableUser {
  /** What `route` decided last: to be read at once. */
  protected hop = NOWHERE;
  /**
   * The two addresses that were asked for last, as signed numbers, and what is known of them. On a host mostly they are its own
   * and that of the one it talks to.
   */
  #latestKey = 0;
  #latest: Way | null = null;
  #latestKind: AddressKind = 'other';
  #formerKey = 0;
  #former: Way | null = null;
  #formerKind: AddressKind = 'other';
  /** Of more than two. */
  #ways: WayTable | null = null;
  readonly addresses: AddressTable;
  readonly routes: RouteTable;
  /** In the order of their numbers. */
  links: readonly Link[] = [];
  /** What routers have told of better ways; null as long as none has. */
  protected redirects: Redirects<Ipv4Address, Route> | null = null;
  #loopback: Link | null = null;

  constructor(tracer: Tracer) {
    super();
    this.addresses = new AddressTable(tracer, this);
    this.routes = new RouteTable(tracer, this);
  }

  /** @internal For its tables: what was decided before may be wrong. */
  tableChanged(): void {
    this.#latest = null;
    this.#former = null;
    this.#ways = null;
  }

  addLink(link: Link): void {
    this.links = this.links.concat(link);
    if (link.loopback) this.#loopback = link;
  }

  /** Gives a link an address, and with it the route to its network. @returns 0, -EEXIST, -EINVAL. */
  addAddress(link: Link, prefix: Ipv4Prefix, details?: AddressDetails): number {
    const line = this.addresses.add(link, prefix, details);
    if (typeof line === 'number') return line;
    if (link.up) this.#connect(line);
    return 0;
  }

  /**
   * Takes an address away, and the routes that send from it; with the last address of a link all routes by it
   * (`fib_del_ifaddr`, `fib_disable_ip`). @param promote a secondary address takes its place.
   * @returns 0, -EADDRNOTAVAIL.
   */
  removeAddress(link: Link, prefix: Ipv4Prefix, promote = false): number {
    const removed = this.addresses.remove(link, prefix, promote);
    if (typeof removed === 'number') return removed;
    const { gone, promoted } = removed;
    for (const route of this.routes.entries()) {
      if (gone.some((line) => endsWith(route, line, this.addresses))) this.routes.remove(route);
    }
    if (promoted !== null && link.up) this.#connect(promoted);
    if (!this.addresses.entries().some((line) => line.link === link)) this.#disconnect(link);
    return 0;
  }

  /** A link was switched on or off: its routes go with it, and those of its addresses come back (as on Linux). */
  linkChanged(link: Link): void {
    if (!link.up) {
      this.#disconnect(link);
      return;
    }
    for (const line of this.addresses.entries()) if (line.link === link) this.#connect(line);
  }

  sourceFor(destination: Ipv4Address, via?: string): Ipv4Address | null {
    const way = this.wayOf(destination);
    if (via === undefined || way.kind === 'own') return way.source;
    const link = this.links.find(({ name }) => name === via);
    if (link === undefined) return null;
    return this.#sourceBy(this.routes.lookup(destination, link), link, destination);
  }

  #sourceBy(route: Route | null, link: Link, destination: Ipv4Address): Ipv4Address | null {
    if (route === null || route.gateway === null) {
      return route?.source ?? this.addresses.select(link, destination);
    }
    return route.source ?? this.addresses.select(link, route.gateway, RT_SCOPE_UNIVERSE);
  }

  isLocal(address: Ipv4Address): boolean {
    return this.addresses.isOwn(address);
  }

  isBroadcast(address: Ipv4Address): boolean {
    return this.wayOf(address).group;
  }

  confirm(destination: Ipv4Address): void {
    if (this.route(destination, ANY) === 0)
      this.hop.link?.neighbours?.confirm(nextHopTo(destination, this.hop));
  }

  /** The address that an ARP request by `link` is sent from (`arp_announce` 0 of Linux). */
  arpSource(link: Link, target: Ipv4Address, waiting: Frame | null): Ipv4Address {
    if (waiting !== null) {
      const source = readSource(waiting.view, waiting.start);
      if (this.addresses.isAnsweredFor(source)) return source;
    }
    return this.addresses.select(link, target) ?? ANY;
  }

  /** What is known of an address. */
  wayOf(address: Ipv4Address): Way {
    const key = address | 0;
    const latest = this.#latest;
    if (this.#latestKey === key && latest !== null) return latest;
    const former = this.#former;
    if (this.#formerKey === key && former !== null) return former;
    let way = this.#ways === null ? null : this.#ways.find(key);
    if (way === null) {
      if (former !== null) this.#ways ??= new WayTable();
      way = this.#decide(address);
    }
    this.#formerKey = this.#latestKey;
    this.#former = latest;
    this.#formerKind = this.#latestKind;
    this.#latestKey = key;
    this.#latest = way;
    this.#latestKind = way.kind;
    return way;
  }

  /** What an address is: all that a packet for this machine asks. */
  kindOf(address: Ipv4Address): AddressKind {
    const key = address | 0;
    if (this.#latestKey === key && this.#latest !== null) return this.#latestKind;
    if (this.#formerKey === key && this.#former !== null) return this.#formerKind;
    return this.wayOf(address).kind;
  }

  /** Decides where a packet goes; sets `hop`. @param name of the interface to go by. @returns 0 or a negated errno. */
  protected route(destination: Ipv4Address, source: Ipv4Address, name?: string): number {
    const way = this.wayOf(destination);
    this.hop = way;
    if (way.kind === 'own') {
      const lo = way.link;
      // Without `lo` its network is gone; what is for our other addresses goes there all the same, and is lost.
      return lo === null || (!lo.up && isLoopback(destination)) ? -ERRNO.ENETUNREACH : 0;
    }
    if (way.kind === 'group' || name !== undefined) {
      const bound = name === undefined ? null : (this.links.find((link) => link.name === name) ?? null);
      if (name !== undefined && bound === null) return -ERRNO.ENODEV;
      this.hop = this.#choose(destination, source, way, bound);
    }
    const { link } = this.hop;
    if (link === null) return -ERRNO.ENETUNREACH;
    // What is from 127.0.0.0/8 stays on this machine (`__mkroute_output`).
    if (isLoopback(source) && !link.loopback) return -ERRNO.EINVAL;
    return link.up ? 0 : -ERRNO.ENETDOWN;
  }

  #decide(address: Ipv4Address): Way {
    const { addresses } = this;
    const broadcast = addresses.ofBroadcast(address);
    if (addresses.isOwn(address)) {
      return this.#keep(
        address,
        new Way('own', this.#loopback, null, isLoopback(address) ? LOOPBACK : address),
      );
    }
    if (broadcast !== undefined) {
      return this.#keep(address, new Way('broadcast', broadcast.link, null, broadcast.address));
    }
    const route = this.routes.lookup(address);
    const source = route === null ? null : this.#sourceBy(route, route.link, address);
    if (address === BROADCAST || isMulticast(address)) {
      return this.#keep(address, new Way('group', null, null, source));
    }
    const gateway = route === null ? null : this.#gateway(route, address);
    return this.#keep(address, new Way('other', route?.link ?? null, gateway, source), route);
  }

  #keep(address: Ipv4Address, way: Way, route: Route | null = null): Way {
    return this.#ways === null ? way : this.#ways.add(address | 0, way, route);
  }

  /** Where a packet to a group goes, or one that is bound to an interface. */
  #choose(destination: Ipv4Address, source: Ipv4Address, { kind, group }: Way, bound: Link | null): Hop {
    if (kind === 'group') {
      const link =
        bound ?? this.addresses.find(source)?.link ?? this.routes.lookup(destination)?.link ?? null;
      return { link, gateway: null, group };
    }
    // Bound to an interface without a route, Linux takes the destination to be on its link.
    const route = group ? null : this.routes.lookup(destination, bound);
    return { link: bound, gateway: route === null ? null : this.#gateway(route, destination), group };
  }

  #gateway(route: Route, destination: Ipv4Address): Ipv4Address | null {
    return this.redirects?.gatewayTo(destination, route) ?? route.gateway;
  }

  #disconnect(link: Link): void {
    for (const route of this.routes.entries()) if (route.link === link) this.routes.remove(route);
  }

  /** Adds the route to an address's network, from its primary address. */
  #connect({ link, address, length, secondary }: LocalAddress): void {
    if (length === 32 || link.loopback || secondary) return;
    const destination = ipv4FromNumber(address & netmask(length));
    this.routes.add(
      { destination, length, gateway: null, link, metric: 0, source: address, protocol: 'kernel' },
      true,
    );
  }
}

/** Whether a route ends with an address: that to its network, and others that send from it if no link has it any more. */
function endsWith(route: Route, line: LocalAddress, addresses: AddressTable): boolean {
  if (route.source !== line.address) return false;
  return (
    (route.protocol === 'kernel' && route.link === line.link) || addresses.find(line.address) === undefined
  );
}
