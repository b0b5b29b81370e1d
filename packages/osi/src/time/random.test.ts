import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from './random.ts';
import { Simulation } from './simulation.ts';

const draw = (random: Random, count = 8): number[] => Array.from({ length: count }, () => random.uint32());

describe('seeded chance', () => {
  test('gives one sequence for one seed and name, on every platform and in every version', () => {
    expect(draw(new Random(1, 'client/tcp'), 4)).toEqual(draw(new Random(1, 'client/tcp'), 4));
    expect(draw(new Random(7), 4)).toEqual([3514956261, 3471744319, 3109265349, 2956981160]);
  });

  test('gives other sequences for other seeds and names, also beyond 32 bits', () => {
    const sequences = [
      new Random(1),
      new Random(2),
      new Random(1, 'a'),
      new Random(1, 'b'),
      new Random(1 + 2 ** 32),
    ];
    expect(new Set(sequences.map((random) => draw(random).join())).size).toBe(sequences.length);
  });

  test('of a simulation depends on nothing but its seed and the name that is asked for', () => {
    const one = new Simulation(5);
    one.randomFor('other').uint32();
    expect(draw(one.randomFor('x'))).toEqual(draw(new Simulation(5).randomFor('x')));
  });

  test('stays within the range that was asked for', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
        const random = new Random(seed);
        for (let i = 0; i < 20; i++) {
          const value = random.below(n);
          expect(Number.isInteger(value) && value >= 0 && value < n).toBe(true);
          const unit = random.unit();
          expect(unit >= 0 && unit < 1).toBe(true);
        }
      }),
    );
  });

  test('spreads evenly: each of 16 values comes up about as often as the others', () => {
    const random = new Random(3);
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) counts[random.below(16)]! += 1;
    // The sum of squares over the expected count is χ² with 15 degrees of freedom: above 37.7 once in a thousand seeds.
    const chi = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(37.7);
  });

  test('chance(0) is never and draws nothing, chance(1) is always', () => {
    const random = new Random(4);
    const same = new Random(4);
    for (let i = 0; i < 50; i++) expect(random.chance(0)).toBe(false);
    expect(random.uint32()).toBe(same.uint32());
    for (let i = 0; i < 50; i++) expect(random.chance(1)).toBe(true);
  });

  test('fills a buffer to its end', () => {
    const bytes = new Uint8Array(1000);
    new Random(5).fill(bytes);
    expect(new Set(bytes).size).toBeGreaterThan(200);
    expect(bytes.subarray(-20).some((byte) => byte !== 0)).toBe(true);
  });
});
