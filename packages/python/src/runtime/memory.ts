import type { Emscripten } from './emscripten.ts';

/** C structures in the memory of the process. */

/** An array of `struct iovec`: pointer and length of each piece. */
export function readVectors(python: Emscripten, pointer: number, count: number): [number, number][] {
  const words = python.HEAPU32;
  return Array.from({ length: count }, (_, index) => {
    const word = (pointer >>> 2) + 2 * index;
    return [words[word] ?? 0, words[word + 1] ?? 0];
  });
}

export function lengthOf(vectors: readonly [number, number][]): number {
  return vectors.reduce((sum, [, length]) => sum + length, 0);
}

/** At most `limit` bytes of the pieces, one after another: a copy, or the memory itself where it is one piece. */
export function gather(python: Emscripten, vectors: readonly [number, number][], limit: number): Uint8Array {
  const [first, second] = vectors.filter(([, length]) => length > 0);
  if (first !== undefined && second === undefined)
    return python.HEAPU8.subarray(first[0], first[0] + Math.min(limit, first[1]));
  const bytes = new Uint8Array(Math.min(limit, lengthOf(vectors)));
  let at = 0;
  for (const [pointer, length] of vectors) {
    if (at === bytes.length) break;
    const size = Math.min(length, bytes.length - at);
    bytes.set(python.HEAPU8.subarray(pointer, pointer + size), at);
    at += size;
  }
  return bytes;
}

/** Writes bytes into the pieces. @returns how many fitted. */
export function scatter(python: Emscripten, bytes: Uint8Array, vectors: readonly [number, number][]): number {
  let at = 0;
  for (const [pointer, length] of vectors) {
    if (at === bytes.length) break;
    const piece = bytes.subarray(at, at + length);
    python.HEAPU8.set(piece, pointer);
    at += piece.length;
  }
  return at;
}

export function readI32(python: Emscripten, pointer: number): number {
  return python.HEAP32[pointer >>> 2] ?? 0;
}

export function readU32(python: Emscripten, pointer: number): number {
  return python.HEAPU32[pointer >>> 2] ?? 0;
}

export function writeI32(python: Emscripten, pointer: number, value: number): void {
  python.HEAP32[pointer >>> 2] = value;
}

/** An integer of eight bytes, as in `struct timespec`. */
export function readI64(python: Emscripten, pointer: number): number {
  return readI32(python, pointer + 4) * 2 ** 32 + readU32(python, pointer);
}

export function writeI64(python: Emscripten, pointer: number, value: number): void {
  writeI32(python, pointer, value % 2 ** 32);
  writeI32(python, pointer + 4, Math.floor(value / 2 ** 32));
}
