import { type Nanoseconds, perSimulation } from '../time/index.ts';
import type { EventId } from '../trace/index.ts';
import { Arena, type Chunk, type WordSum } from './arena.ts';

/** Room for the link, network and transport headers that layers below write in front of a payload. */
export const HEADROOM = 128;

/** The shortest Ethernet frame without its FCS, in bytes (IEEE 802.3 section 4.2.3.3). */
export const MIN_FRAME = 60;

/** Slot sizes, with headroom: a short frame such as a bare acknowledgment, a full Ethernet frame, and the 64 KiB packets of segmentation offload. */
const SLOT_SIZES = [256, 2 * 1024, 68 * 1024] as const;

/** The `origins` of a frame without application bytes: one array for all of them. */
export const NO_ORIGINS: readonly EventId[] = [];

/**
 * What the maker of a frame has left to do to whoever puts it on a line that cannot take it as it is: to compute a
 * checksum, to cut it into the segments that it stands for. One object serves all frames of a protocol (in Linux:
 * `struct net_offload`, with `CHECKSUM_PARTIAL` and `gso_size` on the packet).
 */
export interface Offload {
  /**
   * Does it: makes the frames that cross an ordinary cable out of one, destination MAC at its `start`, which is taken over.
   * @param each takes each of them over, in their order.
   */
  finish(frame: Frame, pool: FramePool, each: (frame: Frame) => void): void;
}

/** Where a queue that has no room leaves word. */
export interface Refusal {
  /** The frame that it dropped last. */
  frame: Frame | null;
}

/**
 * One frame on its way: a slot of the pool's arena with the bytes between `start` and `end`.
 *
 * Whoever holds a frame owns it, and passes it on or gives it back to the pool exactly once.
 * Going down, each layer moves `start` towards 0 and writes its header in place; going up, each moves
 * `start` behind the header it has read. Nobody keeps a view of the bytes after passing the frame on.
 */
export class Frame {
  /** The whole slot. */
  readonly bytes: Uint8Array;
  /** The same slot, for numbers at any alignment. */
  readonly view: DataView;
  start = HEADROOM;
  end = HEADROOM;
  /** For the queue of whoever owns it. */
  next: Frame | null = null;
  /** For the cable that carries it: who arrives before it, when it arrives itself, and the FCS it was sent with (`Arrivals`). */
  previous: Frame | null = null;
  arrival: Nanoseconds = 0;
  check = 0;
  /** Another frame arrives behind it in the same instant, by the same cable. */
  followed = false;
  /** What is left to do of it before it can cross an ordinary cable; null for a frame as it crosses one. */
  offload: Offload | null = null;
  /** Why the sender made it: the `reason` of its `frame-sent` event. */
  reason = '';
  /** The system calls that wrote the application bytes it carries. */
  origins: readonly EventId[] = NO_ORIGINS;
  /** Its latest `frame-sent` event, 0 before it was sent or when nothing is recorded. */
  sent: EventId = 0;
  /** Why it waits, while it does: the cause under which it will be sent when ARP has an answer. */
  cause: EventId = 0;
  /** Who wants to know at once when the queue of the own port has no room for it; mostly nobody. */
  refusal: Refusal | null = null;
  /** With `offload`: how many segments it stands for. */
  segments = 1;
  /** Of several: the payload of each but the last, and the largest packet among them (above layer 3, without its header); in bytes. */
  segmentSize = 0;
  packetSize = 0;
  /** Sums of 16-bit words in the memory that the slot is part of; null where only JavaScript can take them. */
  readonly wordSum: WordSum | null;
  readonly #home: Frame[];
  /** The two views that were asked for last, with where they begin and end: frame after frame has its parts in the same places. */
  #view: Uint8Array;
  #viewStart = 0;
  #viewEnd: number;
  #formerView: Uint8Array;
  #formerStart = 0;
  #formerEnd: number;

