import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ip } from '../../../test/network-world.ts';
import { type Ipv4Address, ipv4FromNumber } from '../address.ts';
import {
  checkIpv4,
  DONT_FRAGMENT,
  decrementTtl,
  hasDontFragment,
  hasMoreFragments,
  isFragment,
  MORE_FRAGMENTS,
  readDestination,
  readFragmentOffset,
  readHeaderLength,
  readIdentification,
  readProtocol,
  readSource,
  readTos,
  readTotalLength,
  readTtl,
  writeIpv4,
} from './codec.ts';

const byte = fc.integer({ min: 0, max: 0xff });
const word = fc.integer({ min: 0, max: 0xffff });
const anyAddress = fc.integer({ min: 0, max: 0xffffffff }).map((n) => ipv4FromNumber(n));

function header(length = 20, source: Ipv4Address = ip('10.0.0.1')): DataView {
  const view = new DataView(new ArrayBuffer(length));
  writeIpv4(view, 0, 0, length, 1, 0, 64, 17, source, ip('10.0.0.2'));
  return view;
}

describe('the IPv4 header', () => {
  it('has the layout and checksum of RFC 791', () => {
    const view = new DataView(new ArrayBuffer(20));
    // The example of a header that RFC 1071 style sums are usually shown with.
    writeIpv4(view, 0, 0, 0x73, 0, DONT_FRAGMENT, 64, 17, ip('192.168.0.1'), ip('192.168.0.199'));
    expect(Buffer.from(view.buffer).toString('hex')).toBe('45000073000040004011b861c0a80001c0a800c7');
  });

  it('is read as it was written, at any offset', () => {
    const flags = fc.constantFrom(0, DONT_FRAGMENT, MORE_FRAGMENTS);
    const offset = fc.integer({ min: 0, max: 0x1fff });
    fc.assert(
      fc.property(
        fc.tuple(byte, word, flags, offset, byte, byte, anyAddress, anyAddress, fc.nat(7)),
        ([tos, id, flag, units, ttl, protocol, source, destination, at]) => {
          const view = new DataView(new ArrayBuffer(64));
          writeIpv4(view, at, tos, 40, id, flag | units, ttl, protocol, source, destination);
          expect(checkIpv4(view, at, 64)).toBe(null);
          expect([readTos(view, at), readTotalLength(view, at), readIdentification(view, at)]).toEqual([
            tos,
            40,
            id,
          ]);
          expect([readTtl(view, at), readProtocol(view, at), readHeaderLength(view, at)]).toEqual([
            ttl,
            protocol,
            20,
          ]);
          expect([readSource(view, at), readDestination(view, at)]).toEqual([source, destination]);
          expect(readFragmentOffset(view, at)).toBe(units * 8);
          expect([hasDontFragment(view, at), hasMoreFragments(view, at)]).toEqual([
            flag === DONT_FRAGMENT,
            flag === MORE_FRAGMENTS,
          ]);
          expect(isFragment(view, at)).toBe(flag === MORE_FRAGMENTS || units > 0);
        },
      ),
    );
  });

  it('keeps a right checksum when the TTL is lowered', () => {
    fc.assert(
      fc.property(word, fc.integer({ min: 1, max: 255 }), anyAddress, (id, ttl, source) => {
        const view = new DataView(new ArrayBuffer(20));
        writeIpv4(view, 0, 0, 20, id, 0, ttl, 6, source, ip('10.0.0.2'));
        decrementTtl(view, 0);
        expect(checkIpv4(view, 0, 20)).toBe(null);
        expect(readTtl(view, 0)).toBe(ttl - 1);
      }),
    );
  });

  it('with any single bit inverted is refused', () => {
    fc.assert(
      fc.property(fc.nat(159), (bit) => {
        const view = header();
        view.setUint8(bit >> 3, view.getUint8(bit >> 3) ^ (1 << (bit & 7)));
        expect(checkIpv4(view, 0, 20)).not.toBe(null);
      }),
    );
  });

  it.each<[string, (view: DataView) => void, number]>([
    ['ip.truncated', () => {}, 19],
    ['ip.version', (view) => view.setUint8(0, 0x65), 40],
    ['ip.header-length', (view) => view.setUint8(0, 0x44), 40],
    ['ip.header-length', (view) => view.setUint8(0, 0x4f), 40],
    ['ip.total-length', (view) => view.setUint16(2, 19), 40],
    ['ip.total-length', (view) => view.setUint16(2, 41), 40],
    ['ip.checksum', (view) => view.setUint8(8, 63), 40],
  ])('is refused as %s', (reason, spoil, end) => {
    const view = header(40);
    spoil(view);
    expect(checkIpv4(view, 0, end)).toBe(reason);
  });

  it('of any bytes is accepted or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const view = new DataView(bytes.buffer);
        const reason = checkIpv4(view, 0, bytes.length);
        expect(reason === null || reason.startsWith('ip.')).toBe(true);
      }),
    );
  });
});
