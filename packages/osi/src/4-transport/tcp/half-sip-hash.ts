/** Rounds for each word, and at the end: HalfSipHash-2-4. */
const ROUNDS = 2;
const FINAL_ROUNDS = 4;

/**
 * HalfSipHash-2-4 (Aumasson and Bernstein, github.com/veorq/SipHash) of 32-bit words: 32 bits that nobody can guess
 * who does not have both halves of the key.
 */
export function halfSipHash(key0: number, key1: number, words: readonly number[]): number {
  const count = words.length;
  let v0 = key0 | 0;
  let v1 = key1 | 0;
  let v2 = 0x6c796765 ^ key0;
  let v3 = 0x74656462 ^ key1;
  // The words, their length in bytes, and the end, in one loop: the engine keeps the four in registers.
  for (let i = 0; i <= count + 1; i++) {
    const final = i > count;
    const word = final ? 0 : i === count ? (4 * count) << 24 : (words[i] ?? 0) | 0;
    if (final) v2 ^= 0xff;
    v3 ^= word;
    for (let left = final ? FINAL_ROUNDS : ROUNDS; left > 0; left--) {
      v0 = (v0 + v1) | 0;
      v1 = rotate(v1, 5) ^ v0;
      v0 = rotate(v0, 16);
      v2 = (v2 + v3) | 0;
      v3 = rotate(v3, 8) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = rotate(v3, 7) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = rotate(v1, 13) ^ v2;
      v2 = rotate(v2, 16);
    }
    v0 ^= word;
  }
  return v1 ^ v3;
}

const rotate = (x: number, n: number): number => (x << n) | (x >>> (32 - n));
