import { describe, expect, test } from 'vitest';
import { formatIp, ipv6Codec, ipv6Extensions, parseIpv6, writeIpv6Address } from '../src/3-network/index.ts';
import { AF_INET6, IPPROTO_ICMPV6, SOCK_DGRAM, SOCK_STREAM, type Socket } from '../src/5-session/index.ts';
import { seconds } from '../src/time/index.ts';
import { ERRNO } from '../src/trace/index.ts';
import { Ipv6World, socketOf, to6 } from './ipv6-world.ts';

// What Linux 6.18 answers to the same calls, and what it sends.

const IPV6 = 41;
const [HOPOPTS, RTHDRDSTOPTS, RTHDR, DSTOPTS] = [54, 55, 57, 59];
const [RECVHOPOPTS, RECVRTHDR, RECVDSTOPTS] = [53, 56, 58];
const [RECVPATHMTU, PATHMTU, DONTFRAG, MTU, MTU_DISCOVER, RECVERR] = [60, 61, 62, 24, 23, 25];
const [RECVHOPLIMIT, UNICAST_HOPS] = [51, 16];
const MSG_ERRQUEUE = 0x2000;
const { EAGAIN, EINVAL, EMSGSIZE, ENOPROTOOPT, ENOTCONN, EPERM } = ERRNO;

const A = '2001:db8::a';
const B = '2001:db8::b';
const C = '2001:db8::c';
const NOBODY = { privileged: false };
const READ = new Uint8Array(4000);

const int = (value: number) => new Uint8Array(Int32Array.of(value).buffer);

/** A header of 8 bytes with one option of four zeros. */
const header = (option: number): Uint8Array => Uint8Array.of(0, 0, option, 4, 0, 0, 0, 0);

/** A segment routing header; `::` where the packet's destination will stand. */
function route(left: number, last: number, segments: readonly string[], tlvs: readonly number[] = []) {
  const bytes = new Uint8Array(8 + 16 * segments.length + tlvs.length);
  bytes.set([0, bytes.length / 8 - 1, 4, left, last]);
  for (const [i, segment] of segments.entries()) {
    writeIpv6Address(new DataView(bytes.buffer), 8 + 16 * i, parseIpv6(segment)!);
  }
  bytes.set(tlvs, 8 + 16 * segments.length);
  return bytes;
}

/** a, b and c on one link; b has a socket that is told of every header. */
function three() {
  const world = new Ipv6World();
  const [a, b, c] = [world.machine('a'), world.machine('b'), world.machine('c')];
  world.lan(a, b, c);
  for (const [stack, address] of [
    [a, A],
    [b, B],
    [c, C],
  ] as const) {
    expect(stack.addAddress('eth0', `${address}/64`, false)).toBe(0);
  }
  const run = () => world.sim.run(world.sim.now + seconds(1));
  run();
  const sink = socketOf(b, AF_INET6, SOCK_DGRAM);
  expect(sink.bind(to6('::', 9), { privileged: true })).toBe(0);
  for (const name of [RECVHOPOPTS, RECVRTHDR, RECVDSTOPTS]) sink.setOption(IPV6, name, int(1));
  /** The headers of what has come: the control messages' types, and the third byte of each. */
  const came = (): string | number => {
    run();
    const got = sink.receive(READ, 0);
    if (typeof got === 'number') return got;
    return (got.extensions ?? []).map(({ type, data }) => `${type}:${data[2]}`).join(' ');
  };
  const socket = socketOf(a, AF_INET6, SOCK_DGRAM);
  const set = (name: number, value: Uint8Array, by?: { privileged: boolean }) =>
    socket.setOption(IPV6, name, value, by);
  const get = (name: number, length = 100) => socket.getOption(IPV6, name, length);
  const send = (bytes = 1, to = B) => socket.send(new Uint8Array(bytes), 0, to6(to, 9), 0);
  const sendWith = (type: number, data: Uint8Array, by?: { privileged: boolean }) =>
    socket.sendWith([{ level: IPV6, type, data }], to6(B, 9), () => send(), by);
  /** The packets that a sent, of one reason: destination, next headers to the last, payload length. */
  const sent = (reason: string): string[] =>
    world.record.events
      .filter((event) => event.kind === 'frame-sent')
      .filter((event) => event.node === 'a' && event.reason === reason)
      .map((event) => describePacket(world.record.bytes(event).subarray(14)));
  return { a, b, c, run, sink, socket, set, get, send, sendWith, came, sent };
}

