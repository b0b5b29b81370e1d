import type { Link } from '../../2-datalink/index.ts';
import { type Nanoseconds, type Simulation, seconds } from '../../time/index.ts';
import { ERRNO, type TracedTimer } from '../../trace/index.ts';
import type { RateLimit } from '../icmp/rate-limit.ts';
import { type MldOptions, MulticastListeners } from '../mld/layer.ts';
import { INFINITE_LIFETIME } from '../ndisc/codec.ts';
import { DuplicateDetection } from '../ndisc/dad.ts';
import { NeighbourDiscovery } from '../ndisc/discovery.ts';
import { RouterRedirects } from '../ndisc/redirects.ts';
import {
  type AdvertisementSettings,
  advertisementProblem,
  RouterAdvertiser,
} from '../ndisc/router-advertiser.ts';
import { type AutonomousPrefix, RouterDiscovery } from '../ndisc/router-discovery.ts';
import type { Sysctl } from '../sysctl.ts';
import {
  ALL_NODES,
  ALL_NODES_HERE,
  ALL_ROUTERS,
  type Ipv6Address,
  type Ipv6Prefix,
  LOOPBACK6,
  linkLocalOf,
  needsZone,
  solicitedNode,
  withEui64,
} from './address.ts';
import type { LocalAddress6, NewAddress6 } from './addresses.ts';
import { IPV6_LEAST_MTU } from './codec.ts';
import type { Ipv6Interface } from './interface.ts';
import type { Ipv6Layer } from './layer.ts';

/** A router may not shorten what is left to less than this, unless it is less already (RFC 4862 section 5.5.3 e). */
const TWO_HOURS = seconds(7200);

export interface ConfigurationOptions extends MldOptions {
  /** How often errors are sent to one host, which redirects count against, too. */
  rate: RateLimit;
}

/**
 * Which addresses the interfaces of one machine have (RFC 4862, net/ipv6/addrconf.c): a link-local one as soon as IPv6
 * works on them, those that are given by hand, and those that come of a router's prefixes and end with them.
 */
export class Configuration {
  readonly groups: MulticastListeners;
  readonly discovery: NeighbourDiscovery;
  readonly #sim: Simulation;
  readonly #ip: Ipv6Layer;
  readonly #sysctl: Sysctl;
  readonly #dad: DuplicateDetection;
  readonly #routers: RouterDiscovery;
  readonly #options: ConfigurationOptions;
  #advertiser: RouterAdvertiser | null = null;
  /** Runs until the next address or route ends. */
  readonly #ending: TracedTimer;

