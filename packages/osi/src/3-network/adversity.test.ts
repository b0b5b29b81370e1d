import { describe, expect, it } from 'vitest';
import { counting, routed, twoHosts } from '../../test/network-world.ts';
import { microseconds, milliseconds, seconds } from '../time/index.ts';

describe('packets on a bad cable', () => {
  it('damaged ones that the FCS does not stop are stopped by the checksums of IP and ICMP', () => {
    const { world, a, b, cable } = twoHosts();
    a.ping('10.0.0.2');
    world.sim.run(milliseconds(1));
    cable.set({ fcs: false, aToB: { impairments: { corrupt: 1 } } });
    const pings = Array.from({ length: 300 }, () => {
      const echoes = a.ping('10.0.0.2', 200);
      world.sim.run(world.sim.now + milliseconds(1));
      return echoes;
    });
    for (const { replies } of pings) {
      // A bit of the Ethernet source address may change unnoticed: nothing above covers it.
      for (const { data } of replies) expect(data).toEqual(counting(208).subarray(8));
    }
    const caught = b.drops('ip.checksum') + b.drops('icmp.checksum');
    expect(caught).toBeGreaterThan(240);
    expect(b.drops('ip.checksum')).toBeGreaterThan(5);
    expect(b.drops('port.fcs')).toBe(0);
  });

  it('fragments lost, doubled, damaged and out of order give the packet whole or not at all', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { world, a, b, cable } = twoHosts(seed);
      a.ping('10.0.0.2');
      world.sim.run(milliseconds(1));
      cable.set({
        bandwidth: 1e9,
        impairments: {
          loss: 0.02,
          duplicate: 0.05,
          corrupt: 0.02,
          reorder: 0.2,
          reorderDelay: microseconds(30),
          jitter: microseconds(5),
        },
      });
      const before = b.transport.received.length;
      for (let n = 0; n < 50; n++) {
        a.send('10.0.0.2', counting(8000));
        world.sim.run(world.sim.now + milliseconds(1));
      }
      world.sim.run(world.sim.now + seconds(60));
      const got = b.transport.received.slice(before);
      expect(got.length).toBeGreaterThan(25);
      for (const { data } of got) expect(data).toEqual(counting(8000));
      const { ReasmOKs, ReasmTimeout, ReasmFails } = b.net.ip.counters;
      expect(ReasmOKs).toBe(got.length);
      expect(ReasmFails).toBeGreaterThanOrEqual(ReasmTimeout);
      expect(world.pool.out.size).toBe(0);
    }
  });

  it('every frame goes back to the pool, whatever became of it', () => {
    const { world, a, r, b } = routed();
    b.transport.refuse = true;
    a.ping('10.0.2.1', 5000);
    a.ping('10.0.2.77');
    a.ping('10.0.1.77', 3000);
    a.ping('127.0.0.1');
    a.send('10.0.2.1', counting(3000));
    a.send('10.0.2.1', counting(30), { ttl: 1 });
    a.send('10.0.2.1', counting(3000), { dontFragment: true });
    a.send('192.0.2.1', counting(30));
    a.send('10.0.1.255', counting(30));
    a.send('224.0.0.1', counting(30), { from: '10.0.1.1' });
    a.send('239.0.0.1', counting(30), { from: '10.0.1.1' });
    world.sim.run(milliseconds(1));
    r.net.links[2]?.setMtu(600);
    a.send('10.0.2.1', counting(1400), { dontFragment: true });
    a.send('10.0.2.1', counting(1400));
    world.sim.run(milliseconds(2));
    b.net.links[1]?.setUp(false);
    a.send('10.0.2.1', counting(1400));
    world.sim.run();
    expect(world.pool.out.size).toBe(0);
  });
});
