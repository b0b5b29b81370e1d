import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkEthernet, readDestination, readEtherType, readSource, writeEthernet } from './codec.ts';
import type { MacAddress } from './mac-address.ts';

const anyMac = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffffn }).map((n) => Number(n) as MacAddress);

describe('the Ethernet header', () => {
  it('is read as it was written, at any offset', () => {
    fc.assert(
      fc.property(
        anyMac,
        anyMac,
        fc.integer({ min: 0x600, max: 0xffff }),
        fc.integer({ min: 0, max: 9 }),
        (destination, source, type, start) => {
          const view = new DataView(new ArrayBuffer(24));
          writeEthernet(view, start, destination, source, type);
          expect(checkEthernet(view, start, start + 14)).toBe(null);
          expect(readDestination(view, start)).toBe(destination);
          expect(readSource(view, start)).toBe(source);
          expect(readEtherType(view, start)).toBe(type);
        },
      ),
    );
  });

  it('needs 14 bytes', () => {
    expect(checkEthernet(new DataView(new ArrayBuffer(14)), 0, 13)).toBe('ethernet.truncated');
  });

  it('has a type, not the length of IEEE 802.3', () => {
    const view = new DataView(new ArrayBuffer(60));
    view.setUint16(12, 46);
    expect(checkEthernet(view, 0, 60)).toBe('ethernet.length-field');
  });

  it('of any bytes is accepted or refused by name, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const view = new DataView(bytes.buffer);
        const reason = checkEthernet(view, 0, bytes.length);
        expect(reason === null || reason.startsWith('ethernet.')).toBe(true);
      }),
    );
  });
});
