import { dropFrame, type Frame, type FramePool } from '../../1-physical/index.ts';
import type { Link } from '../../2-datalink/index.ts';
import type { Simulation } from '../../time/index.ts';
import { ERRNO, KernelLog, type Tracer } from '../../trace/index.ts';
import { ANY, BROADCAST, type Ipv4Address, isMulticast } from '../address.ts';
import { IpCounters } from '../counters.ts';
import {
  CODE_HOST_UNREACHABLE,
  CODE_PORT_UNREACHABLE,
  CODE_PROTOCOL_UNREACHABLE,
  CODE_REASSEMBLY_TIME_EXCEEDED,
  ICMP_DESTINATION_UNREACHABLE,
  ICMP_PARAMETER_PROBLEM,
  ICMP_TIME_EXCEEDED,
} from '../icmp/codec.ts';
import {
  type IpService,
  PROTOCOL_TCP,
  type ReceivedPacket,
  type SendOptions,
  type TransportProtocol,
} from '../ip-service.ts';
import { PathMtu } from '../path-mtu.ts';
import type { RawUpcalls } from '../raw.ts';
import type { Sysctl } from '../sysctl.ts';
import {
  checkIpv4,
  completeHeader,
  DONT_FRAGMENT,
  IPV4_HEADER,
  IPV4_MAX_PACKET,
  isFragment,
  readDestination,
  readHeaderLength,
  readIdentification,
  readProtocol,
  readSource,
  readTos,
  readTotalLength,
  readTtl,
  writeHeaderOptions,
  writeIpv4,
} from './codec.ts';
import { Forwarder } from './forwarder.ts';
import { cutFragment, nextFragment } from './fragmentation.ts';
import type { JoinedGroups } from './groups.ts';
import { Identification } from './identification.ts';
import { logIgnoredRedirect, logMartianDestination, logMartianSource } from './martian-log.ts';
import { findMartian } from './martians.ts';
import {
  type ExaminedOptions,
  examineOptions,
  firstStation,
  isStrictRoute,
  recordStation,
} from './options.ts';
import type { PacketPath4 } from './packet-path.ts';
import { Reassembly } from './reassembly.ts';
import { type Advice, isGoodAdvice, Redirects } from './redirects.ts';
import type { ErrorReports } from './reports.ts';
import { ReversePathFilter } from './reverse-path.ts';
import { Routing } from './routing.ts';
import { beginRoute, nextStation } from './source-route.ts';
import { Transports } from './transports.ts';

export interface Ipv4Options {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
}

const NO_OPTIONS: SendOptions = {};
/** What was found in the options of the packet that came last: written anew for each that has some. */
const EXAMINED: ExaminedOptions = { problem: -1, sourceRoute: -1 };

/** What a layer says of the packet that it is handing up: one for all machines, of which one is at work at a time. */
const PACKET: ReceivedPacket<Ipv4Address> = {
  source: ANY,
  destination: ANY,
  protocol: 0,
  ttl: 0,
  tos: 0,
  interface: '',
  options: null,
  broadcast: false,
};

/** IPv4 of one machine (RFC 791, 1122, 1812): sends, receives, forwards. */
export class Ipv4Layer extends Routing implements IpService<Ipv4Address>, PacketPath4 {
  readonly tracer: Tracer;
  readonly sysctl: Sysctl;
  readonly counters = new IpCounters();
  /** `IPReversePathFilter` of /proc/net/netstat. */
  reversePathFiltered = 0;
  /** Set by ICMP when it joins. */
  reports: ErrorReports | null = null;
  /** Set by IGMP when it joins. */
  groups: JoinedGroups | null = null;
  /** Set once there are raw sockets. */
  raw: RawUpcalls<Ipv4Address> | null = null;
  /** What the clock says when the simulation begins, in milliseconds from a midnight UT: for timestamp options. */
  epoch = 0;
  /** Null while no interface has `rp_filter`. */
  #reversePath: ReversePathFilter | null = null;
  /** Made with the first packet that is passed on, and with the first thing to say. */
  #forwarder: Forwarder | null = null;
  #log: KernelLog | null = null;
  readonly #sim: Simulation;
  readonly #pool: FramePool;
  readonly #identification: Identification;
  readonly #reassembly: Reassembly;
  readonly #transports = new Transports();
  /** Made with the first path that is less than its link. */
  #pathMtu: PathMtu<Ipv4Address> | null = null;
  /** Of the packet that is being handed up: where its header begins, and whether it came in a group frame. */
  #header = 0;
  #group = false;

