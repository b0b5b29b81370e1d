import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIpv4, ipv4FromNumber, parseIpv4 } from './address.ts';

describe('dotted-decimal notation', () => {
  test('is read as it is written', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (n) => {
        expect(parseIpv4(formatIpv4(ipv4FromNumber(n)))).toBe(n);
      }),
    );
  });

  test.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.',
    '1.2.3.4.',
    '1.2.3.4.5',
    '.1.2.3',
    '1..2.3',
    '1.2.3.256',
    '1.2.3.1000',
    '01.2.3.4',
    '1.2.3.00',
    '1.2.3.4 ',
    '1.2.3.-4',
    '1.2.3.٤',
  ])('%j is none', (text) => {
    expect(parseIpv4(text)).toBe(null);
  });
});
