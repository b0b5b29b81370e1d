import { describe, expect, test } from 'vitest';
import { Cable, Port } from '../src/1-physical/index.ts';
import { macFromNumber } from '../src/2-datalink/index.ts';
import { parseIpv6 } from '../src/3-network/index.ts';
import { AF_INET, AF_INET6, drive, IPPROTO_ICMPV6, SOCK_DGRAM, SOCK_STREAM } from '../src/5-session/index.ts';
import { seconds } from '../src/time/index.ts';
import { ERRNO } from '../src/trace/index.ts';
import { Ipv6World, socketOf, to6 } from './ipv6-world.ts';

const READ = new Uint8Array(4000);

function pair() {
  const world = new Ipv6World();
  const a = world.machine('a');
  const b = world.machine('b');
  world.link(a, b);
  return { world, a, b };
}

/** `a` – `r` – `b`, with addresses and routes that need nobody to be asked. */
function routed() {
  const world = new Ipv6World();
  const [a, r, b] = ['a', 'r', 'b'].map((name) => world.machine(name));
  if (a === undefined || r === undefined || b === undefined) throw new Error('three machines');
  world.link(a, r);
  world.link(r, b);
  r.sysctl.set('net.ipv6.conf.all.forwarding', 1);
  for (const [stack, link, address] of [
    [a, 'eth0', '2001:db8:1::a/64'],
    [r, 'eth0', '2001:db8:1::1/64'],
    [r, 'eth1', '2001:db8:2::1/64'],
    [b, 'eth0', '2001:db8:2::b/64'],
  ] as const) {
    expect(stack.addAddress(link, address, false)).toBe(0);
  }
  expect(a.addRoute({ destination: 'default', via: '2001:db8:1::1' })).toBe(0);
  expect(b.addRoute({ destination: 'default', via: '2001:db8:2::1' })).toBe(0);
  return { world, a, r, b };
}

describe('an interface that comes up', () => {
  test('tells its groups, checks its link-local address, then asks for routers', () => {
    const { world, a } = pair();
    world.sim.run(seconds(3));
    expect(
      a.addresses6.map(({ address, length, tentative }) => `${address.key}/${length} ${tentative}`),
    ).toEqual(['::1/128 false', 'fe80::ff:fe00:1%2/64 false']);
    const said = world.sent().filter((line) => line.startsWith('a '));
    expect(said.indexOf('a mld.change')).toBeLessThan(said.indexOf('a ndisc.duplicate-check'));
    expect(said.indexOf('a ndisc.duplicate-check')).toBeLessThan(said.indexOf('a ndisc.router-solicitation'));
    expect(world.dropped()).toEqual([]);
  });

  test('checks its address when there is a line, not before', () => {
    const world = new Ipv6World();
    const [near, far] = ['a', 'b'].map((name, i) => {
      const stack = world.machine(name);
      const port = new Port('eth0', stack.tracer, stack.pool);
      stack.addPort(port, { mac: macFromNumber(0x0200_0000_0001 + i), ipv6: true });
      return { stack, port };
    });
    if (near === undefined || far === undefined) throw new Error('two machines');
    const line = () => near.stack.addresses6.find(({ length }) => length === 64);
    world.sim.run(seconds(10));
    expect(line()).toMatchObject({ tentative: true });
    new Cable(world.sim, near.port, far.port, {});
    world.sim.run(seconds(13));
    expect(line()).toMatchObject({ tentative: false });
  });

  test('does not take an address that somebody else has', () => {
    const { world, a, b } = pair();
    expect(a.addAddress('eth0', '2001:db8::1/64', false)).toBe(0);
    expect(b.addAddress('eth0', '2001:db8::1/64')).toBe(0);
    world.sim.run(seconds(3));
    expect(b.addresses6.find(({ address }) => address.text === '2001:db8::1')).toMatchObject({
      tentative: true,
      failed: true,
    });
    expect(socketOf(b, AF_INET6, SOCK_DGRAM).bind(to6('2001:db8::1', 9), { privileged: true })).toBe(
      -ERRNO.EADDRNOTAVAIL,
    );
  });

  test('sends nothing where IPv6 is disabled, and everything goes with it when it is', () => {
    const { world, a } = pair();
    world.sim.run(seconds(3));
    a.sysctl.set('net.ipv6.conf.eth0.disable_ipv6', 1);
    expect(a.addresses6.map(({ address }) => address.text)).toEqual(['::1']);
    expect(a.routes6).toEqual([]);
    expect(a.addAddress('eth0', '2001:db8::1/64')).toBe(-ERRNO.EACCES);
  });

  test('has no IPv6 while its MTU is less than 1280, and begins anew afterwards', () => {
    const { world, a } = pair();
    const addresses = () => a.addresses6.map(({ address }) => address.text);
    world.sim.run(seconds(3));
    expect(a.setLinkMtu('eth0', 1280)).toBe(0);
    expect(addresses()).toEqual(['::1', 'fe80::ff:fe00:1']);
    expect(a.setLinkMtu('eth0', 1279)).toBe(0);
    expect([addresses(), a.routes6]).toEqual([['::1'], []]);
    expect(a.addAddress('eth0', '2001:db8::1/64')).toBe(-ERRNO.EINVAL);
    expect(a.setLinkMtu('eth0', 1500)).toBe(0);
    expect(addresses()).toEqual(['::1', 'fe80::ff:fe00:1']);
  });
});

