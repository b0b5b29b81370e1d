import { describe, expect, it } from 'vitest';
import { counting, ip, type TestHost, World } from '../../../test/network-world.ts';
import { seconds } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';

const LOOSE = 131;
const STRICT = 137;

/** a (10.0.1.1) – r (10.0.1.254, 10.0.2.254) – s (10.0.2.253, 10.0.3.253) – b (10.0.3.1). */
function chain(accepts = true) {
  const world = new World();
  const [a, r, s, b] = ['a', 'r', 's', 'b'].map((name) => world.host(name)) as [
    TestHost,
    TestHost,
    TestHost,
    TestHost,
  ];
  world.link(a.port('10.0.1.1/24'), r.port('10.0.1.254/24'));
  world.link(r.port('10.0.2.254/24'), s.port('10.0.2.253/24'));
  world.link(s.port('10.0.3.253/24'), b.port('10.0.3.1/24'));
  for (const router of [r, s]) router.net.sysctl.set('net.ipv4.ip_forward', 1);
  a.route('0.0.0.0/0', '10.0.1.254');
  r.route('10.0.3.0/24', '10.0.2.253');
  s.route('10.0.1.0/24', '10.0.2.254');
  b.route('0.0.0.0/0', '10.0.3.253');
  if (accepts) for (const host of [r, s, b]) host.net.sysctl.set('net.ipv4.conf.all.accept_source_route', 1);
  /** Has a send a packet to the last of some stations by way of the others. */
  const send = (type: number, ...stations: string[]) => {
    const last = stations.at(-1) ?? '';
    const route = stations.slice(0, -1).flatMap((text) => text.split('.').map(Number));
    const option = [type, 3 + route.length, 4, ...route];
    const headerOptions = Uint8Array.from([
      ...option,
      ...new Array<number>((4 - (option.length % 4)) % 4).fill(0),
    ]);
    expect(a.send(last, counting(20), { headerOptions })).toBe(0);
    world.sim.run(world.sim.now + seconds(5));
  };
  /** Has a send a packet with a header that it wrote itself. @param options eight bytes. */
  const write = (destination: string, options: readonly number[]) => {
    const frame = world.pool.take(28);
    const to = destination.split('.').map(Number);
    frame.bytes.set([0x47, 0, 0, 28, 0, 0, 0, 0, 9, 253, 0, 0, 10, 0, 1, 1, ...to, ...options], frame.start);
    frame.end = frame.start + 28;
    expect(a.net.ip.sendWhole(frame, ip('10.0.1.1'), ip(destination), {})).toBe(0);
    world.sim.run(world.sim.now + seconds(1));
  };
  /** The route in a packet as it came to b. */
  const route = () => [...(b.transport.received[0]?.packet.options ?? [])];
  return { world, a, r, s, b, send, write, route };
}

describe('a source route', () => {
  it('is followed from station to station, each of which writes down where it was left by', () => {
    const { b, send, route } = chain();
    send(LOOSE, '10.0.1.254', '10.0.2.253', '10.0.3.1');
    expect(b.transport.received).toMatchObject([
      { packet: { destination: ip('10.0.3.1') }, data: counting(20) },
    ]);
    expect(route()).toEqual([LOOSE, 11, 12, 10, 0, 2, 254, 10, 0, 3, 253, 0]);
  });

  it('that is loose passes other routers; they leave it as it is', () => {
    const { b, send, route } = chain();
    send(LOOSE, '10.0.2.253', '10.0.3.1');
    expect(b.transport.received).toHaveLength(1);
    expect(route()).toEqual([LOOSE, 7, 8, 10, 0, 3, 253, 0]);
  });

  it('that is strict passes no router that is not on it: parameter problem, pointing at the destination', () => {
    const { world, b, r, write } = chain();
    write('10.0.2.253', [STRICT, 7, 4, 10, 0, 3, 1, 0]);
    expect(b.transport.received).toEqual([]);
    expect(r.drops('ip.source-route')).toBe(1);
    const message = world.latest('r', 'icmp.parameter-problem').subarray(34);
    expect([message[0], message[4]]).toEqual([12, 16]);
  });

  it('that is strict begins with a neighbour, or is not set out on: ENETUNREACH', () => {
    const { a, world } = chain();
    const headerOptions = Uint8Array.from([STRICT, 7, 4, 10, 0, 2, 253, 0]);
    expect(a.send('10.0.3.1', counting(4), { headerOptions })).toBe(-ERRNO.ENETUNREACH);
    expect(world.sent()).toEqual([]);
  });

  it('that is strict leads to neighbours alone: source route failed', () => {
    const { a, b, r, send } = chain();
    send(STRICT, '10.0.1.254', '10.0.3.1');
    expect(b.transport.received).toEqual([]);
    expect(r.drops('ip.source-route-failed')).toBe(1);
    expect(a.transport.errors).toMatchObject([{ error: { type: 3, code: 5 } }]);
  });

  it('may name several addresses of one station in a row', () => {
    const { b, send, route } = chain();
    send(LOOSE, '10.0.1.254', '10.0.2.254', '10.0.2.253', '10.0.3.1');
    expect(b.transport.received).toHaveLength(1);
    expect(route().slice(0, 3)).toEqual([LOOSE, 15, 16]);
  });

  it('is dropped without a word by default, and told of with log_martians', () => {
    const { world, r, b, send } = chain(false);
    r.net.sysctl.set('net.ipv4.conf.eth0.log_martians', 1);
    send(LOOSE, '10.0.1.254', '10.0.3.1');
    expect(b.transport.received).toEqual([]);
    expect(r.drops('ip.source-route')).toBe(1);
    expect(world.sent().filter((line) => line.startsWith('r ') && line.includes('icmp'))).toEqual([]);
    expect(r.net.ip.log.entries().map(({ text }) => text)).toEqual([
      'IPv4: source route option 10.0.1.1 -> 10.0.1.254',
    ]);
  });

  it('needs accept_source_route for all and for the interface, which has it by default', () => {
    const { r, b, send } = chain();
    r.net.sysctl.set('net.ipv4.conf.eth0.accept_source_route', 0);
    send(LOOSE, '10.0.1.254', '10.0.2.253', '10.0.3.1');
    expect(b.transport.received).toEqual([]);
  });

  it('is not passed on by a machine that is no router', () => {
    const { r, b, send } = chain();
    r.net.sysctl.set('net.ipv4.ip_forward', 0);
    send(LOOSE, '10.0.1.254', '10.0.2.253', '10.0.3.1');
    expect(b.transport.received).toEqual([]);
    expect(r.drops('ip.source-route')).toBe(1);
  });

  it('is not followed by a packet in a frame to a group', () => {
    const { a, r, b, send } = chain();
    const { links } = a.net;
    links[1]!.send = (frame) => r.net.ip.receive(r.net.links[1]!, frame, true);
    send(LOOSE, '10.0.1.254', '10.0.2.253', '10.0.3.1');
    expect(b.transport.received).toEqual([]);
    expect(r.drops('ip.source-route')).toBe(1);
  });

  it('whose next station has half a place is a parameter problem', () => {
    const { world, r, write } = chain();
    write('10.0.1.254', [LOOSE, 6, 4, 10, 0, 2, 0, 0]);
    expect(r.drops('ip.source-route')).toBe(1);
    const message = world.latest('r', 'icmp.parameter-problem').subarray(34);
    expect([message[0], message[4]]).toEqual([12, 22]);
  });
});
