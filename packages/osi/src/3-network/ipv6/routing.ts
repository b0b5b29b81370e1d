import type { Link } from '../../2-datalink/index.ts';
import type { Simulation } from '../../time/index.ts';
import { ERRNO, type Tracer } from '../../trace/index.ts';
import { Redirects } from '../redirects.ts';
import type { Sysctl } from '../sysctl.ts';
import type { TableUser } from '../table-user.ts';
import { Ways } from '../ways.ts';
import {
  ANY6,
  type Ipv6Address,
  isLinkLocal6,
  isLoopback6,
  isMulticast6,
  maskIpv6,
  needsZone,
} from './address.ts';
import { AddressTable6, type LocalAddress6, type NewAddress6 } from './addresses.ts';
import { Ipv6Interface } from './interface.ts';
import { type Route6, RouteTable6 } from './routes.ts';
import { selectSource } from './source-selection.ts';
import { NO_WAY6, newWay6, type Way6 } from './way.ts';

/** Where a packet goes next. */
interface Hop6 {
  by: Ipv6Interface | null;
  nextHop: Ipv6Address;
  /** `nextHop` is a group. */
  group: boolean;
}

/** Routes that come with an address have this metric (`IP6_RT_PRIO_ADDRCONF`). */
const METRIC_ADDRESS = 256;

/** Where packets go: the links, addresses and routes of one machine. */
export class Routing6 implements TableUser {
  readonly addresses: AddressTable6;
  readonly routes: RouteTable6;
  /** In the order of their numbers. */
  readonly interfaces: Ipv6Interface[] = [];
  readonly tracer: Tracer;
  protected readonly sim: Simulation;
  protected readonly sysctl: Sysctl;
  /** What `route` decided last: to be read at once. */
  protected hop: Readonly<Hop6>;
  #loopback: Ipv6Interface | null = null;
  /** What routers have told of better ways; null as long as none has. */
  #redirects: Redirects<Ipv6Address, Route6> | null = null;
  /** Made with the first question. */
  #ways: Ways<Way6> | null = null;
  /** The two that were asked for last, which on a host mostly are its own address and that of the one it talks to. */
  #latest: Way6 = NO_WAY6;
  #former: Way6 = NO_WAY6;
  /** Counts changes of the tables: what was decided before may be wrong. */
  #version = 0;
  /** Of what depends on more than the destination: written anew each time. */
  readonly #special: Hop6 = { by: null, nextHop: ANY6, group: false };

  constructor(sim: Simulation, tracer: Tracer, sysctl: Sysctl) {
    this.addresses = new AddressTable6(sim, tracer, this);
    this.routes = new RouteTable6(tracer, this);
    this.hop = this.#special;
    this.sim = sim;
    this.tracer = tracer;
    this.sysctl = sysctl;
  }

  /** @internal For its tables. */
  tableChanged(): void {
    this.#version++;
  }

  addLink(link: Link): Ipv6Interface {
    const by = new Ipv6Interface(link, this.sysctl);
    this.interfaces.push(by);
    if (link.loopback) this.#loopback = by;
    this.tableChanged();
    return by;
  }

  /** IPv6 on a link, or null for a link that is not ours. */
  on(link: Link): Ipv6Interface | null {
    // Links are numbered from 1, and added in that order.
    const usual = this.interfaces[link.index - 1];
    if (usual?.link === link) return usual;
    return this.interfaces.find((each) => each.link === link) ?? null;
  }

  /** Gives a link an address, and with it the route to its network. @returns its line, or -EEXIST, -EINVAL, -EADDRNOTAVAIL. */
  addLine(link: Link, added: NewAddress6): LocalAddress6 | number {
    const line = this.addresses.add(link, added);
    // What a router tells of its prefix makes the route of an address that came of it.
    if (typeof line !== 'number' && link.up && !line.dynamic) this.connect(line);
    return line;
  }

