import { describe, expect, it } from 'vitest';
import { numbered, Station } from '../../test/station.ts';
import { microseconds, Simulation } from '../time/index.ts';
import { Cable, type CableOptions } from './cable.ts';
import type { ImpairmentSettings } from './impairments.ts';

const COUNT = 10_000;

/** Sends frames one after another, numbered by 32 bits in their first bytes. */
function run(impairments: Partial<ImpairmentSettings>, seed = 1, count = COUNT, options: CableOptions = {}) {
  const sim = new Simulation(seed);
  const a = new Station(sim, 'a');
  const b = new Station(sim, 'b');
  const cable = new Cable(sim, a.port, b.port, { bandwidth: 1e9, delay: 1000, ...options, impairments });
  for (let n = 0; n < count; n++) {
    const bytes = new Uint8Array(60);
    new DataView(bytes.buffer).setUint32(0, n);
    a.send(bytes);
    sim.run(sim.now + microseconds(1));
  }
  sim.run();
  const numbers = b.arrived.map(({ bytes }) => new DataView(bytes.buffer).getUint32(0));
  return { a, b, cable, numbers, times: b.arrived.map(({ at }) => at) };
}

/** Whether a count is within five standard deviations of what probability `p` lets expect. */
function plausible(count: number, p: number, of = COUNT): boolean {
  return Math.abs(count - of * p) < 5 * Math.sqrt(of * p * (1 - p));
}

describe('loss', () => {
  it('strikes with its probability, and the rest arrives in order', () => {
    const { a, numbers } = run({ loss: 0.05 });
    const lost = a.drops('cable.loss');
    expect(plausible(lost, 0.05)).toBe(true);
    expect(numbers).toHaveLength(COUNT - lost);
    expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
  });

  it('of 1 loses everything, of 0 nothing', () => {
    expect(run({ loss: 1 }, 1, 50).numbers).toEqual([]);
    expect(run({ loss: 0 }, 1, 50).numbers).toHaveLength(50);
  });

  it('strikes the same frames with the same seed, others with another', () => {
    const once = run({ loss: 0.1 }, 3, 500).numbers;
    expect(run({ loss: 0.1 }, 3, 500).numbers).toEqual(once);
    expect(run({ loss: 0.1 }, 4, 500).numbers).not.toEqual(once);
  });

  it('strikes the same frames when other accidents are switched on', () => {
    const lost = (settings: Partial<ImpairmentSettings>) => {
      const numbers = new Set(run(settings, 5, 500).numbers);
      return Array.from({ length: 500 }, (_, n) => n).filter((n) => !numbers.has(n));
    };
    expect(lost({ loss: 0.1, duplicate: 0.3, jitter: 500, reorder: 0.2 })).toEqual(lost({ loss: 0.1 }));
  });

  it('is of one direction alone when set for one', () => {
    const sim = new Simulation(1);
    const a = new Station(sim, 'a');
    const b = new Station(sim, 'b');
    new Cable(sim, a.port, b.port, { aToB: { impairments: { loss: 1 } } });
    a.send(numbered(1));
    b.send(numbered(2));
    sim.run();
    expect([a.numbers, b.numbers]).toEqual([[2], []]);
  });

  it('strikes each direction by its own dice', () => {
    const sim = new Simulation(1);
    const a = new Station(sim, 'a');
    const b = new Station(sim, 'b');
    new Cable(sim, a.port, b.port, { impairments: { loss: 0.5 } });
    for (let n = 0; n < 200; n++) {
      a.send(numbered(n));
      b.send(numbered(n));
    }
    sim.run();
    expect(a.numbers).not.toEqual(b.numbers);
  });

  it('may begin and end while the cable is in use', () => {
    const sim = new Simulation(1);
    const a = new Station(sim, 'a');
    const b = new Station(sim, 'b');
    const cable = new Cable(sim, a.port, b.port);
    a.send(numbered(1));
    cable.set({ impairments: { loss: 1 } });
    a.send(numbered(2));
    cable.set({ impairments: { loss: 0 } });
    a.send(numbered(3));
    sim.run();
    expect(b.numbers).toEqual([1, 3]);
  });
});

