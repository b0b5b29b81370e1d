import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { milliseconds, type Nanoseconds, type Random, type Simulation, seconds } from '../../time/index.ts';
import type { TracedTimer, Tracer } from '../../trace/index.ts';
import {
  ND_REDIRECT,
  ND_ROUTER_ADVERTISEMENT,
  ND_ROUTER_SOLICITATION,
  writeIcmpv6,
} from '../icmpv6/codec.ts';
import type { ReceivedPacket } from '../ip-service.ts';
import {
  ALL_ROUTERS,
  ANY6,
  type Ipv6Address,
  isLinkLocal6,
  isMulticast6,
  maskIpv6,
} from '../ipv6/address.ts';
import { IPV6_LEAST_MTU } from '../ipv6/codec.ts';
import type { Ipv6Interface } from '../ipv6/interface.ts';
import type { Ipv6Layer } from '../ipv6/layer.ts';
import type { Route6 } from '../ipv6/routes.ts';
import {
  findNdOption,
  INFINITE_LIFETIME,
  ND_LINK_ADDRESS_LENGTH,
  ND_MTU,
  ND_PREFIX,
  ND_PREFIX_LENGTH,
  ND_ROUTER_SOLICITATION_LENGTH,
  ND_SOURCE_LINK_ADDRESS,
  ND_TARGET_LINK_ADDRESS,
  PREFIX_AUTONOMOUS,
  PREFIX_ON_LINK,
  readCurrentHopLimit,
  readLinkAddress,
  readNdMtu,
  readPreferredLifetime,
  readPrefix,
  readPrefixBits,
  readPrefixFlags,
  readReachableTime,
  readRedirected,
  readRetransTimer,
  readRouterLifetime,
  readTarget,
  readValidLifetime,
  writeLinkAddress,
} from './codec.ts';
import type { NeighbourDiscovery } from './discovery.ts';

/** A prefix that addresses may be made of, with lifetimes in seconds as they were told. */
export interface AutonomousPrefix {
  readonly prefix: Ipv6Address;
  readonly length: number;
  readonly valid: number;
  readonly preferred: number;
}

/** Metrics of what routers tell (`IP6_RT_PRIO_USER`, `IP6_RT_PRIO_ADDRCONF`). */
const METRIC_ROUTER = 1024;
const METRIC_PREFIX = 256;
/** No more routes than that are learned: somebody may tell of ever more (Linux before 6.3: net.ipv6.route.max_size). */
const MOST_ROUTES = 4096;

interface Solicitation {
  readonly timer: TracedTimer;
  sent: number;
  interval: Nanoseconds;
}

/** What a host learns of its routers (RFC 4861 section 6.3 and 8.3, `ndisc_router_discovery`). */
export class RouterDiscovery {
  /** A router names a prefix that the interface may make an address of (RFC 4862 section 5.5.3). */
  autonomous: (by: Ipv6Interface, prefix: AutonomousPrefix) => void = () => {};
  /** Something was learned that will end. */
  expires: (at: Nanoseconds) => void = () => {};
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #pool: FramePool;
  readonly #ip: Ipv6Layer;
  readonly #nd: NeighbourDiscovery;
  readonly #asking = new Map<Ipv6Interface, Solicitation>();
  #random: Random | null = null;