  /** Takes an address away, and the route to its network when it was the last of it. */
  removeLine(line: LocalAddress6): void {
    this.addresses.remove(line);
    const prefix = maskIpv6(line.address.inZone(0), line.length);
    for (const other of this.addresses.entries()) {
      if (other.link !== line.link || other.length !== line.length) continue;
      if (maskIpv6(other.address.inZone(0), other.length).equals(prefix)) return;
    }
    for (const route of this.routes.entries()) {
      if (route.link !== line.link || route.protocol !== 'kernel' || route.length !== line.length) continue;
      if (route.destination.equals(prefix)) this.routes.remove(route);
    }
  }

  /** Adds the route to an address's network; several addresses may have it in common. */
  protected connect({ link, address, length }: LocalAddress6): void {
    if (length === 128 || link.loopback) return;
    const destination = maskIpv6(address.inZone(0), length);
    const until = Number.POSITIVE_INFINITY;
    const protocol = 'kernel';
    this.routes.add({ destination, length, gateway: null, link, metric: METRIC_ADDRESS, protocol, until });
  }

  /** The line of the address to send from, or null. @param by an interface to send by. */
  sourceLine(destination: Ipv6Address, by?: string): LocalAddress6 | null {
    const way = this.#wayOf(destination);
    if (way.own) return this.addresses.find(destination) ?? null;
    if (this.route(destination, ANY6, by) !== 0) return null;
    if (this.hop !== way) return selectSource(this.addresses, this.hop.by?.link ?? null, destination);
    if (way.sourceUntil <= this.sim.now) {
      way.source = selectSource(this.addresses, way.by?.link ?? null, destination);
      way.sourceUntil = this.addresses.nextDeprecation;
    }
    return way.source;
  }

  sourceFor(destination: Ipv6Address, by?: string): Ipv6Address | null {
    return this.sourceLine(destination, by)?.address ?? null;
  }

  /** The interface that the routes choose for a destination, or null. */
  wayTo(destination: Ipv6Address): Ipv6Interface | null {
    return this.route(destination, ANY6) === 0 ? this.hop.by : null;
  }

  isLocal(address: Ipv6Address): boolean {
    return this.addresses.isOwn(address);
  }

  /** There is no broadcast in IPv6: a group. */
  isBroadcast(address: Ipv6Address): boolean {
    return isMulticast6(address);
  }

  confirm(destination: Ipv6Address): void {
    if (this.route(destination, ANY6) === 0) this.hop.by?.neighbours?.confirm(this.hop.nextHop);
  }

  /** Decides where a packet goes; sets `hop`. @param name of the interface to go by. @returns 0 or a negated errno. */
  protected route(destination: Ipv6Address, source: Ipv6Address, name?: string): number {
    const way = this.#wayOf(destination);
    this.hop = way;
    if (way.own) {
      const lo = way.by;
      return lo === null || (!lo.link.up && isLoopback6(destination)) ? -ERRNO.ENETUNREACH : 0;
    }
    if (way.open || name !== undefined) {
      const bound = name === undefined ? this.#zone(destination) : this.#named(name);
      if (name !== undefined && bound === null) return -ERRNO.ENODEV;
      this.#choose(destination, source, bound);
      this.hop = this.#special;
    }
    const { by } = this.hop;
    if (by === null) return -ERRNO.ENETUNREACH;
    if (!by.link.up) return -ERRNO.ENETDOWN;
    return by.enabled ? 0 : -ERRNO.ENETUNREACH;
  }

