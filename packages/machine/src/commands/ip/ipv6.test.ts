import type { Link } from '@netarium/osi/2-datalink';
import { Ipv6Address } from '@netarium/osi/3-network';
import { milliseconds, seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, twoMachines } from '../../../test/lab.ts';
import type { Machine } from '../../index.ts';

/** alice 2001:db8::1 and bob 2001:db8::2, whose link-local addresses have been checked. */
async function neighbours(): Promise<{ bench: Bench; alice: Machine; bob: Machine }> {
  const bench = new Bench();
  const { alice, bob } = twoMachines(bench);
  alice.configure({ ipv6: { addresses: { eth0: '2001:db8::1/64' } } });
  bob.configure({ ipv6: { addresses: { eth0: '2001:db8::2/64' } } });
  await bench.run(seconds(5));
  return { bench, alice, bob };
}

async function said(bench: Bench, machine: Machine, line: string, uid = 0): Promise<string> {
  const process = machine.run(line, { uid });
  await bench.run(bench.sim.now + milliseconds(10));
  return process.terminal.text + (process.status === 0 ? '' : `[${process.status}]`);
}

const ADVERTISED = new Ipv6Address(0x2001_0db8, 0x0009_0000, 0, 1);
const FOREVER = '       valid_lft forever preferred_lft forever\n';

describe('ip addr', () => {
  it('shows IPv6 addresses after those of IPv4, the widest scope first', async () => {
    const { bench, alice } = await neighbours();
    expect(await said(bench, alice, 'ip addr')).toBe(
      '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n' +
        '    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n' +
        `    inet 127.0.0.1/8 scope host lo\n${FOREVER}` +
        `    inet6 ::1/128 scope host \n${FOREVER}` +
        '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP group default qlen 1000\n' +
        '    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n' +
        `    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\n${FOREVER}` +
        `    inet6 2001:db8::1/64 scope global \n${FOREVER}` +
        `    inet6 fe80::ff:fe00:1/64 scope link \n${FOREVER}`,
    );
  });

  it('shows one version alone with -4 and -6, and no interface that has none of it', async () => {
    const { bench, alice } = await neighbours();
    expect(await said(bench, alice, 'ip -6 addr')).toBe(
      `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 state UNKNOWN qlen 1000\n    inet6 ::1/128 scope host \n${FOREVER}` +
        '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP qlen 1000\n' +
        `    inet6 2001:db8::1/64 scope global \n${FOREVER}    inet6 fe80::ff:fe00:1/64 scope link \n${FOREVER}`,
    );
    const head =
      '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP group default qlen 1000\n';
    expect(await said(bench, alice, 'ip -4 addr show dev eth0')).toBe(
      `${head}    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\n${FOREVER}`,
    );
    expect(await said(bench, alice, 'ip -f inet6 addr show dev eth0')).toMatch(
      new RegExp(`^${head}    inet6 2001:db8::1/64 `),
    );
    await said(bench, alice, 'ip addr del 10.0.0.1/24 dev eth0');
    expect(await said(bench, alice, 'ip -4 addr show dev eth0')).toBe('');
  });

  it('adds an address, which is tentative until nobody has claimed it, and takes it away', async () => {
    const { bench, alice } = await neighbours();
    expect(await said(bench, alice, 'ip addr add 2001:db8:1::5/64 dev eth0')).toBe('');
    expect(await said(bench, alice, 'ip -6 addr show dev eth0')).toContain(
      '    inet6 2001:db8:1::5/64 scope global tentative \n',
    );
    await bench.run(bench.sim.now + seconds(3));
    expect(await said(bench, alice, 'ip -6 addr show dev eth0')).toContain(
      '    inet6 2001:db8:1::5/64 scope global \n',
    );
    expect(await said(bench, alice, 'ip addr del 2001:db8:1::5/64 dev eth0')).toBe('');
    expect(await said(bench, alice, 'ip -6 addr')).not.toContain('2001:db8:1::5');
  });

  it("says how long an address of a router's prefix lasts, and when it is chosen no more", async () => {
    const { bench, alice } = await neighbours();
    const link = alice.stack.interface('eth0') as Link;
    const { now } = bench.sim;
    const times = { preferredUntil: now + seconds(60), validUntil: now + seconds(120) };
    alice.stack.ip6.addLine(link, { address: ADVERTISED, length: 64, dynamic: true, ...times });
    expect(await said(bench, alice, 'ip -6 addr show dev eth0')).toContain(
      '    inet6 2001:db8:9::1/64 scope global dynamic mngtmpaddr \n       valid_lft 120sec preferred_lft 60sec\n',
    );
    await bench.run(now + seconds(60));
    expect(await said(bench, alice, 'ip -6 addr show dev eth0')).toContain(
      '    inet6 2001:db8:9::1/64 scope global deprecated dynamic mngtmpaddr \n       valid_lft 60sec preferred_lft 0sec\n',
    );
  });

  it('says that somebody else has an address', async () => {
    const { bench, alice } = await neighbours();
    await said(bench, alice, 'ip addr add 2001:db8::2/64 dev eth0');
    await bench.run(bench.sim.now + seconds(3));
    expect(await said(bench, alice, 'ip -6 addr')).toContain(
      '    inet6 2001:db8::2/64 scope global dadfailed tentative \n',
    );
  });
});

