import { describe, expect, it } from 'vitest';
import { ipv4FromNumber, parseIpv6 } from '../3-network/index.ts';
import { ERRNO } from '../trace/index.ts';
import { readControls4, readControls6 } from './send-controls.ts';

const int = (value: number) => new Uint8Array(Int32Array.of(value).buffer);

describe('control messages of sendmsg(2)', () => {
  it('say how far one packet goes, and of what class it is', () => {
    const six = [
      { level: 41, type: 52, data: int(2) },
      { level: 41, type: 67, data: int(0x20) },
    ];
    expect(readControls6(six)).toEqual({ ttl: 2, tos: 0x20 });
    const four = [
      { level: 0, type: 2, data: int(3) },
      { level: 0, type: 1, data: Uint8Array.of(8) },
    ];
    expect(readControls4(four, false)).toEqual({ ttl: 3, tos: 8 });
  });

  it('leave to the machine what is -1, and what is of another level', () => {
    expect(readControls6([{ level: 41, type: 52, data: int(-1) }])).toEqual({});
    expect(readControls4([{ level: 41, type: 52, data: int(2) }], false)).toEqual({});
    expect(readControls4([{ level: 17, type: 103, data: int(2) }], false)).toEqual({});
  });

  it.each([
    ['of another size', 41, 52, new Uint8Array(5)],
    ['out of range', 41, 67, int(256)],
    ['that nobody knows', 41, 99, int(1)],
  ])('are refused when one is %s', (_, level, type, data) => {
    expect(readControls6([{ level, type, data }])).toBe(-ERRNO.EINVAL);
  });

  it('name the interface and the address of one packet', () => {
    const four = Uint8Array.from([...int(2), 10, 0, 0, 1, 10, 9, 9, 9]);
    expect(readControls4([{ level: 0, type: 8, data: four }], false)).toEqual({
      interface: 2,
      source: ipv4FromNumber(0x0a000001),
    });
    expect(readControls4([{ level: 0, type: 8, data: four.subarray(4) }], false)).toBe(-ERRNO.EINVAL);
    expect(readControls6([{ level: 41, type: 50, data: info6('2001:db8::1', 3) }])).toEqual({
      interface: 3,
      source: parseIpv6('2001:db8::1'),
    });
    expect(readControls6([{ level: 41, type: 50, data: info6('::', 0) }])).toEqual({});
    expect(readControls6([{ level: 41, type: 50, data: info6('::', 0).subarray(1) }])).toBe(-ERRNO.EINVAL);
    // Those of the other version say nothing here.
    expect(readControls6([{ level: 0, type: 8, data: four }])).toEqual({});
  });

  it('of IPv6 name a mapped address to a destination of IPv4, and no other', () => {
    expect(readControls4([{ level: 41, type: 50, data: info6('::ffff:10.0.0.1', 2) }], true)).toEqual({
      interface: 2,
      source: ipv4FromNumber(0x0a000001),
    });
    expect(readControls4([{ level: 41, type: 50, data: info6('2001:db8::1', 2) }], true)).toBe(-ERRNO.EINVAL);
  });
});

/** `struct in6_pktinfo`. */
function info6(address: string, index: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  const { a, b, c, d } = parseIpv6(address)!;
  for (const [i, word] of [a, b, c, d].entries()) view.setInt32(4 * i, word);
  view.setInt32(16, index, true);
  return bytes;
}
