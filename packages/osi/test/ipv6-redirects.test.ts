import { describe, expect, test } from 'vitest';
import { AF_INET6, SOCK_DGRAM } from '../src/5-session/index.ts';
import { milliseconds, seconds } from '../src/time/index.ts';
import { Ipv6World, socketOf, to6 } from './ipv6-world.ts';

/** a, r and s on one link, 2001:db8:1::/64; b (2001:db8:2::b) behind s. a sends by r, which sends by `gateway`. */
function detour(gateway = 'fe80::ff:fe00:3') {
  const world = new Ipv6World();
  const [a, r, s, b] = ['a', 'r', 's', 'b'].map((name) => world.machine(name));
  if (a === undefined || r === undefined || s === undefined || b === undefined)
    throw new Error('four machines');
  world.lan(a, r, s);
  world.link(s, b);
  for (const router of [r, s]) router.sysctl.set('net.ipv6.conf.all.forwarding', 1);
  for (const [stack, link, address] of [
    [a, 'eth0', '2001:db8:1::a/64'],
    [r, 'eth0', '2001:db8:1::1/64'],
    [s, 'eth0', '2001:db8:1::2/64'],
    [s, 'eth1', '2001:db8:2::1/64'],
    [b, 'eth0', '2001:db8:2::b/64'],
  ] as const) {
    expect(stack.addAddress(link, address, false)).toBe(0);
  }
  world.sim.run(seconds(3));
  expect(a.addRoute({ destination: 'default', via: 'fe80::ff:fe00:2', interface: 'eth0' })).toBe(0);
  expect(r.addRoute({ destination: '2001:db8:2::/64', via: gateway, interface: 'eth0' })).toBe(0);
  expect(b.addRoute({ destination: 'default', via: '2001:db8:2::1' })).toBe(0);
  const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
  const send = (pause: number, to = '2001:db8:2::b', bytes = 40) => {
    expect(socket.send(new Uint8Array(bytes), 0, to6(to, 9), 0)).toBe(bytes);
    world.sim.run(world.sim.now + pause);
  };
  const passed = () => r.ip6.counters.OutForwDatagrams;
  const redirects = () => r.icmp6.counters.OutRedirects;
  /** Packets that a machine has sent for some reason. */
  const packets = (node: string, reason: string) =>
    world.record.events.flatMap((event) =>
      event.kind === 'frame-sent' && event.node === node && event.reason === reason
        ? [world.record.bytes(event).subarray(14)]
        : [],
    );
  /** The redirects of r: how long they are, and the first of their options. */
  const told = () =>
    packets('r', 'ndisc.redirect').map((bytes) => ({ length: bytes.length, option: bytes[80] }));
  return { world, a, r, s, b, send, passed, redirects, packets, told };
}

/** Types of options. */
const [MAC, REDIRECTED] = [2, 4];

