import { describe, expect, test } from 'vitest';
import { ipv4FromNumber } from './address.ts';
import { type Place, Ways } from './ways.ts';

class Way implements Place {
  key = 0;
  version = -1;
  nextHop = 0;
}

const newWay = () => new Way();

const address = (n: number) => ipv4FromNumber(0xc0a8_0000 + n);

/** Decides about an address, as `Routing` does. */
function decide(ways: Ways<Way>, n: number, version: number): void {
  const way = ways.place(address(n) | 0, version, newWay);
  way.key = address(n) | 0;
  way.version = version;
  way.nextHop = address(n);
}

const isKnown = (ways: Ways<Way>, n: number, version: number): boolean => {
  const way = ways.place(address(n) | 0, version, newWay);
  return way.version === version && way.key === (address(n) | 0) && way.nextHop === address(n);
};

describe('the ways that are remembered', () => {
  test('an address that nothing was decided about has a place that says so', () => {
    const ways = new Ways<Way>();
    expect(isKnown(ways, 1, 0)).toBe(false);
    decide(ways, 1, 0);
    expect(isKnown(ways, 1, 0)).toBe(true);
  });

  test('several addresses keep their places beside each other', () => {
    const ways = new Ways<Way>();
    for (let n = 1; n <= 8; n++) decide(ways, n, 0);
    for (let n = 1; n <= 8; n++) expect(isKnown(ways, n, 0)).toBe(true);
  });

  test('what was decided before a table changed does not count', () => {
    const ways = new Ways<Way>();
    decide(ways, 1, 0);
    expect(isKnown(ways, 1, 1)).toBe(false);
  });

  test('of ever more addresses a bounded number is remembered, the latest among them', () => {
    const ways = new Ways<Way>();
    for (let n = 0; n < 5000; n++) {
      decide(ways, n, 0);
      expect(isKnown(ways, n, 0)).toBe(true);
    }
    let known = 0;
    for (let n = 0; n < 5000; n++) if (isKnown(ways, n, 0)) known++;
    expect(known).toBeLessThanOrEqual(1024);
  });
});
