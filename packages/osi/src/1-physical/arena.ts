import { checksumModule } from './checksum-module.ts';

const PAGE = 64 * 1024;
const MEBIBYTE = 1024 * 1024;
const FIRST_CHUNK = MEBIBYTE;
const LARGEST_CHUNK = 64 * MEBIBYTE;
/** What all arenas share before they get memories of their own. Only what is touched of it takes memory. */
const SHARED = 64 * MEBIBYTE;

/**
 * Adds up the 16-bit words of a piece of a memory (RFC 1071), folded to 16 bits.
 * @param at offset in the memory. @param length in bytes; an odd last byte counts as padded with zero.
 */
export type WordSum = (at: number, length: number) => number;

/** A piece of memory that frames are cut from. */
export interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Null where the platform has no WebAssembly with SIMD: sums are then taken in JavaScript. */
  readonly sum: WordSum | null;
}

/**
 * The memory of a pool: chunks of doubling size that are never moved, and given back when nobody can reach them.
 *
 * They are pieces of the memory of a WebAssembly instance, so that a checksum is taken in place by SIMD instructions. One
 * instance serves as many simulations as have room in it: then there is only one such function, and an engine makes
 * calling it as cheap as calling any other.
 */
export class Arena {
  #next = FIRST_CHUNK;

  /** A chunk of at least `size` bytes. @param user what holds on to it: it may be given to others once that is gone. */
  grow(size: number, user: object): Chunk {
    const bytes = Math.ceil(Math.max(size, this.#next) / PAGE) * PAGE;
    this.#next = Math.min(2 * this.#next, LARGEST_CHUNK);
    return fromShared(bytes, user) ?? inWebAssembly(bytes) ?? { bytes: new Uint8Array(bytes), sum: null };
  }
}

interface Piece {
  readonly at: number;
  readonly size: number;
}

let shared: Chunk | null | undefined;
/** Up to here the shared memory has been given out; of that, what came back. */
let given = 0;
const returned: Piece[] = [];
const users = new FinalizationRegistry<Piece>((piece) => returned.push(piece));

/** @returns null when there is no room left, or no such memory. */
function fromShared(size: number, user: object): Chunk | null {
  if (shared === undefined) shared = inWebAssembly(SHARED);
  if (shared === null) return null;
  const old = returned.findIndex((piece) => piece.size === size);
  let at = given;
  if (old >= 0) at = returned.splice(old, 1)[0]?.at ?? 0;
  else if (given + size <= SHARED) given += size;
  else return null;
  users.register(user, { at, size });
  return { bytes: shared.bytes.subarray(at, at + size), sum: shared.sum };
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