  constructor(sim: Simulation, tracer: Tracer, pool: FramePool, ip: Ipv6Layer, nd: NeighbourDiscovery) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#pool = pool;
    this.#ip = ip;
    this.#nd = nd;
    nd.routers.set(ND_ROUTER_ADVERTISEMENT, (frame, packet, by) => this.#advertised(frame, packet, by));
    nd.routers.set(ND_REDIRECT, (frame, packet, by) => this.#redirected(frame, packet, by));
    nd.notRouter = (by, address) => {
      const route = this.#default(by, address);
      if (route !== undefined) ip.routes.remove(route);
      ip.notRouter(address);
    };
  }

  /** Asks for routers until one has answered: at once, then ever more seldom (RFC 7559); not without a link-local address. */
  start(by: Ipv6Interface): void {
    if (!this.#accepts(by) || by.setting('router_solicitations') === 0 || this.#asking.has(by)) return;
    const timer = this.#tracer.timer(
      'ndisc.router-solicitation',
      () => by.link.name,
      () => this.#ask(by),
      true,
    );
    this.#asking.set(by, { timer, sent: 0, interval: seconds(by.setting('router_solicitation_interval')) });
    this.#ask(by);
  }

  stop(by: Ipv6Interface): void {
    this.#asking.get(by)?.timer.stop();
    this.#asking.delete(by);
  }

  /** The interface is a router's now, who believes no other one unless `accept_ra` is 2 (`rt6_purge_dflt_routers`). */
  becomeRouter(by: Ipv6Interface): void {
    this.stop(by);
    if (this.#accepts(by)) return;
    for (const route of [...this.#ip.routes.entries()])
      if (isDefault(route, by)) this.#ip.routes.remove(route);
  }

  /** A host believes routers, a router does not, unless `accept_ra` is 2. */
  #accepts(by: Ipv6Interface): boolean {
    const accept = by.setting('accept_ra');
    return by.discovers && (accept === 2 || (accept === 1 && by.setting('forwarding') === 0));
  }

  #ask(by: Ipv6Interface): void {
    const asking = this.#asking.get(by);
    if (asking === undefined) return;
    const most = by.setting('router_solicitations');
    const from = this.#ip.addresses.linkLocal(by.link)?.address;
    if (from === undefined || (most >= 0 && asking.sent >= most)) {
      this.stop(by);
      return;
    }
    asking.sent++;
    this.#solicit(by, from);
    const spread = 0.9 + 0.2 * this.#chance().unit();
    asking.timer.start(Math.floor(asking.interval * spread));
    asking.interval = Math.min(2 * asking.interval, seconds(by.setting('router_solicitation_max_interval')));
  }

  #solicit(by: Ipv6Interface, from: Ipv6Address): void {
    const frame = this.#pool.take(ND_ROUTER_SOLICITATION_LENGTH + ND_LINK_ADDRESS_LENGTH);
    const { view } = frame;
    const options = HEADROOM + ND_ROUTER_SOLICITATION_LENGTH;
    frame.end = options + ND_LINK_ADDRESS_LENGTH;
    frame.reason = 'ndisc.router-solicitation';
    writeIcmpv6(view, HEADROOM, ND_ROUTER_SOLICITATION, 0, 0);
    writeLinkAddress(view, options, ND_SOURCE_LINK_ADDRESS, by.link.mac);
    this.#nd.emit(by, frame, from, ALL_ROUTERS.inZone(by.link.index), null);
  }

  #advertised(frame: Frame, { source }: ReceivedPacket<Ipv6Address>, by: Ipv6Interface): void {
    const { view, start, end } = frame;
    if (!isLinkLocal6(source) || !this.#accepts(by)) {
      const reason = isLinkLocal6(source) ? 'ndisc.not-accepted' : 'ndisc.not-link-local';
      dropFrame(this.#tracer, by.link.name, frame, reason);
      return;
    }
    const lifetime = readRouterLifetime(view, start);
    if (by.setting('accept_ra_defrtr') !== 0) this.#takeRouter(by, source, lifetime);
    if (lifetime > 0) this.stop(by);
    const hopLimit = readCurrentHopLimit(view, start);
    if (hopLimit > 0) by.hopLimit = hopLimit;
    const parameters = by.neighbours?.parameters;
    const reachable = readReachableTime(view, start);
    const retrans = readRetransTimer(view, start);
    if (parameters !== undefined && reachable > 0) parameters.baseReachableTime = milliseconds(reachable);
    if (parameters !== undefined && retrans > 0) parameters.retransTime = milliseconds(retrans);
    const mac = readLinkAddress(view, start, end, ND_SOURCE_LINK_ADDRESS);
    if (mac !== null) by.neighbours?.learn(source, mac, true, false, true);
    const mtuAt = findNdOption(view, start, end, ND_MTU);
    if (mtuAt !== 0 && by.setting('accept_ra_mtu') !== 0) {
      const mtu = readNdMtu(view, mtuAt);
      if (mtu >= IPV6_LEAST_MTU && mtu <= by.link.mtu) by.routerMtu = mtu;
    }
    const prefixes: AutonomousPrefix[] = [];
    if (by.setting('accept_ra_pinfo') !== 0) {
      for (
        let at = findNdOption(view, start, end, ND_PREFIX);
        at !== 0;
        at = findNdOption(view, start, end, ND_PREFIX, at + view.getUint8(at + 1) * 8)
      ) {
        if (view.getUint8(at + 1) * 8 !== ND_PREFIX_LENGTH) continue;
        const prefix = this.#takePrefix(view, at, by);
        if (prefix !== null) prefixes.push(prefix);
      }
    }
    frame.release();
    for (const prefix of prefixes) this.autonomous(by, prefix);
  }

  #takeRouter(by: Ipv6Interface, address: Ipv6Address, lifetime: number): void {
    const known = this.#default(by, address);
    const until = this.#sim.now + seconds(lifetime);
    if (lifetime === 0) {
      if (known !== undefined) this.#ip.routes.remove(known);
      return;
    }
    if (known === undefined && this.#isFull()) return;
    this.expires(until);
    if (known !== undefined) known.until = until;
    else {
      const { link } = by;
      const metric = METRIC_ROUTER;
      this.#ip.routes.add({
        destination: ANY6,
        length: 0,
        gateway: address,
        link,
        metric,
        protocol: 'ra',
        until,
      });
    }
  }

  #default(by: Ipv6Interface, address: Ipv6Address): Route6 | undefined {
    return this.#ip.routes
      .entries()
      .find((route) => isDefault(route, by) && route.gateway?.equals(address) === true);
  }

  /** @returns the prefix if addresses are to be made of it. */
  #takePrefix(view: DataView, at: number, by: Ipv6Interface): AutonomousPrefix | null {
    const length = readPrefixBits(view, at);
    const valid = readValidLifetime(view, at);
    const preferred = readPreferredLifetime(view, at);
    const flags = readPrefixFlags(view, at);
    if (length > 128) return null;
    const prefix = maskIpv6(readPrefix(view, at), length);
    if (isLinkLocal6(prefix) || isMulticast6(prefix) || preferred > valid) return null;
    if ((flags & PREFIX_ON_LINK) !== 0) this.#takeOnLink(by, prefix, length, valid);
    const autonomous = (flags & PREFIX_AUTONOMOUS) !== 0 && by.setting('autoconf') !== 0;
    return autonomous ? { prefix, length, valid, preferred } : null;
  }

  #takeOnLink(by: Ipv6Interface, destination: Ipv6Address, length: number, valid: number): void {
    const { link } = by;
    const known = this.#ip.routes
      .entries()
      .find(
        (route) =>
          route.link === link &&
          route.gateway === null &&
          route.length === length &&
          route.metric === METRIC_PREFIX &&
          route.destination.equals(destination),
      );
    const until = valid === INFINITE_LIFETIME ? Number.POSITIVE_INFINITY : this.#sim.now + seconds(valid);
    if (valid === 0) {
      if (known !== undefined && known.until !== Number.POSITIVE_INFINITY) this.#ip.routes.remove(known);
      return;
    }
    this.expires(until);
    // A route that came with an address given by hand has no end, and keeps none.
    if (known?.until === Number.POSITIVE_INFINITY) return;
    if (known !== undefined) known.until = until;
    else if (!this.#isFull()) {
      const metric = METRIC_PREFIX;
      this.#ip.routes.add({ destination, length, gateway: null, link, metric, protocol: 'kernel', until });
    }
  }

  /** Our router knows a better first hop (RFC 4861 section 8.3). */
  #redirected(frame: Frame, { source }: ReceivedPacket<Ipv6Address>, by: Ipv6Interface): void {
    const { view, start, end } = frame;
    const { link } = by;
    const target = readTarget(view, start, link.index);
    const destination = readRedirected(view, start, link.index);
    const route = isMulticast6(destination) ? null : this.#ip.routes.lookup(destination, link);
    const onLink = target.equals(destination);
    const accepted =
      by.setting('accept_redirects') !== 0 &&
      by.setting('forwarding') === 0 &&
      isLinkLocal6(source) &&
      route !== null &&
      this.#ip.isGatewayTo(destination, route, source) &&
      (onLink || isLinkLocal6(target));
    if (!accepted) {
      dropFrame(this.#tracer, link.name, frame, 'ndisc.redirect-ignored');
      return;
    }
    const mac = readLinkAddress(view, start, end, ND_TARGET_LINK_ADDRESS);
    frame.release();
    if (mac !== null) by.neighbours?.learn(target, mac, true, false, true);
    this.#ip.redirect(destination, route, target);
  }

  #isFull(): boolean {
    if (this.#ip.routes.entries().length < MOST_ROUTES) return false;
    this.#tracer.countDrop('ndisc.too-many-routes');
    return true;
  }

  #chance(): Random {
    this.#random ??= this.#sim.randomFor(`${this.#tracer.node}/ndisc.router`);
    return this.#random;
  }
}

/** A default route that a router has told of. */
const isDefault = ({ protocol, length, link }: Route6, by: Ipv6Interface): boolean =>
  protocol === 'ra' && length === 0 && link === by.link;
