import { describe, expect, test } from 'vitest';
import { twoStacks } from '../../test/two-stacks.ts';
import { Port } from '../1-physical/index.ts';
import { parseMac } from '../2-datalink/index.ts';
import { checksumOf, parseIpv4, sumBytes } from '../3-network/index.ts';
import { seconds } from '../time/index.ts';
import { ERRNO, type FrameSent } from '../trace/index.ts';
import * as linux from './constants.ts';
import { ints } from './option-table.ts';
import type { Socket, SocketAddress } from './socket-types.ts';
import type { Stack } from './stack.ts';

const ROOT = { privileged: true };
const at = (address: string, port: number): SocketAddress => ({ family: 2, address, port });
const bytes = (text: string) => new TextEncoder().encode(text);

function datagram(stack: Stack, port?: number, address = '0.0.0.0', ...options: number[]): Socket {
  const socket = stack.socket(linux.AF_INET, linux.SOCK_DGRAM, 0) as Socket;
  for (const option of options) socket.setOption(linux.SOL_SOCKET, option, ints(1));
  if (port !== undefined) expect(socket.bind(at(address, port), ROOT)).toBe(0);
  return socket;
}

function receive(socket: Socket, flags = 0) {
  const into = new Uint8Array(2000);
  const received = socket.receive(into, flags);
  if (typeof received === 'number') return received;
  return { text: new TextDecoder().decode(into.subarray(0, received.length)), ...received };
}

/** Sends the datagram `x` to port 9000 of the other machine, in a packet with 3 bytes more. */
function forge({ pool, ip }: Stack, checksum: number): void {
  const frame = pool.take(12);
  frame.end = frame.start + 12;
  const words = [1, 9000, 9, checksum, 0x7800 + 0x79, 0x797a];
  for (const [i, word] of words.entries()) frame.view.setUint16(frame.start + i * 2, word);
  ip.send(frame, parseIpv4('10.0.0.1')!, parseIpv4('10.0.0.2')!, 17);
}

