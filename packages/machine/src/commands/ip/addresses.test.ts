import { milliseconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, twoMachines } from '../../../test/lab.ts';

const FOREVER = '       valid_lft forever preferred_lft forever\n';

function alone() {
  const bench = new Bench();
  const { alice, bob } = twoMachines(bench);
  const say = async (line: string, uid = 0): Promise<string> => {
    const process = alice.run(line, { uid });
    await bench.run(bench.sim.now + milliseconds(10));
    return process.terminal.text + (process.status === 0 ? '' : `[${process.status}]`);
  };
  const shown = async () =>
    (await say('ip -4 addr show dev eth0')).replace(/^.*\n/, '').replaceAll(FOREVER, '');
  return { bench, alice, bob, say, shown };
}

describe('ip addr', () => {
  it('shows the second address of a network as secondary, and what was said of it', async () => {
    const { say, shown } = alone();
    expect(await say('ip addr add 10.0.0.5/24 brd + dev eth0 label eth0:web')).toBe('');
    expect(await say('ip addr add 10.1.0.1/24 dev eth0')).toBe('');
    expect(await say('ip addr add 10.2.0.1/24 brd 10.2.0.127 scope link dev eth0')).toBe('');
    expect(await shown()).toBe(
      '    inet 10.2.0.1/24 brd 10.2.0.127 scope link eth0\n' +
        '    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\n' +
        '    inet 10.1.0.1/24 scope global eth0\n' +
        '    inet 10.0.0.5/24 brd 10.0.0.255 scope global secondary eth0:web\n',
    );
  });

  it('takes the secondary ones away with the primary one, unless promote_secondaries is 1', async () => {
    const { alice, say, shown } = alone();
    await say('ip addr add 10.0.0.5/24 dev eth0');
    await say('ip addr del 10.0.0.1/24 dev eth0');
    expect(await shown()).toBe('');
    for (const last of [1, 5, 6]) await say(`ip addr add 10.0.0.${last}/24 dev eth0`);
    alice.stack.sysctl.set('net.ipv4.conf.eth0.promote_secondaries', 1);
    await say('ip addr del 10.0.0.1/24 dev eth0');
    expect(await shown()).toBe(
      '    inet 10.0.0.5/24 scope global eth0\n    inet 10.0.0.6/24 scope global secondary eth0\n',
    );
    expect(await say('ip route')).toBe('10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5 \n');
  });

  it.each([
    [
      'ip addr add 10.0.0.9/24 dev eth0 scope wide',
      'Error: argument "wide" is wrong: invalid scope value.\n[255]',
    ],
    ['ip addr add 10.0.0.9/24 dev eth0 label lo:1', '"dev" (eth0) must match "label" (lo:1).\n[255]'],
    ['ip addr add 10.0.0.9/24 dev eth0 brd up', 'Error: inet address is expected rather than "up".\n[1]'],
    ['ip addr add 10.0.0.1/24 dev eth0', 'Error: ipv4: Address already assigned.\n[2]'],
  ])('%s is refused', async (line, words) => {
    expect(await alone().say(line)).toBe(words);
  });
});

describe('ip -br and -o', () => {
  it('show a line for each link, or for each address', async () => {
    const { say } = alone();
    await say('ip addr add 10.0.0.5/24 dev eth0');
    expect(await say('ip -br addr')).toBe(
      'lo               UNKNOWN        127.0.0.1/8 ::1/128 \neth0             UP             10.0.0.1/24 10.0.0.5/24 \n',
    );
    expect(await say('ip -br link show dev eth0')).toBe(
      'eth0             UP             02:00:00:00:00:01 <BROADCAST,MULTICAST,UP,LOWER_UP> \n',
    );
    expect(await say('ip -o -4 addr show dev eth0 primary')).toBe(
      '2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever preferred_lft forever\n',
    );
    expect(await say('ip -o link show dev eth0')).toMatch(
      / qlen 1000\\ {4}link\/ether 02:00:00:00:00:01 brd .*\n$/,
    );
  });

  it('flush takes away what show shows', async () => {
    const { say, shown } = alone();
    expect(await say('ip addr flush')).toBe('Flush requires arguments.\n[255]');
    expect(await say('ip addr flush dev nope')).toBe('Device "nope" does not exist.\n[1]');
    expect(await say('ip -s addr flush to 10.0.0.0/8')).toBe(
      '\n*** Round 1, deleting 1 addresses ***\n*** Flush is complete after 1 round ***\n',
    );
    expect(await shown()).toBe('');
    expect(await say('ip -s addr flush dev eth0')).toBe('Nothing to flush.\n');
  });
});

describe('tunables of interfaces', () => {
  it('are files of /proc/sys', async () => {
    const { alice, say } = alone();
    expect(await say('ls /proc/sys/net/ipv4/conf')).toBe('all  default  eth0  lo\n');
    expect(await say('cat /proc/sys/net/ipv4/conf/eth0/rp_filter')).toBe('0\n');
    alice.stack.sysctl.set('net.ipv4.conf.default.rp_filter', 2);
    expect(await say('cat /proc/sys/net/ipv4/conf/eth0/rp_filter')).toBe('2\n');
    expect(await say('cat /proc/sys/net/ipv4/conf/all/accept_source_route')).toBe('0\n');
    expect(await say('cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6')).toBe('1\n');
    expect(await say('cat /proc/sys/net/ipv4/conf/eth9/rp_filter')).toContain('No such file');
  });
});

describe('dmesg', () => {
  it('shows what the kernel has to say of martians', async () => {
    const { bench, alice, bob, say } = alone();
    expect(await say('dmesg')).toBe('');
    // From here on they know each other's MAC addresses.
    bob.run('ping -c 1 10.0.0.1');
    await bench.run(bench.sim.now + milliseconds(100));
    alice.stack.sysctl.set('net.ipv4.conf.all.log_martians', 1);
    alice.stack.sysctl.set('net.ipv4.conf.all.rp_filter', 1);
    bob.stack.addAddress('eth0', '192.0.2.7/32');
    const before = bench.sim.now;
    bob.stack
      .datagram({ address: '192.0.2.7', port: 9 })
      .send(new Uint8Array(4), { address: '10.0.0.1', port: 9 });
    await bench.run(before + milliseconds(100));
    expect(await say('dmesg')).toMatch(
      /^\[ +\d+\.\d{6}\] IPv4: martian source 10\.0\.0\.1 from 192\.0\.2\.7, on dev eth0\n\[ +\d+\.\d{6}\] ll header: 00000000: 02 00 00 00 00 01 02 00 00 00 00 02 08 00\n$/,
    );
    expect(await say('netstat -s')).toContain('IPReversePathFilter: 1');
  });
});
