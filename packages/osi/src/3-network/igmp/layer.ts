import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { type Link, type MacAddress, multicastMac } from '../../2-datalink/index.ts';
import { milliseconds, type Nanoseconds, type Random, type Simulation, seconds } from '../../time/index.ts';
import type { Tracer } from '../../trace/index.ts';
import { ANY, type Ipv4Address } from '../address.ts';
import { codeValue } from '../groups/code-value.ts';
import type { JoinedGroups } from '../groups/joined-groups.ts';
import {
  type GroupEntry,
  type GroupProtocol,
  type GroupQuery,
  LinkGroups,
  type ReportCause,
} from '../groups/link-groups.ts';
import type { GroupHost, GroupRequest } from '../groups/memberships.ts';
import { type GroupRecord, packRecords, type RecordSizes, sizeOf } from '../groups/records.ts';
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
  readIntervalCode,
  readQuerySource,
  readResponseCode,
  readRobustness,
  readSourceCount,
  readType,
  writeChecksum,
  writeMessage,
  writeRecord,
  writeReportHeader,
} from './codec.ts';

/** Headers of IP with the router alert option, and of the report, in front of the records. */
const IN_FRONT = 24 + 8;
const SIZES: RecordSizes = { record: GROUP_RECORD, source: 4 };

/** TTL 1, internet control precedence, never cut, routers are to look (RFC 3376 section 4). */
const HOW: SendOptions = { ttl: 1, tos: 0xc0, dontFragment: true, quiet: true, headerOptions: ROUTER_ALERT };

/** How long a version 1 query leaves to answer (RFC 2236 section 4). */
const VERSION_1_RESPONSE = seconds(10);
const TENTH = milliseconds(100);

export interface IgmpOptions {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
  ip: Ipv4Layer;
}

/**
 * The groups of one machine, and IGMP's host side (RFC 3376; RFC 2236 and 1112 with older queriers). Routers between
 * groups and queriers are not built: without a querier, reports are what joining and leaving send unasked.
 */
