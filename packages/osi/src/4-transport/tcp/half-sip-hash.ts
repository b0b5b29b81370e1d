/**
 * HalfSipHash-2-4 (Aumasson and Bernstein, github.com/veorq/SipHash) of 32-bit words: 32 bits that nobody can guess
 * who does not have both halves of the key.
 */
export function halfSipHash(key0: number, key1: number, words: readonly number[]): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = 0x6c796765 ^ key0;
  let v3 = 0x74656462 ^ key1;
  const round = (): void => {
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
  };
  const take = (word: number): void => {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  for (const word of words) take(word | 0);
  take((4 * words.length) << 24);
  v2 ^= 0xff;
  for (let i = 0; i < 4; i++) round();
  return v1 ^ v3;
}

const rotate = (x: number, n: number): number => (x << n) | (x >>> (32 - n));
