import { describe, expect, test } from 'vitest';
import { parseIpv6, writeIpv6Address } from '../src/3-network/index.ts';
import { AF_INET, AF_INET6, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM, type Socket } from '../src/5-session/index.ts';
import { seconds } from '../src/time/index.ts';
import { ERRNO } from '../src/trace/index.ts';
import { Ipv6World, socketOf, to6 } from './ipv6-world.ts';

// What Linux 6.18 answers to the same calls.

const IPPROTO_IPV6 = 41;
const IPV6_HDRINCL = 36;
const [IPV6_RECVPKTINFO, IPV6_PKTINFO, IPV6_RECVTCLASS, IPV6_TCLASS] = [49, 50, 66, 67];
const IP_PKTINFO = 8;
const SO_BINDTODEVICE = 25;
const { EINVAL, ENETUNREACH, ENODEV, ENOPROTOOPT, EMSGSIZE } = ERRNO;
const READ = new Uint8Array(2000);
const X = Uint8Array.of(1);

const int = (value: number) => new Uint8Array(Int32Array.of(value).buffer);

function info6(address: string, index: number): Uint8Array {
  const bytes = new Uint8Array(20);
  writeIpv6Address(new DataView(bytes.buffer), 0, parseIpv6(address)!);
  bytes.set(int(index), 16);
  return bytes;
}

const info4 = (index: number, address: string): Uint8Array =>
  Uint8Array.from([...int(index), ...address.split('.').map(Number), 0, 0, 0, 0]);

/** a with two cables, to b (eth0) and c (eth1); it sends to itself what is to be looked at. */
function twoCables() {
  const world = new Ipv6World();
  const [a, b, c] = [world.machine('a'), world.machine('b'), world.machine('c')];
  world.link(a, b);
  world.link(a, c);
  for (const [link, address] of [
    ['eth0', '2001:db8::1/64'],
    ['eth1', '2001:db8:1::1/64'],
    ['eth0', '10.5.0.1/24'],
    ['eth0', '10.5.0.2/24'],
    ['eth1', '10.6.0.1/24'],
  ] as const) {
    expect(a.addAddress(link, address, false)).toBe(0);
  }
  world.sim.run(seconds(3));
  const sink = socketOf(a, AF_INET6, SOCK_DGRAM);
  expect(sink.bind(to6('::', 9), { privileged: true })).toBe(0);
  /** Who the latest datagram to port 9 came from. */
  const sender = () => {
    world.sim.run(world.sim.now + seconds(1));
    const received = sink.receive(READ, 0);
    if (typeof received === 'number' || received.address?.family !== AF_INET6) return 'elsewhere';
    return received.address.address;
  };
  /** Sends to port 9. @returns who it came from there, or the errno. */
  const from = (socket: Socket, type: number, data: Uint8Array, to: string, level = IPPROTO_IPV6) => {
    const address = to.includes(':') ? to6(to, 9) : ({ family: AF_INET, address: to, port: 9 } as const);
    const result = socket.sendWith([{ level, type, data }], address, () => socket.send(X, 0, address, 0));
    return result < 0 ? result : sender();
  };
  return { world, a, from, sender };
}