function describePacket(packet: Uint8Array): string {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const chain: number[] = [];
  let protocol = ipv6Codec.readNextHeader(view, 0);
  for (let at = 40; ; ) {
    chain.push(protocol);
    if (!ipv6Extensions.isExtension(protocol)) break;
    const fragment = protocol === ipv6Extensions.FRAGMENT;
    protocol = view.getUint8(at);
    if (fragment && ipv6Extensions.readFragmentOffset6(view, at) > 0) break;
    at += fragment ? 8 : ipv6Extensions.readExtensionLength(view, at);
  }
  const to = formatIp(ipv6Codec.readDestination(view, 0, 0));
  return `${to} ${chain.join('-')} ${ipv6Codec.readPayloadLength(view, 0)}`;
}

describe('extension headers of a socket (RFC 3542 sections 7–9)', () => {
  test('are none at first; one is as long as it says, and nothing takes it away', () => {
    const { set, get } = three();
    expect(get(HOPOPTS)).toEqual(new Uint8Array(0));
    expect(set(HOPOPTS, Uint8Array.of(...header(1), ...header(2)))).toBe(0);
    expect(get(HOPOPTS)).toEqual(header(1));
    expect(get(HOPOPTS, 4)).toEqual(header(1).subarray(0, 4));
    expect(set(HOPOPTS, new Uint8Array(0))).toBe(0);
    expect(get(HOPOPTS)).toEqual(new Uint8Array(0));
  });

  test.each([
    ['of no multiple of eight bytes', header(1).subarray(0, 7)],
    ['that says more than is there', Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0)],
    ['of one byte', Uint8Array.of(0)],
    ['of 2048 bytes', Uint8Array.of(0, 255, ...new Uint8Array(2046))],
  ])('are refused when one is %s', (_, value) => {
    const { set, get } = three();
    expect(set(DSTOPTS, value)).toBe(-EINVAL);
    expect(get(DSTOPTS)).toEqual(new Uint8Array(0));
  });

  test('are for privileged programs, but for the routing header', () => {
    const { set, sendWith } = three();
    for (const name of [HOPOPTS, RTHDRDSTOPTS, DSTOPTS]) expect(set(name, header(1), NOBODY)).toBe(-EPERM);
    expect(set(HOPOPTS, new Uint8Array(0), NOBODY)).toBe(-EPERM);
    expect(sendWith(DSTOPTS, header(1), NOBODY)).toBe(-EPERM);
    expect(set(RTHDR, route(1, 1, ['::', C]), NOBODY)).toBe(0);
  });

  test('stand in every packet in their order; the other side is told of those that it asks for', () => {
    const { set, send, came, sent } = three();
    expect([set(DSTOPTS, header(0x1e)), set(HOPOPTS, header(0x1d))]).toEqual([0, 0]);
    expect(send()).toBe(1);
    expect(came()).toBe('54:29 59:30');
    expect(sent('udp.data')).toEqual([`${B} 0-60-17 25`]);
  });

  test('for the stations of a route are not sent without one', () => {
    const { set, send, came } = three();
    set(RTHDRDSTOPTS, header(0x1e));
    send();
    expect(came()).toBe('');
  });

  test('are not sent in ping, nor over IPv4', () => {
    const { a, run, sent } = three();
    const ping = socketOf(a, AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
    expect(ping.setOption(IPV6, HOPOPTS, header(0x1e))).toBe(0);
    expect(ping.send(Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 1), 0, to6(B), 0)).toBe(8);
    run();
    expect(sent('icmp.echo-request')).toEqual([`${B} 58 8`]);
  });

  test('with a packet stand in the place of all of the socket; twice hop-by-hop is refused', () => {
    const { socket, set, send, sendWith, came } = three();
    set(HOPOPTS, header(0x1d));
    expect(sendWith(DSTOPTS, header(0x1e))).toBe(1);
    expect(came()).toBe('59:30');
    expect(sendWith(52, int(9))).toBe(1);
    expect(came()).toBe('54:29');
    const twice = [0x1d, 0x1e].map((option) => ({ level: IPV6, type: HOPOPTS, data: header(option) }));
    expect(socket.sendWith(twice, to6(B, 9), () => send())).toBe(-EINVAL);
    for (const type of [RECVHOPOPTS, RECVRTHDR, RECVDSTOPTS, RECVPATHMTU, PATHMTU, RTHDR]) {
      expect(sendWith(type, route(1, 1, ['::', C]))).toBe(-EINVAL);
    }
    expect([sendWith(HOPOPTS, new Uint8Array(0)), sendWith(DSTOPTS, Uint8Array.of(0))]).toEqual([
      -EINVAL,
      -EINVAL,
    ]);
  });

  test('that machines on the way need stand in every fragment; destination options too without a route', () => {
    const { set, send, came, sent } = three();
    set(HOPOPTS, header(0x1d));
    set(DSTOPTS, header(0x1e));
    expect(send(2000)).toBe(2000);
    expect(came()).toBe('54:29 59:30');
    set(HOPOPTS, new Uint8Array(0));
    set(DSTOPTS, header(0x1e));
    set(RTHDRDSTOPTS, header(0x1c));
    set(RTHDR, route(0, 0, ['::']));
    send(2000);
    expect(sent('udp.data')).toEqual([
      `${B} 0-60-44-17 1456`,
      `${B} 0-60-44 600`,
      `${B} 60-43-44-60-17 1456`,
      `${B} 60-43-44 640`,
    ]);
  });

  test('are handed on to connections of a listener, and leave less room for data', () => {
    const { a, b, run, sent } = three();
    const listener = socketOf(b, AF_INET6, SOCK_STREAM);
    listener.setOption(IPV6, DSTOPTS, header(0x1e));
    listener.bind(to6('::', 80), { privileged: true });
    listener.listen(1);
    const client = socketOf(a, AF_INET6, SOCK_STREAM);
    client.setOption(IPV6, HOPOPTS, header(0x1d));
    client.connect(to6(B, 80));
    run();
    const child = listener.accept() as Socket;
    expect(child.getOption(IPV6, DSTOPTS, 100)).toEqual(header(0x1e));
    expect(client.getOption(6, 2, 4)).toEqual(int(1420));
    client.send(new Uint8Array(3000), 0, null, 0);
    run();
    expect(child.receive(READ, 0)).toMatchObject({ length: 3000 });
    expect(sent('tcp.data')[0]).toBe(`${B} 0-6 1460`);
  });
});

