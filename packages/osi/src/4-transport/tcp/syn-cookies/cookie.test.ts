import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IpAddress, parseIp } from '../../../3-network/index.ts';
import { Random, seconds } from '../../../time/index.ts';
import { agreementOf, timestampFor } from './agreement.ts';
import { SynCookies } from './cookie.ts';

const ip = (text: string): IpAddress => parseIp(text) as IpAddress;
const V4 = { source: ip('192.0.2.7'), sourcePort: 5000, destination: ip('192.0.2.1'), destinationPort: 80 };
const V6 = { ...V4, source: ip('2001:db8::7'), destination: ip('2001:db8::1') };
const cookies = (seed = 1): SynCookies => new SynCookies(new Random(seed, 'test'));

describe('a SYN cookie', () => {
  test('brings the largest of four sizes back that the MSS allows, as Linux has them for IPv4 and IPv6', () => {
    const size = (tuple: typeof V4, mss: number): number | null => {
      const each = cookies();
      return each.read(each.make(tuple, 77, mss, 0), tuple, 77, 0);
    };
    expect([100, 536, 1299, 1300, 1440, 1459, 1460, 9000].map((mss) => size(V4, mss))).toEqual([
      536, 536, 536, 1300, 1440, 1440, 1460, 1460,
    ]);
    expect([1220, 1419, 1420, 1440, 8940, 9999].map((mss) => size(V6, mss))).toEqual([
      1220, 1220, 1420, 1440, 8940, 8940,
    ]);
  });

  test('is good in its own minute and the next', () => {
    const each = cookies();
    for (const minute of [0, 3, 255, 256, 1000]) {
      const made = seconds(60 * minute + 30);
      const cookie = each.make(V4, 1, 1460, made);
      expect([0, 29, 30, 89].map((later) => each.read(cookie, V4, 1, made + seconds(later)))).toEqual([
        1460, 1460, 1460, 1460,
      ]);
      expect([90, 150, 3600].map((later) => each.read(cookie, V4, 1, made + seconds(later)))).toEqual([
        null,
        null,
        null,
      ]);
    }
  });

  test('is good for its own four-tuple, sequence number and machine alone', () => {
    const each = cookies();
    const cookie = each.make(V4, 9, 1460, 0);
    const others = [
      { ...V4, source: ip('192.0.2.8') },
      { ...V4, destination: ip('192.0.2.2') },
      { ...V4, sourcePort: 5001 },
      { ...V4, destinationPort: 81 },
    ];
    for (const other of others) expect(each.read(cookie, other, 9, 0)).toBe(null);
    expect(each.read(cookie, V4, 20, 0)).toBe(null);
    expect(cookies(2).read(cookie, V4, 9, 0)).toBe(null);
    expect(cookies(1).read(cookie, V4, 9, 0)).toBe(1460);
  });

  test('all of an IPv6 address counts', () => {
    const each = cookies();
    const cookie = each.make(V6, 9, 1440, 0);
    for (const source of ['2001:db8:1::7', '2001:db8::1:0:7', '2001:db8::1:7', '2001:db9::7']) {
      expect(each.read(cookie, { ...V6, source: ip(source) }, 9, 0)).toBe(null);
    }
  });
});

test('six bits of a timestamp bring the agreement back, and it is not from the future nor older than 64 ms', () => {
  const agreement = fc.record({
    sack: fc.boolean(),
    windowScale: fc.integer({ min: -1, max: 14 }),
    ecn: fc.boolean(),
  });
  fc.assert(
    fc.property(agreement, fc.integer({ min: 0, max: 2 ** 33 }), (agreed, clock) => {
      const timestamp = timestampFor(agreed, clock);
      expect(agreementOf(timestamp | 0)).toEqual(agreed);
      expect(timestamp).toBeLessThanOrEqual(clock);
      expect(timestamp).toBeGreaterThan(clock - 64);
    }),
  );
});