describe('IPV6_PKTINFO with a packet', () => {
  const to = '2001:db8::1';
  test.each([
    ['names the address to send from', '2001:db8:1::1', 0, to, '2001:db8:1::1'],
    ['which may be of any interface', '2001:db8:1::1', 2, to, '2001:db8:1::1'],
    ['without an address the machine chooses it', '::', 2, to, to],
    ['refuses an address that is not ours', '2001:db8::7', 0, to, -EINVAL],
    ['refuses a group', 'ff02::1', 0, to, -EINVAL],
    ['refuses a link-local address without an interface', 'fe80::ff:fe00:1', 0, to, -EINVAL],
    ['refuses a link-local address of another interface', 'fe80::ff:fe00:1', 3, to, -EINVAL],
    ['refuses an interface that is not there', '::', 77, to, -ENODEV],
    ['by an interface without a route is unreachable', '::', 3, '2001:db8:7::1', -ENETUNREACH],
    ['names a mapped address to IPv4', '::ffff:10.5.0.2', 0, '::ffff:10.5.0.1', '::ffff:10.5.0.2'],
    ['refuses an IPv6 address to IPv4', '2001:db8::1', 0, '::ffff:10.5.0.1', -EINVAL],
  ])('%s', (_, address, index, destination, expected) => {
    const { a, from } = twoCables();
    const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
    expect(from(socket, IPV6_PKTINFO, info6(address, index), destination)).toBe(expected);
  });

  test('goes before the address that the socket is bound to, and for this packet alone', () => {
    const { a, from, sender } = twoCables();
    const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
    expect(socket.bind(to6('2001:db8::1', 5000), { privileged: true })).toBe(0);
    expect(from(socket, IPV6_PKTINFO, info6('2001:db8:1::1', 0), to)).toBe('2001:db8:1::1');
    expect(socket.send(X, 0, to6(to, 9), 0)).toBe(1);
    expect(sender()).toBe('2001:db8::1');
  });

  test('may not name another interface than SO_BINDTODEVICE, the zone, or the option of the socket', () => {
    const { a, from } = twoCables();
    const bound = socketOf(a, AF_INET6, SOCK_DGRAM);
    expect(bound.setOption(1, SO_BINDTODEVICE, new TextEncoder().encode('eth0\0'))).toBe(0);
    expect(from(bound, IPV6_PKTINFO, info6('::', 3), to)).toBe(-EINVAL);
    const sticky = socketOf(a, AF_INET6, SOCK_DGRAM);
    expect(sticky.setOption(IPPROTO_IPV6, IPV6_PKTINFO, info6('::', 2))).toBe(0);
    expect(from(sticky, IPV6_PKTINFO, info6('::', 3), to)).toBe(-EINVAL);
    const zoned = to6('fe80::99', 9, 3);
    const data = info6('::', 2);
    const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
    const send = () => socket.send(X, 0, zoned, 0);
    expect(socket.sendWith([{ level: IPPROTO_IPV6, type: IPV6_PKTINFO, data }], zoned, send)).toBe(-EINVAL);
  });
});

test('IPV6_RECVPKTINFO tells where a packet was sent to and where it came in, IPV6_RECVTCLASS its class', () => {
  const { world, a } = twoCables();
  const sink = socketOf(a, AF_INET6, SOCK_DGRAM);
  expect(sink.bind(to6('::', 10), { privileged: true })).toBe(0);
  for (const name of [IPV6_RECVPKTINFO, IPV6_RECVTCLASS]) sink.setOption(IPPROTO_IPV6, name, int(1));
  const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
  socket.setOption(IPPROTO_IPV6, IPV6_TCLASS, int(0x28));
  const told = (address: string) => {
    expect(socket.send(X, 0, to6(address, 10), 0)).toBe(1);
    world.sim.run(world.sim.now + seconds(1));
    return sink.receive(READ, 0);
  };
  const info = (address: string) => ({ address, interface: 1 });
  expect(told('2001:db8:1::1')).toMatchObject({ packetInfo: info('2001:db8:1::1'), trafficClass: 0x28 });
  expect(told('::ffff:10.6.0.1')).toMatchObject({ packetInfo: info('::ffff:10.6.0.1') });
});

describe('IPV6_PKTINFO of a socket', () => {
  test('names the interface to send by; Linux does not heed the address', () => {
    const { world, a } = twoCables();
    const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
    expect(socket.setOption(IPPROTO_IPV6, IPV6_PKTINFO, info6('2001:db8:1::1', 3))).toBe(0);
    expect(socket.send(X, 0, to6('fe80::9', 9), 0)).toBe(1);
    expect(socket.send(X, 0, to6('2001:db8::9', 9), 0)).toBe(-ENETUNREACH);
    world.sim.run(world.sim.now + seconds(0.5));
    const asked = world.record.events.filter(
      (event) => event.kind === 'frame-sent' && event.reason === 'ndisc.solicitation' && event.node === 'a',
    );
    expect(asked.map((event) => (event.kind === 'frame-sent' ? event.port : ''))).toEqual(['eth1']);
  });

  test('is written alone; an interface that is not there is unreachable', () => {
    const { a } = twoCables();
    const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
    const set = (value: Uint8Array) => socket.setOption(IPPROTO_IPV6, IPV6_PKTINFO, value);
    expect(socket.getOption(IPPROTO_IPV6, IPV6_PKTINFO, 20)).toBe(-ENOPROTOOPT);
    expect([set(new Uint8Array(0)), set(new Uint8Array(19)), set(info6('::', 77))]).toEqual([
      -EINVAL,
      -EINVAL,
      0,
    ]);
    expect(socket.send(X, 0, to6('2001:db8::9', 9), 0)).toBe(-ENETUNREACH);
    expect(set(info6('::', 0))).toBe(0);
    expect(socket.send(X, 0, to6('2001:db8::9', 9), 0)).toBe(1);
  });

  test('has to agree with SO_BINDTODEVICE; streams do not heed it', () => {
    const { a } = twoCables();
    const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
    socket.setOption(1, SO_BINDTODEVICE, new TextEncoder().encode('eth0\0'));
    expect(socket.setOption(IPPROTO_IPV6, IPV6_PKTINFO, info6('::', 3))).toBe(-EINVAL);
    expect(socketOf(a, AF_INET6, SOCK_STREAM).setOption(IPPROTO_IPV6, IPV6_PKTINFO, info6('::', 77))).toBe(0);
  });
});