describe('a datagram', () => {
  test('names the system call that wrote it', () => {
    const { sim, record, client } = twoStacks();
    datagram(client).send(bytes('x'), 0, at('10.0.0.2', 9), 7);
    sim.run(seconds(1));
    const frame = record.events.find((event) => event.kind === 'frame-sent' && event.reason === 'udp.data');
    expect(frame).toMatchObject({ node: 'client', origins: [7] });
  });

  test('to a broadcast address reaches every socket at the port, on this machine too', () => {
    const { sim, client, server } = twoStacks();
    const own = datagram(client, 67);
    const sharers = [1, 2].map(() => datagram(server, 67, '0.0.0.0', linux.SO_REUSEADDR));
    const bound = datagram(server, 67, '10.0.0.255', linux.SO_REUSEADDR);
    const other = datagram(server, 67, '127.0.0.1', linux.SO_REUSEADDR);
    const sender = datagram(client);
    expect(sender.send(bytes('all'), 0, at('10.0.0.255', 67), 0)).toBe(-ERRNO.EACCES);
    sender.setOption(linux.SOL_SOCKET, linux.SO_BROADCAST, ints(1));
    expect(sender.send(bytes('all'), 0, at('10.0.0.255', 67), 0)).toBe(3);
    sim.run(seconds(1));
    for (const socket of [own, ...sharers, bound]) {
      expect(receive(socket)).toMatchObject({ text: 'all', address: { address: '10.0.0.1' } });
    }
    expect(receive(other)).toBe(-ERRNO.EAGAIN);
    expect(bound.send(bytes('back'), 0, at('10.0.0.1', 67), 0)).toBe(4);
    sim.run(seconds(2));
    expect(receive(own)).toMatchObject({ text: 'back', address: { address: '10.0.0.2' } });
  });

  test('from 127.0.0.1 does not leave the machine: EINVAL', () => {
    const { sim, record, client } = twoStacks();
    const socket = datagram(client, 9000, '127.0.0.1');
    expect(socket.send(bytes('x'), 0, at('10.0.0.2', 9), 0)).toBe(-ERRNO.EINVAL);
    expect(socket.connect(at('10.0.0.2', 9))).toBe(-ERRNO.EINVAL);
    expect(socket.connect(at('10.0.0.1', 9))).toBe(0);
    client.addRoute({ destination: '0.0.0.0/0', via: '10.0.0.2' });
    expect(socket.connect(at('224.0.0.1', 9))).toBe(0);
    for (const to of ['10.0.0.1', '224.0.0.1']) expect(socket.send(bytes('x'), 0, at(to, 9000), 0)).toBe(1);
    sim.run(seconds(1));
    expect(record.events.some((event) => event.kind === 'frame-sent' && event.port === 'eth0')).toBe(false);
  });

  test('to 255.255.255.255 needs a route or an interface to go by', () => {
    const { sim, client, server } = twoStacks();
    const listener = datagram(server, 67);
    // The route is asked for before the permission to broadcast, as Linux does.
    expect(datagram(client).send(bytes('x'), 0, at('255.255.255.255', 67), 0)).toBe(-ERRNO.ENETUNREACH);
    const sender = datagram(client, 68, '0.0.0.0', linux.SO_BROADCAST);
    expect(sender.send(bytes('x'), 0, at('255.255.255.255', 67), 0)).toBe(-ERRNO.ENETUNREACH);
    sender.setOption(linux.SOL_SOCKET, linux.SO_BINDTODEVICE, bytes('eth0\0'));
    expect(sender.send(bytes('x'), 0, at('255.255.255.255', 67), 0)).toBe(1);
    sim.run(seconds(1));
    expect(receive(listener)).toMatchObject({ text: 'x' });
  });

  test('that finds the receive buffer full is lost, counted and recorded', () => {
    const { sim, record, client, server } = twoStacks();
    const slow = datagram(server, 9000);
    slow.setOption(linux.SOL_SOCKET, linux.SO_RCVBUF, ints(2000));
    const sender = datagram(client);
    for (let i = 0; i < 10; i++) sender.send(bytes(`${i}`), 0, at('10.0.0.2', 9000), 0);
    sim.run(seconds(1));
    let kept = 0;
    while (typeof receive(slow) !== 'number') kept++;
    // 4000 bytes hold four of 832, which is what Linux counts for each.
    expect(kept).toBe(4);
    expect(server.udp.counters).toMatchObject({ InDatagrams: 4, InErrors: 6, RcvbufErrors: 6 });
    expect(server.tracer.drops.get('udp.buffer-full')).toBe(6);
    expect(record.events.filter((event) => event.kind === 'frame-dropped')).toHaveLength(6);
    sender.send(bytes('again'), 0, at('10.0.0.2', 9000), 0);
    sim.run(seconds(2));
    expect(receive(slow)).toMatchObject({ text: 'again' });
  });

  test.each([
    [1, 256],
    [197, 256],
    [198, 166],
    [645, 166],
    [646, 92],
    [5000, 25],
    [60_000, 3],
  ])('of %i bytes fits %i times into the default buffer, as on Linux 6.18', (size, count) => {
    const { sim, client } = twoStacks();
    const slow = datagram(client, 9000);
    const sender = datagram(client);
    for (let i = 0; i < count + 2; i++) sender.send(new Uint8Array(size), 0, at('127.0.0.1', 9000), 0);
    sim.run(seconds(1));
    expect(client.udp.counters).toMatchObject({ InDatagrams: count, RcvbufErrors: 2 });
    slow.close();
  });

  test.each([
    [linux.AF_INET, '127.0.0.1', 65_507],
    [linux.AF_INET6, '::1', 65_527],
  ] as const)('of family %i to %s may have %i bytes; more is EMSGSIZE', (family, address, most) => {
    const socket = twoStacks().client.socket(family, linux.SOCK_DGRAM, 0) as Socket;
    const to = { family, address, port: 9, flowInfo: 0, scopeId: 0 } as SocketAddress;
    expect(socket.send(new Uint8Array(most), 0, to, 0)).toBe(most);
    expect(socket.send(new Uint8Array(most + 1), 0, to, 0)).toBe(-ERRNO.EMSGSIZE);
  });

  test('ends where its length says, not with its packet', () => {
    const { sim, client, server } = twoStacks();
    const there = datagram(server, 9000);
    forge(client, 0);
    sim.run(seconds(1));
    expect(receive(there)).toMatchObject({ text: 'x' });
  });

  test('with a wrong checksum is lost, and no port unreachable is sent about it', () => {
    const { sim, client, server } = twoStacks();
    forge(client, 0x1234);
    sim.run(seconds(1));
    expect(server.udp.counters).toMatchObject({ InErrors: 1, InCsumErrors: 1, NoPorts: 0 });
    expect(server.icmp.counters.OutDestUnreachs).toBe(0);
  });

  test('larger than the path’s MTU goes in fragments, or with IP_PMTUDISC_DO is refused and reported', () => {
    const { sim, client, server } = twoStacks();
    const there = datagram(server, 9000);
    const here = datagram(client);
    expect(here.send(new Uint8Array(2000), 0, at('10.0.0.2', 9000), 0)).toBe(2000);
    sim.run(seconds(1));
    expect(receive(there)).toMatchObject({ whole: 2000 });
    expect(client.ip.counters.FragCreates).toBe(2);
    here.setOption(linux.IPPROTO_IP, linux.IP_MTU_DISCOVER, ints(2));
    here.setOption(linux.IPPROTO_IP, linux.IP_RECVERR, ints(1));
    expect(here.send(new Uint8Array(2000), 0, at('10.0.0.2', 9000), 0)).toBe(-ERRNO.EMSGSIZE);
    const error = { errno: ERRNO.EMSGSIZE, origin: 1, info: 1500 };
    expect(receive(here, linux.MSG_ERRQUEUE)).toMatchObject({ error });
    expect(here.poll() & linux.POLLERR).toBe(0);
  });

  test('to a silent neighbour is reported as EHOSTUNREACH to who asks for errors', () => {
    const { sim, client } = twoStacks();
    const socket = datagram(client);
    socket.setOption(linux.IPPROTO_IP, linux.IP_RECVERR, ints(1));
    expect(socket.send(bytes('x'), 0, at('10.0.0.9', 9000), 0)).toBe(1);
    sim.run(seconds(5));
    expect(receive(socket)).toBe(-ERRNO.EHOSTUNREACH);
    expect(receive(socket, linux.MSG_ERRQUEUE)).toMatchObject({ text: 'x', address: at('10.0.0.9', 9000) });
  });
});

