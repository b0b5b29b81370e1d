import { type Frame, FramePool, HEADROOM, Port, type PortOwner } from '@netarium/osi/1-physical';
import type { Simulation, Timer } from '@netarium/osi/time';
import { type TraceRecord, Tracer } from '@netarium/osi/trace';
import type { Outside } from '../real-time.ts';
import { type DeviceOptions, TapDevice } from './device.ts';
import { Coalescer, withHeader } from './offload/coalescing.ts';
import { describe, mustBeCut, takeOver } from './offload/segmentation.ts';
import { noOffload, readVirtioHeader, VIRTIO_HEADER, writeVirtioHeader } from './offload/virtio-header.ts';

/** The longest frame: 64 KiB of packet, the largest MTU that a TAP device can have, a header and a VLAN tag. */
const LONGEST_FRAME = 65_535 + 18;
/** Frames up to this length are copied out of the slot that they were read into, since it is the largest there is. */
const SHORT_FRAME = 1536;
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
  /** Where the next frame is read to. */
  #free: Frame;
  readonly #header = noOffload();
  /** With offload: segments for the kernel that wait for those that follow at the same instant. */
  readonly #row: Coalescer | null;
  readonly #rowIsDue: Timer;

  /** @throws TapError, as `TapDevice` does. */
  constructor(options: TapOptions) {
    const { sim, record = null, pool = new FramePool(), offload = false } = options;
    this.#device = new TapDevice(options);
    this.name = options.name ?? this.#device.name;
    this.tracer = new Tracer(sim, this.name, record);
    this.port = new Port(this.#device.name, this.tracer, pool);
    this.port.attach(this);
    this.#free = pool.take(LONGEST_FRAME);
    this.#row = offload ? new Coalescer() : null;
    this.#rowIsDue = sim.timer(() => this.#writeRow());
  }

  /** The name of the network interface in the kernel. */
  get device(): string {
    return this.#device.name;
  }

  watch(arrived: (() => void) | null): void {
    this.#device.watch(arrived);
  }

  take(most: number): number {
    let taken = 0;
    while (taken < most) {
      const front = this.#row === null ? HEADROOM : HEADROOM - VIRTIO_HEADER;
      const length = this.#device.read(this.#free.bytes.subarray(front));
      if (length === 0) return taken;
      taken += this.#enter(front + length);
    }
    return taken;
  }

  /** A frame has arrived for the kernel. What it does not take is dropped: `tap.down`, `tap.refused`. */
  receive(_port: Port, frame: Frame): void {
    const row = this.#row;
    const { offload } = frame;
    if (row === null) {
      const write = (whole: Frame) => this.#over(this.#device.write(whole.data()), whole);
      if (offload === null) write(frame);
      else offload.finish(frame, this.port.pool, write);
      return;
    }
    if (offload !== null) {
      this.#writeRow();
      this.#writeLarge(frame);
      return;
    }
    if (row.frames.length > 0 && row.add(frame)) return;
    this.#writeRow();
    if (row.add(frame)) this.#rowIsDue.start(0);
    else this.#over(this.#device.write(withHeader(frame)), frame);
  }

  /** Gives the device back: the interface disappears, unless it was made persistent. The cable's end is dead. */
  close(): void {
    this.#writeRow();
    this.port.setEnabled(false);
    this.#device.close();
  }

  /** Lets what was read, up to `end` in its slot, enter the network. @returns how many segments it was, at least 1. */
  #enter(end: number): number {
    const { port } = this;
    const send = (each: Frame) => {
      each.reason = 'tap.kernel';
      port.transmit(each);
    };
    let frame = this.#free;
    frame.end = end;
    if (this.#row !== null) readVirtioHeader(frame.view, HEADROOM - VIRTIO_HEADER, this.#header);
    if (frame.length <= SHORT_FRAME) {
      frame = port.pool.copy(frame);
      this.#free.end = HEADROOM;
    } else {
      this.#free = port.pool.take(LONGEST_FRAME);
    }
    if (this.#row !== null && !takeOver(this.#header, frame)) {
      this.tracer.countDrop('tap.unknown-offload');
      frame.release();
      return 1;
    }
    const { segments } = frame;
    if (mustBeCut(frame)) frame.offload?.finish(frame, port.pool, send);
    else send(frame);
    return segments;
  }

  /** A frame that TCP has left something to do of: the kernel does it, or passes it on as it is. */
  #writeLarge(frame: Frame): void {
    const front = frame.start - VIRTIO_HEADER;
    describe(frame, this.#header);
    writeVirtioHeader(frame.view, front, this.#header);
    this.#over(this.#device.write(frame.bytes.subarray(front, frame.end)), frame);
  }

  #writeRow(): void {
    const row = this.#row;
    if (row === null || row.frames.length === 0) return;
    this.#rowIsDue.stop();
    const errno = this.#device.write(row.bytes());
    for (const frame of row.frames) this.#over(errno, frame);
    row.clear();
  }

  /** The end of a frame's way: given back, or dropped when the kernel did not take it. */
  #over(errno: number, frame: Frame): void {
    if (errno === 0) frame.release();
    else this.port.drop(frame, errno === EIO ? 'tap.down' : 'tap.refused');
  }
}
