import { describe, expect, it } from 'vitest';
import { counting, ip, type TestHost, World } from '../../../test/network-world.ts';
import { Cable, Hub } from '../../1-physical/index.ts';
import { milliseconds, seconds } from '../../time/index.ts';
import { parseIpv4Prefix } from '../address.ts';

/**
 * a (10.0.0.1), r (10.0.0.254) and s (10.0.0.253) on one link; b (10.2.0.2) behind s. a knows r alone, which knows s, and
 * neither of them any other way to b.
 */
function detour() {
  const world = new World();
  const [a, r, s, b] = ['a', 'r', 's', 'b'].map((name) => world.host(name)) as [
    TestHost,
    TestHost,
    TestHost,
    TestHost,
  ];
  const hub = new Hub({ sim: world.sim, name: 'hub', pool: world.pool, record: world.record });
  for (const [host, last] of [
    [a, 1],
    [r, 254],
    [s, 253],
  ] as const) {
    new Cable(world.sim, host.port(`10.0.0.${last}/24`).port, hub.addPort());
  }
  world.link(s.port('10.2.0.1/24'), b.port('10.2.0.2/24'));
  for (const router of [r, s]) router.net.sysctl.set('net.ipv4.ip_forward', 1);
  a.route('0.0.0.0/0', '10.0.0.254');
  r.route('10.2.0.0/24', '10.0.0.253');
  b.route('0.0.0.0/0', '10.2.0.1');
  const send = (pause: number, to = '10.2.0.2') => {
    a.send(to, counting(40));
    world.sim.run(world.sim.now + pause);
  };
  const passed = (router: TestHost) => router.net.ip.counters.ForwDatagrams;
  return { world, a, r, s, b, send, passed };
}

describe('a router that passes a packet on by the link it came by', () => {
  it('tells its sender of the better one: ICMP redirect for a host', () => {
    const { world, a, r, b, send } = detour();
    send(seconds(1));
    expect(b.transport.received).toHaveLength(1);
    expect(r.net.icmp.counters.OutRedirects).toBe(1);
    expect(a.net.icmp.counters.InRedirects).toBe(1);
    const message = world.latest('r', 'icmp.redirect').subarray(34);
    expect([...message.subarray(0, 2), ...message.subarray(4, 8)]).toEqual([5, 1, 10, 0, 0, 253]);
    // The packet as it was passed on: with one hop less.
    expect(message[8 + 8]).toBe(63);
  });

  it.each(['all', 'eth0'])(
    'does not with send_redirects 0, if it is for all and the interface: not %s alone',
    (of) => {
      const { r, send } = detour();
      r.net.sysctl.set(`net.ipv4.conf.${of}.send_redirects`, 0);
      send(seconds(1));
      expect(r.net.icmp.counters.OutRedirects).toBe(1);
      for (const each of ['all', 'eth0']) r.net.sysctl.set(`net.ipv4.conf.${each}.send_redirects`, 0);
      send(seconds(30), '10.2.0.9');
      expect(r.net.icmp.counters.OutRedirects).toBe(1);
    },
  );

  it('does not when the packet comes from behind another router', () => {
    const { r, s, b } = detour();
    // s sends to a machine of its own network by r; the source is behind s.
    s.route('10.9.0.0/24', '10.0.0.254');
    r.route('10.9.0.0/24', '10.0.0.1');
    b.send('10.9.0.1', counting(4));
    b.sim.run(seconds(5));
    expect(r.net.ip.counters.ForwDatagrams).toBe(1);
    expect(r.net.icmp.counters.OutRedirects).toBe(0);
  });

  it('does not when the packet leaves by another link, though its sender is there', () => {
    const { world, a, s, b } = detour();
    a.route('10.2.0.2/32', '10.0.0.253');
    a.send('10.2.0.2', counting(4), { from: '10.2.0.9' });
    world.sim.run(seconds(1));
    expect(b.transport.received).toHaveLength(1);
    expect(s.net.icmp.counters.OutRedirects).toBe(0);
  });

  it('does not when the packet has a source route', () => {
    const { world, a, r, s, b } = detour();
    for (const each of [r, s, b]) each.net.sysctl.set('net.ipv4.conf.all.accept_source_route', 1);
    const headerOptions = Uint8Array.of(131, 11, 4, 10, 0, 0, 254, 10, 0, 0, 253, 0);
    a.send('10.2.0.2', counting(4), { headerOptions });
    world.sim.run(seconds(1));
    expect(b.transport.received).toHaveLength(1);
    expect(r.net.icmp.counters.OutRedirects).toBe(0);
  });

  it('without shared media tells of routers in the network of the sender alone', () => {
    const { r, send } = detour();
    r.net.ip.addAddress(r.net.links[1]!, parseIpv4Prefix('10.7.0.254/24')!);
    r.route('10.3.0.0/24', '10.7.0.253');
    for (const of of ['all', 'eth0']) r.net.sysctl.set(`net.ipv4.conf.${of}.shared_media`, 0);
    send(seconds(1), '10.3.0.3');
    expect(r.net.icmp.counters.OutRedirects).toBe(0);
    send(seconds(1));
    expect(r.net.icmp.counters.OutRedirects).toBe(1);
  });

  it('tells a host that does not listen ever more seldom, and after nine times no more, until it was quiet for 20.48 s', () => {
    const { a, r, send } = detour();
    for (const of of ['all', 'eth0']) a.net.sysctl.set(`net.ipv4.conf.${of}.accept_redirects`, 0);
    r.net.sysctl.set('net.ipv4.conf.all.log_martians', 1);
    send(seconds(1));
    const told: number[] = [];
    for (let i = 0; i < 2000; i++) {
      const before = r.net.icmp.counters.OutRedirects;
      send(milliseconds(10));
      if (r.net.icmp.counters.OutRedirects > before) told.push(i);
    }
    expect(r.net.icmp.counters.OutRedirects).toBe(9);
    expect(told.slice(0, 8).map((at, i) => (i === 0 ? 0 : at - (told[i - 1] ?? 0)))).toEqual([
      0, 9, 17, 33, 65, 129, 257, 513,
    ]);
    expect(r.net.ip.log.entries().map(({ text }) => text)).toEqual([
      'IPv4: host 10.0.0.1/if2 ignores redirects for 10.2.0.2 to 10.0.0.253',
    ]);
    send(seconds(21));
    send(seconds(1));
    expect(r.net.icmp.counters.OutRedirects).toBe(10);
  });
});