describe('an ICMP error about a datagram', () => {
  /** A socket of the client has sent a datagram to the server, which answers by an ICMP error. */
  function met(type: number, code: number, prepare: (socket: Socket) => void) {
    const { sim, record, client, server } = twoStacks();
    datagram(server, 9000);
    const [socket, other] = [datagram(client, 5000), datagram(client, 5001)];
    for (const each of [socket, other]) each.connect(at('10.0.0.2', 9000));
    prepare(socket);
    socket.send(bytes('x'), 0, at('10.0.0.2', 9000), 0);
    sim.run(seconds(1));
    const sent = record.events.find((event) => event.kind === 'frame-sent' && event.reason === 'udp.data');
    const packet = record.bytes(sent as FrameSent).subarray(14);
    const message = server.pool.take(8 + packet.length);
    const { start } = message;
    message.end = start + 8 + packet.length;
    message.bytes.fill(0, start, message.end);
    message.bytes.set([type, code], start);
    message.bytes.set(packet, start + 8);
    message.view.setUint16(start + 2, checksumOf(sumBytes(message.view, start, message.end, 0)));
    server.ip.send(message, parseIpv4('10.0.0.2')!, parseIpv4('10.0.0.1')!, 1);
    sim.run(seconds(2));
    expect(receive(other)).toBe(-ERRNO.EAGAIN);
    return receive(socket);
  }
  const asking = (socket: Socket) => socket.setOption(linux.IPPROTO_IP, linux.IP_RECVERR, ints(1));
  const nothing = () => {};
  const disconnect = (socket: Socket) => socket.connect({ family: linux.AF_UNSPEC });

  test.each([
    ['network unreachable', 3, 0, ERRNO.ENETUNREACH, false],
    ['host unreachable', 3, 1, ERRNO.EHOSTUNREACH, false],
    ['protocol unreachable', 3, 2, ERRNO.ENOPROTOOPT, true],
    ['port unreachable', 3, 3, ERRNO.ECONNREFUSED, true],
    ['fragmentation needed', 3, 4, ERRNO.EMSGSIZE, true],
    ['source route failed', 3, 5, ERRNO.EOPNOTSUPP, false],
    ['host unknown', 3, 7, ERRNO.EHOSTDOWN, true],
    ['time exceeded', 11, 0, ERRNO.EHOSTUNREACH, false],
    ['parameter problem', 12, 0, ERRNO.EPROTO, true],
  ])('%s is told to its socket, if it asks or, for some, is connected', (_what, type, code, errno, hard) => {
    expect(met(type, code, asking)).toBe(-errno);
    expect(met(type, code, nothing)).toBe(-(hard ? errno : ERRNO.EAGAIN));
    expect(met(type, code, disconnect)).toBe(-ERRNO.EAGAIN);
  });

  test('fragmentation needed is not told where fragments are made', () => {
    const cut = (socket: Socket) => {
      asking(socket);
      socket.setOption(linux.IPPROTO_IP, linux.IP_MTU_DISCOVER, ints(0));
    };
    expect(met(3, 4, cut)).toBe(-ERRNO.EAGAIN);
  });
});

