import { dropFrame, type Frame, type FramePool } from '../../1-physical/index.ts';
import type { Link } from '../../2-datalink/index.ts';
import type { Simulation } from '../../time/index.ts';
import { ERRNO, type Tracer } from '../../trace/index.ts';
import { ANY, type Ipv4Address, isMulticast } from '../address.ts';
import { type IpCounters, IpFaults, ipCounters } from '../counters.ts';
import type { JoinedGroups } from '../groups/joined-groups.ts';
import { PROTOCOL_IGMP, PROTOCOL_TCP, type SendOptions } from '../ip-service.ts';
import { PathMtu } from '../path-mtu.ts';
import type { Sysctl } from '../sysctl.ts';
import {
  completeHeader,
  DONT_FRAGMENT,
  IPV4_HEADER,
  IPV4_MAX_PACKET,
  readIdentification,
  readProtocol,
  readSource,
  writeHeaderOptions,
  writeIpv4,
} from './codec.ts';
import { cutFragment, nextFragment } from './fragmentation.ts';
import { Identification } from './identification.ts';
import { firstOfRoute, isStrictRoute, recordStation } from './options.ts';
import { Routing } from './routing.ts';
import { beginRoute } from './source-route.ts';
import { nextHopTo } from './way.ts';

export interface Ipv4Options {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
}

const NO_OPTIONS: SendOptions = {};
/** In milliseconds. */
const DAY = 86_400_000;

/** Sending packets of one machine (`ip_queue_xmit`, `ip_push_pending_frames`, `ip_fragment`). */
export abstract class Sending extends Routing {
  readonly sysctl: Sysctl;
  /** Made with the first path that is less than its link. */
  #pathMtu: PathMtu<Ipv4Address> | null = null;
  /** Set by IGMP when it joins. */
  groups: JoinedGroups<Ipv4Address> | null = null;
  readonly tracer: Tracer;
  readonly faults = new IpFaults();
  /** What the clock says when the simulation begins, in milliseconds from a midnight UT: for timestamp options. */
  epoch = 0;
  protected readonly sim: Simulation;
  readonly #pool: FramePool;
  readonly #identification: Identification;

  constructor({ sim, tracer, pool, sysctl }: Ipv4Options) {
    super(tracer);
    this.sim = sim;
    this.tracer = tracer;
    this.#pool = pool;
    this.sysctl = sysctl;
    this.#identification = new Identification(sim, tracer.node);
  }

  get counters(): IpCounters {
    return ipCounters(this, this.faults);
  }

  /** Takes over a broadcast or multicast packet of our own, which we hear too. */
  protected abstract hear(link: Link, frame: Frame): void;