describe('a host that a redirect is sent to', () => {
  it('asks for the better router first, and follows from the next redirect on, for that destination alone', () => {
    const { world, r, a, send, passed } = detour();
    send(seconds(1));
    expect(world.sent()).toContain('a eth0 arp.request');
    expect(a.net.links[1]?.neighbours?.get(ip('10.0.0.253'))?.state).toBe('REACHABLE');
    send(seconds(1));
    expect(passed(r)).toBe(2);
    send(seconds(1));
    expect(passed(r)).toBe(2);
    send(seconds(1), '10.2.0.3');
    expect(passed(r)).toBe(3);
  });

  it('forgets it after 300 s', () => {
    const { r, send, passed } = detour();
    for (const pause of [1, 1, 298]) send(seconds(pause));
    expect(passed(r)).toBe(2);
    send(seconds(3));
    expect(passed(r)).toBe(2);
    send(seconds(1));
    expect(passed(r)).toBe(3);
  });

  it('forgets it with the route that it was about', () => {
    const { a, r, send, passed } = detour();
    for (let i = 0; i < 3; i++) send(seconds(1));
    expect(passed(r)).toBe(2);
    for (const route of a.net.ip.routes.entries()) if (route.length === 0) a.net.ip.routes.remove(route);
    a.route('0.0.0.0/0', '10.0.0.254');
    send(seconds(1));
    expect(passed(r)).toBe(3);
  });

  it.each([
    ['does not follow with accept_redirects 0 for all and the interface', 0, 0, 0, false],
    ['follows with accept_redirects 1 for one of them', 1, 0, 0, true],
    ['follows with accept_redirects 1 for both, though it is a router', 1, 1, 1, true],
    ['does not follow as a router with accept_redirects 0 for one of them', 1, 0, 1, false],
  ])('%s', (_, all, own, forward, followed) => {
    const { a, r, send, passed } = detour();
    a.net.sysctl.set('net.ipv4.ip_forward', forward);
    a.net.sysctl.set('net.ipv4.conf.all.accept_redirects', all);
    a.net.sysctl.set('net.ipv4.conf.eth0.accept_redirects', own);
    for (let i = 0; i < 3; i++) send(seconds(1));
    expect(passed(r)).toBe(followed ? 2 : 3);
    expect(a.drops('icmp.redirect-ignored') > 0).toBe(!followed);
  });

  it('believes the router in use alone', () => {
    const { a } = detour();
    a.net.sysctl.set('net.ipv4.conf.all.log_martians', 1);
    const advice = { destination: ip('10.2.0.9'), gateway: ip('10.0.0.77'), source: ip('10.0.0.1') };
    expect(a.net.ip.redirected({ ...advice, from: ip('10.0.0.253') }, 'eth0')).toBe(false);
    expect(a.net.ip.redirected({ ...advice, from: ip('10.0.0.254') }, 'eth0')).toBe(true);
    expect(
      a.net.ip.log
        .entries()
        .slice(0, 2)
        .map(({ text }) => text),
    ).toEqual([
      'IPv4: Redirect from 10.0.0.253 on eth0 about 10.0.0.77 ignored',
      '  Advised path = 10.0.0.1 -> 10.2.0.9',
    ]);
  });

  it.each(['224.0.0.1', '255.255.255.255', '0.0.0.0', '10.0.0.1'])(
    'believes none that %s were a router',
    (gateway) => {
      const { a } = detour();
      const advice = { from: ip('10.0.0.254'), source: ip('10.0.0.1'), destination: ip('10.2.0.9') };
      expect(a.net.ip.redirected({ ...advice, gateway: ip(gateway) }, 'eth0')).toBe(false);
    },
  );

  it('without shared media takes gateways of its networks alone, and with secure_redirects those it knows', () => {
    const { a } = detour();
    const set = (name: string) => {
      for (const of of ['all', 'eth0']) a.net.sysctl.set(`net.ipv4.conf.${of}.${name}`, 0);
    };
    const advise = (gateway: string) =>
      a.net.ip.redirected(
        { from: ip('10.0.0.254'), destination: ip('10.2.0.9'), gateway: ip(gateway), source: ip('10.0.0.1') },
        'eth0',
      );
    expect(advise('192.0.2.1')).toBe(true);
    set('shared_media');
    expect(advise('192.0.2.1')).toBe(false);
    expect(advise('10.0.0.253')).toBe(false);
    a.route('10.5.0.0/24', '10.0.0.253');
    expect(advise('10.0.0.253')).toBe(true);
    expect(advise('10.0.0.252')).toBe(false);
    set('secure_redirects');
    expect(advise('10.0.0.252')).toBe(true);
  });
});
