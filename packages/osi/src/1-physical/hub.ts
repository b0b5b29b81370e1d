import type { Simulation } from '../time/index.ts';
import { type TraceRecord, Tracer } from '../trace/index.ts';
import { type Frame, type FramePool, poolOf } from './frame.ts';
import { Repeater } from './half-duplex/repeater.ts';
import { Port, type PortOwner } from './port.ts';

export interface HubOptions {
  sim: Simulation;
  name: string;
  record?: TraceRecord | null;
  /** Default: the simulation's. */
  pool?: FramePool;
  /**
   * `half`: its cables are one shared line, as those of a real hub: stations wait for one another, and collide.
   * `full`, the default: each cable is full duplex with a queue, and frames wait for one another.
   */
  duplex?: 'half' | 'full';
  /** With `half`: bits per second of all its cables; default 10 Mbit/s. */
  bandwidth?: number;
}

/** IEEE 802.3i: 10BASE-T, the Ethernet of hubs. */
export const HUB_BANDWIDTH = 10_000_000;

/** A hub: what comes in at one port goes out at all others. */
export class Hub implements PortOwner {
  readonly name: string;
  readonly tracer: Tracer;
  readonly ports: Port[] = [];
  /** What its ports share when it is half duplex; null otherwise. */
  readonly repeater: Repeater | null;
  readonly #pool: FramePool;

  /** @throws RangeError for a half-duplex hub without a finite rate. */
  constructor(options: HubOptions) {
    this.name = options.name;
    this.tracer = new Tracer(options.sim, options.name, options.record ?? null);
    this.#pool = options.pool ?? poolOf(options.sim);
    this.repeater =
      options.duplex === 'half' ? new Repeater(options.sim, options.bandwidth ?? HUB_BANDWIDTH) : null;
  }

  /** Adds a port. @param name default: its number, counting from 1. */
  addPort(name = String(this.ports.length + 1)): Port {
    const port = new Port(name, this.tracer, this.#pool);
    port.attach(this);
    port.repeater = this.repeater;
    this.ports.push(port);
    return port;
  }

  receive(from: Port, frame: Frame): void {
    repeat(this.ports, from, frame, 'hub.repeat');
  }
}

/** Sends a frame out at all ports with a carrier except the one it came in by; takes it over. */
export function repeat(ports: readonly Port[], from: Port, frame: Frame, reason: string): void {
  frame.reason = reason;
  let last: Port | null = null;
  for (const port of ports) {
    if (port === from || !port.carrier) continue;
    if (last !== null) last.transmit(from.pool.copy(frame));
    last = port;
  }
  if (last === null) frame.release();
  else last.transmit(frame);
}