describe('a routing header of a socket', () => {
  test.each([
    ['of type 0 (RFC 5095)', route(1, 1, ['::', C]).fill(0, 2, 3)],
    ['of type 2, of Mobile IPv6', route(1, 1, ['::', C]).fill(2, 2, 3)],
    ['with more left than it has', route(2, 1, ['::', C])],
    ['with fewer entries than it says', route(1, 2, ['::', C])],
    ['with a TLV that ends beyond it', route(1, 1, ['::', C], [5, 7, 0, 0, 0, 0, 0, 0])],
  ])('is refused %s; the former stays', (_, value) => {
    const { set, get } = three();
    const good = route(1, 1, ['::', C], [5, 6, 0, 0, 0, 0, 0, 0]);
    expect(set(RTHDR, good)).toBe(0);
    expect(set(RTHDR, value)).toBe(-EINVAL);
    expect(get(RTHDR)).toEqual(good);
  });

  test('takes the packet to its segments first; they go on with it where seg6_enabled says so', () => {
    const { c, set, send, came, sent } = three();
    set(RTHDR, route(1, 1, ['::', C]));
    send();
    expect(came()).toBe(-EAGAIN);
    expect(sent('udp.data')).toEqual([`${C} 43-17 49`]);
    expect([...c.tracer.drops]).toContainEqual(['ipv6.segment-routing-off', 1]);
    for (const name of ['seg6_enabled', 'forwarding']) c.sysctl.set(`net.ipv6.conf.all.${name}`, 1);
    send();
    // b does not take it either.
    expect(came()).toBe(-EAGAIN);
    expect(c.ip6.counters.OutForwDatagrams).toBe(1);
  });

  test('is told of at its end', () => {
    const { b, c, set, send, came } = three();
    for (const { sysctl } of [b, c]) sysctl.set('net.ipv6.conf.all.seg6_enabled', 1);
    c.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    set(RTHDR, route(1, 1, ['::', C]));
    set(DSTOPTS, header(0x1e));
    send();
    expect(came()).toBe('57:4 59:30');
  });

  test('may have segments at one machine, each a hop', () => {
    const { b, c, run, sink, set, send } = three();
    for (const { sysctl } of [b, c]) sysctl.set('net.ipv6.conf.all.seg6_enabled', 1);
    c.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    sink.setOption(IPV6, RECVHOPLIMIT, int(1));
    set(RTHDR, route(3, 3, ['::', C, C, C]));
    send();
    run();
    expect(sink.receive(READ, 0)).toMatchObject({ ttl: 61 });
    set(RTHDR, route(3, 3, ['::', C, C, C]));
    set(UNICAST_HOPS, int(2));
    send();
    run();
    expect(c.ip6.counters.OutForwDatagrams).toBe(1);
    expect([...c.tracer.drops]).toContainEqual(['ip.ttl', 1]);
  });

  test('does not keep an error from its socket: it is about the packet’s last segment', () => {
    const { b, c, socket, set, run } = three();
    for (const { sysctl } of [b, c]) sysctl.set('net.ipv6.conf.all.seg6_enabled', 1);
    c.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    set(RTHDR, route(1, 1, ['::', C]));
    socket.connect(to6(B, 10));
    socket.send(new Uint8Array(1), 0, null, 0);
    run();
    expect(socket.receive(READ, 0)).toBe(-ERRNO.ECONNREFUSED);
  });
});

