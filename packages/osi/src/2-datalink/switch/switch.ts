import { type Frame, type FramePool, Port, type PortOwner, poolOf, repeat } from '../../1-physical/index.ts';
import { microseconds, type Nanoseconds, type Simulation } from '../../time/index.ts';
import { type TraceRecord, Tracer } from '../../trace/index.ts';
import { checkEthernet, readDestination, readSource } from '../ethernet/codec.ts';
import { isGroupMac, type MacAddress, NULL_MAC } from '../ethernet/mac-address.ts';
import { BRIDGE_GROUP } from '../stp/bpdu.ts';
import { SpanningTree, type SpanningTreeOptions, type SpanningTreePort } from '../stp/spanning-tree.ts';
import { vlanOf } from '../vlan/codec.ts';
import { type PortVlans, VlanMembership } from '../vlan/membership.ts';
import { MacTable } from './mac-table.ts';

/** Frames to 01:80:c2:00:00:00–0f stay on their link (IEEE 802.1D-2004 section 7.12.6). */
const FIRST_RESERVED = 0x0180c2000000;
const LAST_RESERVED = 0x0180c200000f;

export interface SwitchOptions {
  sim: Simulation;
  name: string;
  record?: TraceRecord | null;
  /** Default: the simulation's. */
  pool?: FramePool;
  /** Speaks the rapid spanning tree protocol; default: does not. */
  stp?: SpanningTreeOptions;
  /** From the last bit in to the first bit out, in nanoseconds, > 0; default 1 µs. */
  latency?: Nanoseconds;
}

/**
 * What looking up and queueing take in a store-and-forward switch: about a microsecond in common ones. More than
 * 0, so that time goes on where frames go round in a loop of cables without limit of bandwidth.
 */
const LATENCY = microseconds(1);
/** How many flooded frames a port takes on within its latency before it counts as a storm. */
const STORM = 1000;

/**
 * A learning switch (IEEE 802.1D-2004 section 7): remembers behind which port each station is, forwards to
 * that port, and floods what it does not know; within VLANs (IEEE 802.1Q) when its ports are told theirs, and
 * along a spanning tree when it is told to. Without one, a loop of cables is a broadcast storm, as in reality: the
 * copies go round as fast as the switches are, and beyond a thousand at once they are dropped (`switch.storm`).
 */
export class Switch implements PortOwner {
  readonly name: string;
  readonly tracer: Tracer;
  readonly ports: Port[] = [];
  /** What it has learned, as long as it has no VLANs. */
  readonly table: MacTable;
  /** What it has learned in each of its VLANs (independent learning, IEEE 802.1Q-2022 section 8.8). */
  readonly tables: ReadonlyMap<number, MacTable>;
  readonly #tables = new Map<number, MacTable>();
  /** Null without one. */
  readonly spanningTree: SpanningTree | null;
  readonly #sim: Simulation;
  readonly #pool: FramePool;
  readonly #latency: Nanoseconds;
  #vlans: VlanMembership | null = null;
  /** Whether there is more to do than learn and forward: VLANs or a spanning tree. */
  #managed: boolean;
  #stormSince: Nanoseconds = 0;
  #flooded = 0;

