import { milliseconds, seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, twoMachines } from '../../../test/lab.ts';

/** alice has pinged bob over IPv6, and sent a datagram to a port of his that nobody has. */
async function spoken() {
  const bench = new Bench();
  const { alice, bob } = twoMachines(bench);
  alice.configure({ ipv6: { addresses: { eth0: '2001:db8::1/64' } } });
  bob.configure({ ipv6: { addresses: { eth0: '2001:db8::2/64' } } });
  await bench.run(seconds(5));
  alice.run('ping -6 -c 1 2001:db8::2');
  alice.stack
    .datagram({ address: '::', port: 0 })
    .send(new Uint8Array(4), { address: '2001:db8::2', port: 9 });
  await bench.run(bench.sim.now + seconds(1));
  const say = async (line: string): Promise<string> => {
    const process = alice.run(line, { uid: 0 });
    await bench.run(bench.sim.now + milliseconds(10));
    return process.terminal.text + (process.status === 0 ? '' : `[${process.status}]`);
  };
  return { alice, bob, say };
}

describe('netstat -s of IPv6', () => {
  it('says what was counted in the words and the places of net-tools', async () => {
    const { say } = await spoken();
    const text = await say('netstat -s -6');
    expect(text).toMatch(
      new RegExp(
        'Icmp6:\n    \\d+ ICMP messages received\n    0 input ICMP message failed\n    \\d+ ICMP messages sent\n' +
          '    ICMP input histogram:\n        destination unreachable: 1\n        echo replies: 1\n',
      ),
    );
    // Where no title is in between, a title is indented like what it follows.
    expect(text).toMatch(/\n {8}ICMP output histogram:\n {8}echo requests: 1\n/);
    expect(text).toMatch(/\n {8}Icmp6OutType128: 1\n/);
    expect(text).toContain(
      'Udp6:\n    0 packets received\n    0 packets to unknown port received\n    0 packet receive errors\n    1 packets sent\nTcp:\n',
    );
    expect(await say('netstat -s')).not.toContain('6:');
  });

  it('counts datagrams of each version by themselves', async () => {
    const { bob } = await spoken();
    expect([bob.stack.udp.counters.NoPorts, bob.stack.udp.counters6.NoPorts]).toEqual([0, 1]);
  });
});

describe('nstat', () => {
  it('says what is new since it was last asked, all of it with -a, and also nothing with -z', async () => {
    const { alice, say } = await spoken();
    expect(await say("nstat 'Icmp6InEcho*' Icmp6OutEchos")).toBe(
      '#kernel\nIcmp6InEchoReplies              1                  0.0\nIcmp6OutEchos                   1                  0.0\n',
    );
    expect(await say('nstat')).toBe('#kernel\n');
    alice.stack.icmp6.counters.OutEchos += 5;
    expect(await say('nstat -s')).toBe(
      '#kernel\nIcmp6OutEchos                   5                  0.0\nIcmp6OutType128                 5                  0.0\n',
    );
    expect(await say("nstat -az 'Icmp6OutEcho*'")).toBe(
      '#kernel\nIcmp6OutEchos                   6                  0.0\nIcmp6OutEchoReplies             0                  0.0\n',
    );
    expect(await say('nstat -q')).toBe("nstat: invalid option -- 'q'\n[255]");
  });
});

describe('groups of IPv6', () => {
  it('are shown by ip maddr, the latest first, with the addresses of their frames', async () => {
    const { say } = await spoken();
    expect(await say('ip maddr show dev eth0')).toBe(
      '2:\teth0\n\tlink  01:00:5e:00:00:01\n\tlink  33:33:ff:00:00:01\n\tlink  33:33:00:00:00:01\n' +
        '\tinet  224.0.0.1\n\tinet6 ff02::1:ff00:1 users 2\n\tinet6 ff02::1\n\tinet6 ff01::1\n',
    );
    expect(await say('ip -6 maddr')).toBe(
      '1:\tlo\n\tinet6 ff02::1\n\tinet6 ff01::1\n' +
        '2:\teth0\n\tinet6 ff02::1:ff00:1 users 2\n\tinet6 ff02::1\n\tinet6 ff01::1\n',
    );
    expect(await say('cat /proc/net/igmp6')).toBe(
      '1    lo              ff020000000000000000000000000001     1 0000000C 0\n' +
        '1    lo              ff010000000000000000000000000001     1 00000008 0\n' +
        '2    eth0            ff0200000000000000000001ff000001     2 00000004 0\n' +
        '2    eth0            ff020000000000000000000000000001     1 0000000C 0\n' +
        '2    eth0            ff010000000000000000000000000001     1 00000008 0\n',
    );
  });
});
