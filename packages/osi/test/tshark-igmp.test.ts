import { describe, expect, it } from 'vitest';
import { ethernet, fromHex, ipv4 } from './frames.ts';
import { capture, compareWithTshark, type Difference, tsharkIsThere } from './tshark.ts';

const ROUTER_ALERT = fromHex('94040000');

/** An IGMP message from its bytes, with the right checksum in their place. */
function igmp(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  bytes.splice(2, 2, (~sum >> 8) & 255, ~sum & 255);
  const packet = ipv4(2, bytes, { to: '224.0.0.1', ttl: 1, tos: 0xc0, options: ROUTER_ALERT });
  return ethernet(packet, { to: '01:00:5e:00:00:01' });
}

const report = (records: number, hex: string) =>
  igmp(`22 00 0000 0000 ${records.toString(16).padStart(4, '0')} ${hex}`);

const SOUND: Record<string, Uint8Array> = {
  'a version 1 query': igmp('11 00 0000 00000000'),
  'a version 1 report': igmp('12 00 0000 ef010203'),
  'a general version 2 query': igmp('11 64 0000 00000000'),
  'a version 2 query for a group': igmp('11 0a 0000 ef010203'),
  'a version 2 report': igmp('16 00 0000 ef010203'),
  'a leave': igmp('17 00 0000 ef010203'),
  'a general version 3 query': igmp('11 64 0000 00000000 02 7d 0000'),
  'a version 3 query for a group': igmp('11 64 0000 ef010203 02 7d 0000'),
  'a version 3 query for sources': igmp('11 a5 0000 ef010203 0a 8f 0002 0a000001 0a000002'),
  'a version 3 query for one source': igmp('11 a5 0000 ef010203 0a 8f 0001 0a000001'),
  'a group joined': report(1, '04000000 ef010203'),
  'a group left': report(1, '03000000 ef010203'),
  'a group joined for sources': report(1, '03000002 ef010203 0a000001 0a000002'),
  'sources allowed and blocked': report(2, '05000001 ef010203 0a000001 06000002 ef010203 0a000003 0a000004'),
  'the present state': report(
    4,
    '01000000 ef010203 01000001 ef010204 0a000001 02000000 ef010205 02000002 ef010206 0a000001 0a000002',
  ),
  'all but one source': report(1, '04000001 ef010203 0a000001'),
};

const ODD: Record<string, Uint8Array> = {
  'no records': report(0, ''),
  'a record with auxiliary data': report(1, '04010000 ef010203 01020304'),
  'a record of an unknown type': report(1, '09000000 ef010203'),
  'an unknown type': igmp('99 00 0000 00000000'),
  'a record that is not there': report(2, '04000000 ef010203'),
  'a source that is not there': report(1, '04000002 ef010203 0a000001'),
};

describe.skipIf(!tsharkIsThere())('tshark reads as we do', () => {
  const judge = async (frames: Record<string, Uint8Array>, faults: boolean) => {
    const differences = await compareWithTshark(capture(Object.values(frames)), { faults });
    const names = Object.keys(frames);
    // Where a message ends too soon, the line that sums it up ends in one way or another.
    const cutShort = ({ kind, tshark }: Difference) => kind === 'info' && tshark.includes('[Malformed');
    const told = differences.filter((difference) => !cutShort(difference));
    expect(told.map((difference) => ({ what: names[difference.frame - 1], ...difference }))).toEqual([]);
  };

  it('IGMP messages of all versions, and finds nothing wrong with them', () => judge(SOUND, true));
  it('odd IGMP messages', () => judge(ODD, false));
});
