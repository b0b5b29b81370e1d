import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import { milliseconds, type Nanoseconds, type Random, type Simulation, seconds } from '../../time/index.ts';
import type { TracedTimer, Tracer } from '../../trace/index.ts';
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
  SCOPE_LINK,
  scopeOf,
} from '../ipv6/address.ts';
import { countOut } from '../ipv6/counters.ts';
import type { Ipv6Interface } from '../ipv6/interface.ts';
import type { Ipv6Layer } from '../ipv6/layer.ts';
import {
  MLD_RECORD_LENGTH,
  MLD_V1_LENGTH,
  MLD_V2_QUERY_LENGTH,
  MLD_V2_REPORT_HEADER,
  RECORD_IS_EXCLUDE,
  RECORD_TO_EXCLUDE,
  RECORD_TO_INCLUDE,
  readGroup,
  readMaximumDelay,
  readResponseDelay,
  writeMldRecord,
  writeMldReport,
  writeMldV1,
} from './codec.ts';

/** How often a change is told, since a report may be lost (`mc_qrv` of Linux, RFC 3810 section 9.1). */
const ROBUSTNESS = 2;
/** Before the first report of a change (two ticks of Linux), and at most before it is repeated (`mldv2_unsolicited_report_interval`). */
const FIRST_DELAY = milliseconds(8);
const REPEAT_DELAY = seconds(1);
/** For how long a querier of version 1 is spoken to in its own way (RFC 3810 section 9.12). */
const OLDER_VERSION_TIME = seconds(2 * 125 + 10);
/** As many records as fit into what every link takes. */
const MOST_RECORDS = 60;

/** A change that is still to be told. */
interface Change {
  readonly group: Ipv6Address;
  readonly joined: boolean;
  left: number;
}

interface State {
  readonly changes: Map<string, Change>;
  readonly changed: TracedTimer;
  readonly answer: TracedTimer;
  /** The group that was asked for; `::` for all. */
  asked: Ipv6Address;
  olderUntil: Nanoseconds;
}

/**
 * Multicast listener discovery of one machine (RFC 3810, and RFC 2710 to a querier that speaks no better): tells routers
 * and switches which groups are wanted here. Sources are not filtered by, so every group is one of all sources.
 */
export class MulticastListeners {
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #pool: FramePool;
  readonly #ip: Ipv6Layer;
  readonly #icmp: Icmpv6Layer;
  readonly #states = new Map<Ipv6Interface, State>();
  #random: Random | null = null;

  constructor(sim: Simulation, tracer: Tracer, pool: FramePool, ip: Ipv6Layer, icmp: Icmpv6Layer) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#pool = pool;
    this.#ip = ip;
    this.#icmp = icmp;
    icmp.handlers.set(MLD_QUERY, (frame, packet, by) => this.#queried(frame, packet, by));
    for (const type of [MLD_REPORT, MLD_DONE, MLD_V2_REPORT]) {
      // Other listeners' reports are for routers.
      icmp.handlers.set(type, (frame, _packet, by) => this.#drop(frame, 'mld.other-listener', by));
    }
  }

  /** Somebody on this machine wants a group's packets. */
  join(by: Ipv6Interface, group: Ipv6Address): void {
    if (by.join(group)) this.#changed(by, group, true);
  }

  /** And wants them no more. */
  leave(by: Ipv6Interface, group: Ipv6Address): void {
    if (by.leave(group)) this.#changed(by, group, false);
  }

  /** The interface has its link-local address: what was told without one is told again (RFC 3590, `mld_dad_work`). */
  addressed(by: Ipv6Interface): void {
    for (const group of by.groups) this.#changed(by, group, true);
  }

  /** The interface is off. */
  stop(by: Ipv6Interface): void {
    const state = this.#states.get(by);
    state?.changed.stop();
    state?.answer.stop();
    this.#states.delete(by);
  }

  #changed(by: Ipv6Interface, group: Ipv6Address, joined: boolean): void {
    if (!by.discovers || !by.enabled || !isReported(group)) return;
    const state = this.#state(by);
    if (this.#speaksOlder(by, state)) {
      this.#sendOlder(by, joined ? MLD_REPORT : MLD_DONE, group);
      return;
    }
    state.changes.set(group.key, { group, joined, left: ROBUSTNESS });
    state.changed.start(FIRST_DELAY);
  }