describe('a datagram socket', () => {
  test('below port 1024 is for the privileged', () => {
    const { client } = twoStacks();
    const socket = client.socket(linux.AF_INET, linux.SOCK_DGRAM, 0) as Socket;
    expect(socket.bind(at('0.0.0.0', 1023), { privileged: false })).toBe(-ERRNO.EACCES);
    expect(socket.bind(at('0.0.0.0', 1024), { privileged: false })).toBe(0);
    expect(socket.bind(at('0.0.0.0', 80), { privileged: false })).toBe(-ERRNO.EACCES);
  });

  test('takes an ephemeral port that the seed decides', () => {
    const port = (seed: number) => {
      const socket = datagram(twoStacks(seed).client, 0);
      return socket.localAddress().port;
    };
    expect(port(1)).toBe(port(1));
    const ports = [1, 2, 3, 4].map(port);
    expect(new Set(ports).size).toBe(4);
    for (const each of ports) expect(each >= 32_768 && each <= 60_999).toBe(true);
  });

  test('when all ephemeral ports are taken, binding to any is EADDRINUSE and sending is EAGAIN', () => {
    const { client } = twoStacks();
    client.sysctl.set('net.ipv4.ip_local_port_range.low', 40_000);
    client.sysctl.set('net.ipv4.ip_local_port_range.high', 40_003);
    const sockets = [1, 2, 3, 4].map(() => datagram(client, 0));
    const socket = client.socket(linux.AF_INET, linux.SOCK_DGRAM, 0) as Socket;
    expect(socket.bind(at('0.0.0.0', 0), ROOT)).toBe(-ERRNO.EADDRINUSE);
    expect(socket.send(bytes('x'), 0, at('10.0.0.2', 9), 0)).toBe(-ERRNO.EAGAIN);
    sockets[0]?.close();
    expect(socket.bind(at('0.0.0.0', 0), ROOT)).toBe(0);
  });

  test('refuses addresses of another family', () => {
    const { client } = twoStacks();
    const socket = datagram(client);
    const six = { family: 10, address: '::1', port: 9 } as unknown as SocketAddress;
    expect(socket.bind(six, ROOT)).toBe(-ERRNO.EAFNOSUPPORT);
    expect(socket.connect(six)).toBe(-ERRNO.EAFNOSUPPORT);
    expect(socket.send(bytes('x'), 0, six, 0)).toBe(-ERRNO.EAFNOSUPPORT);
  });

  test('in a SO_REUSEPORT group each flow always falls to the same member, and all get some', () => {
    const { sim, client, server } = twoStacks();
    const group = [1, 2, 3].map(() => datagram(server, 53, '0.0.0.0', linux.SO_REUSEPORT));
    const counts = group.map(() => 0);
    for (let flow = 0; flow < 30; flow++) {
      const sender = datagram(client, 0);
      for (let i = 0; i < 3; i++) sender.send(bytes('q'), 0, at('10.0.0.2', 53), 0);
      sim.run(sim.now + seconds(1));
      const got = group.map((socket) => {
        let n = 0;
        while (typeof receive(socket) !== 'number') n++;
        return n;
      });
      expect([...got].sort()).toEqual([0, 0, 3]);
      got.forEach((n, i) => {
        counts[i]! += n;
      });
    }
    expect(counts.every((n) => n > 0)).toBe(true);
  });

  test('tells the TTL of what it received when IP_RECVTTL is set, and IP_TTL sets what it sends', () => {
    const { sim, client, server } = twoStacks();
    const there = datagram(server, 9000);
    there.setOption(linux.IPPROTO_IP, linux.IP_RECVTTL, ints(1));
    const here = datagram(client);
    here.setOption(linux.IPPROTO_IP, linux.IP_TTL, ints(5));
    here.send(bytes('x'), 0, at('10.0.0.2', 9000), 0);
    sim.run(seconds(1));
    expect(receive(there)).toMatchObject({ ttl: 5 });
  });

  test('tells with IP_PKTINFO where a datagram was sent to, with IP_RECVTOS its type of service', () => {
    const { sim, client, server } = twoStacks();
    server.addAddress('eth0', '10.0.0.3/24');
    const there = datagram(server, 9000);
    there.setOption(linux.IPPROTO_IP, linux.IP_PKTINFO, ints(1));
    there.setOption(linux.IPPROTO_IP, linux.IP_RECVTOS, ints(1));
    const here = datagram(client);
    here.setOption(linux.IPPROTO_IP, linux.IP_TOS, ints(0x28));
    here.send(bytes('x'), 0, at('10.0.0.3', 9000), 0);
    sim.run(seconds(1));
    const packetInfo = { address: '10.0.0.3', interface: 2 };
    expect(receive(there)).toMatchObject({ packetInfo, trafficClass: 0x28 });
  });

  test('sends from the address of the way to its peer, of the interface that it is bound to, or its own; connecting tells', () => {
    const { sim, client, server } = twoStacks();
    client.addPort(new Port('eth1', client.tracer, client.pool), { mac: parseMac('02:00:00:00:00:03')! });
    client.addAddress('eth1', '10.1.0.1/24');
    const there = datagram(server, 9);
    const source = (socket: Socket) => {
      expect(socket.connect(at('10.0.0.2', 9))).toBe(0);
      return socket.localAddress().address;
    };
    expect(source(datagram(client))).toBe('10.0.0.1');
    const named = datagram(client, 0, '10.1.0.1');
    expect(source(named)).toBe('10.1.0.1');
    named.send(bytes('x'), 0, null, 0);
    sim.run(seconds(1));
    expect(receive(there)).toMatchObject({ address: named.localAddress() });
    const bound = datagram(client);
    bound.setOption(linux.SOL_SOCKET, linux.SO_BINDTODEVICE, bytes('eth1\0'));
    expect(source(bound)).toBe('10.1.0.1');
  });

  test('sends with IP_OPTIONS, and tells with IP_RECVOPTS what came and with IP_RETOPTS what an answer would bear', () => {
    const { sim, client, server } = twoStacks();
    const there = datagram(server, 9000);
    there.setOption(linux.IPPROTO_IP, linux.IP_RECVOPTS, ints(1));
    there.setOption(linux.IPPROTO_IP, linux.IP_RETOPTS, ints(1));
    const here = datagram(client);
    // Router alert, and a route with two places.
    const options = Uint8Array.of(148, 4, 0, 0, 7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0);
    expect(here.setOption(linux.IPPROTO_IP, linux.IP_OPTIONS, options)).toBe(0);
    expect(here.getOption(linux.IPPROTO_IP, linux.IP_OPTIONS, 40)).toEqual(Uint8Array.of(...options, 0));
    here.send(bytes('x'), 0, at('10.0.0.2', 9000), 0);
    sim.run(seconds(1));
    const route = [7, 11, 12, 10, 0, 0, 1, 10, 0, 0, 2];
    expect(receive(there)).toMatchObject({
      options: Uint8Array.of(148, 4, 0, 0, ...route, 0),
      returnOptions: Uint8Array.of(...route, 0),
    });
    expect(here.setOption(linux.IPPROTO_IP, linux.IP_OPTIONS, new Uint8Array(0))).toBe(0);
    here.send(bytes('x'), 0, at('10.0.0.2', 9000), 0);
    sim.run(seconds(2));
    expect(receive(there)).not.toHaveProperty('options');
  });

  test.each([
    ['41 bytes', new Uint8Array(41).fill(1), ERRNO.EINVAL],
    ['a length beyond the end', Uint8Array.of(7, 99, 4), ERRNO.EINVAL],
    ['a source route that has begun', Uint8Array.of(131, 7, 8, 10, 0, 0, 9, 0), ERRNO.EINVAL],
  ])('refuses %s of IP_OPTIONS', (_what, options, errno) => {
    const here = datagram(twoStacks().client);
    expect(here.setOption(linux.IPPROTO_IP, linux.IP_OPTIONS, options)).toBe(-errno);
  });

  test('leaves no frame behind when it is closed with datagrams unread', () => {
    const { sim, client, server } = twoStacks();
    const there = datagram(server, 9000);
    const here = datagram(client, 9001);
    here.send(bytes('x'), 0, at('10.0.0.2', 9000), 0);
    sim.run(seconds(1));
    expect(there.readable).toBe(1);
    there.close();
    there.close();
    expect(there.readable).toBe(0);
    expect([...server.udp.entries()]).toEqual([]);
    expect([...client.udp.entries()]).toMatchObject([
      { id: 'udp:1', local: { port: 9001 }, receiveQueue: 0 },
    ]);
  });
});