export class IgmpLayer
  implements TransportProtocol, GroupProtocol<Ipv4Address>, GroupHost<Ipv4Address>, JoinedGroups<Ipv4Address>
{
  readonly timers = { change: 'igmp.change', report: 'igmp.report', query: 'igmp.query' };
  readonly newest = 3;
  readonly protocol = PROTOCOL_IGMP;
  readonly #sysctl: Sysctl;
  readonly #ip: Ipv4Layer;
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #pool: FramePool;
  /** Made with the first group. */
  #links: Map<Link, LinkGroups<Ipv4Address>> | null = null;
  #random: Random | null = null;

  /** Joins `ip` as the transport that it delivers IGMP to and that knows the machine's groups. */
  constructor(options: IgmpOptions) {
    this.#sim = options.sim;
    this.#tracer = options.tracer;
    this.#pool = options.pool;
    this.#sysctl = options.sysctl;
    this.#ip = options.ip;
    this.#ip.register(this);
    this.#ip.groups = this;
  }

  /** What IGMP itself says about a group is heard from everybody (`ip_check_mc_rcu`). */
  hears(link: Link, address: Ipv4Address, source: Ipv4Address, own: boolean): boolean {
    if (address === ALL_HOSTS) return true;
    const group = this.#links?.get(link)?.find(address);
    return group !== undefined && (own || group.hears(source));
  }

  linkChanged(link: Link): void {
    this.#links?.get(link)?.activeChanged();
  }

  /** The groups of every link, and 224.0.0.1 of those that are up. */
  *entries(): Iterable<GroupEntry<Ipv4Address>> {
    for (const link of this.#ip.links) {
      const known = this.#links?.get(link);
      if (known !== undefined) yield* known.entries();
      const everybody = { address: ALL_HOSTS, users: 1, timeLeft: null, reporter: false, sources: [] };
      if (link.up) yield { ...everybody, link, version: known?.version ?? this.newest };
    }
  }

  receive(frame: Frame, packet: ReceivedPacket): void {
    const { view, start, end } = frame;
    const problem = checkIgmp(view, start, end);
    if (problem !== null) {
      dropFrame(this.#tracer, packet.interface, frame, problem);
      return;
    }
    const link = this.#ip.links.find(({ name }) => name === packet.interface);
    if (link === undefined) {
      frame.release();
      return;
    }
    switch (readType(view, start)) {
      case IGMP_QUERY: {
        const groups = this.groupsOn(link);
        if (!groups.heardQuery(readQuery(view, start, end, groups.version))) {
          dropFrame(this.#tracer, packet.interface, frame, 'igmp.malformed');
          return;
        }
        break;
      }
      case IGMP_REPORT_V1:
      case IGMP_REPORT_V2:
        if (packet.broadcast) this.#links?.get(link)?.heardReport(readGroup(view, start));
        break;
    }
    // The others are for routers.
    frame.release();
  }

  get maxMemberships(): number {
    return this.#sysctl.get('net.ipv4.igmp_max_memberships');
  }

  get maxSources(): number {
    return this.#sysctl.get('net.ipv4.igmp_max_msf');
  }

  /** `ip_mc_find_dev`. */
  linkOf({ group, index, address }: GroupRequest<Ipv4Address>): Link | null {
    if (index !== 0) return this.#ip.links.find((link) => link.index === index) ?? null;
    if (address !== undefined) return this.#ip.addresses.find(address)?.link ?? null;
    return this.#ip.routes.lookup(group)?.link ?? null;
  }

  onLink(_link: Link, address: Ipv4Address): Ipv4Address {
    return address;
  }

  groupsOn(link: Link): LinkGroups<Ipv4Address> {
    let groups = this.#links?.get(link);
    if (groups === undefined) {
      this.#random ??= this.#sim.randomFor(`${this.#tracer.node}/igmp`);
      const now = () => this.#sim.now;
      groups = new LinkGroups({ link, tracer: this.#tracer, random: this.#random, now, protocol: this });
      this.#links ??= new Map();
      this.#links.set(link, groups);
    }
    return groups;
  }

  get robustness(): number {
    return this.#sysctl.get('net.ipv4.igmp_qrv');
  }

  isActive(link: Link): boolean {
    return link.up;
  }

  forcedVersion(link: Link): number {
    return this.#sysctl.ipv4(link.name, 'force_igmp_version');
  }

  /** All but 224.0.0.1; those of the link unless the administrator says otherwise. */
  isReported(group: Ipv4Address): boolean {
    if (group === ALL_HOSTS) return false;
    return group >>> 8 !== 0xe00000 || this.#sysctl.get('net.ipv4.igmp_link_local_mcast_reports') !== 0;
  }

  reportInterval(link: Link, version: number): Nanoseconds {
    const name = version === 3 ? 'igmpv3_unsolicited_report_interval' : 'igmpv2_unsolicited_report_interval';
    return milliseconds(this.#sysctl.ipv4(link.name, name));
  }

  tellsLeaving(version: number): boolean {
    return version === 2;
  }

  macOf(group: Ipv4Address): MacAddress {
    return multicastMac(group);
  }

  sendRecords(link: Link, records: readonly GroupRecord<Ipv4Address>[], cause: ReportCause): void {
    for (const part of packRecords(records, link.mtu - IN_FRONT, SIZES)) {
      const size = part.reduce((sum, record) => sum + sizeOf(record, SIZES), IGMP_HEADER);
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
      frame.reason = this.timers[cause];
      this.#send(link, frame, ALL_V3_ROUTERS);
    }
  }

  sendReport(link: Link, version: number, group: Ipv4Address): void {
    this.#sendMessage(link, version === 1 ? IGMP_REPORT_V1 : IGMP_REPORT_V2, group, group, 'igmp.report');
  }

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
    const chosen = this.#ip.addresses.select(link, to) ?? ANY;
    // A link without an address reports from 0.0.0.0 (RFC 3376 section 4.2.13).
    const source = this.#ip.addresses.find(chosen)?.link === link ? chosen : ANY;
    this.#ip.send(frame, source, to, PROTOCOL_IGMP, { ...HOW, interface: link.name });
  }
}

/** A checked query. @param spoken the version that is spoken on its link: a version 1 host takes no more from later ones than from its own. */
function readQuery(view: DataView, at: number, end: number, spoken: number): GroupQuery<Ipv4Address> {
  const code = readResponseCode(view, at);
  const about = readGroup(view, at);
  const group = about === ANY ? null : about;
  const query = { sources: [], robustness: 0, interval: 0 };
  if (end - at === IGMP_HEADER) {
    return code === 0
      ? { ...query, version: 1, group: null, limit: VERSION_1_RESPONSE }
      : { ...query, version: 2, group, limit: code * TENTH };
  }
  if (spoken === 1) return { ...query, version: 3, group: null, limit: VERSION_1_RESPONSE };
  return {
    version: 3,
    group,
    limit: codeValue(code) * TENTH,
    sources: Array.from({ length: readSourceCount(view, at) }, (_, i) => readQuerySource(view, at, i)),
    robustness: readRobustness(view, at),
    interval: seconds(codeValue(readIntervalCode(view, at))),
  };
}