describe('the path MTU of a socket (RFC 3542 section 11)', () => {
  test('is read when it is connected: IPV6_MTU, IPV6_PATHMTU', () => {
    const { socket, get, set } = three();
    expect([get(MTU), get(PATHMTU), get(PATHMTU, 31)]).toEqual([-ENOTCONN, -ENOTCONN, -EINVAL]);
    socket.connect(to6(B, 9));
    expect(get(MTU)).toEqual(int(1500));
    expect(get(PATHMTU)).toEqual(Uint8Array.of(...new Uint8Array(28), ...int(1500)));
    expect(set(PATHMTU, new Uint8Array(32))).toBe(-ENOPROTOOPT);
  });

  test('IPV6_DONTFRAG refuses what does not fit; IPV6_RECVPATHMTU tells what does, once', () => {
    const { set, get, send, socket } = three();
    expect([set(DONTFRAG, int(5)), get(DONTFRAG), get(MTU_DISCOVER)]).toEqual([0, int(1), int(1)]);
    set(RECVPATHMTU, int(1));
    set(RECVERR, int(1));
    set(HOPOPTS, header(0x1e));
    expect([send(1444), send(1445)]).toEqual([1444, -EMSGSIZE]);
    const address = to6(B, 0);
    expect(socket.receive(READ, 0)).toMatchObject({ length: 0, address, pathMtu: 1492 });
    expect(socket.receive(READ, 0)).toBe(-EAGAIN);
    expect(socket.receive(READ, MSG_ERRQUEUE)).toMatchObject({ error: { info: 1492 } });
  });

  test('IPV6_MTU_DISCOVER alone tells no path MTU; what is no integer leaves IPV6_DONTFRAG off', () => {
    const { set, get, send, socket } = three();
    set(RECVPATHMTU, int(1));
    expect([set(MTU_DISCOVER, int(2)), set(DONTFRAG, Uint8Array.of(1)), get(DONTFRAG)]).toEqual([
      0,
      0,
      int(0),
    ]);
    expect(send(2000)).toBe(-EMSGSIZE);
    expect(socket.receive(READ, 0)).toBe(-EAGAIN);
  });

  test('IPV6_DONTFRAG may go with one packet', () => {
    const { socket, sendWith, send } = three();
    const data = int(1);
    const large = () => send(2000);
    expect(socket.sendWith([{ level: IPV6, type: DONTFRAG, data }], to6(B, 9), large)).toBe(-EMSGSIZE);
    expect(large()).toBe(2000);
    expect(sendWith(DONTFRAG, int(2))).toBe(-EINVAL);
  });

  test('IPV6_MTU is the size of pieces, of what is cut alone; not less than 1280', () => {
    const { set, send, run, sent } = three();
    expect([set(MTU, int(1279)), set(MTU, int(-1)), set(MTU, int(1280))]).toEqual([-EINVAL, -EINVAL, 0]);
    send(1400);
    send(1500);
    run();
    expect(sent('udp.data')).toEqual([`${B} 17 1408`, `${B} 44-17 1240`, `${B} 44 284`]);
    set(DONTFRAG, int(1));
    expect(send(1400)).toBe(-EMSGSIZE);
    set(MTU, int(0));
    expect(send(1400)).toBe(1400);
  });
});
