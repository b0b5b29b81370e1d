import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { ipv6MulticastMac, type Link, type MacAddress } from '../../2-datalink/index.ts';
import { milliseconds, type Nanoseconds, type Random, type Simulation, seconds } from '../../time/index.ts';
import type { Tracer } from '../../trace/index.ts';
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
import { MLD_DONE, MLD_QUERY, MLD_REPORT, MLD_V2_REPORT, writeIcmpv6Checksum } from '../icmpv6/codec.ts';
import type { Icmpv6Layer } from '../icmpv6/layer.ts';
import type { ReceivedPacket } from '../ip-service.ts';
import {
  ALL_MLDV2_ROUTERS,
  ALL_NODES,
  ALL_ROUTERS,
  ANY6,
  type Ipv6Address,
  isAny6,
  isLinkLocal6,
  isMulticast6,
  needsZone,
  SCOPE_LINK,
  scopeOf,
} from '../ipv6/address.ts';
import { countOut } from '../ipv6/counters.ts';
import { hasRouterAlert } from '../ipv6/extension-headers.ts';
import type { Ipv6Interface } from '../ipv6/interface.ts';
import type { Ipv6Layer } from '../ipv6/layer.ts';
import type { Sysctl } from '../sysctl.ts';
import {
  MLD_RECORD_LENGTH,
  MLD_SOURCE_LENGTH,
  MLD_V1_LENGTH,
  MLD_V2_QUERY_LENGTH,
  MLD_V2_REPORT_HEADER,
  readGroup,
  readMaximumDelay,
  readQueryInterval,
  readResponseDelay,
  readRobustness,
  readSource,
  readSourceCount,
  writeMldRecord,
  writeMldReport,
  writeMldV1,
} from './codec.ts';

/** Headers of IP with the router alert option, and of the report, in front of the records. */
const IN_FRONT = 40 + 8 + MLD_V2_REPORT_HEADER;
const SIZES: RecordSizes = { record: MLD_RECORD_LENGTH, source: MLD_SOURCE_LENGTH };
/** What a version 1 host takes from a code of version 2: as much as both mean alike (`MLDV1_MRD_MAX_COMPAT`). */
const LONGEST_ALIKE = 0x7fff;

export interface MldOptions {
  sim: Simulation;
  tracer: Tracer;
  pool: FramePool;
  sysctl: Sysctl;
  ip: Ipv6Layer;
  icmp: Icmpv6Layer;
}

/**
 * The IPv6 groups of one machine, and the listener's side of multicast listener discovery (RFC 3810; RFC 2710 with an older
 * querier): tells routers and switches which groups are wanted here, and from whom.
 */