  /** What is known of an address: to be read at once. */
  #wayOf(address: Ipv6Address): Way6 {
    const version = this.#version;
    const latest = this.#latest;
    if (latest.version === version && latest.address.equals(address)) return latest;
    const former = this.#former;
    if (former.version === version && former.address.equals(address)) return former;
    this.#ways ??= new Ways();
    const way = this.#ways.place(address.hash, version, newWay6);
    if (way.version !== version || !way.address.equals(address)) this.#decide(way, address, version);
    this.#former = latest;
    this.#latest = way;
    return way;
  }

  #decide(way: Way6, address: Ipv6Address, version: number): void {
    way.key = address.hash;
    way.version = version;
    way.address = address;
    way.nextHop = address;
    way.own = this.addresses.isOwn(address);
    way.group = isMulticast6(address);
    way.open = way.group || address.zone !== 0;
    way.by = null;
    way.sourceUntil = Number.NEGATIVE_INFINITY;
    if (way.own) way.by = this.#loopback;
    else if (isLinkLocal6(address)) {
      way.by = this.#zone(address);
      way.open = address.zone === 0;
    } else if (!way.group) {
      const route = this.routes.lookup(address, null, () => {
        way.open = true;
        return false;
      });
      if (route !== null) {
        way.by = this.on(route.link);
        way.nextHop = this.#nextHop(route, address);
      }
    }
  }

  /** Writes `#special`: where a packet goes that is bound to an interface, or for which the address alone does not decide. */
  #choose(destination: Ipv6Address, source: Ipv6Address, bound: Ipv6Interface | null): void {
    const hop = this.#special;
    hop.nextHop = destination;
    hop.group = isMulticast6(destination);
    hop.by = null;
    if (bound === null && destination.zone !== 0) return;
    if (hop.group) {
      hop.by = bound ?? this.#ofSource(source) ?? this.#multicastDefault(destination);
      if (needsZone(destination) && hop.by !== null) hop.nextHop = destination.inZone(hop.by.link.index);
    } else if (isLinkLocal6(destination)) {
      // Without a zone it is nowhere in particular: the first link that has link-local addresses (RFC 4007 section 6).
      hop.by = bound ?? this.#ofSource(source) ?? this.#first();
      if (hop.by !== null) hop.nextHop = destination.inZone(hop.by.link.index);
    } else {
      const route = this.routes.lookup(destination, bound?.link ?? null, this.#silent);
      if (route !== null) {
        hop.by = this.on(route.link);
        hop.nextHop = this.#nextHop(route, destination);
      }
    }
  }

  #nextHop(route: Route6, destination: Ipv6Address): Ipv6Address {
    return this.#redirects?.gatewayTo(destination, route) ?? route.gateway ?? destination;
  }

  /** Whether packets to `destination` go by `router`, or would without a redirect (`__ip6_route_redirect`). */
  isGatewayTo(destination: Ipv6Address, route: Route6, router: Ipv6Address): boolean {
    return route.gateway?.equals(router) === true || this.#nextHop(route, destination).equals(router);
  }

  /** Packets to `destination` go by a better router from now on, or without one: an exception to `route`. */
  redirect(destination: Ipv6Address, route: Route6, gateway: Ipv6Address): void {
    this.#redirects ??= new Redirects(this.sim, this.tracer, () => this.tableChanged());
    this.#redirects.learn(destination, route, gateway);
  }

  /** A neighbour is no router, or is silent: what others have told of it does not count (RFC 4861 section 7.2.5, 7.3.3). */
  notRouter(address: Ipv6Address): void {
    this.#redirects?.forget(address);
  }

  /** A router that was asked for in vain is passed over while there is another (RFC 4861 section 6.3.6). */
  readonly #silent = (route: Route6): boolean =>
    route.gateway !== null && this.on(route.link)?.neighbours?.get(route.gateway)?.state === 'FAILED';

  #named(name: string): Ipv6Interface | null {
    return this.interfaces.find(({ link }) => link.name === name) ?? null;
  }

  #zone({ zone }: Ipv6Address): Ipv6Interface | null {
    return zone === 0 ? null : (this.interfaces.find(({ link }) => link.index === zone) ?? null);
  }

  #ofSource(source: Ipv6Address): Ipv6Interface | null {
    const line = this.addresses.find(source);
    return line === undefined || line.link.loopback ? null : this.on(line.link);
  }

  #multicastDefault(group: Ipv6Address): Ipv6Interface | null {
    const route = this.routes.lookup(group.inZone(0));
    return route === null ? this.#first() : this.on(route.link);
  }

  #first(): Ipv6Interface | null {
    return this.interfaces.find(({ enabled, link }) => enabled && !link.loopback) ?? null;
  }
}
