import { dropFrame, type Frame, type FramePool } from '../../1-physical/index.ts';
import {
  ETHERTYPE_IPV6,
  ipv6MulticastMac,
  type Link,
  type MacAddress,
  NULL_MAC,
} from '../../2-datalink/index.ts';
import type { Random, Simulation } from '../../time/index.ts';
import { ERRNO, type Tracer } from '../../trace/index.ts';
import type { JoinedGroups } from '../groups/joined-groups.ts';
import {
  CODE6_ADDRESS_UNREACHABLE,
  CODE6_PORT_UNREACHABLE,
  CODE6_REASSEMBLY_TIME,
  ICMPV6_DESTINATION_UNREACHABLE,
  ICMPV6_TIME_EXCEEDED,
  MLD_DONE,
  MLD_QUERY,
  MLD_REPORT,
  MLD_V2_REPORT,
  PROTOCOL_ICMPV6,
} from '../icmpv6/codec.ts';
import {
  type IpService,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  type ReceivedPacket,
  type SendOptions,
  type TransportProtocol,
} from '../ip-service.ts';
import { PathMtu } from '../path-mtu.ts';
import type { RawUpcalls } from '../raw.ts';
import type { Sysctl } from '../sysctl.ts';
import {
  ANY6,
  type Ipv6Address,
  isAny6,
  isLinkLocal6,
  isLoopback6,
  isMulticast6,
  SCOPE_INTERFACE,
  scopeOf,
} from './address.ts';
import {
  checkIpv6,
  decrementHopLimit,
  IPV6_HEADER,
  IPV6_LEAST_MTU,
  IPV6_MAX_PACKET,
  readDestination,
  readHopLimit,
  readNextHeader,
  readPayloadLength,
  readSource,
  readTrafficClass,
  writeIpv6,
} from './codec.ts';
import { countEcn, type Ip6Counters, ip6Counters } from './counters.ts';
import { extensionsLength, firstHeader, firstSegment, writeExtensions } from './extension-headers.ts';
import { HOP_BY_HOP, writeRouterAlert } from './extensions.ts';
import { forward, isAtItsEnd } from './forwarding.ts';
import { cutFragment6, fragmentHead, nextFragment6 } from './fragmentation.ts';
import { HeaderChain } from './header-chain.ts';
import type { Ipv6Interface } from './interface.ts';
import { Reassembly6 } from './reassembly.ts';
import type { BetterWays, ErrorReports6, PacketPath } from './reports.ts';
import { Routing6 } from './routing.ts';

export interface Ipv6Options {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
}

const NO_OPTIONS: SendOptions = {};

/** A hop-by-hop header with a router alert. */
const ROUTER_ALERT_HEADER = 8;