describe('IP_PKTINFO with a packet', () => {
  test.each([
    ['names the address to send from', 0, '10.6.0.1', '10.5.0.1', '::ffff:10.6.0.1'],
    ['without an address the routes choose it', 2, '0.0.0.0', '10.5.0.1', '::ffff:10.5.0.1'],
    ['refuses an address that is not ours', 0, '10.7.0.2', '10.5.0.1', -ENETUNREACH],
    ['refuses an interface that is not there', 77, '0.0.0.0', '10.5.0.1', -ENODEV],
  ])('%s', (_, index, address, destination, expected) => {
    const { a, from } = twoCables();
    const socket = socketOf(a, AF_INET, SOCK_DGRAM);
    socket.bind({ family: AF_INET, address: '10.5.0.2', port: 0 }, { privileged: true });
    expect(from(socket, IP_PKTINFO, info4(index, address), destination, 0)).toBe(expected);
  });
});

describe('a link-local destination without a zone', () => {
  test('is sent to by the first interface, but not connected or bound to', () => {
    const { a } = twoCables();
    const to = to6('fe80::9', 9);
    expect(socketOf(a, AF_INET6, SOCK_DGRAM).send(X, 0, to, 0)).toBe(1);
    expect(socketOf(a, AF_INET6, SOCK_DGRAM).send(X, 0, to6('fe80::9', 9, 77), 0)).toBe(-ENETUNREACH);
    expect(socketOf(a, AF_INET6, SOCK_DGRAM).connect(to)).toBe(-EINVAL);
    expect(socketOf(a, AF_INET6, SOCK_STREAM).connect(to)).toBe(-EINVAL);
    expect(socketOf(a, AF_INET6, SOCK_DGRAM).bind(to, { privileged: true })).toBe(-EINVAL);
    expect(socketOf(a, AF_INET6, SOCK_RAW, 253).send(X, 0, to6('fe80::9'), 0)).toBe(1);
  });
});

describe('IPV6_HDRINCL', () => {
  const header = (length: number, source = '2001:db8::1') => {
    const bytes = new Uint8Array(40 + length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 0x6000_0000);
    view.setUint16(4, length);
    bytes.set([253, 9], 6);
    writeIpv6Address(view, 8, parseIpv6(source)!);
    writeIpv6Address(view, 24, parseIpv6('2001:db8::99')!);
    return bytes;
  };

  test('is on for IPPROTO_RAW, and may be switched on for others', () => {
    const { a } = twoCables();
    const get = (socket: Socket) => socket.getOption(IPPROTO_IPV6, IPV6_HDRINCL, 4);
    const raw = socketOf(a, AF_INET6, SOCK_RAW, 253);
    expect([get(socketOf(a, AF_INET6, SOCK_RAW, 255)), get(raw)]).toEqual([int(1), int(0)]);
    expect(raw.setOption(IPPROTO_IPV6, IPV6_HDRINCL, int(1))).toBe(0);
    expect(get(raw)).toEqual(int(1));
    expect(raw.getOption(0, 3, 4)).toBe(-ENOPROTOOPT);
    expect(socketOf(a, AF_INET6, SOCK_DGRAM).setOption(IPPROTO_IPV6, IPV6_HDRINCL, int(1))).toBe(
      -ENOPROTOOPT,
    );
  });

  test('sends what the program wrote as it is, to where it says beside', () => {
    const { world, a } = twoCables();
    const raw = socketOf(a, AF_INET6, SOCK_RAW, 255);
    const strange = header(10, '2001:db8:ffff::1');
    expect(raw.send(strange, 0, to6('2001:db8::2'), 0)).toBe(50);
    expect(raw.send(new Uint8Array(39), 0, to6('2001:db8::2'), 0)).toBe(-EINVAL);
    expect(raw.send(header(1461), 0, to6('2001:db8::2'), 0)).toBe(-EMSGSIZE);
    // Somebody answers for it.
    a.ip6
      .on(a.interface('eth0')!)
      ?.neighbours?.learn(parseIpv6('2001:db8::2')!, a.interface('eth0')!.mac, true, true, true);
    const sent = world.record.events.find(
      (event) => event.kind === 'frame-sent' && event.reason === 'raw.data',
    );
    if (sent?.kind !== 'frame-sent') throw new Error('nothing was sent');
    expect(world.record.bytes(sent).subarray(14, 64)).toEqual(strange);
  });
});
