import { Cable, FramePool } from '@netarium/osi/1-physical';
import { seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, twoMachines } from '../../../test/lab.ts';
import { Machine } from '../../index.ts';

/** alice 2001:db8::1 and bob 2001:db8::2, whose link-local addresses have been checked. */
async function neighbours() {
  const bench = new Bench();
  const { alice, bob } = twoMachines(bench);
  alice.configure({
    ipv6: { addresses: { eth0: '2001:db8::1/64' } },
    hosts: { bob: '10.0.0.2', bob6: '2001:db8::2' },
  });
  bob.configure({ ipv6: { addresses: { eth0: '2001:db8::2/64' } } });
  await bench.run(seconds(5));
  const said = async (line: string): Promise<string> => {
    const process = alice.run(line);
    await bench.run();
    return process.terminal.text + (process.status === 0 ? '' : `[${process.status}]`);
  };
  return { said, alice };
}

describe('ping of an IPv6 address', () => {
  it('prints each reply and the statistics as iputils does', async () => {
    const { said } = await neighbours();
    // The first waits for the neighbour to be found: there and back once more.
    expect(await said('ping -c 2 2001:db8::2')).toBe(
      [
        'PING 2001:db8::2(2001:db8::2) 56 data bytes',
        '64 bytes from 2001:db8::2: icmp_seq=1 ttl=64 time=0.408 ms',
        '64 bytes from 2001:db8::2: icmp_seq=2 ttl=64 time=0.206 ms',
        '',
        '--- 2001:db8::2 ping statistics ---',
        '2 packets transmitted, 2 received, 0% packet loss, time 1000ms',
        'rtt min/avg/max/mdev = 0.206/0.307/0.408/0.101 ms',
        '',
      ].join('\n'),
    );
  });

  it('takes a link-local one with its interface, and prints that', async () => {
    const { said } = await neighbours();
    const text = await said('ping -c 1 fe80::ff:fe00:2%eth0');
    expect(text).toContain('PING fe80::ff:fe00:2%eth0(fe80::ff:fe00:2%eth0) 56 data bytes\n');
    expect(text).toContain('64 bytes from fe80::ff:fe00:2%eth0: icmp_seq=1 ttl=64 time=');
  });

  it('takes the version that -4 or -6 says', async () => {
    const { said } = await neighbours();
    expect(await said('ping -6 -c 1 bob6')).toContain(
      'PING bob6(2001:db8::2) 56 data bytes\n64 bytes from 2001:db8::2: ',
    );
    expect(await said('ping -4 -c 1 bob')).toContain('PING bob (10.0.0.2) 56(84) bytes of data.\n64 bytes');
    expect(await said('ping -6 -c 1 ::1')).toContain('64 bytes from ::1: icmp_seq=1 ttl=64 time=');
  });

  it('says that nobody has the address', async () => {
    const { said } = await neighbours();
    expect(await said('ping -c 1 2001:db8::99')).toBe(
      [
        'PING 2001:db8::99(2001:db8::99) 56 data bytes',
        'From 2001:db8::1 icmp_seq=1 Destination unreachable: Address unreachable',
        '',
        '--- 2001:db8::99 ping statistics ---',
        '1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms',
        '',
        '[1]',
      ].join('\n'),
    );
  });

  it('with a hop limit of 1 learns of the first router', async () => {
    const bench = new Bench();
    const { sim, scheduler, record } = bench;
    const pool = new FramePool();
    const [host, router] = ['host', 'router'].map(
      (name) => new Machine({ sim, scheduler, record, name, pool }),
    ) as [Machine, Machine];
    new Cable(sim, host.addPort('eth0'), router.addPort('eth0'));
    host.configure({ ipv6: { addresses: { eth0: '2001:db8::2/64' }, gateway: '2001:db8::1' } });
    router.configure({
      ipv6: { addresses: { eth0: '2001:db8::1/64' } },
      sysctl: { 'net.ipv6.conf.all.forwarding': 1 },
    });
    await bench.run(seconds(5));
    const short = host.run('ping -c 1 -t 1 2001:db8:9::1');
    await bench.run();
    expect(short.terminal.text).toContain('From 2001:db8::1 icmp_seq=1 Time exceeded: Hop limit\n');
    const lost = host.run('ping -c 1 2001:db8:9::1');
    await bench.run();
    expect(lost.terminal.text).toContain('From 2001:db8::1 icmp_seq=1 Destination unreachable: No route\n');
  });

  it.each([
    ['ping -4 ::1', 'ping: ::1: Address family for hostname not supported\n[2]'],
    ['ping -6 127.0.0.1', 'ping: 127.0.0.1: Address family for hostname not supported\n[2]'],
    ['ping -4 -6 ::1', 'ping: only one -4 or -6 option may be specified\n[2]'],
    ['ping 2001:dead::1', 'ping: connect: Network is unreachable\n[2]'],
    ['ping fe80::5%nope', 'ping: fe80::5%nope: Name or service not known\n[2]'],
  ])('%s', async (line, answer) => {
    const { said } = await neighbours();
    expect(await said(line)).toBe(answer);
  });
});
