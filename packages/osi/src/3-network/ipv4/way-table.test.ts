import { describe, expect, test } from 'vitest';
import { ipv4FromNumber } from '../address.ts';
import { Way } from './way.ts';
import { WayTable } from './way-table.ts';

const key = (n: number) => (0xc0a8_0000 + n) | 0;
const to = (gateway: number | null) =>
  new Way('other', null, gateway === null ? null : ipv4FromNumber(0x0a00_0000 + gateway), null);

describe('the ways that a busy machine remembers', () => {
  test('an address that nothing was decided about has none', () => {
    const table = new WayTable();
    expect(table.find(key(1))).toBeNull();
    expect(table.find(0)).toBeNull();
    table.add(key(1), to(7), null);
    expect(table.find(key(1))).toEqual(to(7));
    expect(table.find(0)).toBeNull();
  });

  test('several addresses keep theirs beside each other', () => {
    const table = new WayTable();
    for (let n = 1; n <= 100; n++) table.add(key(n), to(n), null);
    for (let n = 1; n <= 100; n++) expect(table.find(key(n))).toEqual(to(n));
  });

  test('addresses of which the same holds have one in common', () => {
    const table = new WayTable();
    const route = {};
    const one = table.add(key(1), to(7), route);
    expect(table.add(key(2), to(7), route)).toBe(one);
    expect(table.add(key(3), to(7), null)).toBe(one);
    // A redirect: another way by the same route.
    expect(table.add(key(4), to(8), route)).toEqual(to(8));
    expect(table.add(key(5), to(7), route)).toBe(one);
    for (let n = 1; n <= 3; n++) expect(table.find(key(n))).toBe(one);
  });

  test('of more different ways than it tells apart the latest are remembered', () => {
    const table = new WayTable();
    for (let n = 1; n <= 1000; n++) {
      expect(table.add(key(n), to(n), null)).toEqual(to(n));
      expect(table.find(key(n))).toEqual(to(n));
    }
    for (let n = 1; n <= 1000; n++) {
      const found = table.find(key(n));
      if (found !== null) expect(found).toEqual(to(n));
    }
  });

  test('of ever more addresses a bounded number is remembered, the latest among them', () => {
    const table = new WayTable();
    for (let n = 0; n < 50_000; n++) {
      table.add(key(n), to(n % 10), null);
      expect(table.find(key(n))).toEqual(to(n % 10));
    }
    let known = 0;
    for (let n = 0; n < 50_000; n++) if (table.find(key(n)) !== null) known++;
    expect(known).toBeLessThanOrEqual(16_384);
    expect(known).toBeGreaterThan(8000);
  });
});
