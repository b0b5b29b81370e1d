import { seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, twoMachines } from '../../test/lab.ts';
import { type Computer, STUDENT } from '../index.ts';

async function said(bench: Bench, computer: Computer, line: string, uid = 0): Promise<string> {
  const process = computer.run(line, { uid });
  await bench.run(bench.sim.now + seconds(1));
  return process.terminal.text + (process.status === 0 ? '' : `[${process.status}]`);
}

describe('ip', () => {
  it('shows addresses and links as iproute2 does', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    expect(await said(bench, alice, 'ip addr show dev eth0')).toBe(
      [
        '2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP group default qlen 1000',
        '    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff',
        '    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0',
        '       valid_lft forever preferred_lft forever',
        '',
      ].join('\n'),
    );
    expect(await said(bench, alice, 'ip l')).toContain(
      '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\n',
    );
  });

  it('shows routes and neighbours', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    await said(bench, alice, 'ping -c 1 10.0.0.2');
    expect(await said(bench, alice, 'ip route')).toBe(
      '10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1 \n',
    );
    expect(await said(bench, alice, 'ip neigh')).toBe(
      '10.0.0.2 dev eth0 lladdr 02:00:00:00:00:02 REACHABLE \n',
    );
    expect(await said(bench, alice, 'arp -n')).toBe(
      [
        'Address                  HWtype  HWaddress           Flags Mask            Iface',
        '10.0.0.2                 ether   02:00:00:00:00:02   C                     eth0',
        '',
      ].join('\n'),
    );
    expect(await said(bench, alice, 'ip neigh del 10.0.0.2 dev eth0')).toBe('');
    expect(await said(bench, alice, 'arp -n')).toBe('');
  });

  it('changes addresses, routes and links, and the stack follows', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    expect(await said(bench, alice, 'ip addr add 172.16.0.1/16 dev eth0')).toBe('');
    expect(await said(bench, alice, 'ip route add 10.9.0.0/16 via 10.0.0.2 metric 5')).toBe('');
    expect(await said(bench, alice, 'ip route add default via 172.16.0.9 dev eth0')).toBe('');
    expect(await said(bench, alice, 'netstat -rn')).toBe(
      [
        'Kernel IP routing table',
        'Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface',
        '0.0.0.0         172.16.0.9      0.0.0.0         UG        0 0          0 eth0',
        '10.0.0.0        0.0.0.0         255.255.255.0   U         0 0          0 eth0',
        '10.9.0.0        10.0.0.2        255.255.0.0     UG        0 0          0 eth0',
        '172.16.0.0      0.0.0.0         255.255.0.0     U         0 0          0 eth0',
        '',
      ].join('\n'),
    );
    expect(await said(bench, alice, 'ip route del 10.9.0.0/16')).toBe('');
    expect(await said(bench, alice, 'ip link set eth0 down')).toBe('');
    expect(await said(bench, alice, 'ip route')).toBe('');
    expect(await said(bench, alice, 'ip link show eth0')).toContain(
      '<BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN',
    );
  });

  it.each([
    ['ip foo', 'Object "foo" is unknown, try "ip help".\n[1]'],
    ['ip addr foo', 'Command "foo" is unknown, try "ip address help".\n[255]'],
    ['ip addr show nope', 'Device "nope" does not exist.\n[1]'],
    ['ip addr add foo dev lo', 'Error: any valid prefix is expected rather than "foo".\n[1]'],
    ['ip addr add 1.2.3.4/24 dev nope', 'Cannot find device "nope"\n[1]'],
    ['ip addr add 10.0.0.1/24 dev eth0', 'Error: ipv4: Address already assigned.\n[2]'],
    ['ip route add 1.2.3.0/24 via 9.9.9.9', 'Error: Nexthop has invalid gateway.\n[2]'],
    ['ip route del 1.2.3.0/24', 'RTNETLINK answers: No such process\n[2]'],
    ['ip -x addr', 'Option "-x" is unknown, try "ip -help".\n[255]'],
  ])('%s', async (line, answer) => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    expect(await said(bench, alice, line)).toBe(answer);
  });

  it('lets only root change anything', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    expect(await said(bench, alice, 'ip link set eth0 down', 1000)).toBe(
      'RTNETLINK answers: Operation not permitted\n[2]',
    );
  });
});

