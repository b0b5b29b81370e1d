import { type Frame, FramePool, Port, type PortOwner } from '@netarium/osi/1-physical';
import type { Simulation } from '@netarium/osi/time';
import { type TraceRecord, Tracer } from '@netarium/osi/trace';
import type { Outside } from '../real-time.ts';
import { type DeviceOptions, TapDevice } from './device.ts';

/** The longest frame: 64 KiB of packet, the largest MTU that a TAP device can have, a header and a VLAN tag. */
const LONGEST_FRAME = 65_535 + 18;
const EIO = 5;

export interface TapOptions extends DeviceOptions {
  /** The clock of the network that it becomes a part of. */
  readonly sim: Simulation;
  /** Where frames of the kernel are written down; default nowhere. */
  readonly record?: TraceRecord | null;
  /** The kernel's name in the record; default the interface's. */
  readonly name?: string;
  /** Default one of its own. */
  readonly pool?: FramePool;
}

/**
 * A real kernel as a node of a network: plug a cable into `port`, and what travels along it comes out of a TAP
 * device of this computer's kernel, and the other way.
 *
 * This is where virtual time meets real time. Frames of the kernel enter at the virtual time at which `take` is
 * called, and the cable's properties hold for them as for all others; frames for the kernel leave when they arrive
 * at the port. Nobody keeps the two in step but a `RealTime` that drives the lab. A run with a kernel in it does not
 * follow from its seed.
 */
export class Tap implements PortOwner, Outside {
  readonly name: string;
  /** The cable's place. In the record it has the interface's name. */
  readonly port: Port;
  readonly tracer: Tracer;
  readonly #device: TapDevice;
  readonly #buffer = new Uint8Array(LONGEST_FRAME);

  /** @throws TapError, as `TapDevice` does. */
  constructor(options: TapOptions) {
    const { sim, record = null, pool = new FramePool() } = options;
    this.#device = new TapDevice(options);
    this.name = options.name ?? this.#device.name;
    this.tracer = new Tracer(sim, this.name, record);
    this.port = new Port(this.#device.name, this.tracer, pool);
    this.port.attach(this);
  }

  /** The name of the network interface in the kernel. */
  get device(): string {
    return this.#device.name;
  }

  watch(arrived: (() => void) | null): void {
    this.#device.watch(arrived);
  }

  take(most: number): number {
    const { port } = this;
    for (let taken = 0; taken < most; taken++) {
      const length = this.#device.read(this.#buffer);
      if (length === 0) return taken;
      const frame = port.pool.take(length);
      frame.bytes.set(this.#buffer.subarray(0, length), frame.start);
      frame.end = frame.start + length;
      frame.reason = 'tap.kernel';
      port.transmit(frame);
    }
    return most;
  }

  /** A frame has arrived for the kernel. What it does not take is dropped: `tap.down`, `tap.refused`. */
  receive(port: Port, frame: Frame): void {
    const errno = this.#device.write(frame.data());
    if (errno === 0) frame.release();
    else port.drop(frame, errno === EIO ? 'tap.down' : 'tap.refused');
  }

  /** Gives the device back: the interface disappears, unless it was made persistent. The cable's end is dead. */
  close(): void {
    this.port.setEnabled(false);
    this.#device.close();
  }
}
