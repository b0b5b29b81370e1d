import { Cable, FramePool } from '@netarium/osi/1-physical';
import { milliseconds, seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, twoMachines } from '../../test/lab.ts';
import { Machine } from '../index.ts';
import { roundTripText } from './ping/statistics.ts';

describe('ping', () => {
  it('prints each reply and the statistics as iputils does', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const ping = alice.run('ping -c 3 10.0.0.2');
    await bench.run();
    // Four cables of 50 µs there and back, as many again for ARP before the first; 2 µs of system calls, 1 µs each time in the switch.
    expect(ping.terminal.text).toBe(
      [
        'PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.',
        '64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.408 ms',
        '64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=0.206 ms',
        '64 bytes from 10.0.0.2: icmp_seq=3 ttl=64 time=0.206 ms',
        '',
        '--- 10.0.0.2 ping statistics ---',
        '3 packets transmitted, 3 received, 0% packet loss, time 2000ms',
        'rtt min/avg/max/mdev = 0.206/0.273/0.408/0.095 ms',
        '',
      ].join('\n'),
    );
    expect(ping.status).toBe(0);
  });

  it('says who found the destination unreachable, after ARP has given up', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const ping = alice.run('ping -c 2 10.0.0.9');
    await bench.run();
    expect(ping.terminal.text).toContain('From 10.0.0.1 icmp_seq=1 Destination Host Unreachable\n');
    expect(ping.terminal.text).toContain('From 10.0.0.1 icmp_seq=2 Destination Host Unreachable\n');
    expect(ping.terminal.text).toContain(
      '2 packets transmitted, 0 received, +2 errors, 100% packet loss, time',
    );
    expect(ping.status).toBe(1);
  });

  /** `host` (10.0.0.2) – `router` – `far` (10.0.1.2). */
  function acrossRouter(bench: Bench): Machine {
    const { sim, scheduler, record } = bench;
    const pool = new FramePool();
    const [host, router, far] = ['host', 'router', 'far'].map(
      (name) => new Machine({ sim, scheduler, record, name, pool }),
    ) as [Machine, Machine, Machine];
    new Cable(sim, host.addPort('eth0'), router.addPort('eth0'), { delay: milliseconds(5) });
    new Cable(sim, far.addPort('eth0'), router.addPort('eth1'), { delay: milliseconds(5) });
    host.configure({ addresses: { eth0: ['10.0.0.2/24'] }, gateway: '10.0.0.1', hosts: { far: '10.0.1.2' } });
    far.configure({ addresses: { eth0: ['10.0.1.2/24'] }, gateway: '10.0.1.1' });
    router.configure({
      addresses: { eth0: ['10.0.0.1/24'], eth1: ['10.0.1.1/24'] },
      sysctl: { 'net.ipv4.ip_forward': 1 },
    });
    return host;
  }

  it('with a TTL of 1 learns of the first router', async () => {
    const bench = new Bench();
    const host = acrossRouter(bench);
    const short = host.run('ping -c 1 -t 1 far');
    await bench.run();
    expect(short.terminal.text).toContain('From 10.0.0.1 icmp_seq=1 Time to live exceeded\n');
    const whole = host.run('ping -c 1 far');
    await bench.run();
    expect(whole.terminal.text).toContain('PING far (10.0.1.2) 56(84) bytes of data.\n');
    expect(whole.terminal.text).toContain('64 bytes from 10.0.1.2: icmp_seq=1 ttl=63 time=');
  });

  it('-R has every station write its address down, there and back', async () => {
    const bench = new Bench();
    const ping = acrossRouter(bench).run('ping -c 2 -R 10.0.1.2');
    await bench.run();
    const [first, ...rest] = ping.terminal.text.split('\n');
    expect(first).toBe('PING 10.0.1.2 (10.0.1.2) 56(124) bytes of data.');
    expect(rest.slice(1, 7)).toEqual([
      'RR: \t10.0.0.2',
      '\t10.0.1.1',
      '\t10.0.1.2',
      '\t10.0.1.2',
      '\t10.0.0.1',
      '\t10.0.0.2',
    ]);
    expect(rest[8]).toMatch(/^64 bytes from 10.0.1.2: icmp_seq=2 .* ms\t\(same route\)$/);
  });

  it('-T tells the time of day at every station, and what has passed since the one before', async () => {
    const bench = new Bench();
    const ping = acrossRouter(bench).run('ping -c 2 -T tsonly 10.0.1.2');
    await bench.run();
    const second = ping.terminal.text.split('icmp_seq=2')[1]?.split('\n').slice(1, 7);
    expect(second).toEqual([
      expect.stringMatching(/^TS: \t1\d\d\d absolute$/),
      '\t5',
      '\t5',
      '\t0',
      '\t5',
      '\t5',
    ]);
  });

  it('-T tsandaddr tells their addresses, and how many there was no room for', async () => {
    const bench = new Bench();
    const ping = acrossRouter(bench).run('ping -c 1 -T tsandaddr 10.0.1.2');
    await bench.run();
    expect(ping.terminal.text).toMatch(
      /\nTS: \t10.0.0.2\t\d+ absolute\n\t10.0.1.1\t\d+\n\t10.0.1.2\t\d+\n\t10.0.1.2\t0\nUnrecorded hops: 2\n/,
    );
  });

  it.each([
    ['-T soon 10.0.1.2', 'ping: invalid timestamp type: soon\n'],
    ['-R -T tsonly 10.0.1.2', 'ping: only one of -T or -R may be used\n'],
    ['-6 -R ::1', 'ping: -R and -T are for IPv4 alone\n'],
  ])('%s is refused', async (words, line) => {
    const bench = new Bench();
    const ping = acrossRouter(bench).run(`ping ${words}`);
    await bench.run();
    expect(ping.terminal.text).toBe(line);
    expect(ping.status).toBe(2);
  });

  it('ends with its statistics on Ctrl-C', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const ping = alice.run('ping 10.0.0.2');
    await bench.run(milliseconds(2500));
    ping.terminal.interrupt();
    await bench.run();
    expect(ping.terminal.text).toMatch(
      /\^C\n--- 10\.0\.0\.2 ping statistics ---\n3 packets transmitted, 3 received, 0% packet loss, time 2000ms\n/,
    );
    expect(ping.status).toBe(0);
  });

  it('waits ten seconds for a reply when there was none, or as long as -W says', async () => {
    const bench = new Bench();
    const { alice, bob } = twoMachines(bench);
    bob.stack.sysctl.set('net.ipv4.icmp_echo_ignore_all', 1);
    const patient = alice.run('ping -c 1 10.0.0.2');
    await bench.run();
    expect(patient.terminal.text).toContain(
      '1 packets transmitted, 0 received, 100% packet loss, time 0ms\n',
    );
    expect(bench.sim.now).toBeGreaterThan(seconds(10));
  });

  it.each([
    ['ping 8.8.8.8', 'ping: connect: Network is unreachable\n', 2],
    ['ping nohost', 'ping: nohost: Name or service not known\n', 2],
    ['ping -X 10.0.0.2', "ping: invalid option -- 'X'\n", 2],
    ['ping -c 0 10.0.0.2', "ping: invalid argument: '0': out of range: 1 or more\n", 1],
    ['ping', 'ping: usage error: Destination address required\n', 1],
  ])('%s: %s', async (line, said, status) => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    const ping = alice.run(line);
    await bench.run();
    expect([ping.terminal.text, ping.status]).toEqual([said, status]);
  });

  it('prints a round trip with three digits that count', () => {
    const printed = [4500, 45_000, 1_234_567, 12_345_678, 123_456_789].map(roundTripText);
    expect(printed).toEqual(['0.004', '0.045', '1.23', '12.3', '123']);
  });
});