describe('neighbours', () => {
  test('are asked for at their solicited-node group, and their answer sends what waited', () => {
    const { world, a, b } = pair();
    a.addAddress('eth0', '2001:db8::1/64', false);
    b.addAddress('eth0', '2001:db8::2/64', false);
    const ping = socketOf(a, AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
    expect(ping.send(Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 1, 7), 0, to6('2001:db8::2'), 0)).toBe(9);
    world.sim.run(seconds(0.5));
    expect(ping.receive(READ, 0)).toMatchObject({ length: 9, address: { address: '2001:db8::2' } });
    expect([READ[0], READ[8]]).toEqual([129, 7]);
    const said = world.sent().filter((line) => !line.includes('mld') && !line.includes('duplicate'));
    expect(said).toEqual([
      'a ndisc.solicitation',
      'b ndisc.advertisement',
      'a icmp.echo-request',
      'b icmp.echo-reply',
    ]);
  });

  test('are not asked whether they are there while a connection shows it, but by a router that only passes it on', () => {
    const { world, a, b } = routed();
    const listener = socketOf(b, AF_INET6, SOCK_STREAM);
    expect(listener.bind(to6('::', 80), { privileged: true })).toBe(0);
    listener.listen(1);
    const client = socketOf(a, AF_INET6, SOCK_STREAM);
    client.connect(to6('2001:db8:2::b', 80));
    for (let second = 1; second <= 120; second++) {
      world.sim.run(seconds(second));
      expect(client.send(Uint8Array.of(1), 0, null, 0)).toBe(1);
    }
    const asked = world.record.events.flatMap((event) =>
      event.kind === 'table' && event.value.endsWith(' PROBE') ? [`${event.node} asks ${event.key}`] : [],
    );
    expect(asked).toContain('r asks 2001:db8:1::a');
    expect(asked).not.toContain('a asks 2001:db8:1::1');
  });

  test('that do not answer are unreachable: the program is told', () => {
    const { world, a } = pair();
    a.addAddress('eth0', '2001:db8::1/64', false);
    const client = socketOf(a, AF_INET6, SOCK_STREAM);
    expect(client.connect(to6('2001:db8::9', 80))).toBe(-ERRNO.EINPROGRESS);
    world.sim.run(seconds(5));
    expect(client.connect(to6('2001:db8::9', 80))).toBe(-ERRNO.EHOSTUNREACH);
  });

  test('on a link are reached by link-local addresses with the interface named', () => {
    const { world, a, b } = pair();
    world.sim.run(seconds(3));
    const server = socketOf(b, AF_INET6, SOCK_DGRAM);
    expect(server.bind(to6('::', 9), { privileged: true })).toBe(0);
    const client = socketOf(a, AF_INET6, SOCK_DGRAM);
    expect(client.connect(to6('fe80::ff:fe00:2', 9))).toBe(-ERRNO.EINVAL);
    expect(client.send(Uint8Array.of(1), 0, to6('fe80::ff:fe00:2', 9, 2), 0)).toBe(1);
    world.sim.run(seconds(4));
    expect(server.receive(READ, 0)).toMatchObject({
      length: 1,
      address: { address: 'fe80::ff:fe00:1', scopeId: 2 },
    });
  });
});