  constructor(options: SwitchOptions) {
    this.name = options.name;
    this.tracer = new Tracer(options.sim, options.name, options.record ?? null);
    this.#sim = options.sim;
    this.table = new MacTable(options.sim, this.tracer, undefined, options.stp !== undefined);
    this.tables = this.#tables;
    this.#pool = options.pool ?? poolOf(options.sim);
    this.#latency = options.latency ?? LATENCY;
    if (!(this.#latency > 0)) {
      throw new RangeError(`latency: expected nanoseconds, more than 0, found ${this.#latency}`);
    }
    this.#managed = options.stp !== undefined;
    const forget = (port: Port) => this.#forget(port);
    this.spanningTree = options.stp
      ? new SpanningTree(options.sim, this.tracer, this.#pool, options.stp, forget)
      : null;
  }

  /** Adds a port. @param name default: its number, counting from 1. */
  addPort(name = String(this.ports.length + 1), stp: SpanningTreePort = {}): Port {
    const port = new Port(name, this.tracer, this.#pool);
    port.latency = this.#latency;
    port.attach(this);
    this.ports.push(port);
    this.spanningTree?.addPort(port, stp);
    return port;
  }

  /**
   * Says to which VLANs a port belongs. From the first time on the switch has VLANs, and ports that nothing is
   * said of are access ports of VLAN 1. @throws RangeError for a VLAN that is not 1–4094.
   */
  setVlans(port: Port, vlans: PortVlans): void {
    this.#vlans ??= new VlanMembership();
    this.#vlans.set(port, vlans);
    this.#managed = true;
  }

  receive(from: Port, frame: Frame): void {
    const { view, start } = frame;
    // A length in place of the type is no concern of a switch.
    if (checkEthernet(view, start, frame.end) === 'ethernet.truncated') {
      from.drop(frame, 'ethernet.truncated');
      return;
    }
    const source = readSource(view, start);
    if (isGroupMac(source) || source === NULL_MAC) {
      from.drop(frame, 'switch.source-address');
      return;
    }
    const destination = readDestination(view, start);
    if (this.#managed) {
      this.#relay(from, frame, source, destination);
      return;
    }
    this.table.learn(source, from);
    if (isReserved(destination)) {
      from.drop(frame, 'switch.reserved-address');
      return;
    }
    const to = isGroupMac(destination) ? null : this.table.find(destination);
    if (to === null) {
      if (this.#storms()) from.drop(frame, 'switch.storm');
      else repeat(this.ports, from, frame, 'switch.flood');
    } else if (to === from) {
      // Both stations are behind this port (a hub): it has got there already. Counted, not recorded.
      this.tracer.countDrop('switch.same-port');
      frame.release();
    } else {
      frame.reason = 'switch.forward';
      to.transmit(frame);
    }
  }

  linkChanged(port: Port): void {
    if (!port.carrier) this.#forget(port);
    this.spanningTree?.linkChanged();
  }

  #forget(port: Port): void {
    this.table.forget(port);
    for (const table of this.#tables.values()) table.forget(port);
  }

  /** The way of a frame where there are VLANs, a spanning tree or both. */
  #relay(from: Port, frame: Frame, source: MacAddress, destination: MacAddress): void {
    const tree = this.spanningTree;
    if (isReserved(destination)) {
      if (tree !== null && destination === BRIDGE_GROUP) tree.receive(from, frame);
      else from.drop(frame, 'switch.reserved-address');
      return;
    }
    const state = tree === null ? 'forwarding' : tree.state(from);
    if (state === 'discarding') {
      from.drop(frame, 'switch.discarding');
      return;
    }
    const control = this.#vlans === null ? NO_VLAN : this.#vlans.admit(from, frame);
    if (typeof control === 'string') {
      from.drop(frame, control);
      return;
    }
    const table = control === NO_VLAN ? this.table : this.#tableOf(vlanOf(control));
    table.learn(source, from);
    if (state === 'learning') {
      from.drop(frame, 'switch.learning');
      return;
    }
    const to = isGroupMac(destination) ? null : table.find(destination);
    if (to === null) {
      this.#flood(from, frame, control);
    } else if (to === from) {
      this.tracer.countDrop('switch.same-port');
      frame.release();
    } else if (tree !== null && tree.state(to) !== 'forwarding') {
      from.drop(frame, 'switch.discarding');
    } else {
      if (control !== NO_VLAN) this.#vlans?.dress(to, frame, control);
      frame.reason = 'switch.forward';
      to.transmit(frame);
    }
  }

  /** Out at all other ports of its VLAN that forward. */
  #flood(from: Port, frame: Frame, control: number): void {
    if (this.#storms()) {
      from.drop(frame, 'switch.storm');
      return;
    }
    frame.reason = 'switch.flood';
    const vlans = control === NO_VLAN ? null : this.#vlans;
    const tree = this.spanningTree;
    for (const port of this.ports) {
      if (port === from || !port.carrier) continue;
      if (vlans !== null && !vlans.carries(port, vlanOf(control))) continue;
      if (tree !== null && tree.state(port) !== 'forwarding') continue;
      const copy = this.#pool.copy(frame);
      vlans?.dress(port, copy, control);
      port.transmit(copy);
    }
    frame.release();
  }

  /** Counts a frame to flood. @returns whether there are too many: as good as certainly they go round in a loop. */
  #storms(): boolean {
    const { now } = this.#sim;
    if (now - this.#stormSince >= this.#latency) {
      this.#stormSince = now;
      this.#flooded = 0;
    }
    return ++this.#flooded > STORM;
  }

  #tableOf(vlan: number): MacTable {
    let table = this.#tables.get(vlan);
    if (table === undefined) {
      table = new MacTable(this.#sim, this.tracer, vlan, this.spanningTree !== null);
      this.#tables.set(vlan, table);
    }
    return table;
  }
}

/** In place of tag control information, where there are no VLANs. */
const NO_VLAN = -1;

const isReserved = (mac: MacAddress): boolean => mac >= FIRST_RESERVED && mac <= LAST_RESERVED;
