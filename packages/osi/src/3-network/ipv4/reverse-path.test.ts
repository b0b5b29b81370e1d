import { describe, expect, it } from 'vitest';
import { counting, ip, PROTOCOL_TEST, type TestHost, World } from '../../../test/network-world.ts';
import { seconds } from '../../time/index.ts';
import { LOOPBACK } from '../address.ts';
import { writeIpv4 } from './codec.ts';

/** x – a by eth0 (10.0.0.0/24), y – a by eth1 (10.1.0.0/24); 192.0.2.0/24 is behind x. */
function twoLinks() {
  const world = new World();
  const [a, x, y] = ['a', 'x', 'y'].map((name) => world.host(name)) as [TestHost, TestHost, TestHost];
  world.link(a.port('10.0.0.1/24'), x.port('10.0.0.2/24'));
  world.link(a.port('10.1.0.1/24'), y.port('10.1.0.2/24'));
  a.route('192.0.2.0/24', '10.0.0.2');
  for (const host of [x, y]) host.route('0.0.0.0/0', host === x ? '10.0.0.1' : '10.1.0.1');
  /** Has y send from an address that is not its own. */
  const spoof = (source: string, to = '10.1.0.1') => {
    y.send(to, counting(4), { from: source });
    world.sim.run(world.sim.now + seconds(5));
  };
  /** Puts a packet to a from 127.0.0.1, which no machine sends, on the cable of y. */
  const forge = () => {
    const frame = world.pool.take(24);
    frame.end = frame.start + 24;
    writeIpv4(frame.view, frame.start, 0, 24, 0, 0, 64, PROTOCOL_TEST, LOOPBACK, ip('10.1.0.1'));
    y.net.links[1]!.send(frame, ip('10.1.0.1'), false);
  };
  const set = (of: string, value: number) => a.net.sysctl.set(`net.ipv4.conf.${of}.rp_filter`, value);
  return { world, a, x, y, spoof, forge, set };
}

describe('rp_filter', () => {
  it.each([
    ['0: any source is taken', 0, '192.0.2.7', true],
    ['0: one that no route leads to, too', 0, '198.51.100.1', true],
    ['1: one whose way back is another interface is not', 1, '192.0.2.7', false],
    ['1: one whose way back is this interface is', 1, '10.1.0.77', true],
    ['2: one whose way back is another interface is', 2, '192.0.2.7', true],
    ['2: one that no route leads to is not', 2, '198.51.100.1', false],
  ])('%s', (_, mode, source, taken) => {
    const { a, spoof, set } = twoLinks();
    set('eth1', mode);
    spoof(source);
    expect(a.transport.received).toHaveLength(taken ? 1 : 0);
    expect(a.drops('ip.reverse-path')).toBe(taken ? 0 : 1);
    expect(a.net.ip.reversePathFiltered).toBe(taken ? 0 : 1);
  });

  it.each([
    [1, 0, 1],
    [0, 1, 1],
    [2, 1, 0],
    [1, 2, 0],
  ])('all = %i and the interface = %i: the larger holds', (all, own, dropped) => {
    const { a, spoof, set } = twoLinks();
    set('all', all);
    set('eth1', own);
    spoof('192.0.2.7');
    expect(a.drops('ip.reverse-path')).toBe(dropped);
  });

  it('an interface without a value of its own has that of default', () => {
    const { a, spoof, set } = twoLinks();
    set('default', 1);
    spoof('192.0.2.7');
    expect(a.drops('ip.reverse-path')).toBe(1);
  });

  it('holds for what a router passes on, and for broadcasts', () => {
    const { a, x, spoof, set } = twoLinks();
    a.net.sysctl.set('net.ipv4.ip_forward', 1);
    set('eth1', 1);
    spoof('192.0.2.7', '10.0.0.2');
    spoof('192.0.2.7', '10.1.0.255');
    expect(x.transport.received).toEqual([]);
    expect(a.drops('ip.reverse-path')).toBe(2);
  });

  it('lets who has no address yet speak to all', () => {
    const { a, spoof, set } = twoLinks();
    set('all', 1);
    spoof('0.0.0.0', '255.255.255.255');
    expect(a.transport.received).toHaveLength(1);
  });

  it('has ARP answer nobody whose packets would not be taken', () => {
    const { world, a, y, set } = twoLinks();
    a.net.sysctl.set('net.ipv4.conf.all.log_martians', 1);
    const answered = () => world.sent().filter((line) => line === 'a eth1 arp.reply').length;
    // It asks for a from the address that its packet has, which is one of its own.
    y.net.ip.addAddress(y.net.links[1]!, { address: ip('192.0.2.7'), length: 32 });
    y.send('10.1.0.1', counting(4), { from: '192.0.2.7' });
    world.sim.run(seconds(1));
    expect(answered()).toBe(1);
    y.net.links[1]?.neighbours?.flush();
    set('eth1', 1);
    y.send('10.1.0.1', counting(4), { from: '192.0.2.7' });
    world.sim.run(seconds(5));
    expect(answered()).toBe(1);
    expect(a.drops('arp.martian-source')).toBe(3);
    expect(a.net.ip.log.entries()[0]?.text).toBe('IPv4: martian source 10.1.0.1 from 192.0.2.7, on dev eth1');
    expect(a.net.ip.log.entries()[1]?.text).toBe(
      'll header: 00000000: ff ff ff ff ff ff 02 00 00 00 00 04 08 06',
    );
  });

  it('follows the routes as they change', () => {
    const { a, spoof, set } = twoLinks();
    set('all', 1);
    a.route('198.51.100.0/24', '10.0.0.2');
    spoof('198.51.100.1');
    expect(a.drops('ip.reverse-path')).toBe(1);
    for (const route of a.net.ip.routes.entries()) if (route.gateway !== null) a.net.ip.routes.remove(route);
    a.route('198.51.100.0/24', '10.1.0.2');
    spoof('198.51.100.1');
    expect(a.transport.received).toHaveLength(1);
  });
});

describe('log_martians', () => {
  it('has the kernel say where a packet with an impossible source came from', () => {
    const { world, a, spoof, forge, set } = twoLinks();
    set('eth1', 1);
    a.net.sysctl.set('net.ipv4.conf.all.log_martians', 1);
    spoof('192.0.2.7');
    forge();
    world.sim.run(world.sim.now + seconds(5));
    const header = 'll header: 00000000: 02 00 00 00 00 03 02 00 00 00 00 04 08 00';
    expect(a.net.ip.log.entries().map(({ text }) => text)).toEqual([
      'IPv4: martian source 10.1.0.1 from 192.0.2.7, on dev eth1',
      header,
      'IPv4: martian source 10.1.0.1 from 127.0.0.1, on dev eth1',
      header,
    ]);
  });

  it('says nothing by default, and no more than ten things in five seconds', () => {
    const { world, a, forge } = twoLinks();
    const flood = () => {
      for (let i = 0; i < 20; i++) forge();
      world.sim.run(world.sim.now + seconds(6));
    };
    flood();
    expect(a.net.ip.log.entries()).toEqual([]);
    a.net.sysctl.set('net.ipv4.conf.eth1.log_martians', 1);
    flood();
    flood();
    const said = a.net.ip.log.entries().map(({ text }) => text);
    expect(said.filter((text) => text.includes('martian'))).toHaveLength(20);
    expect(said[20]).toBe('net_ratelimit: 10 callbacks suppressed');
  });
});