describe('ip -6 route', () => {
  it('shows routes as Linux walks through its tree: what contains others after them', async () => {
    const { bench, alice } = await neighbours();
    expect(await said(bench, alice, 'ip -6 route add default via fe80::2 dev eth0')).toBe('');
    expect(await said(bench, alice, 'ip route add 2001:db8:5::/48 via 2001:db8::2 metric 7')).toBe('');
    expect(await said(bench, alice, 'ip route add 2001:db8::/32 via 2001:db8::3')).toBe('');
    expect(await said(bench, alice, 'ip route add 2001:db8::9 dev eth0')).toBe('');
    expect(await said(bench, alice, 'ip -6 route')).toBe(
      [
        '2001:db8::9 dev eth0 metric 1024 pref medium',
        '2001:db8::/64 dev eth0 proto kernel metric 256 pref medium',
        '2001:db8:5::/48 via 2001:db8::2 dev eth0 metric 7 pref medium',
        '2001:db8::/32 via 2001:db8::3 dev eth0 metric 1024 pref medium',
        'fe80::/64 dev eth0 proto kernel metric 256 pref medium',
        'default via fe80::2 dev eth0 metric 1024 pref medium',
        '',
      ].join('\n'),
    );
    expect(await said(bench, alice, 'ip -6 route show dev eth0')).toContain(
      'default via fe80::2 metric 1024 pref medium\n',
    );
    expect(await said(bench, alice, 'ip -6 route del default')).toBe('');
    expect(await said(bench, alice, 'ip -6 route')).not.toContain('default');
    expect(await said(bench, alice, 'ip route')).not.toContain(':');
  });

  it('says when a route of a router ends', async () => {
    const { bench, alice } = await neighbours();
    const link = alice.stack.interface('eth0') as Link;
    const until = bench.sim.now + seconds(1800);
    const route = { destination: ADVERTISED, length: 128, gateway: null, link, metric: 1024 };
    alice.stack.ip6.routes.add({ ...route, protocol: 'ra', until });
    expect(await said(bench, alice, 'ip -6 route')).toContain(
      '2001:db8:9::1 dev eth0 proto ra metric 1024 expires 1800sec pref medium\n',
    );
  });

  it('leaves out the bits behind a prefix', async () => {
    const { bench, alice } = await neighbours();
    expect(await said(bench, alice, 'ip route add 2001:db8:5::1/64 via 2001:db8::2')).toBe('');
    expect(await said(bench, alice, 'ip -6 route')).toContain('2001:db8:5::/64 via 2001:db8::2 dev eth0 ');
  });
});

describe('ip -6 neigh', () => {
  it('shows who was found, and forgets one', async () => {
    const { bench, alice, bob } = await neighbours();
    const socket = alice.stack.datagram({ address: '2001:db8::1', port: 9 });
    const other = bob.stack.datagram({ address: '2001:db8::2', port: 9 });
    await socket.send(new Uint8Array(1), { address: '2001:db8::2', port: 9 });
    await bench.run(bench.sim.now + seconds(1));
    const line = '2001:db8::2 dev eth0 lladdr 02:00:00:00:00:02 REACHABLE \n';
    expect(await said(bench, alice, 'ip -6 neigh')).toBe(line);
    expect(await said(bench, alice, 'ip neigh')).toBe(line);
    expect(await said(bench, alice, 'ip -4 neigh')).toBe('');
    expect(await said(bench, alice, 'ip neigh del 2001:db8::2 dev eth0')).toBe('');
    expect(await said(bench, alice, 'ip -6 neigh')).toBe('');
    socket.close();
    other.close();
  });
});

describe('ip refuses what Linux refuses, in the same words', () => {
  it.each([
    ['ip addr add 2001:db8::1/64 dev eth0', 'Error: ipv6: address already assigned.\n[2]'],
    ['ip addr del 2001:db8::99/64 dev eth0', 'Error: ipv6: address not found.\n[2]'],
    [
      'ip addr add ff02::5/64 dev eth0',
      'Error: ipv6: Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag.\n[2]',
    ],
    ['ip addr add ::1/128 dev eth0', 'Error: ipv6: Cannot assign loopback address on this device.\n[2]'],
    [
      'ip -6 addr add 10.0.0.2/24 dev eth0',
      'Error: inet6 prefix is expected rather than "10.0.0.2/24".\n[1]',
    ],
    ['ip -4 addr add 2001::1/64 dev eth0', 'Error: inet prefix is expected rather than "2001::1/64".\n[1]'],
    ['ip route add 2001:db8:5::/64 via 2001:db9::1', 'RTNETLINK answers: No route to host\n[2]'],
    ['ip route add 2001:db8:5::/64 via fe80::1', 'Error: Egress device not specified.\n[2]'],
    ['ip route add 2001:db8:5::/64 via 2001:db8::1', 'Error: Gateway can not be a local address.\n[2]'],
    [
      'ip route add 2001:db8:5::/64 via 10.0.0.2',
      'Error: inet6 address is expected rather than "10.0.0.2".\n[1]',
    ],
    [
      'ip route add 10.8.0.0/16 via 2001:db8::3',
      'Error: inet address is expected rather than "2001:db8::3".\n[1]',
    ],
    ['ip route del 2001:db8:77::/64', 'RTNETLINK answers: No such process\n[2]'],
    ['ip neigh del fe80::6 dev eth0', 'RTNETLINK answers: No such file or directory\n[2]'],
  ])('%s', async (line, answer) => {
    const { bench, alice } = await neighbours();
    expect(await said(bench, alice, line)).toBe(answer);
  });

  it('lets only root change anything', async () => {
    const { bench, alice } = await neighbours();
    for (const line of [
      'ip addr add 2001:db8::5/64 dev eth0',
      'ip route add 2001:db9::/64 via 2001:db8::2',
    ]) {
      expect(await said(bench, alice, line, 1000)).toBe('RTNETLINK answers: Operation not permitted\n[2]');
    }
  });
});
