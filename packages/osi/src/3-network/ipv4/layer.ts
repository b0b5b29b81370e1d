import { dropFrame, type Frame, type FramePool } from '../../1-physical/index.ts';
import type { Link } from '../../2-datalink/index.ts';
import type { Simulation } from '../../time/index.ts';
import { ERRNO, type Tracer } from '../../trace/index.ts';
import {
  ANY,
  BROADCAST,
  type Ipv4Address,
  type Ipv4Prefix,
  ipv4FromNumber,
  isLoopback,
  isMulticast,
  netmask,
} from '../address.ts';
import { ipCounters } from '../counters.ts';
import {
  CODE_FRAGMENTATION_NEEDED,
  CODE_HOST_UNREACHABLE,
  CODE_NETWORK_UNREACHABLE,
  CODE_PORT_UNREACHABLE,
  CODE_PROTOCOL_UNREACHABLE,
  CODE_REASSEMBLY_TIME_EXCEEDED,
  CODE_TTL_EXCEEDED,
  ICMP_DESTINATION_UNREACHABLE,
  ICMP_PARAMETER_PROBLEM,
  ICMP_TIME_EXCEEDED,
} from '../icmp/codec.ts';
import type { IpService, ReceivedPacket, SendOptions, TransportProtocol } from '../ip-service.ts';
import { PROTOCOL_TCP } from '../ip-service.ts';
import type { Sysctl } from '../sysctl.ts';
import { AddressTable } from './addresses.ts';
import {
  checkIpv4,
  DONT_FRAGMENT,
  decrementTtl,
  hasDontFragment,
  IPV4_HEADER,
  IPV4_MAX_PACKET,
  isFragment,
  readDestination,
  readHeaderLength,
  readProtocol,
  readSource,
  readTos,
  readTotalLength,
  readTtl,
  writeIpv4,
} from './codec.ts';
import { cutFragment } from './fragmentation.ts';
import { Identification } from './identification.ts';
import { findBadOption } from './options.ts';
import { PathMtu } from './path-mtu.ts';
import { Reassembly } from './reassembly.ts';
import type { ErrorReports } from './reports.ts';
import { type Route, RouteTable } from './routes.ts';

export interface Ipv4Options {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
}

const NO_OPTIONS: SendOptions = {};

/** Where a packet goes next: written anew for each packet. */
interface Hop {
  link: Link | null;
  nextHop: Ipv4Address;
  /** `nextHop` is a broadcast or multicast address. */
  group: boolean;
}