  #state(by: Ipv6Interface): State {
    let state = this.#states.get(by);
    if (state === undefined) {
      const subject = () => by.link.name;
      state = {
        changes: new Map(),
        changed: this.#tracer.timer('mld.change', subject, () => this.#tellChanges(by)),
        answer: this.#tracer.timer('mld.answer', subject, () => this.#answer(by)),
        asked: ANY6,
        olderUntil: 0,
      };
      this.#states.set(by, state);
    }
    return state;
  }

  #tellChanges(by: Ipv6Interface): void {
    const state = this.#state(by);
    const changes = [...state.changes.values()];
    this.#report(
      by,
      'mld.change',
      changes.map(({ group, joined }) => [joined ? RECORD_TO_EXCLUDE : RECORD_TO_INCLUDE, group]),
    );
    for (const change of changes) if (--change.left === 0) state.changes.delete(change.group.key);
    if (state.changes.size > 0) state.changed.start(FIRST_DELAY + Math.floor(this.#chance() * REPEAT_DELAY));
  }

  /** A router asks who wants what (RFC 3810 section 6.2). */
  #queried(frame: Frame, packet: ReceivedPacket<Ipv6Address>, by: Ipv6Interface): void {
    const { view, start } = frame;
    const { length } = frame;
    if (length < MLD_V1_LENGTH || !isLinkLocal6(packet.source) || packet.ttl !== 1 || !by.discovers) {
      this.#icmp.counters.InErrors++;
      this.#drop(frame, 'mld.query', by);
      return;
    }
    const state = this.#state(by);
    const older = length < MLD_V2_QUERY_LENGTH;
    const asked = readGroup(view, start, by.link.index);
    const longest = older ? readMaximumDelay(view, start) : readResponseDelay(view, start);
    frame.release();
    if (older) state.olderUntil = this.#sim.now + OLDER_VERSION_TIME;
    const delay = Math.floor(this.#chance() * milliseconds(longest));
    const waits = state.answer.running;
    // Who is to answer for one group and then for another answers for all of them.
    state.asked = waits && !state.asked.equals(asked) ? ANY6 : asked;
    if (!waits || this.#sim.now + delay < state.answer.deadline) state.answer.start(delay);
  }

  #answer(by: Ipv6Interface): void {
    const state = this.#state(by);
    const { asked } = state;
    const groups = [...by.groups].filter(
      (group) => isReported(group) && (isAny6(asked) || group.equals(asked)),
    );
    if (this.#speaksOlder(by, state)) {
      for (const group of groups) this.#sendOlder(by, MLD_REPORT, group);
    } else {
      this.#report(
        by,
        'mld.report',
        groups.map((group) => [RECORD_IS_EXCLUDE, group]),
      );
    }
  }

  #speaksOlder(by: Ipv6Interface, { olderUntil }: State): boolean {
    return by.setting('force_mld_version') === 1 || this.#sim.now < olderUntil;
  }

  #report(by: Ipv6Interface, reason: string, records: (readonly [type: number, group: Ipv6Address])[]): void {
    for (let from = 0; from < records.length; from += MOST_RECORDS) {
      const some = records.slice(from, from + MOST_RECORDS);
      const length = MLD_V2_REPORT_HEADER + MLD_RECORD_LENGTH * some.length;
      const frame = this.#frame(length, reason);
      writeMldReport(frame.view, HEADROOM, some.length);
      some.forEach(([type, group], i) => {
        writeMldRecord(frame.view, HEADROOM + MLD_V2_REPORT_HEADER + MLD_RECORD_LENGTH * i, type, group);
      });
      this.#emit(by, frame, ALL_MLDV2_ROUTERS.inZone(by.link.index));
    }
  }

  #sendOlder(by: Ipv6Interface, type: number, group: Ipv6Address): void {
    const frame = this.#frame(MLD_V1_LENGTH, type === MLD_DONE ? 'mld.done' : 'mld.report');
    writeMldV1(frame.view, HEADROOM, type, group);
    this.#emit(by, frame, type === MLD_DONE ? ALL_ROUTERS.inZone(by.link.index) : group);
  }

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

  #chance(): number {
    this.#random ??= this.#sim.randomFor(`${this.#tracer.node}/mld`);
    return this.#random.unit();
  }

  #drop(frame: Frame, reason: string, by: Ipv6Interface): void {
    dropFrame(this.#tracer, by.link.name, frame, reason);
  }
}

/** Everybody is in `ff02::1`, and what stays on an interface concerns nobody else (RFC 3810 section 6). */
const isReported = (group: Ipv6Address): boolean =>
  scopeOf(group) >= SCOPE_LINK && !group.inZone(0).equals(ALL_NODES);