describe('routers', () => {
  test('pass packets on, and say when the hop limit is used up or no route leads on', () => {
    const { world, a } = routed();
    const ping = socketOf(a, AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
    ping.setOption(41, 25, Uint8Array.of(1, 0, 0, 0));
    ping.send(Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 1), 0, to6('2001:db8:2::b'), 0);
    world.sim.run(seconds(1));
    expect(ping.receive(READ, 0)).toMatchObject({ address: { address: '2001:db8:2::b' } });
    const hopLimits = world.record.events.flatMap((event) =>
      event.kind === 'frame-sent' && event.reason === 'ip.forward' ? [world.record.bytes(event)[21]] : [],
    );
    expect(hopLimits).toEqual([63, 63]);
    ping.setOption(41, 16, Uint8Array.of(1, 0, 0, 0));
    ping.send(Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 2), 0, to6('2001:db8:2::b'), 0);
    world.sim.run(seconds(2));
    expect(ping.receive(READ, 0x2000)).toMatchObject({
      error: { errno: ERRNO.EHOSTUNREACH, origin: 3, type: 3, code: 0, offender: '2001:db8:1::1' },
    });
    ping.setOption(41, 16, Uint8Array.of(64, 0, 0, 0));
    ping.send(Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 3), 0, to6('2001:db8:3::b'), 0);
    world.sim.run(seconds(3));
    expect(ping.receive(READ, 0x2000)).toMatchObject({
      error: { errno: ERRNO.ENETUNREACH, type: 1, code: 0 },
    });
    expect(world.dropped()).toEqual(expect.arrayContaining(['r ip.ttl', 'r ip.no-route']));
  });

  test('do not cut packets: the sender learns the path MTU and cuts them itself', () => {
    const { world, a, r, b } = routed();
    expect(r.setLinkMtu('eth1', 1300)).toBe(0);
    const server = socketOf(b, AF_INET6, SOCK_DGRAM);
    server.bind(to6('::', 9), { privileged: true });
    const client = socketOf(a, AF_INET6, SOCK_DGRAM);
    const data = Uint8Array.from({ length: 1440 }, (_, i) => i);
    expect(client.send(data, 0, to6('2001:db8:2::b', 9), 0)).toBe(1440);
    world.sim.run(seconds(1));
    expect(world.dropped()).toContain('r ip.fragmentation-needed');
    expect(server.receive(READ, 0)).toBe(-ERRNO.EAGAIN);
    expect(client.send(data, 0, to6('2001:db8:2::b', 9), 0)).toBe(1440);
    world.sim.run(seconds(2));
    expect(server.receive(READ, 0)).toMatchObject({ length: 1440 });
    expect(READ.subarray(0, 1440)).toEqual(data);
    expect(a.ip6.counters.FragCreates).toBe(2);
    expect(a.ip6.mtuTo(parseIpv6('2001:db8:2::b')!)).toBe(1300);
  });

  test('send nothing beyond the link of a link-local address', () => {
    const { world, a, b } = routed();
    world.sim.run(seconds(3));
    const client = socketOf(a, AF_INET6, SOCK_DGRAM);
    client.bind(to6('fe80::ff:fe00:1', 9, 2), { privileged: true });
    client.send(Uint8Array.of(1), 0, to6('2001:db8:2::b', 9), 0);
    world.sim.run(seconds(4));
    expect(world.dropped()).toContain('r ipv6.beyond-scope');
    expect(world.sent()).toContain('r icmpv6.beyond-scope');
    expect(a.icmp6.counters.InDestUnreachs).toBe(1);
    expect(b.udp.counters.NoPorts).toBe(0);
  });
});