  constructor(options: ConfigurationOptions) {
    const { sim, tracer, pool, sysctl, ip, icmp, rate } = options;
    this.#options = options;
    this.#sim = sim;
    this.#ip = ip;
    this.#sysctl = sysctl;
    this.groups = new MulticastListeners(options);
    this.discovery = new NeighbourDiscovery({ sim, tracer, pool, ip, icmp });
    this.#dad = new DuplicateDetection(sim, tracer, ip, this.discovery, (line, by) => this.#usable(line, by));
    this.#routers = new RouterDiscovery(sim, tracer, pool, ip, this.discovery);
    this.#routers.autonomous = (by, prefix) => this.#fromPrefix(by, prefix);
    this.#routers.expires = (at) => this.#endsAt(at);
    ip.betterWays = new RouterRedirects(pool, ip, this.discovery, rate);
    this.#ending = tracer.timer(
      'ipv6.lifetime',
      () => '',
      () => this.#end(),
      true,
    );
  }

  /** `lo`, which has its address from the start: on the record it is already. */
  attachLoopback(lo: Link): void {
    const by = this.#ip.addLink(lo);
    by.enabled = true;
    for (const group of EVERYBODY) this.#join(by, group);
    this.#ip.addresses.add(lo, { address: LOOPBACK6, length: 128 }, false);
    this.linkChanged(lo);
  }

  /** A new link of the machine. */
  attach(link: Link): Ipv6Interface {
    const by = this.#ip.addLink(link);
    if (by.discovers) this.discovery.attach(by);
    this.linkChanged(link);
    return by;
  }

  /** It was switched on or off, or its carrier came or went. */
  linkChanged(link: Link): void {
    const by = this.#ip.on(link);
    if (by === null) return;
    if (!isWanted(by)) {
      if (by.enabled) this.#disable(by);
      return;
    }
    if (!by.enabled) this.#enable(by);
    else if (!link.carrier) {
      by.neighbours?.flush();
      this.#routers.stop(by);
      this.#advertiser?.refresh(by);
    }
    if (link.carrier) this.#ready(by);
  }

  mtuChanged(link: Link): void {
    const by = this.#ip.on(link);
    if (by !== null && by.enabled !== isWanted(by)) this.linkChanged(link);
  }

  /**
   * Gives an interface an address by hand. @param dad false: it is not asked for first (`ip addr add … nodad`).
   * @returns 0, -EEXIST, -EINVAL, -EADDRNOTAVAIL; -EACCES while IPv6 is disabled on the interface.
   */
  addAddress(link: Link, prefix: Ipv6Prefix, dad = true): number {
    const by = this.#ip.on(link);
    if (by === null) return -ERRNO.ENODEV;
    if (link.mtu < IPV6_LEAST_MTU) return -ERRNO.EINVAL;
    if (by.setting('disable_ipv6') !== 0) return -ERRNO.EACCES;
    const line = this.#add(by, { ...prefix, tentative: dad && by.discovers });
    return typeof line === 'number' ? line : 0;
  }

  /** @returns 0, -EADDRNOTAVAIL. */
  removeAddress(link: Link, { address, length }: Ipv6Prefix): number {
    const wanted = needsZone(address) ? address.inZone(link.index) : address;
    const line = this.#ip.addresses.on(link, wanted);
    const by = this.#ip.on(link);
    if (line === undefined || by === null || line.length !== length) return -ERRNO.EADDRNOTAVAIL;
    this.#remove(by, line);
    return 0;
  }

  /**
   * Has a router tell the hosts of a link that it is there, and the prefixes of its addresses; null: no longer.
   * @returns 0, -ENODEV for a link without IPv6 or without neighbours, -EINVAL for settings out of their ranges.
   */
  advertise(link: Link, settings: AdvertisementSettings | null): number {
    const by = this.#ip.on(link);
    if (by === null || !by.discovers) return -ERRNO.ENODEV;
    if (settings !== null && advertisementProblem(settings, link.mtu) !== null) return -ERRNO.EINVAL;
    const { sim, tracer, pool, ip } = this.#options;
    this.#advertiser ??= new RouterAdvertiser(sim, tracer, pool, ip, this.discovery);
    this.#advertiser.configure(by, settings);
    return 0;
  }

  /** The hop limit of packets whose socket does not say. */
  get hopLimit(): number {
    return this.#sysctl.ipv6('default', 'hop_limit');
  }

  #add(by: Ipv6Interface, added: NewAddress6): LocalAddress6 | number {
    const line = this.#ip.addLine(by.link, added);
    if (typeof line === 'number') return line;
    if (by.discovers) this.#join(by, solicitedNode(line.address));
    if (by.enabled && by.link.carrier) this.#dad.start(line, by);
    return line;
  }

  #remove(by: Ipv6Interface, line: LocalAddress6): void {
    this.#dad.stop(line);
    this.#ip.removeLine(line);
    if (by.discovers) this.#leave(by, solicitedNode(line.address));
  }

  #enable(by: Ipv6Interface): void {
    const { link } = by;
    by.enabled = true;
    this.groups.groupsOn(link).activeChanged();
    for (const group of EVERYBODY) this.#join(by, group);
    this.#joinAsRouter(by);
    if (link.loopback) {
      this.#add(by, { address: LOOPBACK6, length: 128 });
      return;
    }
    if (!by.discovers) return;
    if (by.setting('addr_gen_mode') === 0) {
      this.#add(by, { address: linkLocalOf(link.mac, link.index), length: 64, tentative: true });
    }
  }

  /** Addresses go with the interface, those given by hand too (`keep_addr_on_down` 0 of Linux). */
  #disable(by: Ipv6Interface): void {
    by.enabled = false;
    this.#routers.stop(by);
    this.#advertiser?.refresh(by);
    for (const line of [...this.#ip.addresses.entries()]) if (line.link === by.link) this.#remove(by, line);
    for (const route of [...this.#ip.routes.entries()]) {
      if (route.link === by.link) this.#ip.routes.remove(route);
    }
    this.groups.groupsOn(by.link).activeChanged();
    for (const group of EVERYBODY) this.#leave(by, group);
    this.#joinAsRouter(by);
    by.neighbours?.flush(true);
    by.hopLimit = by.setting('hop_limit');
    by.routerMtu = Number.POSITIVE_INFINITY;
  }

  /** The line works: what waits to be asked for is asked for now. */
  #ready(by: Ipv6Interface): void {
    let waits = false;
    for (const line of this.#ip.addresses.entries()) {
      if (line.link !== by.link || !line.tentative || line.failed) continue;
      this.#dad.start(line, by);
      waits = true;
    }
    if (waits) return;
    this.#routers.start(by);
    this.#advertiser?.refresh(by);
  }

  /** An address may be used; with the link-local one routers are asked for. */
  #usable(line: LocalAddress6, by: Ipv6Interface): void {
    if (line !== this.#ip.addresses.linkLocal(by.link)) return;
    // What was told without an address is told again (RFC 3590, `mld_dad_work`).
    this.groups.groupsOn(by.link).tellAnew();
    this.#routers.start(by);
    this.#advertiser?.refresh(by);
  }

  /** Makes an address of a router's prefix, or gives one that was made of it more time (RFC 4862 section 5.5.3). */
  #fromPrefix(by: Ipv6Interface, { prefix, length, valid, preferred }: AutonomousPrefix): void {
    // An interface identifier has 64 bits (RFC 4291 section 2.5.1).
    if (length !== 64) return;
    const address = withEui64(prefix, by.link.mac);
    const { now } = this.#sim;
    const line = this.#ip.addresses.on(by.link, address);
    const validUntil = until(now, valid);
    const preferredUntil = until(now, preferred);
    if (line === undefined) {
      const made = this.#ip.addresses.entries().filter((each) => each.link === by.link && each.dynamic);
      if (valid === 0 || made.length >= by.setting('max_addresses')) return;
      this.#add(by, { address, length, dynamic: true, tentative: true, validUntil, preferredUntil });
    } else if (line.dynamic) {
      const left = line.validUntil - now;
      const longer = validUntil - now > TWO_HOURS || validUntil > line.validUntil;
      const most = left > TWO_HOURS ? now + TWO_HOURS : line.validUntil;
      this.#ip.addresses.renew(line, preferredUntil, longer ? validUntil : most);
    }
    this.#endsAt(validUntil);
  }

  #endsAt(at: Nanoseconds): void {
    if (at === Number.POSITIVE_INFINITY) return;
    if (!this.#ending.running || at < this.#ending.deadline) this.#ending.start(at - this.#sim.now);
  }

  #end(): void {
    const { now } = this.#sim;
    let next = Number.POSITIVE_INFINITY;
    for (const line of [...this.#ip.addresses.entries()]) {
      const by = this.#ip.on(line.link);
      if (line.validUntil > now) next = Math.min(next, line.validUntil);
      else if (by !== null) this.#remove(by, line);
    }
    for (const route of [...this.#ip.routes.entries()]) {
      if (route.until > now) next = Math.min(next, route.until);
      else this.#ip.routes.remove(route);
    }
    this.#endsAt(next);
  }

  /** Some of `net.ipv6.conf.…` was set. */
  settingsChanged(): void {
    for (const by of this.#ip.interfaces) {
      this.linkChanged(by.link);
      by.hopLimit = by.setting('hop_limit');
      if (!this.#joinAsRouter(by)) continue;
      if (by.isRouter) this.#routers.becomeRouter(by);
      this.#advertiser?.refresh(by);
    }
  }

  /** Routers are in the group of all of them. @returns whether that has changed. */
  #joinAsRouter(by: Ipv6Interface): boolean {
    const forwards = by.enabled && by.discovers && by.setting('forwarding') !== 0;
    if (forwards === by.isRouter) return false;
    by.isRouter = forwards;
    if (forwards) this.#join(by, ALL_ROUTERS);
    else this.#leave(by, ALL_ROUTERS);
    return true;
  }

  #join({ link }: Ipv6Interface, group: Ipv6Address): void {
    this.groups.groupsOn(link).join(group.inZone(link.index), 'exclude');
  }

  #leave({ link }: Ipv6Interface, group: Ipv6Address): void {
    this.groups.groupsOn(link).leave(group.inZone(link.index), 'exclude', []);
  }
}

/** The groups that every interface is in, which nobody has to be told of (`ipv6_add_dev`). */
const EVERYBODY = [ALL_NODES_HERE, ALL_NODES];

/** Links of a lesser MTU have no IPv6 (RFC 8200 section 5, `addrconf_notify`). */
const isWanted = (by: Ipv6Interface): boolean =>
  by.link.up && by.link.mtu >= IPV6_LEAST_MTU && by.setting('disable_ipv6') === 0;

const until = (now: Nanoseconds, lifetime: number): Nanoseconds =>
  lifetime === INFINITE_LIFETIME ? Number.POSITIVE_INFINITY : now + seconds(lifetime);