describe('netstat', () => {
  it('counts what the interfaces and protocols did', async () => {
    const bench = new Bench();
    const { alice } = twoMachines(bench);
    await said(bench, alice, 'ping -c 1 10.0.0.2');
    expect(await said(bench, alice, 'netstat -i')).toBe(
      [
        'Kernel Interface table',
        'Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg',
        'eth0             1500        2      0      0 0             2      0      0      0 BMRU',
        'lo              65536        0      0      0 0             0      0      0      0 LRU',
        '',
      ].join('\n'),
    );
    const counters = await said(bench, alice, 'netstat -s');
    expect(counters).toContain('Ip:\n    Forwarding: 2\n    1 total packets received\n');
    expect(counters).toContain('    ICMP input histogram:\n        echo replies: 1\n');
    expect(await said(bench, alice, 'netstat -su')).toMatch(/^Udp:\n {4}0 packets received\n/);
  });
});

describe('ls', () => {
  it('lists names, or with -l what they are', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const owner = STUDENT;
    computer.files.put('/home/student/server.py', 'import socket\n', { owner });
    computer.files.put('/home/student/.hidden', '', { owner, mode: 0o600 });
    computer.files.makeDirectories('/home/student/sub', owner);
    expect(await said(bench, computer, 'ls', 1000)).toBe('server.py  sub\n');
    expect(await said(bench, computer, 'ls -la', 1000)).toBe(
      [
        'total 16',
        'drwxr-xr-x 3 student student 4096 Jan  1 00:00 .',
        'drwxr-xr-x 3 root    root    4096 Jan  1 00:00 ..',
        '-rw------- 1 student student    0 Jan  1 00:00 .hidden',
        '-rw-r--r-- 1 student student   14 Jan  1 00:00 server.py',
        'drwxr-xr-x 2 student student 4096 Jan  1 00:00 sub',
        '',
      ].join('\n'),
    );
    expect(await said(bench, computer, 'ls /nope /root', 1000)).toBe(
      "ls: cannot access '/nope': No such file or directory\nls: cannot open directory '/root': Permission denied\n[2]",
    );
  });

  it('sets many names in columns', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    for (let i = 10; i < 40; i++) computer.files.put(`/tmp/file-${i}`, '');
    const lines = (await said(bench, computer, 'ls /tmp')).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^file-10 {2}file-1[4-6] {2}/);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });
});

describe('the small commands', () => {
  it.each([
    ['cat /etc/hostname /nope', 'alice\ncat: /nope: No such file or directory\n[1]'],
    ['cat -n /etc/hostname', '     1\talice\n'],
    ["echo -n 'no newline'", 'no newline'],
    ["echo -e 'a\\tb'", 'a\tb\n'],
    ['echo 안녕 세상', '안녕 세상\n'],
    ['hostname', 'alice\n'],
    ['true', ''],
    ['false', '[1]'],
    ['sleep abc', "sleep: invalid time interval 'abc'\n[1]"],
    ['kill -BAD 1', 'kill: unknown signal; kill -l lists them\n[1]'],
    ['kill 4242', 'kill: (4242): No such process\n[1]'],
    ['ps', '    PID TTY          TIME CMD\n    100 pts/0    00:00:00 ps\n'],
    [
      'ps -ef',
      'UID          PID    PPID  C STIME TTY          TIME CMD\nroot         100       1  0 00:00 pts/0    00:00:00 ps -ef\n',
    ],
    ['kill --help', 'Usage: kill [-SIGNAL] PID...    kill -l\n'],
    ['cat --help', 'Usage: cat [-n] [FILE]...\n'],
  ])('%s', async (line, answer) => {
    const bench = new Bench();
    expect(await said(bench, bench.computer(), line)).toBe(answer);
  });

  it('cat without a file copies what is typed until Ctrl-D', async () => {
    const bench = new Bench();
    const cat = bench.computer().run('cat');
    await bench.run();
    cat.terminal.enter('가나다');
    cat.terminal.end();
    await bench.run();
    expect(cat.terminal.text).toBe('가나다\n가나다\n');
    expect(cat.status).toBe(0);
  });
});
