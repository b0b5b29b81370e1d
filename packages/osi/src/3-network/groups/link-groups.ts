import type { Link, MacAddress } from '../../2-datalink/index.ts';
import { milliseconds, type Nanoseconds, type Random, seconds } from '../../time/index.ts';
import type { TracedTimer, Tracer } from '../../trace/index.ts';
import { formatIp, type IpAddress, type IpKey, keyOf } from '../ip-address.ts';
import { type FilterMode, Group } from './group.ts';
import { changeRecords, currentRecord, type FormerGroup, formerRecord, type GroupRecord } from './records.ts';

/** Until a querier says otherwise (RFC 3376 section 8.2 and 8.3, RFC 3810 section 9.2 and 9.3). */
const QUERY_INTERVAL = seconds(125);
const RESPONSE_INTERVAL = seconds(10);
/** Linux does not report at once but two ticks later. */
const LEAST_DELAY = milliseconds(2);

/** Why a report is sent, behind the protocol's name: something is new, or somebody asked. */
export type ReportCause = 'change' | 'report';

/** What IGMP and MLD have each in their own way. */
export interface GroupProtocol<A extends IpAddress> {
  /** Of its timers. */
  readonly timers: Readonly<Record<ReportCause | 'query', string>>;
  /** The version that knows of sources; those before it do not. */
  readonly newest: number;
  /** Until a querier says otherwise (`net.ipv4.igmp_qrv`, `net.ipv6.mld_qrv`). */
  readonly robustness: number;
  /** Whether groups are reported on a link now: `activeChanged` when that changes. */
  isActive(link: Link): boolean;
  /** A version that the administrator wants to be spoken, whatever is heard; 0 for none. */
  forcedVersion(link: Link): number;
  /** Whether routers are told of a group. */
  isReported(group: A): boolean;
  /** Between two unsolicited reports. */
  reportInterval(link: Link, version: number): Nanoseconds;
  /** Whether a version, not the newest, has a message for leaving. */
  tellsLeaving(version: number): boolean;
  macOf(group: A): MacAddress;
  sendRecords(link: Link, records: readonly GroupRecord<A>[], cause: ReportCause): void;
  /** A report of an older version. */
  sendReport(link: Link, version: number, group: A): void;
  sendLeave(link: Link, group: A): void;
}

/** What a querier asks, its message checked. */
export interface GroupQuery<A extends IpAddress> {
  readonly version: number;
  /** Null for all groups. */
  readonly group: A | null;
  /** Which of the group's sources it asks about; none: about the group. */
  readonly sources: readonly A[];
  /** How much time it leaves to answer. */
  readonly limit: Nanoseconds;
  /** Its robustness variable and query interval; 0 where it does not say. */
  readonly robustness: number;
  readonly interval: Nanoseconds;
}

/** What there is to tell of a group (`/proc/net/igmp`, `igmp6`, `mcfilter`). */
export interface GroupEntry<A extends IpAddress> {
  readonly link: Link;
  /** That is spoken on the link. */
  readonly version: number;
  readonly address: A;
  readonly users: number;
  /** Nanoseconds until it is reported by itself; null when that is not going to happen. */
  readonly timeLeft: Nanoseconds | null;
  readonly reporter: boolean;
  /** How many filters include and exclude each source. */
  readonly sources: Iterable<{ readonly address: A; readonly include: number; readonly exclude: number }>;
}

export interface LinkGroupsOptions<A extends IpAddress> {
  link: Link;
  tracer: Tracer;
  random: Random;
  now: () => Nanoseconds;
  protocol: GroupProtocol<A>;
}

/**
 * The groups that a machine is in on one link, and what it reports about them (RFC 3376, RFC 3810; `struct in_device` and
 * `struct inet6_dev` in Linux).
 */
export class LinkGroups<A extends IpAddress> {
  readonly #groups = new Map<IpKey, Group<A>>();
  readonly #options: LinkGroupsOptions<A>;
  #former: Map<IpKey, FormerGroup<A>> | null = null;
  /** For reports of older versions, and answers to queries about one group. */
  #timers: Map<IpKey, TracedTimer> | null = null;
  /** Tells changes, as often as the robustness variable says. */
  #changes: TracedTimer | null = null;
  #changesLeft = 0;
  /** Answers a general query. */
  #answer: TracedTimer | null = null;
  /** Until when queriers of older versions count, by version. */
  readonly #olderUntil: Nanoseconds[] = [];
  /** What the querier has told; 0 while none has. */
  #robustness = 0;
  #queryInterval = QUERY_INTERVAL;
  #responseInterval = RESPONSE_INTERVAL;
  /** Whether groups were reported when that was looked at last. */
  #active: boolean;

  constructor(options: LinkGroupsOptions<A>) {
    this.#options = options;
    this.#active = options.protocol.isActive(options.link);
  }

