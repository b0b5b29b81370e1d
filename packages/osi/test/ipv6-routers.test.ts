import { describe, expect, test } from 'vitest';
import type { AdvertisementSettings } from '../src/3-network/index.ts';
import { AF_INET6, IPPROTO_ICMPV6, SOCK_DGRAM } from '../src/5-session/index.ts';
import { seconds } from '../src/time/index.ts';
import { ERRNO } from '../src/trace/index.ts';
import { u32 } from './frames.ts';
import { bytes6, Ipv6Script, key6, THEM, US } from './ipv6-station.ts';
import { Ipv6World, socketOf, to6 } from './ipv6-world.ts';

const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;
const DAYS = 86_400;

/** A router with 2001:db8::1/64 that has just begun to advertise, and what the station at its cable hears of that. */
function router(settings: AdvertisementSettings = {}) {
  const script = new Ipv6Script();
  script.us.sysctl.set('net.ipv6.conf.all.forwarding', 1);
  script.heard();
  const link = script.us.interface('eth0');
  if (link === undefined) throw new Error('eth0');
  const result = script.us.config6.advertise(link, settings);
  const advertised = () => script.heard().filter(({ type }) => type === ROUTER_ADVERTISEMENT);
  const stop = () => script.us.config6.advertise(link, null);
  return { script, result, advertised, stop };
}

const solicit = (script: Ipv6Script, from = THEM, options: readonly number[] = []): void =>
  script.sayNd(ROUTER_SOLICITATION, [0, 0, 0, 0, ...options], { from, to: 'ff02::2' });

