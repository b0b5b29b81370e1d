/**
 * Everything random in the process that is not asked of the kernel, from one seed: a counter whose values are
 * scattered (SplitMix32; Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
 */
export class Chance {
  #state = 0;

  seed(seed: number): void {
    this.#state = seed | 0;
  }

  /** A number from 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  }

  fill(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index++) bytes[index] = this.next() >>> 24;
  }
}