export class MulticastListeners
  implements GroupProtocol<Ipv6Address>, GroupHost<Ipv6Address>, JoinedGroups<Ipv6Address>
{
  readonly timers = { change: 'mld.change', report: 'mld.report', query: 'mld.query' };
  readonly newest = 2;
  readonly maxMemberships = Number.POSITIVE_INFINITY;
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #pool: FramePool;
  readonly #sysctl: Sysctl;
  readonly #ip: Ipv6Layer;
  readonly #icmp: Icmpv6Layer;
  readonly #links = new Map<Link, LinkGroups<Ipv6Address>>();
  #random: Random | null = null;

  /** Joins `ip` as what knows the machine's groups, and `icmp` as what its messages are for. */
  constructor({ sim, tracer, pool, sysctl, ip, icmp }: MldOptions) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#pool = pool;
    this.#sysctl = sysctl;
    this.#ip = ip;
    this.#icmp = icmp;
    ip.groups = this;
    icmp.handlers.set(MLD_QUERY, (frame, packet, by) => this.#queried(frame, packet, by));
    icmp.handlers.set(MLD_REPORT, (frame, packet, by) => this.#reported(frame, packet, by));
    for (const type of [MLD_DONE, MLD_V2_REPORT]) {
      icmp.handlers.set(type, (frame, _packet, by) => this.#drop(frame, 'mld.other-listener', by));
    }
  }

  hears(link: Link, address: Ipv6Address, source: Ipv6Address, own: boolean): boolean {
    const group = this.#links.get(link)?.find(address);
    return group !== undefined && (own || isAny6(source) || group.hears(source));
  }

  /** The groups of every interface. */
  *entries(): Iterable<GroupEntry<Ipv6Address>> {
    for (const { link } of this.#ip.interfaces) yield* this.groupsOn(link).entries();
  }

  get maxSources(): number {
    return this.#sysctl.get('net.ipv6.mld_max_msf');
  }

  linkOf({ group, index }: GroupRequest<Ipv6Address>): Link | null {
    const by =
      index === 0 ? this.#ip.wayTo(group) : this.#ip.interfaces.find(({ link }) => link.index === index);
    return by?.link ?? null;
  }

  onLink({ index }: Link, address: Ipv6Address): Ipv6Address {
    return needsZone(address) ? address.inZone(index) : address;
  }

  groupsOn(link: Link): LinkGroups<Ipv6Address> {
    let groups = this.#links.get(link);
    if (groups === undefined) {
      this.#random ??= this.#sim.randomFor(`${this.#tracer.node}/mld`);
      const now = () => this.#sim.now;
      groups = new LinkGroups({ link, tracer: this.#tracer, random: this.#random, now, protocol: this });
      this.#links.set(link, groups);
    }
    return groups;
  }

  get robustness(): number {
    return this.#sysctl.get('net.ipv6.mld_qrv');
  }

  isActive(link: Link): boolean {
    const by = this.#ip.on(link);
    return by?.enabled === true && by.discovers;
  }

  forcedVersion(link: Link): number {
    return this.#sysctl.ipv6(link.name, 'force_mld_version');
  }

  /** Everybody is in `ff02::1`, and what stays on an interface concerns nobody else (RFC 3810 section 6). */
  isReported(group: Ipv6Address): boolean {
    return scopeOf(group) >= SCOPE_LINK && !group.inZone(0).equals(ALL_NODES);
  }

  reportInterval(link: Link, version: number): Nanoseconds {
    const name = version === 2 ? 'mldv2_unsolicited_report_interval' : 'mldv1_unsolicited_report_interval';
    return milliseconds(this.#sysctl.ipv6(link.name, name));
  }

  tellsLeaving(): boolean {
    return true;
  }

  macOf(group: Ipv6Address): MacAddress {
    return ipv6MulticastMac(group.d);
  }

  sendRecords(link: Link, records: readonly GroupRecord<Ipv6Address>[], cause: ReportCause): void {
    const by = this.#ip.on(link);
    if (by === null) return;
    for (const part of packRecords(records, by.mtu - IN_FRONT, SIZES)) {
      const size = part.reduce((sum, record) => sum + sizeOf(record, SIZES), MLD_V2_REPORT_HEADER);
      const frame = this.#frame(size, this.timers[cause]);
      writeMldReport(frame.view, HEADROOM, part.length);
      let at = HEADROOM + MLD_V2_REPORT_HEADER;
      for (const { type, group, sources } of part) at = writeMldRecord(frame.view, at, type, group, sources);
      this.#emit(by, frame, ALL_MLDV2_ROUTERS.inZone(link.index));
    }
  }

  sendReport(link: Link, _version: number, group: Ipv6Address): void {
    this.#sendOlder(link, MLD_REPORT, group, group, 'mld.report');
  }

  sendLeave(link: Link, group: Ipv6Address): void {
    this.#sendOlder(link, MLD_DONE, group, ALL_ROUTERS.inZone(link.index), 'mld.leave');
  }

  #sendOlder(link: Link, type: number, group: Ipv6Address, to: Ipv6Address, reason: string): void {
    const by = this.#ip.on(link);
    if (by === null) return;
    const frame = this.#frame(MLD_V1_LENGTH, reason);
    writeMldV1(frame.view, HEADROOM, type, group);
    this.#emit(by, frame, to);
  }

  /** Says something with hop limit 1 and router alert, from the link-local address as soon as there is one (RFC 3810 section 5, 5.2.13). */
  #emit(by: Ipv6Interface, frame: Frame, destination: Ipv6Address): void {
    const source = this.#ip.addresses.linkLocal(by.link)?.address ?? ANY6;
    countOut(this.#icmp.counters, frame.view.getUint8(frame.start));
    writeIcmpv6Checksum(frame, source, destination);
    this.#ip.emit(by, frame, source, destination, 1, null, true);
  }

  #frame(length: number, reason: string): Frame {
    const frame = this.#pool.take(length);
    frame.end = HEADROOM + length;
    frame.reason = reason;
    return frame;
  }

  /** A router asks who wants what (RFC 3810 section 6.2). */
  #queried(frame: Frame, packet: ReceivedPacket<Ipv6Address>, by: Ipv6Interface): void {
    const groups = this.groupsOn(by.link);
    const query = isFromRouter(packet) ? this.#readQuery(frame, by.link, groups.version) : null;
    if (query !== null && groups.heardQuery(query)) frame.release();
    else {
      this.#icmp.counters.InErrors++;
      this.#drop(frame, 'mld.query', by);
    }
  }

  /**
   * Which version a query is of its length tells (RFC 3810 section 8.1). @param spoken the version that is spoken on the link.
   * @returns null for one that cannot be, or that is to be ignored.
   */
  #readQuery({ view, start, length }: Frame, link: Link, spoken: number): GroupQuery<Ipv6Address> | null {
    if (length < MLD_V1_LENGTH) return null;
    const about = readGroup(view, start, link.index);
    if (!isAny6(about) && !isMulticast6(about)) return null;
    const group = isAny6(about) ? null : about;
    if (length === MLD_V1_LENGTH) {
      if (this.forcedVersion(link) === 2) return null;
      const limit = milliseconds(readMaximumDelay(view, start));
      return { version: 1, group, sources: [], limit, robustness: 0, interval: 0 };
    }
    const count = readSourceCount(view, start);
    if (length < MLD_V2_QUERY_LENGTH + MLD_SOURCE_LENGTH * count) return null;
    const delay =
      spoken === 2 ? readResponseDelay(view, start) : Math.min(readMaximumDelay(view, start), LONGEST_ALIKE);
    const told = readRobustness(view, start);
    return {
      version: 2,
      group,
      sources: Array.from({ length: count }, (_, i) => readSource(view, start, i, link.index)),
      limit: milliseconds(delay),
      // It should not be 1 (RFC 3810 section 9.1).
      robustness: told === 0 ? 0 : Math.max(told, Math.min(2, this.robustness)),
      interval: seconds(readQueryInterval(view, start)),
    };
  }

  /** Another listener's report of version 1 (`__mld_report_work`). */
  #reported(frame: Frame, { source, broadcast }: ReceivedPacket<Ipv6Address>, by: Ipv6Interface): void {
    const { view, start } = frame;
    const heeded =
      broadcast &&
      frame.length >= MLD_V1_LENGTH &&
      (isAny6(source) || isLinkLocal6(source)) &&
      this.groupsOn(by.link).heardReport(readGroup(view, start, by.link.index));
    if (heeded) frame.release();
    else this.#drop(frame, 'mld.other-listener', by);
  }

  #drop(frame: Frame, reason: string, by: Ipv6Interface): void {
    dropFrame(this.#tracer, by.link.name, frame, reason);
  }
}

/** What a query must have, whatever it says (RFC 3810 section 6.2). */
const isFromRouter = ({ source, ttl, extensions }: ReceivedPacket<Ipv6Address>): boolean =>
  isLinkLocal6(source) && ttl === 1 && hasRouterAlert(extensions);
