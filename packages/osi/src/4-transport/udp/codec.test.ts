import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Ipv4Address, ipv4FromNumber } from '../../3-network/index.ts';
import {
  checkDatagram,
  readChecksum,
  readDestinationPort,
  readLength,
  readSourcePort,
  UDP_HEADER,
  writeHeader,
} from './codec.ts';

const A = 0x0a000001 as Ipv4Address;
const B = 0x0a000002 as Ipv4Address;

/** A datagram at `at` with junk around it. */
function datagram(payload: Uint8Array, sourcePort = 1, destinationPort = 2, at = 3) {
  const bytes = new Uint8Array(at + UDP_HEADER + payload.length + 5).fill(0xee);
  const view = new DataView(bytes.buffer);
  bytes.set(payload, at + UDP_HEADER);
  const end = at + UDP_HEADER + payload.length;
  writeHeader(view, at, A, sourcePort, B, destinationPort, end - at);
  return { bytes, view, at, end };
}

describe('the UDP header', () => {
  test('whatever is written is read back and found valid', () => {
    const port = fc.nat(0xffff);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), port, port, fc.nat(9), (payload, from, to, at) => {
        const { view, end } = datagram(payload, from, to, at);
        expect(readSourcePort(view, at)).toBe(from);
        expect(readDestinationPort(view, at)).toBe(to);
        expect(readLength(view, at)).toBe(UDP_HEADER + payload.length);
        expect(checkDatagram(view, at, end, A, B)).toBeNull();
        // What follows is padding.
        expect(checkDatagram(view, at, end + 5, A, B)).toBeNull();
      }),
    );
  });

  test('any one wrong bit in payload, ports or addresses makes the checksum wrong', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.nat(),
        fc.nat(7),
        (payload, where, bit) => {
          const { bytes, view, at, end } = datagram(payload);
          const places = [0, 1, 2, 3, ...payload.keys()].map((i) => (i < 4 ? i : i + UDP_HEADER));
          const place = at + (places[where % places.length] as number);
          bytes[place]! ^= 1 << bit;
          expect(checkDatagram(view, at, end, A, B)).toBe('udp.checksum');
        },
      ),
    );
    const { view, at, end } = datagram(Uint8Array.of(1));
    expect(checkDatagram(view, at, end, ipv4FromNumber(A ^ 0x100), B)).toBe('udp.checksum');
  });

  test('a checksum of 0 means that the sender computed none', () => {
    const { view, at, end } = datagram(Uint8Array.of(1, 2, 3));
    view.setUint16(at + 6, 0);
    view.setUint8(at + UDP_HEADER, 99);
    expect(checkDatagram(view, at, end, A, B)).toBeNull();
  });

  test('a checksum that comes out as 0 is sent as 0xffff', () => {
    // With this payload the sum is all ones: it cancels what the header and the addresses add up to.
    const { view, at } = datagram(Uint8Array.of(0, 0));
    const missing = readChecksum(view, at);
    const payload = Uint8Array.of(missing >> 8, missing & 0xff);
    const exact = datagram(payload);
    expect(readChecksum(exact.view, exact.at)).toBe(0xffff);
    expect(checkDatagram(exact.view, exact.at, exact.end, A, B)).toBeNull();
  });

  test('less than a header, a length below the header or beyond the packet is refused', () => {
    const { view, at, end } = datagram(Uint8Array.of(1, 2, 3));
    expect(checkDatagram(view, at, at + 7, A, B)).toBe('udp.truncated');
    expect(checkDatagram(view, at, end - 1, A, B)).toBe('udp.length');
    view.setUint16(at + 4, 7);
    expect(checkDatagram(view, at, end, A, B)).toBe('udp.length');
  });
});
