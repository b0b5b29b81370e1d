import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import type { Link } from '../../2-datalink/index.ts';
import type { Random, Simulation } from '../../time/index.ts';
import type { Tracer } from '../../trace/index.ts';
import { ANY, type Ipv4Address } from '../address.ts';
import {
  PROTOCOL_IGMP,
  type ReceivedPacket,
  type SendOptions,
  type TransportProtocol,
} from '../ip-service.ts';
import type { Ipv4Layer } from '../ipv4/layer.ts';
import type { Sysctl } from '../sysctl.ts';
import {
  ALL_HOSTS,
  ALL_ROUTERS,
  ALL_V3_ROUTERS,
  checkIgmp,
  GROUP_RECORD,
  IGMP_HEADER,
  IGMP_LEAVE,
  IGMP_QUERY,
  IGMP_REPORT_V1,
  IGMP_REPORT_V2,
  ROUTER_ALERT,
  readGroup,
  readType,
  writeChecksum,
  writeMessage,
  writeRecord,
  writeReportHeader,
} from './codec.ts';
import type { FilterMode } from './group.ts';
import { type IgmpVersion, LinkGroups, type ReportSender } from './link-groups.ts';
import { type GroupRecord, packRecords, sizeOf } from './records.ts';

/** Headers of IP with the router alert option, and of the report, in front of the records. */
const IN_FRONT = 24 + 8;

/** TTL 1, internet control precedence, never cut, routers are to look (RFC 3376 section 4). */
const HOW: SendOptions = { ttl: 1, tos: 0xc0, dontFragment: true, quiet: true, headerOptions: ROUTER_ALERT };

export interface IgmpOptions {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
  ip: Ipv4Layer;
}

/** A line of `/proc/net/igmp`. */
export interface GroupEntry {
  readonly link: Link;
  readonly version: IgmpVersion;
  readonly address: Ipv4Address;
  readonly users: number;
  /** Nanoseconds until it is reported by itself; null when that is not going to happen. */
  readonly timeLeft: number | null;
  readonly reporter: boolean;
}

/**
 * The groups of one machine, and IGMP's host side (RFC 3376; RFC 2236 and 1112 with older queriers). Routers between
 * groups and queriers are not built: without a querier, reports are what joining and leaving send unasked.
 */
export class IgmpLayer implements TransportProtocol, ReportSender {
  readonly protocol = PROTOCOL_IGMP;
  readonly sysctl: Sysctl;
  readonly ip: Ipv4Layer;
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #pool: FramePool;
  /** Made with the first group. */
  #links: Map<Link, LinkGroups> | null = null;
  #random: Random | null = null;

  /** Joins `ip` as the transport that it delivers IGMP to and that knows the machine's groups. */
  constructor(options: IgmpOptions) {
    this.#sim = options.sim;
    this.#tracer = options.tracer;
    this.#pool = options.pool;
    this.sysctl = options.sysctl;
    this.ip = options.ip;
    this.ip.register(this);
    this.ip.groups = this;
  }

  /** What IGMP itself says about a group is heard from everybody (`ip_check_mc_rcu`). */
  hears(link: Link, address: Ipv4Address, source: Ipv4Address, protocol: number): boolean {
    if (address === ALL_HOSTS) return true;
    const group = this.#links?.get(link)?.groups.get(address);
    return group !== undefined && (protocol === PROTOCOL_IGMP || group.hears(source));
  }

  /** One socket more is in a group on a link. */
  join(link: Link, group: Ipv4Address, mode: FilterMode): void {
    this.#groupsOf(link).join(group, mode);
  }

  /** One socket less is. What its filter was it has taken away before. */
  leave(link: Link, group: Ipv4Address): void {
    this.#links?.get(link)?.leave(group);
  }

  /** A socket's filter names more sources. @param another the filter itself is new. */
  addSources(
    link: Link,
    group: Ipv4Address,
    mode: FilterMode,
    sources: readonly Ipv4Address[],
    another: boolean,
  ): void {
    this.#groupsOf(link).addSources(group, mode, sources, another);
  }

  removeSources(
    link: Link,
    group: Ipv4Address,
    mode: FilterMode,
    sources: readonly Ipv4Address[],
    another: boolean,
  ): void {
    this.#groupsOf(link).removeSources(group, mode, sources, another);
  }

  /** The link that a group is joined on when the program names none: the route's (`ip_mc_find_dev`). */
  linkFor(group: Ipv4Address): Link | null {
    return this.ip.routes.lookup(group)?.link ?? null;
  }

