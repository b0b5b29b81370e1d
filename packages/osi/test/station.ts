import { type Frame, FramePool, Port, type PortOwner } from '../src/1-physical/index.ts';
import type { Simulation } from '../src/time/index.ts';
import { type TraceRecord, Tracer } from '../src/trace/index.ts';

/** One pool for all stations of a test file. */
export const pool = new FramePool();

/** A machine with nothing but a port: keeps what arrives, and sends what it is told to. */
export class Station implements PortOwner {
  readonly port: Port;
  readonly tracer: Tracer;
  readonly arrived: { at: number; bytes: Uint8Array }[] = [];
  /** The frames that came, as objects: they are used again and again. */
  readonly slots = new Set<Frame>();
  /** Called for each frame after it was kept. */
  react: (() => void) | null = null;
  linkChanges: boolean[] = [];
  readonly #sim: Simulation;

  constructor(sim: Simulation, name: string, record: TraceRecord | null = null) {
    this.#sim = sim;
    this.tracer = new Tracer(sim, name, record);
    this.port = new Port('eth0', this.tracer, pool);
    this.port.attach(this);
  }

  receive(_port: Port, frame: Frame): void {
    this.arrived.push({ at: this.#sim.now, bytes: frame.data().slice() });
    this.slots.add(frame);
    frame.release();
    this.react?.();
  }

  linkChanged(port: Port): void {
    this.linkChanges.push(port.carrier);
  }

  /** Sends a frame with these bytes. */
  send(bytes: Uint8Array, reason = 'test'): void {
    const frame = pool.take(bytes.length);
    frame.bytes.set(bytes, frame.start);
    frame.end = frame.start + bytes.length;
    frame.reason = reason;
    this.port.transmit(frame);
  }

  /** The last byte of each frame that arrived: `numbered` puts a number there. */
  get numbers(): number[] {
    return this.arrived.map(({ bytes }) => bytes.at(-1) as number);
  }

  /** How often a rule dropped something here. */
  drops(reason: string): number {
    return this.tracer.drops.get(reason) ?? 0;
  }
}

/** A frame of `length` bytes with a number in its last one. */
export function numbered(n: number, length = 60): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes[length - 1] = n;
  return bytes;
}