  constructor(options: Ipv4Options) {
    super(options.tracer);
    this.#sim = options.sim;
    this.tracer = options.tracer;
    this.#pool = options.pool;
    this.sysctl = options.sysctl;
    this.#identification = new Identification(options.sim, options.tracer.node);
    this.#reassembly = new Reassembly({
      tracer: options.tracer,
      pool: options.pool,
      sysctl: options.sysctl,
      counters: this.counters,
      timedOut: (first) =>
        this.report(ICMP_TIME_EXCEEDED, CODE_REASSEMBLY_TIME_EXCEEDED, 0, first, first.start, false),
    });
  }

  /** What is known of paths that take less than their first link. */
  get pathMtu(): PathMtu<Ipv4Address> {
    this.#pathMtu ??= new PathMtu(
      this.#sim,
      this.sysctl,
      'net.ipv4.route.min_pmtu',
      'net.ipv4.route.mtu_expires',
    );
    return this.#pathMtu;
  }

  /** Bytes that packets of which pieces are missing take up (the `FRAG` line of /proc/net/sockstat). */
  get reassemblyMemory(): number {
    return this.#reassembly.memory;
  }

  get log(): KernelLog {
    this.#log ??= new KernelLog(this.#sim);
    return this.#log;
  }

  /** Some of `net.ipv4.conf.…` was set, or there is another link. */
  settingsChanged(): void {
    this.#reversePath = ReversePathFilter.of(this.links, this.sysctl);
  }

  register(transport: TransportProtocol): void {
    this.#transports.set(transport);
  }

  /** The transport registered for a protocol number. */
  transport(protocol: number): TransportProtocol | undefined {
    return this.#transports.get(protocol);
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

  portUnreachable(frame: Frame, _packet: ReceivedPacket): void {
    this.report(ICMP_DESTINATION_UNREACHABLE, CODE_PORT_UNREACHABLE, 0, frame, this.#header, this.#group);
  }

  send(
    frame: Frame,
    source: Ipv4Address,
    destination: Ipv4Address,
    protocol: number,
    options: SendOptions = NO_OPTIONS,
  ): number {
    const { counters } = this;
    const { headerOptions } = options;
    const first =
      headerOptions === undefined ? destination : (firstStation(destination, headerOptions) as Ipv4Address);
    const error = this.route(first, source, options.interface);
    const { link, nextHop, group } = this.hop;
    if (error !== 0 || link === null) {
      counters.OutNoRoutes++;
      this.drop(frame, 'ip.no-route');
      return error;
    }
    if (first !== destination && nextHop !== first && isStrictRoute(headerOptions)) {
      this.drop(frame, 'ip.source-route-failed');
      return -ERRNO.ENETUNREACH;
    }
    counters.OutRequests++;
    const headerLength = headerOptions === undefined ? IPV4_HEADER : IPV4_HEADER + headerOptions.length;
    const length = headerLength + frame.length;
    const mtu = this.#mtuOf(destination, link);
    const { dontFragment } = options;
    const { segments } = frame;
    const whole = (segments > 1 ? headerLength + frame.packetSize : length) <= mtu;
    if (length > IPV4_MAX_PACKET || (!whole && (dontFragment === true || segments > 1))) {
      counters.FragFails++;
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
    const { link, nextHop, group } = this.hop;
    if (error !== 0 || link === null) {
      this.counters.OutNoRoutes++;
      this.drop(frame, 'ip.no-route');
      return error;
    }
    if (frame.length > link.mtu) {
      this.drop(frame, 'ip.message-size');
      return -ERRNO.EMSGSIZE;
    }
    this.counters.OutRequests++;
    const { view, start } = frame;
    const id =
      readIdentification(view, start) || this.#identification.next(destination, readProtocol(view, start));
    completeHeader(frame, readSource(view, start) === ANY ? source : readSource(view, start), id);
    link.send(frame, nextHop, group);
    return 0;
  }

  /** What is for a group stays on its link unless its sender asks for more (RFC 1112 section 6.1). */
  #defaultTtl(destination: Ipv4Address): number {
    return isMulticast(destination) ? 1 : this.sysctl.values['net.ipv4.ip_default_ttl'];
  }

  /** A packet came in by a link, `frame.start` at its header; takes the frame over. @param group in a broadcast or multicast frame. */
  receive(link: Link, frame: Frame, group: boolean): void {
    const { counters } = this;
    const { view, start } = frame;
    counters.InReceives++;
    const problem = checkIpv4(view, start, frame.end);
    if (problem !== null) {
      counters.InHdrErrors++;
      this.drop(frame, problem, link);
      return;
    }
    // What follows the packet is padding of a short frame.
    frame.end = start + readTotalLength(view, start);
    const hasOptions = readHeaderLength(view, start) > IPV4_HEADER;
    let sourceRoute = -1;
    if (hasOptions) {
      const { problem, sourceRoute: found } = examineOptions(view, start, EXAMINED);
      if (problem >= 0) {
        counters.InHdrErrors++;
        this.report(ICMP_PARAMETER_PROBLEM, 0, problem << 24, frame, start, group);
        this.drop(frame, 'ip.options', link);
        return;
      }
      sourceRoute = found;
    }
    const source = readSource(view, start);
    const destination = readDestination(view, start);
    const martian = link.loopback ? null : findMartian(source, this.wayOf(source).kind, destination);
    if (martian !== null) {
      counters.InAddrErrors++;
      this.#logMartian(link, frame, martian);
      this.drop(frame, martian, link);
      return;
    }
    if (sourceRoute >= 0) {
      const station = nextStation(this, link, frame, group, sourceRoute);
      if (station === null) return;
      if (station !== ANY) {
        this.#forward(link, frame, station, true, sourceRoute);
        return;
      }
    }
    const { kind } = this.wayOf(destination);
    if (kind === 'own') this.#take(link, frame, group, false, source, hasOptions);
    else if (kind === 'broadcast' || destination === BROADCAST) {
      this.#take(link, frame, group, true, source, hasOptions);
    } else if (kind === 'group') {
      if (this.groups?.hears(link, destination, source, readProtocol(view, start)) === true) {
        this.#take(link, frame, true, true, source, hasOptions);
        return;
      }
      // A group that nobody here has joined: everybody on the link sees it. Counted, not recorded.
      this.tracer.countDrop('ip.multicast-not-joined');
      frame.release();
    } else if (group || this.sysctl.values['net.ipv4.ip_forward'] === 0) {
      counters.InAddrErrors++;
      this.drop(frame, 'ip.not-for-us', link);
    } else this.#forward(link, frame, destination, hasOptions, -1);
  }

  /** A packet for this machine from another one. */
  #take(
    link: Link,
    frame: Frame,
    group: boolean,
    broadcast: boolean,
    source: Ipv4Address,
    hasOptions: boolean,
  ): void {
    if (this.#isSpoofed(link, source)) this.#dropSpoofed(link, frame);
    else this.#deliver(link, frame, group, broadcast, hasOptions);
  }

  /**
   * A router says that there is a better way for a packet of ours (`ip_do_redirect`). It is followed from the next time on when
   * the better router is not known yet: its MAC address is asked for first. @param by the interface by which it came.
   * @returns whether it is believed.
   */
  redirected(advice: Advice, by: string): boolean {
    const { destination, gateway } = advice;
    const link = this.links.find(({ name }) => name === by);
    // What is read at once may be written over by the next question.
    const way = { ...this.wayOf(destination) };
    if (link === undefined) return false;
    if (!isGoodAdvice(advice, link, way, this.wayOf(gateway), this.sysctl, this)) {
      if (this.sysctl.ipv4(by, 'log_martians') !== 0) logIgnoredRedirect(this.log, by, advice);
      return false;
    }
    const neighbour = way.link?.neighbours?.get(gateway);
    if (neighbour === undefined || neighbour.state === 'INCOMPLETE' || neighbour.state === 'FAILED') {
      way.link?.neighbours?.resolve(gateway);
      return true;
    }
    const route = this.routes.lookup(destination);
    this.redirects ??= new Redirects(this.#sim, this.tracer, () => this.tableChanged());
    if (route !== null) this.redirects.learn(destination, route, gateway);
    return true;
  }

  /** A packet could not be sent on since `address` is silent (RFC 1812 section 5.2.7.1); takes the frame over. */
  unresolved(link: Link, frame: Frame): void {
    this.report(ICMP_DESTINATION_UNREACHABLE, CODE_HOST_UNREACHABLE, 0, frame, frame.start, false);
    this.drop(frame, 'arp.unresolved', link);
  }

  /** @internal Cuts a packet and sends the pieces; takes it over. */
  sendFragments(link: Link, packet: Frame, nextHop: Ipv4Address, group: boolean, mtu: number): void {
    for (let from = 0; from >= 0; from = nextFragment(packet, from, mtu)) {
      this.counters.FragCreates++;
      link.send(cutFragment(this.#pool, packet, from, mtu), nextHop, group);
    }
    this.counters.FragOKs++;
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
    return options.quiet !== true && this.groups?.hears(link, destination, source, protocol) === true;
  }

  /** What we broadcast we hear ourselves (`ip_mc_output` in Linux), after the call that sends it. */
  #hearOwn(link: Link, frame: Frame): void {
    const copy = this.#pool.copy(frame);
    const { cause } = this.tracer;
    const hasOptions = readHeaderLength(frame.view, frame.start) > IPV4_HEADER;
    this.#sim.after(0, () =>
      this.tracer.within(cause, () => this.#deliver(link, copy, true, true, hasOptions)),
    );
  }

  /** @internal */
  get timeOfDay(): number {
    return this.epoch + Math.floor(this.#sim.now / 1e6);
  }

  /** Notes in the options of a packet for this machine that it has arrived. */
  #arrived(frame: Frame, broadcast: boolean): void {
    const { view, start } = frame;
    const address = broadcast ? this.sourceFor(readSource(view, start)) : readDestination(view, start);
    if (address !== null) recordStation(view, start, address, this.timeOfDay);
  }

  #deliver(link: Link, frame: Frame, group: boolean, broadcast: boolean, hasOptions: boolean): void {
    const { counters } = this;
    if (hasOptions) this.#arrived(frame, broadcast);
    let whole: Frame | null = frame;
    if (isFragment(frame.view, frame.start)) {
      whole = this.#reassembly.add(frame, link.name);
      if (whole === null) return;
    }
    const { view, start } = whole;
    const packet = PACKET;
    packet.source = readSource(view, start);
    packet.destination = readDestination(view, start);
    packet.protocol = readProtocol(view, start);
    packet.ttl = readTtl(view, start);
    packet.tos = readTos(view, start);
    packet.interface = link.name;
    packet.broadcast = broadcast;
    const headerLength = readHeaderLength(view, start);
    packet.options =
      headerLength === IPV4_HEADER ? null : whole.bytes.subarray(start + IPV4_HEADER, start + headerLength);
    whole.start = start + headerLength;
    const taken = this.raw?.received(whole, packet, start) === true;
    const transport = this.#transports.get(packet.protocol);
    if (transport === undefined) {
      if (taken) {
        counters.InDelivers++;
        whole.release();
        return;
      }
      counters.InUnknownProtos++;
      this.report(ICMP_DESTINATION_UNREACHABLE, CODE_PROTOCOL_UNREACHABLE, 0, whole, start, group);
      this.drop(whole, 'ip.protocol', link);
      return;
    }
    counters.InDelivers++;
    this.#header = start;
    this.#group = group;
    transport.receive(whole, packet);
  }

  /** @param sourceRoute where the route stands whose next station `destination` is; -1 for none. */
  #forward(
    from: Link,
    frame: Frame,
    destination: Ipv4Address,
    hasOptions: boolean,
    sourceRoute: number,
  ): void {
    this.#forwarder ??= new Forwarder(this, this.#sim);
    if (this.route(destination, ANY) !== 0) {
      this.#forwarder.unroutable(from, frame);
      return;
    }
    const { link, nextHop, group } = this.hop;
    if (link === null || group) {
      // Directed broadcasts are not forwarded (RFC 2644).
      this.counters.InAddrErrors++;
      this.drop(frame, 'ip.broadcast-not-forwarded', from);
    } else if (this.#isSpoofed(from, readSource(frame.view, frame.start))) {
      this.#dropSpoofed(from, frame);
    } else this.#forwarder.forward(from, frame, destination, link, nextHop, hasOptions, sourceRoute);
  }

  /** Whether ARP answers `asker`, that is, whether its packets would be taken (`arp_process`). @param frame its question. */
  answers(link: Link, frame: Frame, asker: Ipv4Address, target: Ipv4Address): boolean {
    const believed =
      findMartian(asker, this.wayOf(asker).kind, target) === null && !this.#isSpoofed(link, asker);
    if (!believed && this.sysctl.ipv4(link.name, 'log_martians') !== 0) {
      logMartianSource(this.log, link, frame, asker, target);
    }
    return believed;
  }

  /** Whether a packet from `source` should not come by `link`, by the way back to it. */
  #isSpoofed(link: Link, source: Ipv4Address): boolean {
    const filter = this.#reversePath;
    return filter !== null && !filter.accepts(link, source, this.wayOf(source), this.addresses);
  }

  #dropSpoofed(link: Link, frame: Frame): void {
    this.reversePathFiltered++;
    this.#logMartian(link, frame, 'ip.martian-source');
    this.drop(frame, 'ip.reverse-path', link);
  }

  #logMartian(link: Link, frame: Frame, reason: string): void {
    if (this.sysctl.ipv4(link.name, 'log_martians') === 0) return;
    const { view, start } = frame;
    const [source, destination] = [readSource(view, start), readDestination(view, start)] as const;
    if (reason === 'ip.martian-source') logMartianSource(this.log, link, frame, source, destination);
    else logMartianDestination(this.log, link, source, destination);
  }

  /** @internal */
  report(type: number, code: number, info: number, frame: Frame, at: number, group: boolean): void {
    this.reports?.report(type, code, info, frame, at, group);
  }

  /** @internal */
  drop(frame: Frame, reason: string, link: Link | null = null): void {
    dropFrame(this.tracer, link === null ? '' : link.name, frame, reason);
  }
}
