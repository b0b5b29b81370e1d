import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BROADCAST_MAC,
  formatMac,
  isGroupMac,
  type MacAddress,
  macFromNumber,
  multicastMac,
  parseMac,
  readMac,
  writeMac,
} from './mac-address.ts';

const anyMac = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffffn }).map((n) => Number(n) as MacAddress);

describe('a MAC address', () => {
  it('is written as six octets in lower case and read back', () => {
    expect(formatMac(macFromNumber(0x020000000001))).toBe('02:00:00:00:00:01');
    expect(parseMac('02:00:00:00:00:01')).toBe(0x020000000001);
    expect(parseMac('DE-AD-BE-EF-00-0A')).toBe(0xdeadbeef000a);
    fc.assert(fc.property(anyMac, (mac) => parseMac(formatMac(mac)) === mac));
  });

  it.each([
    '',
    '02:00:00:00:00',
    '02:00:00:00:00:01:02',
    '2:0:0:0:0:1',
    '02-00:00-00:00-01',
    '0g:00:00:00:00:00',
  ])('is not %j', (text) => expect(parseMac(text)).toBe(null));

  it('crosses the wire first octet first', () => {
    const view = new DataView(new ArrayBuffer(8));
    writeMac(view, 1, macFromNumber(0x0123456789ab));
    expect([...new Uint8Array(view.buffer)]).toEqual([0, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0]);
    fc.assert(
      fc.property(anyMac, (mac) => {
        writeMac(view, 2, mac);
        expect(readMac(view, 2)).toBe(mac);
      }),
    );
  });

  it('is a group when the first bit on the wire is set', () => {
    expect(isGroupMac(BROADCAST_MAC)).toBe(true);
    expect(isGroupMac(parseMac('01:00:5e:00:00:01')!)).toBe(true);
    expect(isGroupMac(parseMac('02:ff:ff:ff:ff:ff')!)).toBe(false);
  });

  it('of a multicast group has the low 23 bits of its address', () => {
    expect(formatMac(multicastMac(0xe0800001))).toBe('01:00:5e:00:00:01');
    expect(formatMac(multicastMac(0xefffffff))).toBe('01:00:5e:7f:ff:ff');
  });

  it('has at most 48 bits', () => {
    expect(() => macFromNumber(2 ** 48)).toThrow('expected a 48-bit number, found 281474976710656');
    expect(() => macFromNumber(-1)).toThrow(RangeError);
    expect(() => macFromNumber(1.5)).toThrow(RangeError);
  });
});
