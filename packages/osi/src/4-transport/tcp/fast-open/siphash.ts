const MASK = 0xffff_ffff_ffff_ffffn;

const rotate = (x: bigint, n: bigint): bigint => ((x << n) | (x >> (64n - n))) & MASK;

/**
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): 64 bits that nobody can guess who does not
 * have the key. @param key 16 bytes. @returns the 8 bytes of the hash, little-endian as the paper has them.
 */
export function sipHash(key: Uint8Array, message: Uint8Array): Uint8Array {
  const keys = new DataView(key.buffer, key.byteOffset, 16);
  const k0 = keys.getBigUint64(0, true);
  const k1 = keys.getBigUint64(8, true);
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const round = (): void => {
    v0 = (v0 + v1) & MASK;
    v1 = rotate(v1, 13n) ^ v0;
    v0 = rotate(v0, 32n);
    v2 = (v2 + v3) & MASK;
    v3 = rotate(v3, 16n) ^ v2;
    v0 = (v0 + v3) & MASK;
    v3 = rotate(v3, 21n) ^ v0;
    v2 = (v2 + v1) & MASK;
    v1 = rotate(v1, 17n) ^ v2;
    v2 = rotate(v2, 32n);
  };
  const { length } = message;
  const whole = length >> 3;
  const words = new DataView(new ArrayBuffer(8 * (whole + 1)));
  new Uint8Array(words.buffer).set(message);
  words.setUint8(8 * whole + 7, length & 0xff);
  for (let i = 0; i <= whole; i++) {
    const word = words.getBigUint64(8 * i, true);
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  v2 ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  words.setBigUint64(0, v0 ^ v1 ^ v2 ^ v3, true);
  return new Uint8Array(words.buffer, 0, 8);
}
