import type { Simulation } from '../time/index.ts';
import { type TraceRecord, Tracer } from '../trace/index.ts';
import { type Frame, FramePool } from './frame.ts';
import { Port, type PortOwner } from './port.ts';

export interface HubOptions {
  sim: Simulation;
  name: string;
  record?: TraceRecord | null;
  pool?: FramePool;
}

/**
 * A repeater: what comes in at one port goes out at all others. Each of its cables is full duplex with a
 * queue, so frames that would collide on a real hub wait for one another instead.
 */
export class Hub implements PortOwner {
  readonly name: string;
  readonly tracer: Tracer;
  readonly ports: Port[] = [];
  readonly #pool: FramePool;

  constructor(options: HubOptions) {
    this.name = options.name;
    this.tracer = new Tracer(options.sim, options.name, options.record ?? null);
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
