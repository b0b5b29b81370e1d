import { describe, expect, it } from 'vitest';
import { Chance } from './random.ts';

describe('chance in a process', () => {
  it('is the same for the same seed, and another for another', () => {
    const bytes = (seed: number) => {
      const chance = new Chance();
      chance.seed(seed);
      const filled = new Uint8Array(64);
      chance.fill(filled);
      return filled.join();
    };
    expect(bytes(7)).toBe(bytes(7));
    expect(bytes(7)).not.toBe(bytes(8));
  });

  it('has every byte about equally often', () => {
    const chance = new Chance();
    const bytes = new Uint8Array(256 * 1000);
    chance.fill(bytes);
    const counts = new Array<number>(256).fill(0);
    for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
    const chiSquared = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 255 degrees of freedom: beyond these bounds once in a million.
    expect(chiSquared).toBeGreaterThan(157);
    expect(chiSquared).toBeLessThan(374);
  });
});