describe('a router that passes a packet on by the link it came by', () => {
  test('tells its sender of the better one, which is followed', () => {
    const { world, a, send, passed, redirects } = detour();
    send(seconds(1));
    expect([passed(), redirects(), a.icmp6.counters.InRedirects]).toEqual([1, 1, 1]);
    expect(world.dropped()).not.toContain('a ndisc.redirect-ignored');
    send(seconds(1));
    expect(passed()).toBe(1);
    send(seconds(1), '2001:db8:2::9');
    expect(passed()).toBe(2);
  });

  test('quotes as much of the packet as fits in 1280 bytes', () => {
    const { send, packets, told } = detour();
    send(seconds(1), '2001:db8:2::9');
    send(seconds(1), '2001:db8:2::b', 1400);
    // The second one has the MAC address of the other router, which is known by then, in front.
    expect(told()).toEqual([
      { length: 176, option: REDIRECTED },
      { length: 1280, option: MAC },
    ]);
    const [redirect] = packets('r', 'ndisc.redirect');
    const [packet] = packets('a', 'udp.data');
    expect(redirect?.subarray(88)).toEqual(packet);
  });

  test('tells no MAC address of a router that is being asked for, or is silent', () => {
    const { send, told } = detour('fe80::99');
    send(milliseconds(1));
    send(seconds(5), '2001:db8:2::9');
    send(seconds(1), '2001:db8:2::8');
    expect(told().map(({ option }) => option)).toEqual([REDIRECTED, REDIRECTED, REDIRECTED]);
  });

  test('tells one that sends from a link-local address, too', () => {
    const { world, a, redirects } = detour();
    const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
    expect(socket.bind(to6('fe80::ff:fe00:1', 9, 2), { privileged: true })).toBe(0);
    socket.send(new Uint8Array(1), 0, to6('2001:db8:2::b', 9), 0);
    world.sim.run(world.sim.now + seconds(1));
    expect(redirects()).toBe(1);
  });

  test('says that the destination itself is on the link', () => {
    const { a, r, send, passed, redirects } = detour();
    expect(a.addRoute({ destination: '2001:db8:1::2/128', via: 'fe80::ff:fe00:2', interface: 'eth0' })).toBe(
      0,
    );
    expect(r.sysctl.ipv6('eth0', 'forwarding')).toBe(1);
    send(seconds(1), '2001:db8:1::2');
    send(seconds(1), '2001:db8:1::2');
    expect([passed(), redirects()]).toEqual([1, 1]);
  });

  test('cannot tell of one that it knows by a global address', () => {
    const { send, passed, redirects } = detour('2001:db8:1::2');
    send(seconds(1));
    expect([passed(), redirects()]).toEqual([1, 0]);
  });

  test('does not when the packet comes from behind another router', () => {
    const { world, r, s, b, passed, redirects } = detour();
    s.addRoute({ destination: '2001:db8:9::/64', via: 'fe80::ff:fe00:2', interface: 'eth0' });
    r.addRoute({ destination: '2001:db8:9::/64', via: 'fe80::ff:fe00:1', interface: 'eth0' });
    socketOf(b, AF_INET6, SOCK_DGRAM).send(new Uint8Array(1), 0, to6('2001:db8:9::9', 9), 0);
    world.sim.run(world.sim.now + seconds(1));
    expect([passed(), redirects()]).toEqual([1, 0]);
  });

  test('does not when it leaves by another link, even if it seems to come from there', () => {
    const { world, s, b } = detour();
    expect(b.addAddress('eth0', '2001:db8:1::b/128', false)).toBe(0);
    const socket = socketOf(b, AF_INET6, SOCK_DGRAM);
    expect(socket.bind(to6('2001:db8:1::b', 9), { privileged: true })).toBe(0);
    socket.send(new Uint8Array(1), 0, to6('2001:db8:1::a', 9), 0);
    world.sim.run(world.sim.now + seconds(1));
    expect([s.ip6.counters.OutForwDatagrams, s.icmp6.counters.OutRedirects]).toEqual([1, 0]);
  });

  test('tells of many destinations no oftener than of one, and so of one destination to many addresses', () => {
    const many = detour();
    for (let i = 1; i <= 10; i++) many.send(milliseconds(1), `2001:db8:2::${i}`);
    expect(many.redirects()).toBe(6);
    const { world, a, redirects } = detour();
    a.sysctl.set('net.ipv6.conf.eth0.accept_redirects', 0);
    for (const from of ['2001:db8:1::aa', '2001:db8:1::ab']) {
      a.addAddress('eth0', `${from}/64`, false);
      const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
      expect(socket.bind(to6(from, 9), { privileged: true })).toBe(0);
      for (let i = 0; i < 4; i++) socket.send(new Uint8Array(1), 0, to6('2001:db8:2::b', 9), 0);
      world.sim.run(world.sim.now + milliseconds(1));
    }
    expect(redirects()).toBe(6);
  });

  test('tells a host that does not listen six times, then once in a second', () => {
    const { a, send, redirects } = detour();
    a.sysctl.set('net.ipv6.conf.eth0.accept_redirects', 0);
    for (let i = 0; i < 10; i++) send(milliseconds(1));
    expect(redirects()).toBe(6);
    for (let i = 0; i < 40; i++) send(milliseconds(100));
    expect(redirects()).toBe(9);
  });
});
