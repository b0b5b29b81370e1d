import * as linux from '@netarium/osi/5-session';
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

  it('and of IPv4 are shown with their sources by /proc/net/mcfilter6 and mcfilter, and with what waits by igmp6', async () => {
    const { alice, say } = await spoken();
    const { socket } = alice.stack.datagram({ address: '::', port: 0 });
    const storage = (family: number, at: number, address: readonly number[]) => {
      const bytes = new Uint8Array(128);
      bytes[0] = family;
      bytes.set(address, at);
      return bytes;
    };
    const six = (...tail: number[]) => [
      ...tail.slice(0, 2),
      ...new Array<number>(13).fill(0),
      ...tail.slice(2),
    ];
    const only = (family: number, at: number, group: readonly number[], source: readonly number[]) =>
      Uint8Array.from([
        2,
        ...new Array<number>(7).fill(0),
        ...storage(family, at, group),
        ...storage(family, at, source),
      ]);
    const { IPPROTO_IP, IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP } = linux;
    expect(
      socket.setOption(IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, only(10, 8, six(0xff, 5, 7), six(0xfd, 0, 9))),
    ).toBe(0);
    expect(
      socket.setOption(IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, only(2, 4, [239, 1, 2, 3], [10, 0, 0, 2])),
    ).toBe(0);
    expect(await say('cat /proc/net/mcfilter6')).toBe(
      'Idx Device                Multicast Address                   Source Address    INC    EXC\n' +
        '  2   eth0 ff050000000000000000000000000007 fd000000000000000000000000000009      1      0\n',
    );
    expect(await say('cat /proc/net/mcfilter')).toBe(
      'Idx Device        MCA        SRC    INC    EXC\n  2   eth0 0xef010203 0x0a000002      1      0\n',
    );
    alice.stack.sysctl.set('net.ipv6.conf.eth0.force_mld_version', 1);
    expect(
      socket.setOption(
        IPPROTO_IPV6,
        linux.IPV6_JOIN_GROUP,
        Uint8Array.from([...six(0xff, 5, 8), 2, 0, 0, 0]),
      ),
    ).toBe(0);
    // Reported once; the second report waits.
    await say('cat /proc/uptime');
    expect(await say('cat /proc/net/igmp6')).toMatch(
      /^2 {4}eth0 {12}ff050000000000000000000000000008 {5}1 00000007 [1-9]\d*$/m,
    );
  });
});
