import { type Frame, FramePool, Port, type PortOwner, repeat } from '../../1-physical/index.ts';
import type { Simulation } from '../../time/index.ts';
import { type TraceRecord, Tracer } from '../../trace/index.ts';
import { checkEthernet, readDestination, readSource } from '../ethernet/codec.ts';
import { isGroupMac, type MacAddress, NULL_MAC } from '../ethernet/mac-address.ts';
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
 * that port, and floods what it does not know. It has no spanning tree: a loop of cables is a broadcast storm.
 */
export class Switch implements PortOwner {
  readonly name: string;
  readonly tracer: Tracer;
  readonly ports: Port[] = [];
  readonly table: MacTable;
  readonly #pool: FramePool;

  constructor(options: SwitchOptions) {
    this.name = options.name;
    this.tracer = new Tracer(options.sim, options.name, options.record ?? null);
    this.table = new MacTable(options.sim, this.tracer);
    this.#pool = options.pool ?? new FramePool();
  }

  /** Adds a port. @param name default: its number, counting from 1. */
  addPort(name = String(this.ports.length + 1)): Port {
    const port = new Port(name, this.tracer, this.#pool);
    port.attach(this);
    this.ports.push(port);
    return port;
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
    this.table.learn(source, from);
    const destination = readDestination(view, start);
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
    if (!port.carrier) this.table.forget(port);
  }
}

const isReserved = (mac: MacAddress): boolean => mac >= FIRST_RESERVED && mac <= LAST_RESERVED;
