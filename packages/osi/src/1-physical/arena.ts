import { checksumModule } from './checksum-module.ts';

const PAGE = 64 * 1024;
const FIRST_CHUNK = 1024 * 1024;
const LARGEST_CHUNK = 64 * 1024 * 1024;

/**
 * Adds up the 16-bit words of a piece of a chunk (RFC 1071), folded to 16 bits.
 * @param at offset in the chunk. @param length in bytes; an odd last byte counts as padded with zero.
 */
export type WordSum = (at: number, length: number) => number;

/** A piece of memory that frames are cut from. */
export interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Null where the platform has no WebAssembly with SIMD: sums are then taken in JavaScript. */
  readonly sum: WordSum | null;
}

/**
 * The memory of a pool: chunks of doubling size that are never moved and never given back.
 *
 * Each is the memory of a WebAssembly instance, so that a checksum is taken in place by SIMD instructions; an
 * engine reserves much address space for each such memory, which is why there are few and large ones.
 */
export class Arena {
  #next = FIRST_CHUNK;

  /** A chunk of at least `size` bytes. */
  grow(size: number): Chunk {
    const bytes = Math.ceil(Math.max(size, this.#next) / PAGE) * PAGE;
    this.#next = Math.min(2 * this.#next, LARGEST_CHUNK);
    return inWebAssembly(bytes) ?? { bytes: new Uint8Array(bytes), sum: null };
  }
}

/** @returns null when the platform refuses: no SIMD, or no address space left. */
function inWebAssembly(size: number): Chunk | null {
  const module = checksumModule();
  if (module === null) return null;
  try {
    const memory = new WebAssembly.Memory({ initial: size / PAGE, maximum: size / PAGE });
    const { sum } = new WebAssembly.Instance(module, { frames: { memory } }).exports;
    return { bytes: new Uint8Array(memory.buffer), sum: sum as WordSum };
  } catch {
    return null;
  }
}
