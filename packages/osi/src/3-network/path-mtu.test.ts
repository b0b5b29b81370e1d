import { describe, expect, it } from 'vitest';
import { Simulation, seconds } from '../time/index.ts';
import type { Ipv4Address } from './address.ts';
import { PathMtu } from './path-mtu.ts';
import { Sysctl } from './sysctl.ts';

describe('what routers have told about paths', () => {
  const known = (sim = new Simulation()): PathMtu<Ipv4Address> =>
    new PathMtu(sim, new Sysctl(), 'net.ipv4.route.min_pmtu', 'net.ipv4.route.mtu_expires');
  const address = (n: number) => (0x0a00_0000 + n) as Ipv4Address;

  it('is not raised by what another tells, until it is forgotten', () => {
    const sim = new Simulation();
    const paths = known(sim);
    paths.learn(address(0), 1000);
    paths.learn(address(0), 1400);
    expect(paths.limit(address(0), 1500)).toBe(1000);
    sim.run(seconds(600));
    paths.learn(address(0), 1400);
    expect(paths.limit(address(0), 1500)).toBe(1400);
  });

  it('is kept for a bounded number of them: the one told of longest ago is forgotten', () => {
    const paths = known();
    for (let n = 0; n < paths.most; n++) paths.learn(address(n), 1000);
    paths.learn(address(3), 900);
    for (let n = 0; n < 5; n++) paths.learn(address(0x10_0000 + n), 1000);
    expect(paths.size).toBe(paths.most);
    expect(paths.limit(address(3), 1500)).toBe(900);
    expect(paths.limit(address(5), 1500)).toBe(1500);
    expect(paths.limit(address(6), 1500)).toBe(1000);
    expect(paths.limit(address(0x10_0004), 1500)).toBe(1000);
  });
});
