/**
 * Seeded pseudo-random numbers (sfc32, Chris Doty-Humphrey's small fast counter generator): fast,
 * 128 bits of state, the same sequence on every platform. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed any integer. @param stream names an independent sequence of the same seed. */
  constructor(seed: number, stream = '') {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = hash(stream);
    for (let i = 0; i < 16; i++) this.uint32();
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** A uniform number in [0, 1) with 32 bits of resolution. */
  unit(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A uniform integer in [0, n), 1 ≤ n ≤ 2^32. */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  /** True with probability `p`; draws nothing when `p` is 0. */
  chance(p: number): boolean {
    return p > 0 && this.unit() < p;
  }

  /** Fills `bytes` with random octets. */
  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.uint32() >>> 24;
  }
}

/** FNV-1a over UTF-16 code units, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h | 0;
}
