import type { Frame } from '../../1-physical/index.ts';
import type { Link } from '../../2-datalink/index.ts';
import { KernelLog } from '../../trace/index.ts';
import { ANY, BROADCAST, type Ipv4Address } from '../address.ts';
import {
  CODE_HOST_UNREACHABLE,
  CODE_PORT_UNREACHABLE,
  CODE_PROTOCOL_UNREACHABLE,
  CODE_REASSEMBLY_TIME_EXCEEDED,
  ICMP_DESTINATION_UNREACHABLE,
  ICMP_PARAMETER_PROBLEM,
  ICMP_TIME_EXCEEDED,
} from '../icmp/codec.ts';
import { type IpService, PROTOCOL_IGMP, type ReceivedPacket } from '../ip-service.ts';
import type { RawUpcalls } from '../raw.ts';
import { Redirects } from '../redirects.ts';
import {
  checkIpv4,
  IPV4_HEADER,
  isFragment,
  readDestination,
  readHeaderLength,
  readProtocol,
  readSource,
  readTos,
  readTotalLength,
  readTtl,
} from './codec.ts';
import { Forwarder } from './forwarder.ts';
import { logIgnoredRedirect, logMartianDestination, logMartianSource } from './martian-log.ts';
import { findMartian } from './martians.ts';
import { type ExaminedOptions, examineOptions, recordStation } from './options.ts';
import type { PacketPath4 } from './packet-path.ts';
import { Reassembly } from './reassembly.ts';
import { type Advice, isGoodAdvice } from './redirects.ts';
import type { ErrorReports } from './reports.ts';
import { ReversePathFilter } from './reverse-path.ts';
import { type Ipv4Options, Sending } from './sending.ts';
import { nextStation } from './source-route.ts';

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
  extensions: null,
  broadcast: false,
};

/** IPv4 of one machine (RFC 791, 1122, 1812): sends, receives, forwards. */
export class Ipv4Layer extends Sending implements IpService<Ipv4Address>, PacketPath4 {
  /** Set once there are raw sockets. */
  raw: RawUpcalls<Ipv4Address> | null = null;
  /** Null while no interface has `rp_filter`. */
  #reversePath: ReversePathFilter | null = null;
  /** Of the packet that is being handed up: where its header begins, and whether it came in a group frame. */
  #header = 0;
  #group = false;
  /** Made with the first packet that is passed on, and with the first thing to say. */
  #forwarder: Forwarder | null = null;
  #log: KernelLog | null = null;
  readonly #reassembly: Reassembly;
  /** Set by ICMP when it joins. */
  reports: ErrorReports | null = null;
  /** `IPReversePathFilter` of /proc/net/netstat. */
  reversePathFiltered = 0;

