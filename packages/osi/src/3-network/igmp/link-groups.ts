import type { Link } from '../../2-datalink/index.ts';
import { multicastMac } from '../../2-datalink/index.ts';
import { milliseconds, type Random, seconds } from '../../time/index.ts';
import type { TracedTimer, Tracer } from '../../trace/index.ts';
import { formatIpv4, type Ipv4Address } from '../address.ts';
import type { Sysctl } from '../sysctl.ts';
import {
  codeValue,
  IGMP_HEADER,
  readGroup,
  readQuerySource,
  readResponseCode,
  readRobustness,
  readSourceCount,
} from './codec.ts';
import { type FilterMode, Group } from './group.ts';
import { changeRecords, currentRecord, type FormerGroup, formerRecord, type GroupRecord } from './records.ts';

/** How long an older querier that was heard counts: 400 s, as Linux has it (RFC 3376 section 8.12 would add its interval). */
const OLDER_VERSION = seconds(400);
/** How long a version 1 query leaves to answer (RFC 2236 section 4). */
const VERSION_1_RESPONSE = seconds(10);
/** Linux does not report at once but two ticks later. */
const LEAST_DELAY = milliseconds(2);
const TENTH = milliseconds(100);

export type IgmpVersion = 1 | 2 | 3;

/** How the groups of a link have their messages sent. */
export interface ReportSender {
  sendRecords(link: Link, records: readonly GroupRecord[]): void;
  /** A report of version 1 or 2. */
  sendReport(link: Link, version: 1 | 2, group: Ipv4Address): void;
  sendLeave(link: Link, group: Ipv4Address): void;
}

export interface LinkGroupsOptions {
  link: Link;
  tracer: Tracer;
  sysctl: Sysctl;
  random: Random;
  now: () => number;
  sender: ReportSender;
}

/** The groups that a machine is in on one link, and what it reports about them (`struct in_device` in Linux). */
export class LinkGroups {
  readonly groups = new Map<Ipv4Address, Group>();
  readonly #options: LinkGroupsOptions;
  readonly #former = new Map<Ipv4Address, FormerGroup>();
  /** For version 1 and 2 reports, and answers to queries about one group. */
  readonly #timers = new Map<Ipv4Address, TracedTimer>();
  /** Tells changes, as often as the robustness variable says. */
  #changes: TracedTimer | null = null;
  #changesLeft = 0;
  /** Answers a general query. */
  #answer: TracedTimer | null = null;
  /** Until when queriers of older versions count. */
  #version1Until = 0;
  #version2Until = 0;
  /** The querier's robustness variable; 0 while none has told. */
  #robustness = 0;

  constructor(options: LinkGroupsOptions) {
    this.#options = options;
  }

