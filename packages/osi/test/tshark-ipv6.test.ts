import { describe, expect, it } from 'vitest';
import { ethernet, fromHex, text, u16, u32 } from './frames.ts';
import { CLIENT6, hex6, icmpv6, ipv6, SERVER6, tcp6, udp6 } from './frames6.ts';
import { capture, compareWithTshark, tsharkIsThere } from './tshark.ts';

const frame = (packet: readonly number[], to = '02:00:00:00:00:02'): Uint8Array =>
  ethernet(packet, { type: 0x86dd, to });
const LINK_LOCAL = 'fe80::200:ff:fe00:1';
const nd = { from: LINK_LOCAL, to: 'ff02::1', hopLimit: 255 };
const mld = {
  from: LINK_LOCAL,
  to: 'ff02::16',
  hopLimit: 1,
  extensions: { first: 0, bytes: fromHex('3a00 05020000 0100') },
};
const back = { from: SERVER6, to: CLIENT6 };
const quoted = udp6(text('who is there?'));
const ADDRESS = fromHex('0101 020000000001');

const SOUND: Record<string, Uint8Array> = {
  'a datagram': frame(udp6(text('hello'), { class: 0xb8, flow: 0x12345, hopLimit: 3 })),
  'a segment': frame(tcp6([], 2, 100, 0)),
  'its answer': frame(tcp6([], 0x12, 500, 101, back)),
  data: frame(tcp6(text('hi'), 0x18, 101, 501)),
  'an echo request': frame(icmpv6(128, 0, [...u16(0x1234), ...u16(1), ...text('abcdefgh')])),
  'an echo reply': frame(icmpv6(129, 0, [...u16(0x1234), ...u16(1), ...text('abcdefgh')], back)),
  'no route': frame(icmpv6(1, 0, [...u32(0), ...quoted])),
  'a port unreachable': frame(icmpv6(1, 4, [...u32(0), ...quoted])),
  'a packet too big': frame(icmpv6(2, 0, [...u32(1280), ...quoted])),
  'a hop limit exceeded': frame(icmpv6(3, 0, [...u32(0), ...quoted])),
  'a reassembly time exceeded': frame(icmpv6(3, 1, [...u32(0), ...quoted])),
  'a parameter problem': frame(icmpv6(4, 1, [...u32(6), ...quoted])),
  'a router solicitation': frame(icmpv6(133, 0, [...u32(0), ...ADDRESS], nd)),
  'a router solicitation without an option': frame(icmpv6(133, 0, u32(0), { ...nd, from: '::' })),
  'a router advertisement': frame(
    icmpv6(
      134,
      0,
      [
        ...fromHex('40 c8 0708 00007530 000003e8'),
        ...ADDRESS,
        ...fromHex('0501 0000 000005dc'),
        ...hex6('0304 40 c0 00015180 00003840 00000000 2001:db8::'),
      ],
      nd,
    ),
  ),
  'a router advertisement for ever': frame(
    icmpv6(
      134,
      0,
      [
        ...fromHex('00 08 0000 00000000 00000000'),
        ...hex6('0304 40 80 ffffffff ffffffff 00000000 2001:db8:1::'),
      ],
      nd,
    ),
  ),
  'a router advertisement with name servers and a route': frame(
    icmpv6(
      134,
      0,
      [
        ...fromHex('40 00 0708 00000000 00000000'),
        ...hex6('1903 0000 00000e10 2001:db8::53'),
        ...hex6('1803 40 00 00000708 2001:db8:2::'),
      ],
      nd,
    ),
  ),
  'a neighbour solicitation': frame(
    icmpv6(135, 0, [...u32(0), ...hex6(SERVER6), ...ADDRESS], {
      from: CLIENT6,
      to: 'ff02::1:ff00:2',
      hopLimit: 255,
    }),
    '33:33:ff:00:00:02',
  ),
  'a duplicate address probe': frame(
    icmpv6(135, 0, [...u32(0), ...hex6(LINK_LOCAL)], { from: '::', to: 'ff02::1:ff00:1', hopLimit: 255 }),
    '33:33:ff:00:00:01',
  ),
  'a probe with a nonce': frame(
    icmpv6(135, 0, [...u32(0), ...hex6(LINK_LOCAL), ...fromHex('0e01 010203040506')], {
      from: '::',
      to: 'ff02::1:ff00:1',
      hopLimit: 255,
    }),
    '33:33:ff:00:00:01',
  ),
  'a neighbour advertisement': frame(
    icmpv6(136, 0, [...fromHex('60000000'), ...hex6(SERVER6), ...fromHex('0201 020000000002')], {
      ...back,
      hopLimit: 255,
    }),
  ),
  "a router's advertisement of itself": frame(
    icmpv6(136, 0, [...fromHex('a0000000'), ...hex6(SERVER6), ...fromHex('0201 020000000002')], {
      from: SERVER6,
      to: 'ff02::1',
      hopLimit: 255,
    }),
  ),
  'a redirect': frame(
    icmpv6(
      137,
      0,
      [...u32(0), ...hex6('fe80::9'), ...hex6('2001:db8:9::1'), ...fromHex('0201 020000000009')],
      { from: LINK_LOCAL, to: CLIENT6, hopLimit: 255 },
    ),
  ),
  'a redirect with the packet': frame(
    icmpv6(
      137,
      0,
      [
        ...u32(0),
        ...hex6('fe80::9'),
        ...hex6('2001:db8:9::1'),
        4,
        8,
        ...u16(0),
        ...u32(0),
        ...udp6(text('16 bytes')),
      ],
      { from: LINK_LOCAL, to: CLIENT6, hopLimit: 255 },
    ),
  ),
  'a listener query of version 1': frame(
    icmpv6(130, 0, [...u16(10_000), 0, 0, ...hex6('::')], { ...mld, to: 'ff02::1' }),
  ),
  'a listener report of version 1': frame(
    icmpv6(131, 0, [...u32(0), ...hex6('ff02::1:ff00:1')], { ...mld, to: 'ff02::1:ff00:1' }),
  ),
  'a listener done': frame(icmpv6(132, 0, [...u32(0), ...hex6('ff02::1:ff00:1')], { ...mld, to: 'ff02::2' })),
  'a listener query of version 2': frame(
    icmpv6(130, 0, [...u16(10_000), 0, 0, ...hex6('::'), ...fromHex('02 7d 0000')], {
      ...mld,
      to: 'ff02::1',
    }),
  ),
  'a listener query for sources': frame(
    icmpv6(130, 0, [...u16(0x8abc), 0, 0, ...hex6('ff3e::1'), ...fromHex('0a 8f 0001'), ...hex6(CLIENT6)], {
      ...mld,
      to: 'ff3e::1',
    }),
  ),
  'a listener report of version 2': frame(
    icmpv6(
      143,
      0,
      [
        0,
        0,
        ...u16(2),
        4,
        0,
        0,
        0,
        ...hex6('ff02::1:ff00:1'),
        5,
        0,
        ...u16(2),
        ...hex6('ff3e::1'),
        ...hex6(CLIENT6),
        ...hex6(SERVER6),
      ],
      mld,
    ),
  ),
  'a first fragment': frame(
    ipv6(17, quoted.slice(40, 56), { extensions: { first: 44, bytes: fromHex('11 00 0001 12345678') } }),
  ),
  'a last fragment': frame(
    ipv6(17, quoted.slice(56), { extensions: { first: 44, bytes: fromHex('11 00 0010 12345678') } }),
  ),
  "an address made of a lab's MAC address": frame(
    udp6(text('x'), { from: 'fe80::ff:fe00:1', to: 'fe80::ff:fe00:2' }),
  ),
  'destination options': frame(
    udp6(text('x'), { extensions: { first: 60, bytes: fromHex('11 00 0104 00000000') } }),
  ),
  'hop-by-hop and destination options': frame(
    udp6(text('x'), {
      extensions: { first: 0, bytes: fromHex('3c 00 05020000 0100 11 00 0104 00000000') },
    }),
  ),
  'no next header': frame(ipv6(59, [])),
  'an unknown next header': frame(ipv6(253, text('zzz'))),
  'padded to the shortest frame': ethernet(ipv6(59, []), { type: 0x86dd, tail: new Uint8Array(6) }),
};

/** What tshark and we read differently, each with what the frame is. */
async function differences(frames: Record<string, Uint8Array>, faults: boolean) {
  const names = Object.keys(frames);
  const found = await compareWithTshark(capture(Object.values(frames)), { faults });
  return found.map((difference) => ({ what: names[difference.frame - 1], ...difference }));
}

describe.skipIf(!tsharkIsThere())('tshark reads as we do', () => {
  it('IPv6 with its extension headers, ICMPv6, neighbour and listener discovery, and finds nothing wrong', async () => {
    expect(await differences(SOUND, true)).toEqual([]);
  });
});