/** IPv4 of one machine (RFC 791, 1122, 1812): sends, receives, forwards. */
export class Ipv4Layer implements IpService {
  readonly addresses: AddressTable;
  readonly routes: RouteTable;
  readonly counters = ipCounters();
  readonly pathMtu: PathMtu;
  /** In the order of their numbers. */
  readonly links: Link[] = [];
  /** Set by ICMP when it joins. */
  reports: ErrorReports | null = null;
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #pool: FramePool;
  readonly #sysctl: Sysctl;
  readonly #identification: Identification;
  readonly #reassembly: Reassembly;
  readonly #transports: (TransportProtocol | undefined)[] = [];
  #loopback: Link | null = null;
  readonly #hop: Hop = { link: null, nextHop: ANY, group: false };
  readonly #packet: ReceivedPacket = {
    source: ANY,
    destination: ANY,
    protocol: 0,
    ttl: 0,
    tos: 0,
    interface: '',
    broadcast: false,
  };
  /** Of the packet that is being handed up: where its header begins, and whether it came in a group frame. */
  #header = 0;
  #group = false;

  constructor(options: Ipv4Options) {
    this.#sim = options.sim;
    this.#tracer = options.tracer;
    this.#pool = options.pool;
    this.#sysctl = options.sysctl;
    this.addresses = new AddressTable(options.tracer);
    this.routes = new RouteTable(options.tracer);
    this.pathMtu = new PathMtu(options.sim, options.sysctl);
    this.#identification = new Identification(options.sim, options.tracer.node);
    this.#reassembly = new Reassembly({
      tracer: options.tracer,
      pool: options.pool,
      sysctl: options.sysctl,
      counters: this.counters,
      timedOut: (first) =>
        this.reports?.report(ICMP_TIME_EXCEEDED, CODE_REASSEMBLY_TIME_EXCEEDED, 0, first, first.start, false),
    });
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

  register(transport: TransportProtocol): void {
    this.#transports[transport.protocol] = transport;
  }

  /** The transport registered for a protocol number. */
  transport(protocol: number): TransportProtocol | undefined {
    return this.#transports[protocol];
  }

  sourceFor(destination: Ipv4Address): Ipv4Address | null {
    if (this.addresses.isOwn(destination)) {
      return isLoopback(destination) ? ipv4FromNumber(0x7f000001) : destination;
    }
    const route = this.routes.lookup(destination);
    const broadcast = this.addresses.ofBroadcast(destination);
    if (broadcast !== undefined) return broadcast.address;
    if (route === null) return null;
    return route.source ?? this.addresses.select(route.link, route.gateway ?? destination);
  }

  mtuTo(destination: Ipv4Address): number {
    const error = this.#route(destination, ANY, undefined);
    const { link } = this.#hop;
    if (error !== 0 || link === null) return IPV4_HEADER;
    return this.pathMtu.limit(destination, link.mtu);
  }

  isLocal(address: Ipv4Address): boolean {
    return this.addresses.isOwn(address);
  }

  isBroadcast(address: Ipv4Address): boolean {
    return this.addresses.isBroadcast(address);
  }

  confirm(destination: Ipv4Address): void {
    if (this.#route(destination, ANY, undefined) === 0) {
      this.#hop.link?.neighbours?.confirm(this.#hop.nextHop);
    }
  }

  portUnreachable(frame: Frame, _packet: ReceivedPacket): void {
    this.#report(ICMP_DESTINATION_UNREACHABLE, CODE_PORT_UNREACHABLE, 0, frame, this.#header, this.#group);
  }

  send(
    frame: Frame,
    source: Ipv4Address,
    destination: Ipv4Address,
    protocol: number,
    options: SendOptions = NO_OPTIONS,
  ): number {
    const { counters } = this;
    const error = this.#route(destination, source, options.interface);
    const { link, nextHop, group } = this.#hop;
    if (error !== 0 || link === null) {
      counters.OutNoRoutes++;
      this.#drop(frame, 'ip.no-route');
      return error;
    }
    counters.OutRequests++;
    const length = IPV4_HEADER + frame.length;
    const mtu = this.pathMtu.limit(destination, link.mtu);
    const { dontFragment } = options;
    const whole = length <= mtu;
    if (length > IPV4_MAX_PACKET || (!whole && dontFragment === true)) {
      counters.FragFails++;
      this.#drop(frame, 'ip.message-size');
      return -ERRNO.EMSGSIZE;
    }
    const atomic = dontFragment === true || (dontFragment === 'if-it-fits' && whole);
    // A packet that is never cut needs no number (RFC 6864 section 4.1); Linux's TCP counts all the same.
    const id = atomic && protocol !== PROTOCOL_TCP ? 0 : this.#identification.next(destination, protocol);
    frame.start -= IPV4_HEADER;
    writeIpv4(
      frame.view,
      frame.start,
      options.tos ?? 0,
      length,
      id,
      atomic ? DONT_FRAGMENT : 0,
      options.ttl ?? this.#sysctl.get('net.ipv4.ip_default_ttl'),
      protocol,
      source,
      destination,
    );
    if (group && !link.loopback && this.addresses.isHeard(destination)) this.#hearOwn(link, frame);
    if (whole) link.send(frame, nextHop, group);
    else this.#sendFragments(link, frame, nextHop, group, mtu);
    return 0;
  }

  /** A packet came in by a link, `frame.start` at its header; takes the frame over. @param group in a broadcast or multicast frame. */
  receive(link: Link, frame: Frame, group: boolean): void {
    const { counters, addresses } = this;
    const { view, start } = frame;
    counters.InReceives++;
    const problem = checkIpv4(view, start, frame.end);
    if (problem !== null) {
      counters.InHdrErrors++;
      this.#drop(frame, problem, link);
      return;
    }
    // What follows the packet is padding of a short frame.
    frame.end = start + readTotalLength(view, start);
    if (readHeaderLength(view, start) > IPV4_HEADER) {
      const at = findBadOption(view, start);
      if (at !== 0) {
        counters.InHdrErrors++;
        this.#report(ICMP_PARAMETER_PROBLEM, 0, at << 24, frame, start, group);
        this.#drop(frame, 'ip.options', link);
        return;
      }
    }
    const source = readSource(view, start);
    const destination = readDestination(view, start);
    const martian = this.#findMartian(link, source, destination);
    if (martian !== null) {
      counters.InAddrErrors++;
      this.#drop(frame, martian, link);
      return;
    }
    if (addresses.isOwn(destination)) this.#deliver(link, frame, group, false);
    else if (addresses.isHeard(destination)) this.#deliver(link, frame, group, true);
    else if (isMulticast(destination)) {
      // A group that nobody here has joined: everybody on the link sees it. Counted, not recorded.
      this.#tracer.countDrop('ip.multicast-not-joined');
      frame.release();
    } else if (group || this.#sysctl.get('net.ipv4.ip_forward') === 0) {
      counters.InAddrErrors++;
      this.#drop(frame, 'ip.not-for-us', link);
    } else this.#forward(link, frame, destination);
  }

  /** A packet could not be sent on since `address` is silent (RFC 1812 section 5.2.7.1); takes the frame over. */
  unresolved(link: Link, frame: Frame): void {
    this.#report(ICMP_DESTINATION_UNREACHABLE, CODE_HOST_UNREACHABLE, 0, frame, frame.start, false);
    this.#drop(frame, 'arp.unresolved', link);
  }

  /** The address that an ARP request by `link` is sent from (`arp_announce` 0 of Linux). */
  arpSource(link: Link, target: Ipv4Address, waiting: Frame | null): Ipv4Address {
    if (waiting !== null) {
      const source = readSource(waiting.view, waiting.start);
      if (this.addresses.isAnsweredFor(source)) return source;
    }
    return this.addresses.select(link, target) ?? ANY;
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

  /** Decides where a packet goes; writes `#hop`. @returns 0 or a negated errno. */
  #route(destination: Ipv4Address, source: Ipv4Address, name: string | undefined): number {
    const hop = this.#hop;
    const { addresses } = this;
    hop.nextHop = destination;
    hop.group = false;
    hop.link = null;
    if (addresses.isOwn(destination)) {
      hop.link = this.#loopback;
      return hop.link === null ? -ERRNO.ENETUNREACH : 0;
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
    }
    if (hop.link === null) return -ERRNO.ENETUNREACH;
    return hop.link.up ? 0 : -ERRNO.ENETDOWN;
  }

  /** Cuts a packet and sends the pieces; takes it over. */
  #sendFragments(link: Link, packet: Frame, nextHop: Ipv4Address, group: boolean, mtu: number): void {
    const { counters } = this;
    const header = readHeaderLength(packet.view, packet.start);
    const payload = packet.end - packet.start - header;
    const step = (mtu - header) & ~7;
    for (let from = 0; from < payload; from += step) {
      counters.FragCreates++;
      link.send(cutFragment(this.#pool, packet, from, mtu), nextHop, group);
    }
    counters.FragOKs++;
    packet.release();
  }

  /** What we broadcast we hear ourselves (`ip_mc_output` in Linux), after the call that sends it. */
  #hearOwn(link: Link, frame: Frame): void {
    const copy = this.#pool.copy(frame);
    const { cause } = this.#tracer;
    this.#sim.after(0, () => this.#tracer.within(cause, () => this.#deliver(link, copy, true, true)));
  }

  /** Addresses that no packet on a link may have (RFC 1122 section 3.2.1.3, RFC 1812 section 5.3.7). */
  #findMartian(link: Link, source: Ipv4Address, destination: Ipv4Address): string | null {
    if (link.loopback) return null;
    const { addresses } = this;
    if (isLoopback(source) || addresses.isBroadcast(source)) return 'ip.martian-source';
    if (addresses.isOwn(source)) return 'ip.martian-source';
    if (source === ANY && destination !== BROADCAST) return 'ip.martian-source';
    if (isLoopback(destination) || destination === ANY) return 'ip.martian-destination';
    return null;
  }

  #deliver(link: Link, frame: Frame, group: boolean, broadcast: boolean): void {
    const { counters } = this;
    let whole: Frame | null = frame;
    if (isFragment(frame.view, frame.start)) {
      whole = this.#reassembly.add(frame, link.name);
      if (whole === null) return;
    }
    const { view, start } = whole;
    const packet = this.#packet;
    packet.source = readSource(view, start);
    packet.destination = readDestination(view, start);
    packet.protocol = readProtocol(view, start);
    packet.ttl = readTtl(view, start);
    packet.tos = readTos(view, start);
    packet.interface = link.name;
    packet.broadcast = broadcast;
    const transport = this.#transports[packet.protocol];
    if (transport === undefined) {
      counters.InUnknownProtos++;
      this.#report(ICMP_DESTINATION_UNREACHABLE, CODE_PROTOCOL_UNREACHABLE, 0, whole, start, group);
      this.#drop(whole, 'ip.protocol', link);
      return;
    }
    counters.InDelivers++;
    this.#header = start;
    this.#group = group;
    whole.start = start + readHeaderLength(view, start);
    transport.receive(whole, packet);
  }

  #forward(from: Link, frame: Frame, destination: Ipv4Address): void {
    const { counters } = this;
    const { view, start } = frame;
    if (this.#route(destination, ANY, undefined) !== 0) {
      counters.OutNoRoutes++;
      this.#report(ICMP_DESTINATION_UNREACHABLE, CODE_NETWORK_UNREACHABLE, 0, frame, start, false);
      this.#drop(frame, 'ip.no-route', from);
      return;
    }
    const { link, nextHop, group } = this.#hop;
    if (link === null || group) {
      // Directed broadcasts are not forwarded (RFC 2644).
      counters.InAddrErrors++;
      this.#drop(frame, 'ip.broadcast-not-forwarded', from);
      return;
    }
    if (readTtl(view, start) <= 1) {
      counters.InHdrErrors++;
      this.#report(ICMP_TIME_EXCEEDED, CODE_TTL_EXCEEDED, 0, frame, start, false);
      this.#drop(frame, 'ip.ttl', from);
      return;
    }
    const tooLarge = frame.length > link.mtu;
    if (tooLarge && hasDontFragment(view, start)) {
      counters.FragFails++;
      this.#report(ICMP_DESTINATION_UNREACHABLE, CODE_FRAGMENTATION_NEEDED, link.mtu, frame, start, false);
      this.#drop(frame, 'ip.fragmentation-needed', from);
      return;
    }
    decrementTtl(view, start);
    counters.ForwDatagrams++;
    frame.reason = 'ip.forward';
    if (tooLarge) this.#sendFragments(link, frame, nextHop, false, link.mtu);
    else link.send(frame, nextHop, false);
  }

  #report(type: number, code: number, info: number, frame: Frame, at: number, group: boolean): void {
    this.reports?.report(type, code, info, frame, at, group);
  }

  #drop(frame: Frame, reason: string, link: Link | null = null): void {
    dropFrame(this.#tracer, link === null ? '' : link.name, frame, reason);
  }
}
