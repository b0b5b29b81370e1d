import type { EventId } from '../../trace/index.ts';

const SMALLEST = 4096;
/** How many bytes of unused rings of one size a pool keeps. */
const KEPT = 4 * 1024 * 1024;

/** Rings of one machine's send buffers, by powers of two, with free lists: most connections need one only briefly. */
export class RingPool {
  readonly #free = new Map<number, Uint8Array[]>();

  /** A ring of at least `size` bytes; its length is a power of two. */
  take(size: number): Uint8Array {
    let length = SMALLEST;
    while (length < size) length *= 2;
    return this.#free.get(length)?.pop() ?? new Uint8Array(length);
  }

  give(ring: Uint8Array): void {
    let list = this.#free.get(ring.length);
    if (list === undefined) this.#free.set(ring.length, (list = []));
    if ((list.length + 1) * ring.length <= KEPT) list.push(ring);
  }
}

const NONE: readonly EventId[] = [];

/** Ranges: bytes up to position `ends[i]` were written by `writers[i]`. */
interface Marks {
  readonly ends: number[];
  readonly writers: EventId[];
  /** What `origins` gave last: segment after segment is mostly of one call. */
  latest: readonly EventId[];
}

/**
 * The bytes that a program has written and the peer has not acknowledged yet, in a ring that grows on demand and
 * is given back when empty; with the system calls that wrote them, as ranges.
 *
 * Offsets count from the oldest byte.
 */
export class SendBuffer {
  /** How many bytes are in it. */
  length = 0;
  readonly #pool: RingPool;
  #ring: Uint8Array | null = null;
  #head = 0;
  /** Bytes ever acknowledged: makes a position of an offset. */
  #base = 0;
  /** Only while something is recorded. */
  #marks: Marks | null = null;

  constructor(pool: RingPool) {
    this.#pool = pool;
  }

  /** Appends a copy of `bytes`. The caller has seen to the limit. */
  write(bytes: Uint8Array, origin: EventId): void {
    const { length } = bytes;
    if (length === 0) return;
    const ring = this.#reserve(this.length + length);
    const at = (this.#head + this.length) & (ring.length - 1);
    const first = Math.min(length, ring.length - at);
    if (first === length) {
      ring.set(bytes, at);
    } else {
      ring.set(bytes.subarray(0, first), at);
      ring.set(bytes.subarray(first), 0);
    }
    this.length += length;
    if (origin !== 0) this.#mark(origin);
  }

  /** Copies the bytes from `offset` on to `target[at … at + length)`. */
  copy(offset: number, length: number, target: Uint8Array, at: number): void {
    const ring = this.#ring;
    if (ring === null || length === 0) return;
    const from = (this.#head + offset) & (ring.length - 1);
    const first = Math.min(length, ring.length - from);
    target.set(ring.subarray(from, from + first), at);
    if (first < length) target.set(ring.subarray(0, length - first), at + first);
  }

  /** Drops the oldest `count` bytes. */
  drop(count: number): void {
    this.length -= count;
    this.#base += count;
    const ring = this.#ring;
    if (ring === null) return;
    if (this.length > 0) {
      this.#head = (this.#head + count) & (ring.length - 1);
      if (this.#marks !== null) this.#forget(this.#marks);
      return;
    }
    this.#head = 0;
    this.#ring = null;
    this.#pool.give(ring);
    this.#marks = null;
  }

  /** The system calls that wrote the bytes `[offset, offset + length)`, in their order. */
  origins(offset: number, length: number): readonly EventId[] {
    if (this.#marks === null || length === 0) return NONE;
    const marks = this.#marks;
    const { ends, writers, latest } = marks;
    const from = this.#base + offset;
    const to = from + length;
    let first = 0;
    while (first < ends.length && (ends[first] ?? 0) <= from) first++;
    let last = first;
    while (last < ends.length && (ends[last] ?? 0) < to) last++;
    if (first === last && latest.length === 1 && latest[0] === writers[first]) return latest;
    marks.latest = writers.slice(first, last + 1);
    return marks.latest;
  }

  clear(): void {
    this.drop(this.length);
    this.#base = 0;
  }

  #reserve(size: number): Uint8Array {
    const old = this.#ring;
    if (old !== null && old.length >= size) return old;
    const ring = this.#pool.take(size);
    if (old !== null) {
      this.copy(0, this.length, ring, 0);
      this.#pool.give(old);
    }
    this.#head = 0;
    this.#ring = ring;
    return ring;
  }

  #mark(origin: EventId): void {
    this.#marks ??= { ends: [], writers: [], latest: NONE };
    const { ends, writers } = this.#marks;
    const last = ends.length - 1;
    if (writers[last] === origin) {
      ends[last] = this.#base + this.length;
    } else {
      ends.push(this.#base + this.length);
      writers.push(origin);
    }
  }

  #forget({ ends, writers }: Marks): void {
    let gone = 0;
    while (gone < ends.length && (ends[gone] ?? 0) <= this.#base) gone++;
    if (gone > 0) {
      ends.splice(0, gone);
      writers.splice(0, gone);
    }
  }
}

/** That of every connection whose peer has acknowledged all there was. Nothing is ever written to it. */
export const NOTHING_TO_SEND = new SendBuffer(new RingPool());
