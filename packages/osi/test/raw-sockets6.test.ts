import { describe, expect, test } from 'vitest';
import * as linux from '../src/5-session/constants.ts';
import { ints } from '../src/5-session/option-table.ts';
import type { Socket } from '../src/5-session/socket-types.ts';
import type { Stack } from '../src/5-session/stack.ts';
import { seconds } from '../src/time/index.ts';
import { ERRNO } from '../src/trace/index.ts';
import { text, u16 } from './frames.ts';
import { bytes6, Ipv6Script, icmp6, US_GLOBAL } from './ipv6-station.ts';
import { Ipv6World, socketOf, to6 } from './ipv6-world.ts';

const A = '2001:db8::a';
const B = '2001:db8::b';
const TESTING = 253;
const ECHO_REQUEST = [128, 0, 0, 0, ...u16(7), ...u16(1), ...text('abcd')];

const raw = (stack: Stack, protocol: number): Socket =>
  socketOf(stack, linux.AF_INET6, linux.SOCK_RAW, protocol);

/** All that waits at a socket: the bytes of each. */
function received(socket: Socket): number[][] {
  const all: number[][] = [];
  const into = new Uint8Array(2000);
  for (;;) {
    const one = socket.receive(into, 0);
    if (typeof one === 'number') return all;
    all.push([...into.subarray(0, one.length)]);
  }
}

function pair() {
  const world = new Ipv6World();
  const [a, b] = [world.machine('a'), world.machine('b')];
  world.link(a, b);
  a.addAddress('eth0', `${A}/64`, false);
  b.addAddress('eth0', `${B}/64`, false);
  const run = () => world.sim.run(world.sim.now + seconds(1));
  run();
  return { world, a, b, run };
}

describe('a raw socket over IPv6', () => {
  test('is for root only, and needs a protocol', () => {
    const { a } = pair();
    const open = (protocol: number, privileged: boolean) =>
      a.socket(linux.AF_INET6, linux.SOCK_RAW, protocol, { privileged });
    expect(open(58, false)).toBe(-ERRNO.EPERM);
    expect(open(0, true)).toBe(-ERRNO.EPROTONOSUPPORT);
  });

  test('of ICMPv6 sends a ping of its own, with a checksum that the machine takes, and sees the answer without a header', () => {
    const { a, run } = pair();
    const socket = raw(a, 58);
    expect(socket.send(Uint8Array.from(ECHO_REQUEST), 0, to6(B), 0)).toBe(ECHO_REQUEST.length);
    run();
    const [answer] = received(socket).filter(([type]) => type === 129);
    expect(answer).toEqual(icmp6(129, ECHO_REQUEST.slice(4), { from: B, to: A }));
  });

  test('of ICMPv6 leaves out what its filter names', () => {
    const { a, b, run } = pair();
    const [all, some] = [raw(b, 58), raw(b, 58)];
    const filter = new Uint8Array(32);
    // Type 128 is the first bit of the fifth word.
    filter[16] = 1;
    expect(some.setOption(linux.IPPROTO_ICMPV6, linux.ICMPV6_FILTER, filter)).toBe(0);
    expect(some.getOption(linux.IPPROTO_ICMPV6, linux.ICMPV6_FILTER, 32)).toEqual(filter);
    raw(a, 58).send(Uint8Array.from(ECHO_REQUEST), 0, to6(B), 0);
    run();
    const types = (socket: Socket) => received(socket).map(([type]) => type);
    expect(types(all)).toContain(128);
    expect(types(some)).not.toContain(128);
  });

  test('of a protocol that nobody else speaks keeps it from being refused', () => {
    const { world, a, b, run } = pair();
    const sender = raw(a, TESTING);
    sender.send(text('who?'), 0, to6(B), 0);
    run();
    expect(world.sent().filter((line) => line === 'b icmp.parameter-problem')).toHaveLength(1);
    const listener = raw(b, TESTING);
    sender.send(text('hello'), 0, to6(B), 0);
    run();
    expect(received(listener)).toEqual([[...text('hello')]]);
    expect(world.sent().filter((line) => line === 'b icmp.parameter-problem')).toHaveLength(1);
  });

  test('writes and checks a checksum of its own where IPV6_CHECKSUM says, and takes nothing that fails it', () => {
    const { a, b, run } = pair();
    const [checked, plain] = [raw(b, TESTING), raw(b, TESTING)];
    expect(checked.setOption(linux.IPPROTO_IPV6, linux.IPV6_CHECKSUM, ints(2))).toBe(0);
    const sender = raw(a, TESTING);
    sender.send(Uint8Array.of(1, 2, 0, 0, 3, 4), 0, to6(B), 0);
    expect(sender.setOption(linux.IPPROTO_IPV6, linux.IPV6_CHECKSUM, ints(2))).toBe(0);
    sender.send(Uint8Array.of(1, 2, 0, 0, 3, 4), 0, to6(B), 0);
    expect(sender.send(Uint8Array.of(1, 2, 3), 0, to6(B), 0)).toBe(-ERRNO.EINVAL);
    run();
    const sum = ones([...bytes6(A), ...bytes6(B), 0, 0, 0, 6, 0, 0, 0, TESTING, 1, 2, 3, 4]);
    expect(received(checked)).toEqual([[1, 2, ...u16(~sum & 0xffff), 3, 4]]);
    expect(received(plain)).toHaveLength(2);
  });

  test.each([
    ['an odd place', TESTING, 3, ERRNO.EINVAL],
    ['the place of ICMPv6', 58, 2, ERRNO.EINVAL],
  ])('takes no %s for IPV6_CHECKSUM', (_what, protocol, at, errno) => {
    const socket = raw(pair().a, protocol);
    expect(socket.setOption(linux.IPPROTO_IPV6, linux.IPV6_CHECKSUM, ints(at))).toBe(-errno);
  });

  test('reads -1 for no checksum; no other socket has one', () => {
    const { a } = pair();
    expect(raw(a, TESTING).getOption(linux.IPPROTO_IPV6, linux.IPV6_CHECKSUM, 4)).toEqual(ints(-1));
    const datagram = socketOf(a, linux.AF_INET6, linux.SOCK_DGRAM);
    expect(datagram.getOption(linux.IPPROTO_IPV6, linux.IPV6_CHECKSUM, 4)).toBe(-ERRNO.ENOPROTOOPT);
  });

  test('is told of errors about what it sent, once it is connected', () => {
    const { a, run } = pair();
    const socket = raw(a, TESTING);
    expect(socket.connect(to6(B))).toBe(0);
    socket.send(text('eight or more'), 0, null, 0);
    run();
    expect(socket.receive(new Uint8Array(9), 0)).toBe(-ERRNO.EPROTO);
  });

  test('gets what comes for its address only, when it is bound', () => {
    const script = new Ipv6Script();
    script.us.addAddress('eth0', '2001:db8::77/64', false);
    const bound = raw(script.us, TESTING);
    expect(bound.bind(to6('2001:db8::77'), { privileged: true })).toBe(0);
    expect(bound.bind(to6('2001:db8::99'), { privileged: true })).toBe(-ERRNO.EADDRNOTAVAIL);
    for (const to of [US_GLOBAL, '2001:db8::77']) script.say({ to, next: TESTING, payload: [9] });
    expect(received(bound)).toEqual([[9]]);
  });
});

/** The one's complement sum of 16-bit words. */
function ones(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return sum;
}
