/** What programs receive at a time when they receive much. */
const SIZE = 65_536;
/** Whoever receives less gets a buffer that is no larger. */
const LEAST = 16_384;
/** As many as threads that receive at a time may use again. */
const KEPT = 4;

/**
 * Buffers for what a process receives that are used again. A new one for each call would be garbage of a kind that makes
 * engines look through all of their memory after some hundred calls.
 */
export class LentBuffers {
  readonly #free: Uint8Array[] = [];

  /** @returns room for `length` bytes, with anything in it; undefined when that is too little or too much. */
  take(length: number): Uint8Array | undefined {
    if (length < LEAST || length > SIZE) return undefined;
    return (this.#free.pop() ?? new Uint8Array(SIZE)).subarray(0, length);
  }

  /** Nobody uses these bytes any more, nor others of their buffer. */
  giveBack({ buffer }: Uint8Array): void {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === SIZE && this.#free.length < KEPT)
      this.#free.push(new Uint8Array(buffer));
  }
}