  constructor(options: Ipv4Options) {
    super(options);
    this.#reassembly = new Reassembly({
      tracer: options.tracer,
      pool: options.pool,
      sysctl: options.sysctl,
      counters: this.faults,
      timedOut: (first) =>
        this.report(ICMP_TIME_EXCEEDED, CODE_REASSEMBLY_TIME_EXCEEDED, 0, first, first.start, false),
    });
  }

  /** Bytes that packets of which pieces are missing take up (the `FRAG` line of /proc/net/sockstat). */
  get reassemblyMemory(): number {
    return this.#reassembly.memory;
  }

  get log(): KernelLog {
    this.#log ??= new KernelLog(this.sim);
    return this.#log;
  }

  /** Some of `net.ipv4.conf.…` was set, or there is another link. */
  settingsChanged(): void {
    this.#reversePath = ReversePathFilter.of(this.links, this.sysctl);
  }

  portUnreachable(frame: Frame, _packet: ReceivedPacket): void {
    this.report(ICMP_DESTINATION_UNREACHABLE, CODE_PORT_UNREACHABLE, 0, frame, this.#header, this.#group);
  }

  /** A packet came in by a link, `frame.start` at its header; takes the frame over. @param group in a broadcast or multicast frame. */
  receive(link: Link, frame: Frame, group: boolean): void {
    const { view, start } = frame;
    this.InReceives++;
    const problem = checkIpv4(view, start, frame.end);
    if (problem !== null) {
      this.faults.InHdrErrors++;
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
        this.faults.InHdrErrors++;
        this.report(ICMP_PARAMETER_PROBLEM, 0, problem << 24, frame, start, group);
        this.drop(frame, 'ip.options', link);
        return;
      }
      sourceRoute = found;
    }
    const source = readSource(view, start);
    const destination = readDestination(view, start);
    const martian = link.loopback ? null : findMartian(source, this.kindOf(source), destination);
    if (martian !== null) {
      this.faults.InAddrErrors++;
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
    const kind = this.kindOf(destination);
    if (kind === 'own') this.#take(link, frame, group, false, source, hasOptions);
    else if (kind === 'broadcast' || destination === BROADCAST) {
      this.#take(link, frame, group, true, source, hasOptions);
    } else if (kind === 'group') {
      if (
        this.groups?.hears(link, destination, source, readProtocol(view, start) === PROTOCOL_IGMP) === true
      ) {
        this.#take(link, frame, true, true, source, hasOptions);
        return;
      }
      // A group that nobody here has joined: everybody on the link sees it. Counted, not recorded.
      this.tracer.countDrop('ip.multicast-not-joined');
      frame.release();
    } else if (group || this.sysctl.values['net.ipv4.ip_forward'] === 0) {
      this.faults.InAddrErrors++;
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
    const way = this.wayOf(destination);
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
    this.redirects ??= new Redirects(this.sim, this.tracer, () => this.tableChanged());
    if (route !== null) this.redirects.learn(destination, route, gateway);
    return true;
  }

  /** A packet could not be sent on since `address` is silent (RFC 1812 section 5.2.7.1); takes the frame over. */
  unresolved(link: Link, frame: Frame): void {
    this.report(ICMP_DESTINATION_UNREACHABLE, CODE_HOST_UNREACHABLE, 0, frame, frame.start, false);
    this.drop(frame, 'arp.unresolved', link);
  }

  /** Notes in the options of a packet for this machine that it has arrived. */
  #arrived(frame: Frame, broadcast: boolean): void {
    const { view, start } = frame;
    const address = broadcast ? this.sourceFor(readSource(view, start)) : readDestination(view, start);
    if (address !== null) recordStation(view, start, address, this.timeOfDay);
  }

  protected hear(link: Link, frame: Frame): void {
    this.#deliver(link, frame, true, true, readHeaderLength(frame.view, frame.start) > IPV4_HEADER);
  }

  #deliver(link: Link, frame: Frame, group: boolean, broadcast: boolean, hasOptions: boolean): void {
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
    const transport = this.transport(packet.protocol);
    if (transport === undefined) {
      if (taken) {
        this.InDelivers++;
        whole.release();
        return;
      }
      this.faults.InUnknownProtos++;
      this.report(ICMP_DESTINATION_UNREACHABLE, CODE_PROTOCOL_UNREACHABLE, 0, whole, start, group);
      this.drop(whole, 'ip.protocol', link);
      return;
    }
    this.InDelivers++;
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
    this.#forwarder ??= new Forwarder(this, this.sim);
    const error = this.route(destination, ANY);
    const { link, gateway } = this.hop;
    if (error !== 0 || link === null) this.#forwarder.unroutable(from, frame);
    else if (this.#isSpoofed(from, readSource(frame.view, frame.start))) this.#dropSpoofed(from, frame);
    else {
      const nextHop = gateway ?? destination;
      this.#forwarder.forward(from, frame, destination, link, nextHop, hasOptions, sourceRoute);
    }
  }

  /** Whether ARP answers `asker`, that is, whether its packets would be taken (`arp_process`). @param frame its question. */
  answers(link: Link, frame: Frame, asker: Ipv4Address, target: Ipv4Address): boolean {
    const believed = findMartian(asker, this.kindOf(asker), target) === null && !this.#isSpoofed(link, asker);
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
}