  constructor(bytes: Uint8Array, wordSum: WordSum | null, home: Frame[]) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.wordSum = wordSum;
    this.#home = home;
    this.#view = this.#formerView = bytes;
    this.#viewEnd = this.#formerEnd = bytes.length;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** The bytes between `start` and `end`, as a view: valid while the frame is owned. */
  data(): Uint8Array {
    const { start, end } = this;
    if (start === this.#viewStart && end === this.#viewEnd) return this.#view;
    const view =
      start === this.#formerStart && end === this.#formerEnd
        ? this.#formerView
        : this.bytes.subarray(start, end);
    this.#formerView = this.#view;
    this.#formerStart = this.#viewStart;
    this.#formerEnd = this.#viewEnd;
    this.#view = view;
    this.#viewStart = start;
    this.#viewEnd = end;
    return view;
  }

  /** Makes another frame of it in the same place: a reply. It is not sent yet and carries no application bytes. */
  renew(reason: string): void {
    this.reason = reason;
    this.origins = NO_ORIGINS;
    this.sent = 0;
    this.whole();
  }

  /** Nothing of it is left to do. */
  whole(): void {
    if (this.offload === null) return;
    this.offload = null;
    this.segments = 1;
    this.segmentSize = 0;
    this.packetSize = 0;
  }

  /** Gives the slot back to its pool. The frame must not be touched afterwards. */
  release(): void {
    this.next = null;
    this.#home.push(this);
  }

  /** @internal Made ready for a new owner. */
  reset(): this {
    this.start = HEADROOM;
    this.end = HEADROOM;
    this.reason = '';
    this.origins = NO_ORIGINS;
    this.sent = 0;
    this.cause = 0;
    this.refusal = null;
    this.followed = false;
    this.whole();
    return this;
  }
}

/** Up to here a loop is faster than a view, which is an object for the collector. */
const SHORT = 256;

/** Copies what is between `start` and `end` to the same place. */
function copyBytes({ bytes, view, start, end }: Frame, target: Frame): void {
  if (end - start > SHORT) {
    target.bytes.set(bytes.subarray(start, end), start);
    return;
  }
  const to = target.view;
  let at = start;
  for (; at + 4 <= end; at += 4) to.setUint32(at, view.getUint32(at));
  for (; at < end; at++) to.setUint8(at, view.getUint8(at));
}

/** Gives back a whole chain of frames, linked by `next`. */
export function releaseAll(head: Frame | null): void {
  for (let frame = head; frame !== null; ) {
    const { next } = frame;
    frame.release();
    frame = next;
  }
}

/**
 * Frames from one arena with free lists: taking and giving back costs a few nanoseconds, and no frame
 * is allocated twice. The arena grows by chunks, and is given back when pool and frames are gone.
 */
export class FramePool {
  readonly #shelves = SLOT_SIZES.map((slot) => new Shelf(slot));
  readonly #arena = new Arena();

  /**
   * A frame with `HEADROOM` bytes in front of `start` and room for `capacity` bytes behind it; its length
   * is 0 and its bytes are whatever they were. @throws RangeError beyond 64 KiB + headers.
   */
  take(capacity: number): Frame {
    const length = HEADROOM + capacity;
    const size = length <= SLOT_SIZES[0] ? 0 : length <= SLOT_SIZES[1] ? 1 : 2;
    if (length > SLOT_SIZES[2]) throw new RangeError(`a frame cannot hold ${capacity} bytes`);
    const shelf = this.#shelves[size] as Shelf;
    return (shelf.free.pop() ?? shelf.cut(this.#arena)).reset();
  }

  /** A copy of a frame, for a hub or a flooding switch. */
  copy(frame: Frame): Frame {
    const copy = this.take(frame.end - HEADROOM);
    copy.start = frame.start;
    copy.end = frame.end;
    copyBytes(frame, copy);
    copy.reason = frame.reason;
    copy.origins = frame.origins;
    copy.sent = frame.sent;
    copy.offload = frame.offload;
    copy.segments = frame.segments;
    copy.segmentSize = frame.segmentSize;
    copy.packetSize = frame.packetSize;
    return copy;
  }
}

/** The frames of one slot size. */
class Shelf {
  readonly free: Frame[] = [];
  readonly #slot: number;
  /** What is left of the chunk that slots are cut from. */
  #chunk: Chunk | null = null;
  #at = 0;

  constructor(slot: number) {
    this.#slot = slot;
  }

  /** A new frame. */
  cut(arena: Arena): Frame {
    if (this.#chunk === null || this.#at + this.#slot > this.#chunk.bytes.length) {
      this.#chunk = arena.grow(this.#slot, this.free);
      this.#at = 0;
    }
    const { bytes, sum } = this.#chunk;
    const from = this.#at;
    this.#at += this.#slot;
    return new Frame(bytes.subarray(from, this.#at), sum, this.free);
  }
}

/** Frames wander from machine to machine, so those of a simulation share one pool where nobody says otherwise. */
export const poolOf = perSimulation(() => new FramePool());
