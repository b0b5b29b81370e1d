import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anAddress } from '../../../test/arbitraries.ts';
import { macFromNumber } from '../../2-datalink/index.ts';
import {
  commonPrefix,
  Ipv6Address,
  isMapped,
  linkLocalOf,
  maskIpv6,
  readIpv6,
  SCOPE_GLOBAL,
  SCOPE_LINK,
  SCOPE_SITE,
  samePrefix,
  scopeOf,
  solicitedNode,
  writeIpv6Address,
} from './address.ts';
import { parseIpv6, parseIpv6Prefix } from './text.ts';

const of = (text: string): Ipv6Address => parseIpv6(text) as Ipv6Address;

describe('the text of an IPv6 address', () => {
  test.each([
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0DB8::0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is written %s (RFC 5952)', (text, canonical) => {
    expect(of(text).text).toBe(canonical);
  });

  test('is read back as the same address, and platforms take it', () => {
    fc.assert(
      fc.property(anAddress, (address) => {
        expect(isIPv6(address.text)).toBe(true);
        expect(of(address.text).equals(address)).toBe(true);
      }),
    );
  });

  test.each([
    '',
    ':',
    ':::',
    '1:2:3',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '::12345',
    '::1.2.3',
    '1.2.3.4',
    'g::',
  ])('%s is none', (text) => {
    expect(parseIpv6(text)).toBe(null);
  });

  test('a prefix has a length of 0 to 128', () => {
    expect(parseIpv6Prefix('2001:db8::1/64')?.length).toBe(64);
    expect(parseIpv6Prefix('::/0')?.address.text).toBe('::');
    expect(parseIpv6Prefix('::/129')).toBe(null);
    expect(parseIpv6Prefix('::')).toBe(null);
  });
});

describe('an IPv6 address', () => {
  test('is read from bytes as it was written, and link-local ones are in the zone of their link', () => {
    fc.assert(
      fc.property(anAddress, fc.integer({ min: 1, max: 4 }), (address, link) => {
        const view = new DataView(new ArrayBuffer(19));
        writeIpv6Address(view, 3, address);
        const local = readIpv6(view, 3, link);
        expect(local.inZone(0).equals(address)).toBe(true);
        expect(local.zone).toBe(/^(fe[89ab].|ff.[0-2]):/.test(address.text) ? link : 0);
      }),
    );
  });

  test.each([
    ['fe80::1', SCOPE_LINK],
    ['::1', SCOPE_LINK],
    ['ff02::1', SCOPE_LINK],
    ['ff05::2', SCOPE_SITE],
    ['2001:db8::1', SCOPE_GLOBAL],
    ['fd00::1', SCOPE_GLOBAL],
    ['::ffff:10.0.0.1', SCOPE_GLOBAL],
  ])('%s has scope %i (RFC 4007)', (text, scope) => {
    expect(scopeOf(of(text))).toBe(scope);
  });

  test('shares a prefix exactly as far as its bits are equal', () => {
    fc.assert(
      fc.property(anAddress, fc.nat(127), (address, length) => {
        const { a, b, c, d } = address;
        const bit = (place: number) => (length >>> 5 === place ? 1 << (31 - (length & 31)) : 0);
        const other = new Ipv6Address(a ^ bit(0), b ^ bit(1), c ^ bit(2), d ^ bit(3));
        expect(commonPrefix(address, other)).toBe(length);
        expect(samePrefix(address, other, length)).toBe(true);
        expect(samePrefix(address, other, length + 1)).toBe(false);
        expect(maskIpv6(address, length).equals(maskIpv6(other, length))).toBe(true);
      }),
    );
  });

  test('of a card is made of its MAC address (RFC 4291 appendix A)', () => {
    expect(linkLocalOf(macFromNumber(0x3456_789a_bcde), 2).text).toBe('fe80::3656:78ff:fe9a:bcde');
    expect(linkLocalOf(macFromNumber(0x0200_0000_0001), 2).key).toBe('fe80::ff:fe00:1%2');
  });

  test('is asked for at its solicited-node group (RFC 4291 section 2.7.1)', () => {
    expect(solicitedNode(of('4037::01:800:200e:8c6c')).text).toBe('ff02::1:ff0e:8c6c');
  });

  test('of IPv4 is told by its prefix', () => {
    expect(isMapped(of('::ffff:1.2.3.4'))).toBe(true);
    expect(isMapped(of('::fffe:1.2.3.4'))).toBe(false);
  });
});
