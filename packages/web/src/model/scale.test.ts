import { describe, expect, it } from 'vitest';
import { TimeScale } from './scale.ts';

const scaleOf = (...times: number[]): TimeScale => {
  const scale = new TimeScale();
  for (const time of times) scale.add(time);
  return scale;
};

describe('the time axis', () => {
  it('keeps the order of instants and their distance from each other, however near they are', () => {
    const scale = scaleOf(0, 1, 2, 1000);
    const positions = [0, 1, 2, 1000].map((time) => scale.at(time));
    for (let i = 1; i < positions.length; i++)
      expect(positions[i]! - positions[i - 1]!).toBeGreaterThanOrEqual(12);
  });

  it('cuts long waits short', () => {
    const scale = scaleOf(0, 60_000_000_000);
    expect(scale.length).toBeLessThan(50);
  });

  it('finds for a position the time that stands there', () => {
    const scale = scaleOf(5, 1000, 40_000_000);
    for (const time of [5, 500, 1000, 20_000_000, 40_000_000])
      expect(scale.timeAt(scale.at(time))).toBeCloseTo(time, 3);
  });

  it('is empty before anything has happened', () => {
    expect(new TimeScale().length).toBe(0);
    expect(new TimeScale().at(10)).toBe(0);
    expect(new TimeScale().timeAt(10)).toBe(0);
  });
});