  /** The latest first, as Linux lists them. */
  entries(): GroupEntry<A>[] {
    const { version } = this;
    const { link } = this.#options;
    return [...this.#groups.values()].reverse().map(({ address, users, reporter, sources }) => ({
      link,
      version,
      address,
      users,
      timeLeft: this.#timeLeft(address),
      reporter,
      sources: sources.values(),
    }));
  }

  find(address: A): Group<A> | undefined {
    return this.#groups.get(keyOf(address));
  }

  /** Which version is spoken: that of the oldest querier that was heard lately. */
  get version(): number {
    const { link, protocol, now } = this.#options;
    const forced = protocol.forcedVersion(link);
    for (let version = 1; version < protocol.newest; version++) {
      if (forced === version || now() < (this.#olderUntil[version] ?? 0)) return version;
    }
    return protocol.newest;
  }

  #timeLeft(group: A): Nanoseconds | null {
    const timer = this.#timers?.get(keyOf(group));
    return timer?.running === true ? timer.deadline - this.#options.now() : null;
  }

  /** One more is in a group. */
  join(address: A, mode: FilterMode): void {
    const known = this.find(address);
    if (known !== undefined) {
      known.users++;
      if (known.add(mode, [], true, this.#times)) this.#changed();
      return;
    }
    const group = new Group(address, mode);
    this.#groups.set(keyOf(address), group);
    this.#enter(group);
  }

  /** One less is in a group, and its filter is gone. */
  leave(address: A, mode: FilterMode, sources: readonly A[]): void {
    this.removeSources(address, mode, sources, true);
    const group = this.find(address);
    if (group === undefined || --group.users > 0) return;
    this.#groups.delete(keyOf(address));
    this.#depart(group);
  }

  /** A filter names more sources. @param another the filter itself is new. */
  addSources(address: A, mode: FilterMode, sources: readonly A[], another: boolean): void {
    if (this.find(address)?.add(mode, sources, another, this.#times) === true) this.#changed();
  }

  /** A filter names some sources no more. @param another the filter itself is gone. */
  removeSources(address: A, mode: FilterMode, sources: readonly A[], another: boolean): void {
    if (this.find(address)?.remove(mode, sources, another, this.#times) === true) this.#changed();
  }

  /** Groups are reported from now on, all of them anew, or nothing more is (`ip_mc_up`, `ip_mc_down`). */
  activeChanged(): void {
    const { link, protocol } = this.#options;
    const active = protocol.isActive(link);
    if (active === this.#active) return;
    this.#active = active;
    if (active) {
      for (const group of this.#groups.values()) this.#enter(group);
      return;
    }
    for (const timer of this.#timers?.values() ?? []) timer.stop();
    this.#answer?.stop();
    this.#forgetChanges();
    for (const group of this.#groups.values()) this.#hear(group, false);
  }

  /** Tells of every group once more, as if it had been joined now. */
  tellAnew(): void {
    for (const group of this.#groups.values()) this.#tellJoined(group);
  }

  /**
   * Another machine reported a group: older versions need no second report (RFC 2236 section 3, RFC 2710 section 4).
   * @returns whether it is a group of this machine.
   */
  heardReport(address: A): boolean {
    const group = this.find(address);
    if (group === undefined) return false;
    this.#timers?.get(keyOf(address))?.stop();
    group.reporter = false;
    return true;
  }

  /** A querier asks (`igmp_heard_query`, `__mld_query_work`). @returns false for a question that is to be ignored. */
  heardQuery(query: GroupQuery<A>): boolean {
    const { now, protocol } = this.#options;
    const { group, limit } = query;
    if (query.version < protocol.newest) {
      this.#olderUntil[query.version] = now() + this.#times * this.#queryInterval + this.#responseInterval;
      this.#answer?.stop();
      this.#forgetChanges();
    }
    const newest = this.version === protocol.newest;
    if (newest) {
      if (group === null && query.sources.length > 0) return false;
      this.#robustness = query.robustness;
      this.#queryInterval = query.interval || QUERY_INTERVAL;
      if (group === null) {
        this.#responseInterval = limit;
        this.#answerWithin(limit);
        return true;
      }
    }
    const sources = newest ? query.sources : [];
    for (const one of group === null ? this.#groups.values() : [this.find(group)]) {
      if (one === undefined || !protocol.isReported(one.address)) continue;
      if (markQueried(one, sources, this.#timeLeft(one.address) !== null)) this.#reportWithin(one, limit);
    }
    return true;
  }

  /** How often a change is told. */
  get #times(): number {
    return this.#robustness || this.#options.protocol.robustness;
  }

  #enter(group: Group<A>): void {
    this.#hear(group, true);
    this.#tellJoined(group);
  }

  /** Has the card listen to a group, or no more. */
  #hear(group: Group<A>, on: boolean): void {
    const { link, protocol } = this.#options;
    if (group.heard !== on) link.setGroup(protocol.macOf(group.address), on);
    group.heard = on;
  }

  #tellJoined(group: Group<A>): void {
    const { protocol } = this.#options;
    if (!this.#active || !protocol.isReported(group.address)) return;
    this.#former?.delete(keyOf(group.address));
    if (this.version !== protocol.newest) {
      group.unsolicited = this.#times;
      this.#timerOf(group).start(LEAST_DELAY);
      return;
    }
    // From no sources to some it is no change of the mode (RFC 3376 section 5.1, RFC 3810 section 6.1).
    if (group.mode === 'exclude') group.changes = this.#times;
    else for (const source of group.sources.values()) source.changes = this.#times;
    this.#changed();
  }

  #depart(group: Group<A>): void {
    const { link, protocol } = this.#options;
    const { address, mode, reporter } = group;
    this.#hear(group, false);
    this.#timers?.get(keyOf(address))?.stop();
    this.#timers?.delete(keyOf(address));
    if (!this.#active || !protocol.isReported(address)) return;
    const { version } = this;
    if (version < protocol.newest) {
      if (reporter && protocol.tellsLeaving(version)) protocol.sendLeave(link, address);
      return;
    }
    const sources = mode === 'include' ? [...group.sources.values(), ...group.removed.values()] : [];
    this.#former ??= new Map();
    this.#former.set(keyOf(address), { address, mode, sources, changes: this.#times });
    this.#changed();
  }

  #changed(): void {
    if (this.version !== this.#options.protocol.newest || !this.#active) return;
    this.#changesLeft = this.#times;
    this.#changeTimer().start(LEAST_DELAY);
  }

  #changeTimer(): TracedTimer {
    this.#changes ??= this.#timer('change', () => this.#tellChanges());
    return this.#changes;
  }

  #forgetChanges(): void {
    this.#changes?.stop();
    this.#changesLeft = 0;
    this.#former = null;
  }

  #tellChanges(): void {
    const { link, protocol } = this.#options;
    const records: GroupRecord<A>[] = [];
    for (const [key, former] of this.#former ?? []) {
      const record = formerRecord(former);
      if (record !== null) records.push(record);
      if (former.changes === 0) this.#former?.delete(key);
    }
    for (const group of this.#groups.values()) {
      if (protocol.isReported(group.address)) records.push(...changeRecords(group));
    }
    if (records.length > 0) protocol.sendRecords(link, records, 'change');
    this.#changesLeft--;
    if (this.#changesLeft > 0) this.#changeTimer().start(this.#within(this.#interval));
  }

  get #interval(): Nanoseconds {
    const { link, protocol } = this.#options;
    return protocol.reportInterval(link, this.version);
  }

  /** A moment at random before `limit` is over. */
  #within(limit: Nanoseconds): Nanoseconds {
    return this.#options.random.below(Math.max(limit, 1)) + LEAST_DELAY;
  }

  #answerWithin(limit: Nanoseconds): void {
    const delay = this.#within(limit);
    this.#answer ??= this.#timer('query', () => this.#tellAll());
    if (this.#answer.running && this.#answer.deadline <= this.#options.now() + delay) return;
    this.#answer.start(delay);
  }

  #tellAll(): void {
    const { link, protocol } = this.#options;
    const reported = [...this.#groups.values()].filter(({ address }) => protocol.isReported(address));
    if (reported.length > 0) protocol.sendRecords(link, reported.map(currentRecord), 'report');
  }

  #reportWithin(group: Group<A>, limit: Nanoseconds): void {
    group.unsolicited = 0;
    const left = this.#timeLeft(group.address);
    if (left === null || left >= limit) this.#timerOf(group).start(this.#within(limit));
  }

  #timerOf(group: Group<A>): TracedTimer {
    this.#timers ??= new Map();
    let timer = this.#timers.get(keyOf(group.address));
    if (timer === undefined) {
      timer = this.#timer('report', () => this.#report(group), `${formatIp(group.address)} on `);
      this.#timers.set(keyOf(group.address), timer);
    }
    return timer;
  }

  #timer(name: ReportCause | 'query', act: () => void, of = ''): TracedTimer {
    const { tracer, link, protocol } = this.#options;
    return tracer.timer(protocol.timers[name], () => `${of}${link.name}`, act);
  }

  #report(group: Group<A>): void {
    const { link, protocol } = this.#options;
    if (group.unsolicited > 0 && --group.unsolicited > 0)
      this.#timerOf(group).start(this.#within(this.#interval));
    group.reporter = true;
    const { version } = this;
    if (version === protocol.newest) protocol.sendRecords(link, [currentRecord(group)], 'report');
    else protocol.sendReport(link, version, group.address);
  }
}

/** Notes which sources a query asks for (`igmp_marksources`, `mld_marksources`). @returns whether there is something to answer. */
function markQueried<A extends IpAddress>(group: Group<A>, sources: readonly A[], waiting: boolean): boolean {
  // An answer about the whole group that is due anyway covers it.
  group.sourcesQueried = sources.length > 0 && (!waiting || group.sourcesQueried);
  if (!group.sourcesQueried) return true;
  if (group.mode === 'exclude') {
    group.sourcesQueried = false;
    const excluded = new Set(group.current().map(({ address }) => keyOf(address)));
    return !sources.every((address) => excluded.has(keyOf(address)));
  }
  let some = false;
  for (const address of sources) {
    const source = group.sources.get(keyOf(address));
    if (source === undefined) continue;
    source.queried = true;
    some = true;
  }
  group.sourcesQueried = some;
  return some;
}