describe('a router that advertises', () => {
  test('tells its MAC address and the prefixes of its addresses to all nodes, with hop limit 255', () => {
    const { script, advertised } = router();
    script.wait(0.1);
    expect(advertised()).toMatchObject([
      {
        source: key6(US),
        destination: key6('ff02::1'),
        toMac: '333300000001',
        hopLimit: 255,
        code: 0,
        // Hop limit 64, no flags, a lifetime of three intervals of ten minutes.
        info: 0x4000_0708,
        rest: [
          ...[...u32(0), ...u32(0)],
          ...[1, 1, 2, 0, 0, 0, 0, 1],
          ...[3, 4, 64, 0xc0, ...u32(30 * DAYS), ...u32(7 * DAYS), ...u32(0), ...bytes6('2001:db8::')],
        ],
      },
    ]);
  });

  test('says it three times within half a minute, then every 200 to 600 seconds', () => {
    const { script, advertised } = router();
    script.wait(33);
    const first = advertised();
    expect(first).toHaveLength(3);
    script.wait(6000);
    const times = [...first.slice(-1), ...advertised()].map(({ at }) => at / 1e9);
    const waits = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(200);
    expect(Math.max(...waits)).toBeLessThanOrEqual(600);
    expect(new Set(waits.map(Math.round)).size).toBeGreaterThan(5);
  });

  test('tells lifetimes, an MTU and an interval of its own', () => {
    const { script, advertised } = router({
      interval: 10,
      lifetime: 60,
      valid: 100,
      preferred: 50,
      mtu: 1280,
    });
    script.wait(300);
    const all = advertised();
    expect(all.length).toBeGreaterThan(30);
    expect(all[0]?.info).toBe(0x4000_003c);
    expect(all[0]?.rest.slice(16, 24)).toEqual([5, 1, 0, 0, ...u32(1280)]);
    expect(all[0]?.rest.slice(28, 36)).toEqual([...u32(100), ...u32(50)]);
  });

  test.each<[AdvertisementSettings, number]>([
    [{ interval: 4 }, 12],
    [{ interval: 100 }, 300],
    [{ interval: 100, lifetime: 100 }, 100],
    [{ interval: 1800 }, 5400],
    [{ interval: 1800, lifetime: 9000 }, 9000],
    [{ lifetime: 0 }, 0],
  ])('of %j tells a lifetime of %i s', (settings, lifetime) => {
    const { script, result, advertised } = router(settings);
    expect(result).toBe(0);
    script.wait(0.1);
    expect(advertised()).toMatchObject([{ info: 0x4000_0000 + lifetime }]);
  });

  test('tells hosts to use its own hop limit', () => {
    const { script, advertised } = router();
    script.wait(0.1);
    script.us.sysctl.set('net.ipv6.conf.eth0.hop_limit', 33);
    script.heard();
    script.wait(20);
    expect(advertised()).toMatchObject([{ info: 0x2100_0708 }]);
  });

  test('keeps to an interval of less than nine seconds, without chance', () => {
    const { script, advertised } = router({ interval: 8 });
    script.wait(100);
    const times = advertised().map(({ at }) => at);
    expect(new Set(times.slice(1).map((at, i) => at - (times[i] ?? 0)))).toEqual(new Set([8e9]));
  });

  test('tells no prefix of one station, nor one that another router told it', () => {
    const { script, advertised } = router();
    script.us.sysctl.set('net.ipv6.conf.eth0.accept_ra', 2);
    const prefix = [3, 4, 64, 0xc0, ...u32(7200), ...u32(3600), ...u32(0), ...bytes6('2001:db8:5::')];
    script.sayNd(ROUTER_ADVERTISEMENT, [0, 0, 0, 0, ...u32(0), ...u32(0), ...prefix], { to: 'ff02::1' });
    expect(script.us.addresses6.some(({ dynamic }) => dynamic)).toBe(true);
    script.us.addAddress('eth0', '2001:db8:7::1/128', false);
    script.heard();
    script.wait(20);
    expect(advertised().map(({ rest }) => rest.length)).toEqual([8 + 8 + 32]);
  });

  test('puts prefixes that do not fit into another advertisement', () => {
    const { script, advertised } = router();
    script.wait(30);
    for (let i = 1; i <= 60; i++) script.us.addAddress('eth0', `2001:db8:${i}::1/64`, false);
    script.heard();
    script.wait(600);
    const sizes = advertised().map(({ rest }) => 54 - 40 + 8 + rest.length);
    expect(sizes.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1500);
    const prefixes = sizes.slice(0, 2).reduce((sum, size) => sum + (size - 54 + 40 - 24) / 32, 0);
    expect(prefixes).toBe(61);
  });

  test('answers who asks, to all nodes, after a random wait of half a second at most', () => {
    const { script, advertised } = router();
    const waits = Array.from({ length: 20 }, () => {
      script.wait(100);
      script.heard();
      const askedAt = script.sim.now;
      solicit(script);
      script.wait(1);
      const answers = advertised();
      expect(answers).toMatchObject([{ destination: key6('ff02::1') }]);
      return (answers[0]?.at ?? 0) - askedAt;
    });
    expect(Math.max(...waits)).toBeLessThan(0.5e9);
    expect(Math.max(...waits)).toBeGreaterThan(0.25e9);
    expect(new Set(waits).size).toBe(20);
  });

  test('answers at a time that the first question decides', () => {
    const answered = (questions: number) => {
      const { script, advertised } = router();
      script.wait(100);
      script.heard();
      for (let i = 0; i < questions; i++) solicit(script);
      script.wait(0.5);
      return advertised().map(({ at }) => at);
    };
    expect(answered(1)).toHaveLength(1);
    expect(answered(5)).toEqual(answered(1));
  });

  test('remembers the MAC address of who asks, in doubt', () => {
    const { script } = router();
    const known = () => [...(script.us.ip6.interfaces.at(-1)?.neighbours?.entries() ?? [])];
    for (const last of [2, 9]) {
      solicit(script, THEM, [1, 1, 2, 0, 0, 0, 0, last]);
      expect(known()).toMatchObject([{ mac: 0x0200_0000_0000 + last, state: 'STALE' }]);
    }
  });

  test('answers with what is due anyway, and counts its interval from there', () => {
    const { script, advertised } = router({ interval: 8 });
    const gaps: number[] = [];
    script.wait(30);
    let last = advertised().at(-1)?.at ?? 0;
    for (let i = 0; i < 20; i++) {
      script.wait((last - script.sim.now) / 1e9 + 7.8);
      solicit(script);
      script.wait(9);
      const times = [last, ...advertised().map(({ at }) => at)];
      gaps.push(...times.slice(1).map((at, k) => (at - (times[k] ?? 0)) / 1e9));
      last = times.at(-1) ?? 0;
    }
    // Half of the answers come before, and half would after.
    expect(gaps.every((gap) => gap === 8 || (gap >= 7.8 && gap < 8))).toBe(true);
    expect(gaps.filter((gap) => gap < 8).length).toBeGreaterThan(4);
    expect(gaps.filter((gap) => gap === 8).length).toBeGreaterThan(20);
  });

  test('answers many who ask once in three seconds', () => {
    const { script, advertised } = router();
    script.wait(100);
    script.heard();
    for (let i = 0; i < 100; i++) solicit(script, i % 2 === 0 ? THEM : '::');
    for (let i = 0; i < 100; i++) {
      solicit(script);
      script.wait(0.1);
    }
    const times = advertised().map(({ at }) => at);
    expect(times.length).toBeGreaterThanOrEqual(3);
    expect(times.length).toBeLessThanOrEqual(5);
    for (const [i, at] of times.slice(1).entries()) expect(at - (times[i] ?? 0)).toBeGreaterThanOrEqual(3e9);
    script.wait(10);
    expect(script.drops()).toEqual([]);
  });

  test.each([
    ['passed on by a router', { hopLimit: 254 }, []],
    ['with a code', { code: 1 }, []],
    ['from no address, with a MAC address', { from: '::' }, [1, 1, 2, 0, 0, 0, 0, 2]],
    ['with an option of no length', {}, [1, 0]],
  ])('drops a question %s', (_what, given, options) => {
    const { script, advertised } = router();
    script.wait(100);
    script.heard();
    script.sayNd(ROUTER_SOLICITATION, [0, 0, 0, 0, ...options], { from: THEM, to: 'ff02::2', ...given });
    script.wait(4);
    expect(advertised()).toEqual([]);
    expect(script.drops()).toHaveLength(1);
  });

  test('tells a lifetime of 0 when it stops, and nothing more', () => {
    const { script, advertised, stop } = router();
    script.wait(40);
    script.heard();
    expect(stop()).toBe(0);
    script.wait(2000);
    expect(advertised()).toMatchObject([{ info: 0x4000_0000 }]);
  });

  test('is one only as long as it forwards', () => {
    const { script, advertised } = router();
    script.wait(40);
    script.heard();
    solicit(script);
    script.us.sysctl.set('net.ipv6.conf.all.forwarding', 0);
    script.wait(2000);
    expect(advertised()).toMatchObject([{ info: 0x4000_0000 }]);
    script.us.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    script.wait(33);
    const lasting = { info: 0x4000_0708 };
    expect(advertised()).toMatchObject([lasting, lasting, lasting]);
  });

  test('listens to what is asked of all routers, and says that it is one, as long as it forwards', () => {
    const { script, advertised } = router();
    const { config6, interfaces } = script.us;
    const groups = () =>
      interfaces
        .flatMap((link) => config6.groups.groupsOn(link).entries())
        .map(({ address }) => address.text);
    const flags = () => {
      script.heard();
      const body = [...u32(0), ...bytes6(US), 1, 1, 2, 0, 0, 0, 0, 2];
      script.sayNd(NEIGHBOUR_SOLICITATION, body, { from: THEM, to: US });
      return script.heard().flatMap(({ type, info }) => (type === NEIGHBOUR_ADVERTISEMENT ? [info] : []));
    };
    expect(groups()).toContain('ff02::2');
    expect(flags()).toEqual([0xc000_0000]);
    script.us.sysctl.set('net.ipv6.conf.all.forwarding', 0);
    expect(groups()).not.toContain('ff02::2');
    expect(flags()).toEqual([0x4000_0000]);
    script.sayNd(ROUTER_SOLICITATION, [0, 0, 0, 0], { from: THEM, to: US });
    script.wait(1);
    expect(advertised()).toEqual([]);
  });

  test('begins again when the interface comes up again', () => {
    const { script, advertised } = router();
    script.wait(40);
    script.us.setLinkUp('eth0', false);
    script.wait(1);
    script.heard();
    script.us.setLinkUp('eth0', true);
    script.wait(3);
    expect(advertised().length).toBeGreaterThanOrEqual(1);
  });

  test.each<[string, AdvertisementSettings]>([
    ['an interval of 3 s', { interval: 3 }],
    ['an interval above 30 minutes', { interval: 1801 }],
    ['a lifetime below the interval', { interval: 600, lifetime: 599 }],
    ['a lifetime above 9000 s', { lifetime: 9001 }],
    ['half a second', { interval: 4.5 }],
    ['preferred longer than valid', { valid: 10, preferred: 11 }],
    ['a prefix valid for less than nothing', { valid: -1, preferred: 0 }],
    ['a prefix valid for longer than for ever', { valid: 0x1_0000_0000, preferred: 0 }],
    ['addresses preferred for less than nothing', { preferred: -1 }],
    ['an MTU that not every link has to have', { mtu: 1279 }],
    ['an MTU above that of the link', { mtu: 1501 }],
  ])('refuses %s', (_what, settings) => {
    expect(router(settings).result).toBe(-ERRNO.EINVAL);
  });

  test('may be no default router, and have addresses preferred for as long as they are valid at most', () => {
    expect(router({ lifetime: 0 }).result).toBe(0);
    expect(router({ valid: 1000 }).result).toBe(0);
  });

  test('tells a prefix once, however many addresses it has of it', () => {
    const { script, advertised, stop } = router();
    script.wait(40);
    script.us.addAddress('eth0', '2001:db8::77/64', false);
    script.heard();
    expect(stop()).toBe(0);
    script.wait(0.1);
    expect(advertised().map(({ rest }) => rest.length)).toEqual([8 + 8 + 32]);
  });
});

