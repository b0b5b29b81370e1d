import { expect, test } from 'vitest';
import { halfSipHash } from './half-sip-hash.ts';

test('HalfSipHash-2-4 of no, one and two words is what its authors say (vectors.h, key 00 01 … 07)', () => {
  const hash = (...words: number[]) => halfSipHash(0x03020100, 0x07060504, words) >>> 0;
  expect(hash()).toBe(0x5b9f35a9);
  expect(hash(0x03020100)).toBe(0x89466e2a);
  expect(hash(0x03020100, 0x07060504)).toBe(0x8f84b8d0);
});
