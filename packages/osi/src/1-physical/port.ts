import type { Nanoseconds } from '../time/index.ts';
import type { Tracer } from '../trace/index.ts';
import { type Frame, type FramePool, MIN_FRAME, type Offload } from './frame.ts';

/** What a port is plugged into: the end of a cable. */
export interface Medium {
  /** Takes a frame over, destination MAC at `start`, to carry it away. Never fails: what cannot be carried is dropped. */
  send(frame: Frame): void;
  /** Bits per second; `Infinity` when sending takes no time. */
  readonly bandwidth: number;
  /** False while the far end is not there or switched off; the port is told when that changes (`linkChanged`). */
  readonly carrier?: boolean;
  /** It carries frames of which something is left to do as they are; default: no, only frames that are whole. */
  readonly offload?: boolean;
  /** Both ends may send at once, and there are no others; default true. */
  readonly fullDuplex?: boolean;
  /** The port at this end was switched on or off. */
  portChanged?(): void;
}

/** What a port belongs to: a network interface, a switch, a hub. */
export interface PortOwner {
  /** A frame arrived undamaged, destination MAC at `start`; the owner takes it over. */
  receive(port: Port, frame: Frame): void;
  /** The cable was plugged in, pulled out, or the far end went up or down. */
  linkChanged?(port: Port): void;
}

/**
 * A socket for a cable on a machine, switch or hub.
 *
 * Sending writes `frame-sent`, receiving `frame-received`: the only two places where frames meet the record.
 */
export class Port {
  #owner: PortOwner | null = null;
  #medium: Medium | null = null;
  #enabled = true;
  /** Kept, so that sending does not have to ask at the far end. */
  #carrier = false;
  /** Whether there is a record; without one a frame passes by without a look at the node's pen. */
  readonly #recorded: boolean;
  /** To how many bytes whoever sends by it pads a short frame. */
  shortest = MIN_FRAME;
  /** How long the node takes to pass a frame on: its first bit leaves that much after it was sent here. */
  latency: Nanoseconds = 0;
  readonly tracer: Tracer;
  readonly pool: FramePool;
  /** As the node calls it: `eth0`, `1`. */
  readonly name: string;
  /** The repeater it is a port of, if any: cables that end here are parts of its shared line. */
  repeater: { readonly bandwidth: number } | null = null;

  constructor(name: string, tracer: Tracer, pool: FramePool) {
    this.name = name;
    this.#recorded = tracer.on;
    this.tracer = tracer;
    this.pool = pool;
  }

  /** True while a cable is plugged in at both ends and both ports are switched on. */
  get carrier(): boolean {
    return this.#carrier;
  }

  /** True while a cable's end is in it. */
  get plugged(): boolean {
    return this.#medium !== null;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** Switches the port on or off, as `ip link set … up|down` does: the far end sees the carrier come or go. */
  setEnabled(enabled: boolean): void {
    if (enabled === this.#enabled) return;
    this.#enabled = enabled;
    this.linkChanged();
    this.#medium?.portChanged?.();
  }

  /** It can send while it receives: no hub shares its cable with others. */
  get fullDuplex(): boolean {
    return this.#medium?.fullDuplex ?? true;
  }

  /** Its cable carries frames for which segmentation and checksums are left to do. */
  get offload(): boolean {
    return this.#medium?.offload ?? false;
  }

  get bandwidth(): number {
    return this.#medium?.bandwidth ?? Number.POSITIVE_INFINITY;
  }

  attach(owner: PortOwner): void {
    this.#owner = owner;
  }

  /** Plugs in a cable's end, or with null pulls it out. */
  plug(medium: Medium | null): void {
    this.#medium = medium;
    this.linkChanged();
  }

  /** Called by the medium when the carrier may have come or gone. */
  linkChanged(): void {
    this.#carrier = this.#enabled && this.#medium !== null && this.#medium.carrier !== false;
    this.#owner?.linkChanged?.(this);
  }

  /** Sends a frame, destination MAC at `start`; takes it over. Without a cable it is dropped: `port.no-carrier`. */
  transmit(frame: Frame): void {
    const medium = this.#medium;
    if (medium === null || !this.carrier) {
      this.drop(frame, 'port.no-carrier');
      return;
    }
    const { offload } = frame;
    if (offload !== null && medium.offload !== true) {
      this.#finish(frame, offload);
      return;
    }
    if (this.#recorded) {
      const segments = offload === null ? 0 : frame.segments;
      frame.sent = this.tracer.sent(this.name, frame.reason, frame.origins, segments, frame.data());
    }
    medium.send(frame);
  }

  /** Does for a frame what its maker has left to do, since the cable takes only whole ones, and sends what comes of it. */
  #finish(frame: Frame, offload: Offload): void {
    offload.finish(frame, this.pool, (whole) => this.transmit(whole));
  }

  /** Called by the medium when a frame has arrived whole and undamaged; takes it over. */
  receive(frame: Frame): void {
    if (!this.#recorded) {
      this.#take(frame);
      return;
    }
    const { tracer } = this;
    const before = tracer.cause;
    tracer.cause = this.#enabled ? tracer.received(this.name, frame.sent, frame.length) : frame.sent;
    this.#take(frame);
    tracer.cause = before;
  }

  #take(frame: Frame): void {
    if (this.#enabled) this.deliver(frame);
    else this.drop(frame, 'port.disabled');
  }

  /** Hands a frame to the owner, who takes it over. */
  protected deliver(frame: Frame): void {
    if (this.#owner === null) this.drop(frame, 'port.no-owner');
    else this.#owner.receive(this, frame);
  }

  /** Ends a frame's way here, with the rule that ended it. */
  drop(frame: Frame, reason: string): void {
    dropFrame(this.tracer, this.name, frame, reason);
  }
}

/** Counts and records that a frame went no further, and gives it back to its pool. */
export function dropFrame(tracer: Tracer, port: string, frame: Frame, reason: string): void {
  tracer.countDrop(reason);
  if (tracer.on) tracer.write({ kind: 'frame-dropped', port, sent: frame.sent, reason });
  frame.release();
}

/** Drops a frame between two ports: the cause is that it was sent. */
export function dropOnTheWay(port: Port, frame: Frame, reason: string): void {
  const { tracer } = port;
  const before = tracer.cause;
  tracer.cause = frame.sent;
  port.drop(frame, reason);
  tracer.cause = before;
}

/** Drops a frame for which a queue has no room. When that is the one of its sender's own port, the sender learns of it. */
export function refuse(port: Port, frame: Frame): void {
  if (frame.refusal !== null) frame.refusal.frame = frame;
  dropOnTheWay(port, frame, QUEUE_FULL);
}

export const QUEUE_FULL = 'cable.queue-full';
