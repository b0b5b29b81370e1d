import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anAddress } from '../../../test/arbitraries.ts';
import {
  checkIpv6,
  decrementHopLimit,
  IPV6_HEADER,
  readDestination,
  readFlowLabel,
  readHopLimit,
  readNextHeader,
  readPayloadLength,
  readSource,
  readTrafficClass,
  writeIpv6,
} from './codec.ts';

const byte = fc.nat(255);

describe('an IPv6 header', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.tuple(byte, fc.nat(0xf_ffff), fc.nat(60), byte, byte),
        anAddress,
        anAddress,
        ([tclass, label, length, next, hops], source, destination) => {
          const view = new DataView(new ArrayBuffer(3 + IPV6_HEADER + 60));
          writeIpv6(view, 3, tclass, label, length, next, hops, source, destination);
          expect(checkIpv6(view, 3, 3 + IPV6_HEADER + length)).toBe(null);
          expect([
            readTrafficClass(view, 3),
            readFlowLabel(view, 3),
            readPayloadLength(view, 3),
            readNextHeader(view, 3),
            readHopLimit(view, 3),
          ]).toEqual([tclass, label, length, next, hops]);
          expect(readSource(view, 3, 0).equals(source)).toBe(true);
          expect(readDestination(view, 3, 0).equals(destination)).toBe(true);
        },
      ),
    );
  });

  test('that is cut off, of another version or longer than its packet is refused', () => {
    const view = new DataView(new ArrayBuffer(48));
    view.setUint8(0, 0x60);
    view.setUint16(4, 8);
    expect(checkIpv6(view, 0, 39)).toBe('ipv6.truncated');
    expect(checkIpv6(view, 0, 47)).toBe('ipv6.payload-length');
    expect(checkIpv6(view, 0, 48)).toBe(null);
    view.setUint8(0, 0x40);
    expect(checkIpv6(view, 0, 48)).toBe('ipv6.version');
  });

  test('has one hop less after a router', () => {
    const view = new DataView(new ArrayBuffer(40));
    view.setUint8(7, 64);
    decrementHopLimit(view, 0);
    expect(readHopLimit(view, 0)).toBe(63);
  });
});