  get version(): IgmpVersion {
    const { link, sysctl, now } = this.#options;
    const forced = sysctl.ipv4(link.name, 'force_igmp_version');
    if (forced === 1 || now() < this.#version1Until) return 1;
    return forced === 2 || now() < this.#version2Until ? 2 : 3;
  }

  /** Nanoseconds until a group is reported by itself; null when that is not going to happen. */
  timeLeft(group: Ipv4Address): number | null {
    const timer = this.#timers.get(group);
    return timer?.running === true ? timer.deadline - this.#options.now() : null;
  }

  /** One socket more is in a group. */
  join(address: Ipv4Address, mode: FilterMode): void {
    const known = this.groups.get(address);
    if (known !== undefined) {
      known.users++;
      if (known.add(mode, [], true, this.#times)) this.#changed();
      return;
    }
    const group = new Group(address, mode);
    this.groups.set(address, group);
    this.#enter(group);
  }

  /** One socket less is in a group. */
  leave(address: Ipv4Address): void {
    const group = this.groups.get(address);
    if (group === undefined || --group.users > 0) return;
    this.groups.delete(address);
    if (this.#options.link.up) this.#depart(group);
  }

  addSources(
    address: Ipv4Address,
    mode: FilterMode,
    sources: readonly Ipv4Address[],
    another: boolean,
  ): void {
    if (this.groups.get(address)?.add(mode, sources, another, this.#times) === true) this.#changed();
  }

  removeSources(
    address: Ipv4Address,
    mode: FilterMode,
    sources: readonly Ipv4Address[],
    another: boolean,
  ): void {
    if (this.groups.get(address)?.remove(mode, sources, another, this.#times) === true) this.#changed();
  }

  /** The link was switched on or off: its groups are reported anew, or nothing more is (`ip_mc_up`, `ip_mc_down`). */
  linkChanged(up: boolean): void {
    if (up) {
      for (const group of this.groups.values()) this.#enter(group);
      return;
    }
    for (const timer of this.#timers.values()) timer.stop();
    this.#changes?.stop();
    this.#answer?.stop();
    this.#changesLeft = 0;
    this.#former.clear();
    for (const { address } of this.groups.values()) this.#options.link.setGroup(multicastMac(address), false);
  }

  /** Another machine reported a group: versions 1 and 2 need no second report (RFC 2236 section 3). */
  heardReport(address: Ipv4Address): void {
    const group = this.groups.get(address);
    if (group === undefined || !this.#reports(address)) return;
    this.#timers.get(address)?.stop();
    group.reporter = false;
    group.unsolicited = 0;
  }

  /** A checked query, its header at `at` (`igmp_heard_query`). @returns false when it is to be ignored. */
  heardQuery(view: DataView, at: number, end: number): boolean {
    const code = readResponseCode(view, at);
    let group: number = readGroup(view, at);
    let limit = codeValue(code) * TENTH;
    let sources: Ipv4Address[] = [];
    if (end - at === IGMP_HEADER) {
      if (code === 0) {
        limit = VERSION_1_RESPONSE;
        this.#version1Until = this.#options.now() + OLDER_VERSION;
        group = 0;
      } else {
        limit = code * TENTH;
        this.#version2Until = this.#options.now() + OLDER_VERSION;
      }
      this.#changesLeft = 0;
      this.#changes?.stop();
      this.#former.clear();
    } else if (this.version === 1) {
      limit = VERSION_1_RESPONSE;
      group = 0;
    } else if (this.version === 3) {
      this.#robustness = readRobustness(view, at) || this.#robustness;
      const count = readSourceCount(view, at);
      sources = Array.from({ length: count }, (_, i) => readQuerySource(view, at, i));
      if (group === 0) {
        if (sources.length > 0) return false;
        this.#answerWithin(limit);
        return true;
      }
    }
    for (const one of this.groups.values()) {
      if (group !== 0 && group !== one.address) continue;
      if (this.#reports(one.address) && markQueried(one, sources, this.#isWaiting(one))) {
        this.#reportWithin(one, limit);
      }
    }
    return true;
  }

  /** Link-local groups are reported too unless the administrator says otherwise. */
  #reports(address: Ipv4Address): boolean {
    return (
      address >>> 8 !== 0xe00000 || this.#options.sysctl.get('net.ipv4.igmp_link_local_mcast_reports') !== 0
    );
  }

  get #times(): number {
    return this.#robustness || this.#options.sysctl.get('net.ipv4.igmp_qrv');
  }

  #enter(group: Group): void {
    this.#options.link.setGroup(multicastMac(group.address), true);
    if (!this.#options.link.up || !this.#reports(group.address)) return;
    this.#former.delete(group.address);
    if (this.version !== 3) {
      group.unsolicited = this.#options.sysctl.get('net.ipv4.igmp_qrv');
      this.#timerOf(group).start(LEAST_DELAY);
      return;
    }
    // From no sources to some it is no change of the mode (RFC 3376 section 5.1).
    if (group.mode === 'exclude') group.changes = this.#times;
    else for (const source of group.sources.values()) source.changes = this.#times;
    this.#changed();
  }

  #depart(group: Group): void {
    this.#options.link.setGroup(multicastMac(group.address), false);
    const { address, mode, reporter } = group;
    this.#timers.get(address)?.stop();
    this.#timers.delete(address);
    if (!this.#reports(address) || this.version === 1) return;
    if (this.version === 2) {
      if (reporter) this.#options.sender.sendLeave(this.#options.link, address);
      return;
    }
    const sources = mode === 'include' ? [...group.sources.values(), ...group.removed.values()] : [];
    this.#former.set(address, { address, mode, sources, changes: this.#times });
    this.#changed();
  }

  #changed(): void {
    if (this.version !== 3 || !this.#options.link.up) return;
    this.#changesLeft = this.#times;
    this.#changeTimer().start(LEAST_DELAY);
  }

  #changeTimer(): TracedTimer {
    this.#changes ??= this.#options.tracer.timer(
      'igmp.change',
      () => this.#options.link.name,
      () => this.#tellChanges(),
    );
    return this.#changes;
  }

  #tellChanges(): void {
    const records: GroupRecord[] = [];
    for (const former of this.#former.values()) {
      const record = formerRecord(former);
      if (record !== null) records.push(record);
      if (former.changes === 0) this.#former.delete(former.address);
    }
    for (const group of this.groups.values()) {
      if (this.#reports(group.address)) records.push(...changeRecords(group));
    }
    if (records.length > 0) this.#options.sender.sendRecords(this.#options.link, records);
    this.#changesLeft--;
    if (this.#changesLeft > 0) this.#changeTimer().start(this.#within(this.#interval()));
  }

  /** Between two unsolicited reports. */
  #interval(): number {
    const name =
      this.version === 3 ? 'igmpv3_unsolicited_report_interval' : 'igmpv2_unsolicited_report_interval';
    const { link, sysctl } = this.#options;
    return milliseconds(sysctl.ipv4(link.name, name));
  }

  /** A moment at random before `limit` is over. */
  #within(limit: number): number {
    return this.#options.random.below(Math.max(limit, 1)) + LEAST_DELAY;
  }

  #answerWithin(limit: number): void {
    const { tracer, now, link } = this.#options;
    const delay = this.#within(limit);
    this.#answer ??= tracer.timer(
      'igmp.query',
      () => link.name,
      () => this.#tellAll(),
    );
    if (this.#answer.running && this.#answer.deadline <= now() + delay) return;
    this.#answer.start(delay);
  }

  #tellAll(): void {
    const reported = [...this.groups.values()].filter(({ address }) => this.#reports(address));
    if (reported.length > 0)
      this.#options.sender.sendRecords(this.#options.link, reported.map(currentRecord));
  }

  #isWaiting({ address }: Group): boolean {
    return this.#timers.get(address)?.running === true;
  }

  #reportWithin(group: Group, limit: number): void {
    group.unsolicited = 0;
    const timer = this.#timerOf(group);
    if (timer.running && timer.deadline - this.#options.now() < limit) return;
    timer.start(this.#within(limit));
  }

  #timerOf(group: Group): TracedTimer {
    const { tracer, link } = this.#options;
    let timer = this.#timers.get(group.address);
    if (timer === undefined) {
      const subject = () => `${formatIpv4(group.address)} on ${link.name}`;
      timer = tracer.timer('igmp.report', subject, () => this.#report(group));
      this.#timers.set(group.address, timer);
    }
    return timer;
  }

  #report(group: Group): void {
    const { link, sender } = this.#options;
    if (group.unsolicited > 0 && --group.unsolicited > 0)
      this.#timerOf(group).start(this.#within(this.#interval()));
    group.reporter = true;
    const { version } = this;
    if (version === 3) sender.sendRecords(link, [currentRecord(group)]);
    else sender.sendReport(link, version, group.address);
  }
}

/** Notes which sources a query asks for (`igmp_marksources`). @returns whether there is something to answer. */
function markQueried(group: Group, sources: readonly Ipv4Address[], waiting: boolean): boolean {
  // An answer about the whole group that is due anyway covers it.
  group.sourcesQueried = sources.length > 0 && (!waiting || group.sourcesQueried);
  if (!group.sourcesQueried) return true;
  if (group.mode === 'exclude') {
    group.sourcesQueried = false;
    const excluded = new Set(group.current().map(({ address }) => address));
    return !sources.every((address) => excluded.has(address));
  }
  let some = false;
  for (const address of sources) {
    const source = group.sources.get(address);
    if (source === undefined) continue;
    source.queried = true;
    some = true;
  }
  group.sourcesQueried = some;
  return some;
}