  linkChanged(link: Link): void {
    this.#links?.get(link)?.linkChanged(link.up);
  }

  /** The groups of every link that is up, 224.0.0.1 last, as Linux lists them. */
  *entries(): Iterable<GroupEntry> {
    for (const link of this.ip.links) {
      const known = this.#links?.get(link);
      const version = known?.version ?? 3;
      for (const { address, users, reporter } of [...(known?.groups.values() ?? [])].reverse()) {
        yield { link, version, address, users, timeLeft: known?.timeLeft(address) ?? null, reporter };
      }
      if (link.up) yield { link, version, address: ALL_HOSTS, users: 1, timeLeft: null, reporter: false };
    }
  }

  receive(frame: Frame, packet: ReceivedPacket): void {
    const { view, start, end } = frame;
    const problem = checkIgmp(view, start, end);
    if (problem !== null) {
      dropFrame(this.#tracer, packet.interface, frame, problem);
      return;
    }
    const link = this.ip.links.find(({ name }) => name === packet.interface);
    if (link === undefined) {
      frame.release();
      return;
    }
    switch (readType(view, start)) {
      case IGMP_QUERY:
        if (!this.#groupsOf(link).heardQuery(view, start, end)) {
          dropFrame(this.#tracer, packet.interface, frame, 'igmp.malformed');
          return;
        }
        break;
      case IGMP_REPORT_V1:
      case IGMP_REPORT_V2:
        if (packet.broadcast) this.#links?.get(link)?.heardReport(readGroup(view, start));
        break;
    }
    // The others are for routers.
    frame.release();
  }

  /** @internal For the groups of a link. */
  sendRecords(link: Link, records: readonly GroupRecord[]): void {
    for (const part of packRecords(records, link.mtu - IN_FRONT)) {
      const size = part.reduce((sum, record) => sum + sizeOf(record), IGMP_HEADER);
      const frame = this.#pool.take(size);
      const { view } = frame;
      writeReportHeader(view, HEADROOM, part.length);
      frame.end = HEADROOM + IGMP_HEADER;
      for (const { type, group, sources } of part) {
        writeRecord(view, frame.end, type, sources.length, group);
        frame.end += GROUP_RECORD;
        for (const source of sources) {
          view.setUint32(frame.end, source);
          frame.end += 4;
        }
      }
      writeChecksum(view, HEADROOM, frame.end);
      frame.reason = 'igmp.membership';
      this.#send(link, frame, ALL_V3_ROUTERS);
    }
  }

  /** @internal For the groups of a link. */
  sendReport(link: Link, version: 1 | 2, group: Ipv4Address): void {
    this.#sendMessage(link, version === 1 ? IGMP_REPORT_V1 : IGMP_REPORT_V2, group, group, 'igmp.membership');
  }

  /** @internal For the groups of a link. */
  sendLeave(link: Link, group: Ipv4Address): void {
    this.#sendMessage(link, IGMP_LEAVE, group, ALL_ROUTERS, 'igmp.leave');
  }

  #sendMessage(link: Link, type: number, group: Ipv4Address, to: Ipv4Address, reason: string): void {
    const frame = this.#pool.take(IGMP_HEADER);
    frame.end = HEADROOM + IGMP_HEADER;
    writeMessage(frame.view, HEADROOM, type, group);
    frame.reason = reason;
    this.#send(link, frame, to);
  }

  #send(link: Link, frame: Frame, to: Ipv4Address): void {
    const chosen = this.ip.addresses.select(link, to) ?? ANY;
    // A link without an address reports from 0.0.0.0 (RFC 3376 section 4.2.13).
    const source = this.ip.addresses.find(chosen)?.link === link ? chosen : ANY;
    this.ip.send(frame, source, to, PROTOCOL_IGMP, { ...HOW, interface: link.name });
  }

  #groupsOf(link: Link): LinkGroups {
    let groups = this.#links?.get(link);
    if (groups === undefined) {
      this.#random ??= this.#sim.randomFor(`${this.#tracer.node}/igmp`);
      groups = new LinkGroups({
        link,
        tracer: this.#tracer,
        sysctl: this.sysctl,
        random: this.#random,
        now: () => this.#sim.now,
        sender: this,
      });
      this.#links ??= new Map();
      this.#links.set(link, groups);
    }
    return groups;
  }
}