describe('hosts and their router', () => {
  /** `a` – `r` – `b`: the hosts are given nothing by hand. */
  function hosts() {
    const world = new Ipv6World();
    const [a, r, b] = [world.machine('a'), world.machine('r'), world.machine('b')];
    r.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    world.link(a, r);
    world.link(r, b);
    for (const [i, name] of ['eth0', 'eth1'].entries()) {
      expect(r.addAddress(name, `2001:db8:${i + 1}::1/64`, false)).toBe(0);
      const link = r.interface(name);
      if (link === undefined) throw new Error(name);
      expect(r.config6.advertise(link, { interval: 10, lifetime: 30, valid: 60, preferred: 20 })).toBe(0);
    }
    return { world, a, r, b };
  }

  test('make themselves addresses and find their way to one another', () => {
    const { world, a, b } = hosts();
    world.sim.run(seconds(10));
    const [of] = b.addresses6.filter(({ dynamic }) => dynamic);
    expect(a.addresses6.filter(({ dynamic }) => dynamic).map(({ address }) => address.text)).toEqual([
      '2001:db8:1::ff:fe00:1',
    ]);
    expect(a.routes6.find(({ length }) => length === 0)).toMatchObject({ protocol: 'ra' });
    const ping = socketOf(a, AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
    ping.send(Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 1), 0, to6(of?.address.text ?? ''), 0);
    world.sim.run(seconds(12));
    expect(ping.receive(new Uint8Array(99), 0)).toMatchObject({ length: 8 });
    // They ask sooner than the router's own address may be used; then it says by itself that it is there.
    expect(new Set(world.dropped())).toEqual(new Set(['r ndisc.not-accepted']));
  });

  test('let their router go when it says so, and forget all of it when it has gone', () => {
    const { world, a, r } = hosts();
    world.sim.run(seconds(10));
    r.sysctl.set('net.ipv6.conf.all.forwarding', 0);
    world.sim.run(seconds(11));
    expect(a.routes6.some(({ length }) => length === 0)).toBe(false);
    expect(a.addresses6.some(({ dynamic }) => dynamic)).toBe(true);
    world.sim.run(seconds(80));
    expect(a.addresses6.some(({ dynamic }) => dynamic)).toBe(false);
  });
});