describe('duplication', () => {
  it('lets a frame arrive twice in a row, with its probability', () => {
    const { numbers } = run({ duplicate: 0.2 });
    expect(plausible(numbers.length - COUNT, 0.2)).toBe(true);
    expect(new Set(numbers).size).toBe(COUNT);
    for (let i = 1; i < numbers.length; i++) expect(numbers[i]! - numbers[i - 1]!).toBeLessThanOrEqual(1);
  });
});

describe('jitter', () => {
  it('delays frames uniformly up to its amount and keeps their order', () => {
    const spaced = run({ jitter: 400 });
    const base = 72 * 8 + 1000;
    const extra = spaced.times.map((at, n) => at - n * 1000 - base);
    expect(Math.min(...extra)).toBe(0);
    expect(Math.max(...extra)).toBe(400);
    expect(extra.reduce((sum, x) => sum + x, 0) / COUNT).toBeCloseTo(200, -1);
    expect(spaced.numbers).toEqual([...spaced.numbers].sort((x, y) => x - y));
  });

  it('keeps the order also where it is larger than the distance of frames', () => {
    const { numbers } = run({ jitter: 50_000 }, 2, 1000);
    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  });
});

describe('reordering', () => {
  it('lets later frames overtake those it holds back, with its probability', () => {
    const { numbers } = run({ reorder: 0.1, reorderDelay: 5000 });
    expect(new Set(numbers).size).toBe(COUNT);
    let greatest = -1;
    let late = 0;
    for (const n of numbers) {
      if (n < greatest) late++;
      else greatest = n;
    }
    expect(plausible(late, 0.1)).toBe(true);
  });

  it('holds back for its delay', () => {
    const { times } = run({ reorder: 1, reorderDelay: 5000 }, 1, 1);
    expect(times).toEqual([72 * 8 + 1000 + 5000]);
  });
});

describe('corruption', () => {
  it('is found by the far port, which drops the frame: port.fcs', () => {
    const { b, numbers } = run({ corrupt: 0.1 });
    const found = b.drops('port.fcs');
    expect(plausible(found, 0.1)).toBe(true);
    expect(numbers).toHaveLength(COUNT - found);
  });

  it('inverts one bit, anywhere in the frame, when the FCS is not checked', () => {
    const { b } = run({ corrupt: 1 }, 1, 2000, { fcs: false });
    expect(b.arrived).toHaveLength(2000);
    const places = new Set<number>();
    b.arrived.forEach(({ bytes }, n) => {
      new DataView(bytes.buffer).setUint32(0, new DataView(bytes.buffer).getUint32(0) ^ n);
      const inverted = [...bytes].flatMap((byte, at) => (byte === 0 ? [] : [at]));
      expect(inverted).toHaveLength(1);
      const byte = bytes[inverted[0]!]!;
      expect(byte & (byte - 1)).toBe(0);
      places.add(inverted[0]!);
    });
    expect(places.size).toBe(60);
  });

  it('of a frame leaves its duplicate whole', () => {
    const sim = new Simulation(2);
    const a = new Station(sim, 'a');
    const b = new Station(sim, 'b');
    new Cable(sim, a.port, b.port, { impairments: { duplicate: 1, corrupt: 0.5 } });
    for (let n = 0; n < 200; n++) a.send(numbered(n));
    sim.run();
    for (const { bytes } of b.arrived) expect(bytes.subarray(0, 59).every((byte) => byte === 0)).toBe(true);
    expect(b.arrived.length + b.drops('port.fcs')).toBe(400);
    expect(new Set(b.numbers).size).toBeGreaterThan(120);
  });
});

describe('settings', () => {
  it('out of range are refused, saying what was expected and found', () => {
    const { cable } = run({}, 1, 0);
    expect(() => cable.set({ impairments: { loss: 1.5 } })).toThrow(
      'loss: expected a probability from 0 to 1, found 1.5',
    );
    expect(() => cable.set({ impairments: { jitter: -1 } })).toThrow(
      'jitter: expected nanoseconds, 0 or more, found -1',
    );
  });
});
