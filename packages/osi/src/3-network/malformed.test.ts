import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counting, ip, twoHosts } from '../../test/network-world.ts';
import { HEADROOM } from '../1-physical/index.ts';
import { type EthernetInterface, writeEthernet } from '../2-datalink/index.ts';
import { milliseconds } from '../time/index.ts';
import { writeIcmp, writeIcmpChecksum } from './icmp/codec.ts';
import { writeIpv4 } from './ipv4/codec.ts';

const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });

describe('a stack on a cable that carries anything', () => {
  it('throws at no bytes, and still answers afterwards', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 10 }),
        fc.constantFrom(0x0800, 0x0806, 0x86dd),
        (frames, type) => {
          const { world, a, b } = twoHosts();
          const from = b.net.links[1] as EthernetInterface;
          const mac = a.net.links[1]!.mac;
          for (const bytes of frames) {
            const frame = world.pool.take(14 + bytes.length);
            writeEthernet(frame.view, HEADROOM, mac, from.mac, type);
            frame.bytes.set(bytes, HEADROOM + 14);
            frame.end = HEADROOM + 14 + bytes.length;
            from.port.transmit(frame);
          }
          world.sim.run(milliseconds(1));
          const { replies } = b.ping('10.0.0.1');
          world.sim.run(milliseconds(3));
          expect(replies).toHaveLength(1);
        },
      ),
    );
  });

  it('throws at no packet that is nearly right', () => {
    fc.assert(
      fc.property(
        flips,
        fc.constantFrom(0, 3, 5, 8, 11, 12),
        fc.integer({ min: 0, max: 80 }),
        (changes, type, length) => {
          const { world, a } = twoHosts();
          const frame = world.pool.take(28 + length);
          frame.end = HEADROOM + 28 + length;
          frame.bytes.set(counting(length), HEADROOM + 28);
          if (length >= 20)
            writeIpv4(frame.view, HEADROOM + 28, 0, length, 1, 0, 1, 1, ip('10.0.0.1'), ip('10.0.0.2'));
          writeIcmp(frame.view, HEADROOM + 20, type, 0, 0);
          writeIcmpChecksum(frame.view, HEADROOM + 20, frame.end);
          writeIpv4(frame.view, HEADROOM, 0, 28 + length, 1, 0, 64, 1, ip('10.0.0.2'), ip('10.0.0.1'));
          for (const [place, value] of changes) frame.bytes[HEADROOM + (place % (28 + length))] = value;
          a.net.ip.receive(a.net.links[1]!, frame, false);
          world.sim.run(milliseconds(1));
        },
      ),
      { numRuns: 500 },
    );
  });
});