describe('a socket of AF_INET6', () => {
  test('serves both versions of IP, IPv4 peers by their mapped addresses', async () => {
    const { world, a, b } = pair();
    for (const [stack, n] of [
      [a, 1],
      [b, 2],
    ] as const) {
      stack.addAddress('eth0', `2001:db8::${n}/64`, false);
      stack.addAddress('eth0', `10.0.0.${n}/24`);
    }
    const listener = b.listen({ address: '::', port: 80 });
    const peers: string[] = [];
    const talk = async (address: string) => {
      const [client, server] = await Promise.all([a.connect({ address, port: 80 }), listener.accept()]);
      await client.write(`hello ${address}`);
      client.end();
      peers.push(`${server.remoteAddress?.address} ${new TextDecoder().decode(await server.readAll())}`);
    };
    await drive(
      world.sim,
      talk('2001:db8::2').then(() => talk('10.0.0.2')),
    );
    expect(peers).toEqual(['2001:db8::1 hello 2001:db8::2', '::ffff:10.0.0.1 hello 10.0.0.2']);
  });

  test('leaves IPv4 to others with IPV6_V6ONLY, and only then', () => {
    const { b } = pair();
    const both = socketOf(b, AF_INET6, SOCK_STREAM);
    expect(both.bind(to6('::', 80), { privileged: true })).toBe(0);
    const four = socketOf(b, AF_INET, SOCK_STREAM);
    expect(four.bind({ family: 2, address: '0.0.0.0', port: 80 }, { privileged: true })).toBe(
      -ERRNO.EADDRINUSE,
    );
    const six = socketOf(b, AF_INET6, SOCK_STREAM);
    expect(six.setOption(41, 26, Uint8Array.of(1, 0, 0, 0))).toBe(0);
    expect(six.bind(to6('::', 81), { privileged: true })).toBe(0);
    expect(six.setOption(41, 26, Uint8Array.of(0, 0, 0, 0))).toBe(-ERRNO.EINVAL);
    expect(four.bind({ family: 2, address: '0.0.0.0', port: 81 }, { privileged: true })).toBe(0);
    const mapped = socketOf(b, AF_INET6, SOCK_STREAM);
    mapped.setOption(41, 26, Uint8Array.of(1, 0, 0, 0));
    expect(mapped.bind(to6('::ffff:127.0.0.1', 82), { privileged: true })).toBe(-ERRNO.EINVAL);
  });

  test('is refused by a machine where nobody listens', () => {
    const { world, a, b } = pair();
    a.addAddress('eth0', '2001:db8::1/64', false);
    b.addAddress('eth0', '2001:db8::2/64', false);
    const stream = socketOf(a, AF_INET6, SOCK_STREAM);
    stream.connect(to6('2001:db8::2', 80));
    const datagram = socketOf(a, AF_INET6, SOCK_DGRAM);
    datagram.connect(to6('2001:db8::2', 81));
    datagram.send(Uint8Array.of(1), 0, null, 0);
    world.sim.run(seconds(1));
    expect(stream.connect(to6('2001:db8::2', 80))).toBe(-ERRNO.ECONNREFUSED);
    expect(datagram.receive(READ, 0)).toBe(-ERRNO.ECONNREFUSED);
  });

  test('gets what is sent to the groups that it joins', () => {
    const { world, a, b } = pair();
    world.sim.run(seconds(3));
    const mreq = new Uint8Array(20);
    mreq.set([0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34]);
    mreq[16] = 2;
    const listener = socketOf(b, AF_INET6, SOCK_DGRAM);
    listener.bind(to6('::', 9), { privileged: true });
    const sender = socketOf(a, AF_INET6, SOCK_DGRAM);
    sender.send(Uint8Array.of(1), 0, to6('ff02::1234', 9, 2), 0);
    world.sim.run(seconds(4));
    expect(listener.receive(READ, 0)).toBe(-ERRNO.EAGAIN);
    expect(listener.setOption(41, 20, mreq)).toBe(0);
    expect(listener.setOption(41, 20, mreq)).toBe(-ERRNO.EADDRINUSE);
    sender.send(Uint8Array.of(2), 0, to6('ff02::1234', 9, 2), 0);
    world.sim.run(seconds(6));
    expect(listener.receive(READ, 0)).toMatchObject({ length: 1, address: { address: 'fe80::ff:fe00:1' } });
    expect(world.sent().filter((line) => line === 'b mld.change').length).toBeGreaterThan(4);
    expect(listener.setOption(41, 21, mreq)).toBe(0);
    expect(listener.setOption(41, 21, mreq)).toBe(-ERRNO.EADDRNOTAVAIL);
  });
});
