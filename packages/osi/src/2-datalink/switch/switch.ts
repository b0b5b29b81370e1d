import { type Frame, FramePool, Port, type PortOwner, repeat } from '../../1-physical/index.ts';
import type { Simulation } from '../../time/index.ts';
import { type TraceRecord, Tracer } from '../../trace/index.ts';
import { checkEthernet, readDestination, readSource } from '../ethernet/codec.ts';
import { isGroupMac, type MacAddress, NULL_MAC } from '../ethernet/mac-address.ts';
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
  pool?: FramePool;
}

/**
 * A learning switch (IEEE 802.1D-2004 section 7): remembers behind which port each station is, forwards to
 * that port, and floods what it does not know; within VLANs (IEEE 802.1Q) when its ports are told theirs.
 * It has no spanning tree: a loop of cables is a broadcast storm.
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
  readonly #sim: Simulation;
  readonly #pool: FramePool;
  #vlans: VlanMembership | null = null;

  constructor(options: SwitchOptions) {
    this.name = options.name;
    this.tracer = new Tracer(options.sim, options.name, options.record ?? null);
    this.#sim = options.sim;
    this.table = new MacTable(options.sim, this.tracer);
    this.tables = this.#tables;
    this.#pool = options.pool ?? new FramePool();
  }

  /** Adds a port. @param name default: its number, counting from 1. */
  addPort(name = String(this.ports.length + 1)): Port {
    const port = new Port(name, this.tracer, this.#pool);
    port.attach(this);
    this.ports.push(port);
    return port;
  }

  /**
   * Says to which VLANs a port belongs. From the first time on the switch has VLANs, and ports that nothing is
   * said of are access ports of VLAN 1. @throws RangeError for a VLAN that is not 1–4094.
   */
  setVlans(port: Port, vlans: PortVlans): void {
    this.#vlans ??= new VlanMembership();
    this.#vlans.set(port, vlans);
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
    if (this.#vlans !== null) {
      this.#relayInVlan(this.#vlans, from, frame, source, destination);
      return;
    }
    this.table.learn(source, from);
    if (isReserved(destination)) {
      from.drop(frame, 'switch.reserved-address');
      return;
    }
    const to = isGroupMac(destination) ? null : this.table.find(destination);
    if (to === null) {
      repeat(this.ports, from, frame, 'switch.flood');
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
    if (port.carrier) return;
    this.table.forget(port);
    for (const table of this.#tables.values()) table.forget(port);
  }

  #relayInVlan(
    vlans: VlanMembership,
    from: Port,
    frame: Frame,
    source: MacAddress,
    destination: MacAddress,
  ): void {
    if (isReserved(destination)) {
      from.drop(frame, 'switch.reserved-address');
      return;
    }
    const control = vlans.admit(from, frame);
    if (typeof control === 'string') {
      from.drop(frame, control);
      return;
    }
    const vlan = vlanOf(control);
    const table = this.#tableOf(vlan);
    table.learn(source, from);
    const to = isGroupMac(destination) ? null : table.find(destination);
    if (to === null) {
      this.#floodInVlan(vlans, from, frame, control);
    } else if (to === from) {
      this.tracer.countDrop('switch.same-port');
      frame.release();
    } else {
      vlans.dress(to, frame, control);
      frame.reason = 'switch.forward';
      to.transmit(frame);
    }
  }

  #floodInVlan(vlans: VlanMembership, from: Port, frame: Frame, control: number): void {
    frame.reason = 'switch.flood';
    const vlan = vlanOf(control);
    for (const port of this.ports) {
      if (port === from || !port.carrier || !vlans.carries(port, vlan)) continue;
      const copy = this.#pool.copy(frame);
      vlans.dress(port, copy, control);
      port.transmit(copy);
    }
    frame.release();
  }

  #tableOf(vlan: number): MacTable {
    let table = this.#tables.get(vlan);
    if (table === undefined) {
      table = new MacTable(this.#sim, this.tracer, vlan);
      this.#tables.set(vlan, table);
    }
    return table;
  }
}

const isReserved = (mac: MacAddress): boolean => mac >= FIRST_RESERVED && mac <= LAST_RESERVED;