  /** What is known of paths that take less than their first link. */
  get pathMtu(): PathMtu<Ipv4Address> {
    this.#pathMtu ??= new PathMtu(
      this.sim,
      this.sysctl,
      'net.ipv4.route.min_pmtu',
      'net.ipv4.route.mtu_expires',
    );
    return this.#pathMtu;
  }

  mtuTo(destination: Ipv4Address): number {
    const error = this.route(destination, ANY);
    const { link } = this.hop;
    // Without a route, what every host takes (RFC 1122 section 3.3.3).
    if (error !== 0 || link === null) return 576;
    // The MTU of `lo` is larger than any packet (`IP_MAX_MTU` in Linux).
    return Math.min(IPV4_MAX_PACKET, this.#mtuOf(destination, link));
  }

  #mtuOf(destination: Ipv4Address, link: Link): number {
    return this.#pathMtu === null ? link.mtu : this.#pathMtu.limit(destination, link.mtu);
  }

  roomTo(destination: Ipv4Address): number {
    return this.mtuTo(destination) - IPV4_HEADER;
  }

  offloadTo(destination: Ipv4Address): boolean {
    return this.route(destination, ANY) === 0 && this.hop.link?.offload === true;
  }

  send(
    frame: Frame,
    source: Ipv4Address,
    destination: Ipv4Address,
    protocol: number,
    options: SendOptions = NO_OPTIONS,
  ): number {
    const { headerOptions } = options;
    const first = headerOptions === undefined ? destination : firstOfRoute(destination, headerOptions);
    const error = this.route(first, source, options.interface);
    const { hop } = this;
    const { link, group } = hop;
    if (error !== 0 || link === null) {
      this.faults.OutNoRoutes++;
      this.drop(frame, 'ip.no-route');
      return error;
    }
    if (first !== destination && nextHopTo(first, hop) !== first && isStrictRoute(headerOptions)) {
      this.drop(frame, 'ip.source-route-failed');
      return -ERRNO.ENETUNREACH;
    }
    const nextHop = nextHopTo(first, hop);
    this.OutRequests++;
    const headerLength = headerOptions === undefined ? IPV4_HEADER : IPV4_HEADER + headerOptions.length;
    const length = headerLength + frame.length;
    const mtu = this.#mtuOf(destination, link);
    const { dontFragment } = options;
    const { segments } = frame;
    const whole = (segments > 1 ? headerLength + frame.packetSize : length) <= mtu;
    if (length > IPV4_MAX_PACKET || (!whole && (dontFragment === true || segments > 1))) {
      this.faults.FragFails++;
      this.drop(frame, 'ip.message-size');
      return -ERRNO.EMSGSIZE;
    }
    const atomic = dontFragment === true || (dontFragment === 'if-it-fits' && whole);
    // A packet that is never cut needs no number (RFC 6864 section 4.1); Linux's TCP counts all the same.
    const id =
      atomic && protocol !== PROTOCOL_TCP ? 0 : this.#identification.next(destination, protocol, segments);
    frame.start -= headerLength;
    if (segments > 1) frame.packetSize += headerLength;
    writeIpv4(
      frame.view,
      frame.start,
      options.tos ?? 0,
      length,
      id,
      atomic ? DONT_FRAGMENT : 0,
      options.ttl ?? this.#defaultTtl(destination),
      protocol,
      source,
      first,
    );
    if (headerOptions !== undefined) {
      writeHeaderOptions(frame, headerOptions);
      if (first !== destination) beginRoute(frame.view, frame.start, destination);
      recordStation(frame.view, frame.start, source, this.timeOfDay);
    }
    if (group && !link.loopback) {
      if (this.#hearsItself(link, source, destination, protocol, options)) this.#hearOwn(link, frame);
      if (options.ttl === 0) {
        // It may be heard in this machine, but goes nowhere.
        frame.release();
        return 0;
      }
    }
    if (whole) link.send(frame, nextHop, group);
    else this.sendFragments(link, frame, nextHop, group, mtu);
    return 0;
  }

  /**
   * Sends a packet whose header a program wrote (IP_HDRINCL of raw(7)), at `frame.start`; takes the frame over. Length and
   * checksum are filled in, and source and identification where they are 0. It is not cut.
   * @returns 0, -EMSGSIZE, or what `send` returns.
   */
  sendWhole(frame: Frame, source: Ipv4Address, destination: Ipv4Address, options: SendOptions): number {
    const error = this.route(destination, source, options.interface);
    const { hop } = this;
    const { link } = hop;
    if (error !== 0 || link === null) {
      this.faults.OutNoRoutes++;
      this.drop(frame, 'ip.no-route');
      return error;
    }
    if (frame.length > link.mtu) {
      this.drop(frame, 'ip.message-size');
      return -ERRNO.EMSGSIZE;
    }
    this.OutRequests++;
    const { view, start } = frame;
    const id =
      readIdentification(view, start) || this.#identification.next(destination, readProtocol(view, start));
    completeHeader(frame, readSource(view, start) === ANY ? source : readSource(view, start), id);
    link.send(frame, nextHopTo(destination, hop), hop.group);
    return 0;
  }

  /** What is for a group stays on its link unless its sender asks for more (RFC 1112 section 6.1). */
  #defaultTtl(destination: Ipv4Address): number {
    return isMulticast(destination) ? 1 : this.sysctl.values['net.ipv4.ip_default_ttl'];
  }

  /** @internal Cuts a packet and sends the pieces; takes it over. */
  sendFragments(link: Link, packet: Frame, nextHop: Ipv4Address, group: boolean, mtu: number): void {
    for (let from = 0; from >= 0; from = nextFragment(packet, from, mtu)) {
      this.faults.FragCreates++;
      link.send(cutFragment(this.#pool, packet, from, mtu), nextHop, group);
    }
    this.faults.FragOKs++;
    packet.release();
  }

  #hearsItself(
    link: Link,
    source: Ipv4Address,
    destination: Ipv4Address,
    protocol: number,
    options: SendOptions,
  ): boolean {
    if (!isMulticast(destination)) return this.addresses.isHeard(destination);
    return (
      options.quiet !== true &&
      this.groups?.hears(link, destination, source, protocol === PROTOCOL_IGMP) === true
    );
  }

  /** What we broadcast we hear ourselves (`ip_mc_output` in Linux), after the call that sends it. */
  #hearOwn(link: Link, frame: Frame): void {
    const copy = this.#pool.copy(frame);
    const { cause } = this.tracer;
    this.sim.after(0, () => this.tracer.within(cause, () => this.hear(link, copy)));
  }

  /** @internal */
  get timeOfDay(): number {
    return (this.epoch + Math.floor(this.sim.now / 1e6)) % DAY;
  }

  /** @internal */
  drop(frame: Frame, reason: string, link: Link | null = null): void {
    dropFrame(this.tracer, link === null ? '' : link.name, frame, reason);
  }
}