/** IPv6 of one machine (RFC 8200): sends, receives, forwards. */
export class Ipv6Layer extends Routing6 implements IpService<Ipv6Address>, PacketPath {
  readonly counters: Ip6Counters = ip6Counters();
  readonly pathMtu: PathMtu<string>;
  readonly pool: FramePool;
  /** Set by ICMPv6 when it joins. */
  reports: ErrorReports6 | null = null;
  /** Set by neighbour discovery. */
  betterWays: BetterWays | null = null;
  /** Set by what keeps the machine's groups. */
  groups: JoinedGroups<Ipv6Address> | null = null;
  /** Set once there are raw sockets. */
  raw: RawUpcalls<Ipv6Address> | null = null;
  readonly #reassembly: Reassembly6;
  readonly #chain: HeaderChain;
  readonly #transports: (TransportProtocol | undefined)[] = [];
  #random: Random | null = null;
  #flowSecret = 0;
  readonly #packet: ReceivedPacket<Ipv6Address> = {
    source: ANY6,
    destination: ANY6,
    protocol: 0,
    ttl: 0,
    tos: 0,
    interface: '',
    options: null,
    extensions: null,
    broadcast: false,
  };
  /** Of the packet that is being handed up: how it came, where its header begins, and whether in a group frame. */
  #from: Ipv6Interface | null = null;
  #header = 0;
  #group = false;

  constructor(options: Ipv6Options) {
    const { sim, tracer, pool, sysctl } = options;
    super(sim, tracer, sysctl);
    this.pool = pool;
    this.pathMtu = new PathMtu(sim, sysctl, null, 'net.ipv6.route.mtu_expires');
    this.#reassembly = new Reassembly6({
      tracer,
      pool,
      sysctl,
      counters: this.counters,
      timedOut: (first) =>
        this.#report(ICMPV6_TIME_EXCEEDED, CODE6_REASSEMBLY_TIME, first, first.start, false),
    });
    this.#chain = new HeaderChain(this);
  }

  /** Bytes that packets of which pieces are missing take up (the `FRAG6` line of /proc/net/sockstat6). */
  get reassemblyMemory(): number {
    return this.#reassembly.memory;
  }

  /** How the packet that is being handed up came. */
  get from(): Ipv6Interface | null {
    return this.#from;
  }

  register(transport: TransportProtocol): void {
    this.#transports[transport.protocol] = transport;
  }

  /** The transport registered for a protocol number. */
  transport(protocol: number): TransportProtocol | undefined {
    return this.#transports[protocol];
  }

  mtuTo(destination: Ipv6Address): number {
    const error = this.route(destination, ANY6);
    const { by } = this.hop;
    if (error !== 0 || by === null) return IPV6_LEAST_MTU;
    return Math.min(IPV6_MAX_PACKET, this.#pathLimit(destination, by));
  }

  roomTo(destination: Ipv6Address): number {
    return this.mtuTo(destination) - IPV6_HEADER;
  }

  offloadTo(destination: Ipv6Address): boolean {
    return this.route(destination, ANY6) === 0 && this.hop.by?.link.offload === true;
  }

  portUnreachable(frame: Frame, _packet: ReceivedPacket): void {
    this.#report(ICMPV6_DESTINATION_UNREACHABLE, CODE6_PORT_UNREACHABLE, frame, this.#header, this.#group);
  }

  send(
    frame: Frame,
    source: Ipv6Address,
    destination: Ipv6Address,
    protocol: number,
    options: SendOptions = NO_OPTIONS,
  ): number {
    const { counters } = this;
    const { extensions } = options;
    const first = extensions === undefined ? destination : firstSegment(destination, extensions);
    const error = this.route(first, source, options.interface);
    const { by, nextHop, group } = this.hop;
    if (error !== 0 || by === null) {
      counters.OutNoRoutes++;
      this.drop(frame, 'ip.no-route');
      return error;
    }
    counters.OutRequests++;
    const headers = extensions === undefined ? IPV6_HEADER : IPV6_HEADER + extensionsLength(extensions);
    const length = headers + frame.length;
    const { segments } = frame;
    const size = segments > 1 ? headers + frame.packetSize : length;
    const limit = this.#pathLimit(first, by);
    const mtu = options.fragmentSize === undefined ? limit : Math.min(limit, options.fragmentSize);
    const whole = size <= limit;
    if (
      length > IPV6_MAX_PACKET ||
      (size > mtu && options.dontFragment === true) ||
      (!whole && segments > 1)
    ) {
      counters.FragFails++;
      this.drop(frame, 'ip.message-size');
      return -ERRNO.EMSGSIZE;
    }
    const hopLimit = options.ttl ?? (group ? 1 : by.hopLimit);
    const label = this.#flowLabel(frame, protocol, source, destination);
    let next = protocol;
    if (extensions !== undefined) {
      frame = writeExtensions(this.pool, frame, extensions, protocol, destination);
      next = firstHeader(extensions, protocol);
    }
    this.#writeHeader(frame, next, options.tos ?? 0, label, hopLimit, source, first);
    if (segments > 1) frame.packetSize += IPV6_HEADER;
    if (group) {
      counters.OutMcastPkts++;
      if (!by.link.loopback && options.quiet !== true && this.#hears(by, nextHop, ANY6))
        this.#hearOwn(by, frame);
      // What is for this interface alone goes no further.
      if (scopeOf(destination) <= SCOPE_INTERFACE && !by.link.loopback) {
        frame.release();
        return 0;
      }
    }
    if (whole) this.transmit(by, frame, nextHop, group);
    else this.#sendFragments(by, frame, nextHop, group, mtu);
    return 0;
  }

  /**
   * Sends a packet whose header a program wrote (IPV6_HDRINCL) as it is; takes the frame over. It is not cut.
   * @param destination where it goes, whatever its header says. @returns 0, -EMSGSIZE, or what `send` returns.
   */
  sendWhole(frame: Frame, source: Ipv6Address, destination: Ipv6Address, options: SendOptions): number {
    const { counters } = this;
    const error = this.route(destination, source, options.interface);
    const { by, nextHop, group } = this.hop;
    if (error !== 0 || by === null) {
      counters.OutNoRoutes++;
      this.drop(frame, 'ip.no-route');
      return error;
    }
    if (frame.length > by.mtu) {
      this.drop(frame, 'ip.message-size');
      return -ERRNO.EMSGSIZE;
    }
    counters.OutRequests++;
    this.transmit(by, frame, nextHop, group);
    return 0;
  }

  /**
   * Sends a packet by a link to a station, or to a group, past routes and neighbours: as neighbour discovery and
   * multicast listener discovery need it. Takes the frame over. @param mac null for the group's own, or the neighbour's.
   */
  emit(
    by: Ipv6Interface,
    frame: Frame,
    source: Ipv6Address,
    destination: Ipv6Address,
    hopLimit: number,
    mac: MacAddress | null,
    routerAlert = false,
  ): void {
    this.counters.OutRequests++;
    if (isMulticast6(destination)) this.counters.OutMcastPkts++;
    let protocol = PROTOCOL_ICMPV6;
    let label = 0;
    if (routerAlert) {
      frame.start -= ROUTER_ALERT_HEADER;
      writeRouterAlert(frame.view, frame.start, protocol);
      protocol = HOP_BY_HOP;
    } else label = this.#flowLabel(frame, protocol, source, destination);
    this.#writeHeader(frame, protocol, 0, label, hopLimit, source, destination);
    if (mac === null) this.transmit(by, frame, destination, isMulticast6(destination));
    else if (by.link.up) by.link.transmit(frame, mac, ETHERTYPE_IPV6);
    else this.drop(frame, 'ethernet.down', by);
  }

  /** A packet came in by a link, `frame.start` at its header; takes the frame over. @param group in a multicast frame. */
  receive(link: Link, frame: Frame, group: boolean): void {
    const { counters } = this;
    const by = this.on(link);
    if (by === null || !by.enabled) {
      counters.InDiscards++;
      this.drop(frame, 'ipv6.disabled', by);
      return;
    }
    const { view, start } = frame;
    counters.InReceives++;
    const problem = checkIpv6(view, start, frame.end);
    if (problem !== null) {
      counters.InHdrErrors++;
      this.drop(frame, problem, by);
      return;
    }
    // What follows the packet is padding of a short frame.
    frame.end = start + IPV6_HEADER + readPayloadLength(view, start);
    counters.InOctets += frame.length;
    countEcn(counters, readTrafficClass(view, start));
    let source = readSource(view, start, link.index);
    let destination = readDestination(view, start, link.index);
    if (link.loopback) {
      if (isLinkLocal6(source)) source = source.inZone(this.addresses.zoneOf(source));
      if (isLinkLocal6(destination)) destination = destination.inZone(this.addresses.zoneOf(destination));
    }
    const martian = findMartian(link, source, destination);
    if (martian !== null) {
      counters.InAddrErrors++;
      this.drop(frame, martian, by);
      return;
    }
    if (isMulticast6(destination)) {
      counters.InMcastPkts++;
      counters.InMcastOctets += frame.length;
    }
    if (
      readNextHeader(view, start) === HOP_BY_HOP &&
      !this.#chain.takeHopByHop(frame, by, destination, group)
    ) {
      return;
    }
    if (this.addresses.isOwn(destination)) {
      this.#deliver(by, frame, source, destination, group);
    } else if (isMulticast6(destination)) {
      if (this.#hears(by, destination, ANY6)) {
        this.#deliver(by, frame, source, destination, true);
        return;
      }
      this.#ignore(frame);
    } else this.#passOn(by, frame, source, destination, group);
  }

  /** A packet for somebody else. */
  #passOn(
    by: Ipv6Interface,
    frame: Frame,
    source: Ipv6Address,
    destination: Ipv6Address,
    group: boolean,
  ): void {
    if (group || by.setting('forwarding') === 0 || isLinkLocal6(destination)) {
      this.counters.InAddrErrors++;
      this.drop(frame, 'ip.not-for-us', by);
      return;
    }
    const error = this.route(destination, ANY6);
    forward(this, by, error === 0 ? this.hop.by : null, this.hop.nextHop, frame, source, destination);
  }

  /** A packet goes on to the next segment of its route, which may be an address of ours, too: that is a hop all the same. */
  #goOn(by: Ipv6Interface, frame: Frame, source: Ipv6Address, group: boolean): void {
    const { view, start } = frame;
    const destination = readDestination(view, start, by.link.index);
    if (!this.addresses.isOwn(destination)) {
      this.#passOn(by, frame, source, destination, group);
      return;
    }
    if (isAtItsEnd(this, by, frame)) return;
    decrementHopLimit(view, start);
    this.#deliver(by, frame, source, destination, group);
  }

  /** A neighbour does not answer (RFC 4861 section 7.2.2); takes the frame over, `start` at its header. */
  unresolved(frame: Frame, address: Ipv6Address): void {
    this.notRouter(address);
    this.#report(ICMPV6_DESTINATION_UNREACHABLE, CODE6_ADDRESS_UNREACHABLE, frame, frame.start, false);
    this.drop(frame, 'ndisc.unresolved');
  }

  /** @internal */
  transmit(by: Ipv6Interface, frame: Frame, nextHop: Ipv6Address, group: boolean): void {
    const { link, neighbours } = by;
    const { counters } = this;
    counters.OutTransmits++;
    counters.OutOctets += frame.length;
    if (group) counters.OutMcastOctets += frame.length;
    if (!link.up) this.drop(frame, 'ethernet.down', by);
    else if (group && by.discovers) link.transmit(frame, ipv6MulticastMac(nextHop.d), ETHERTYPE_IPV6);
    else if (neighbours === null) link.transmit(frame, NULL_MAC, ETHERTYPE_IPV6);
    else neighbours.send(frame, nextHop);
  }

  /** @internal */
  drop(frame: Frame, reason: string, by: Ipv6Interface | null = null): void {
    dropFrame(this.tracer, by === null ? '' : by.link.name, frame, reason);
  }

  #writeHeader(
    frame: Frame,
    protocol: number,
    trafficClass: number,
    label: number,
    hopLimit: number,
    source: Ipv6Address,
    destination: Ipv6Address,
  ): void {
    const length = frame.length;
    frame.start -= IPV6_HEADER;
    const { view, start } = frame;
    writeIpv6(view, start, trafficClass, label, length, protocol, hopLimit, source, destination);
  }

  /** A number that packets of one flow have in common (RFC 6437, `auto_flowlabels` of Linux). */
  #flowLabel(frame: Frame, protocol: number, source: Ipv6Address, destination: Ipv6Address): number {
    if (this.sysctl.values['net.ipv6.auto_flowlabels'] === 0) return 0;
    if (this.#flowSecret === 0) this.#flowSecret = this.#chance().uint32() | 1;
    const ports =
      protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP ? frame.view.getInt32(frame.start) : protocol;
    const flow = Math.imul(source.hash ^ this.#flowSecret, 0x9e3779b1) ^ destination.hash;
    const mixed = Math.imul(flow ^ (flow >>> 15) ^ ports, 0x85ebca6b);
    return (mixed ^ (mixed >>> 13)) & 0xf_ffff;
  }

  /** Cuts a packet and sends the pieces; takes it over. */
  #sendFragments(by: Ipv6Interface, packet: Frame, nextHop: Ipv6Address, group: boolean, mtu: number): void {
    const id = this.#chance().uint32();
    const head = fragmentHead(packet.view, packet.start);
    for (let from = 0; from >= 0; from = nextFragment6(packet, from, mtu, head)) {
      this.counters.FragCreates++;
      this.transmit(by, cutFragment6(this.pool, packet, from, mtu, head, id), nextHop, group);
    }
    this.counters.FragOKs++;
    packet.release();
  }

  /** What we send to a group of ours we hear ourselves, after the call that sends it. */
  #hearOwn(by: Ipv6Interface, frame: Frame): void {
    const copy = this.pool.copy(frame);
    const { cause } = this.tracer;
    this.sim.after(0, () =>
      this.tracer.within(cause, () => {
        const { view, start } = copy;
        const { index } = by.link;
        this.#deliver(by, copy, readSource(view, start, index), readDestination(view, start, index), true);
      }),
    );
  }

  #deliver(
    by: Ipv6Interface,
    frame: Frame,
    source: Ipv6Address,
    destination: Ipv6Address,
    group: boolean,
  ): void {
    const { counters } = this;
    const chain = this.#chain;
    const protocol = chain.walk(frame, by, destination, group);
    if (protocol === HeaderChain.FRAGMENT) {
      const { at, fieldAt } = chain;
      const whole = this.#reassembly.add(frame, at, fieldAt, by.link.index, by.link.name);
      if (whole !== null) this.#deliver(by, whole, source, destination, group);
      return;
    }
    if (protocol === HeaderChain.ONWARD) this.#goOn(by, frame, source, group);
    if (protocol < 0) return;
    if (
      isMulticast6(destination) &&
      !this.#hears(by, destination, source, isListenerMessage(frame, protocol, chain.at))
    ) {
      this.#ignore(frame);
      return;
    }
    const { view, start } = frame;
    const packet = this.#packet;
    packet.source = source;
    packet.destination = destination;
    packet.protocol = protocol;
    packet.ttl = readHopLimit(view, start);
    packet.tos = readTrafficClass(view, start);
    packet.interface = by.link.name;
    packet.broadcast = isMulticast6(destination);
    packet.extensions = chain.at === start + IPV6_HEADER ? null : chain.headers(view, start);
    this.#from = by;
    this.#header = start;
    this.#group = group;
    const transport = this.#transports[protocol];
    frame.start = chain.at;
    const taken = this.raw?.received(frame, packet, start) === true;
    if (transport !== undefined) {
      counters.InDelivers++;
      transport.receive(frame, packet);
    } else if (taken) {
      counters.InDelivers++;
      frame.release();
    } else {
      counters.InUnknownProtos++;
      frame.start = start;
      chain.unknown(frame, by, group);
    }
  }

  /** @param source `::` for a packet that is not looked at yet. */
  #hears(by: Ipv6Interface, group: Ipv6Address, source: Ipv6Address, own = false): boolean {
    return this.groups?.hears(by.link, group, source, own) === true;
  }

  /** A packet to a group that nobody here has joined, or not for its source: everybody on the link sees it. Counted, not recorded. */
  #ignore(frame: Frame): void {
    this.tracer.countDrop('ip.multicast-not-joined');
    frame.release();
  }

  #pathLimit(destination: Ipv6Address, by: Ipv6Interface): number {
    return this.pathMtu.size === 0 ? by.mtu : this.pathMtu.limit(destination.key, by.mtu);
  }

  #chance(): Random {
    this.#random ??= this.sim.randomFor(`${this.tracer.node}/ipv6`);
    return this.#random;
  }

  #report(type: number, code: number, frame: Frame, at: number, group: boolean): void {
    this.reports?.report(type, code, 0, frame, at, group, this.#from);
  }
}

/** What is about groups themselves is heard from everybody (`ipv6_is_mld`). */
function isListenerMessage({ view, end }: Frame, protocol: number, at: number): boolean {
  if (protocol !== PROTOCOL_ICMPV6 || at >= end) return false;
  const type = view.getUint8(at);
  return type === MLD_QUERY || type === MLD_REPORT || type === MLD_DONE || type === MLD_V2_REPORT;
}

/** What is wrong with a packet's addresses that no packet may have (RFC 4291 section 2.5.2, 2.5.3, 2.7; `ip6_rcv_core`). */
function findMartian(link: Link, source: Ipv6Address, destination: Ipv6Address): string | null {
  if (isMulticast6(source)) return 'ip.martian-source';
  if (isAny6(destination)) return 'ip.martian-destination';
  if (link.loopback) return null;
  if (isLoopback6(source)) return 'ip.martian-source';
  if (isLoopback6(destination)) return 'ip.martian-destination';
  return isMulticast6(destination) && scopeOf(destination) <= SCOPE_INTERFACE
    ? 'ip.martian-destination'
    : null;
}
