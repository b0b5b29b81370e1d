import { describe, expect, test } from 'vitest';
import { AF_INET6, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM, type Socket } from '../src/5-session/index.ts';
import { ERRNO } from '../src/trace/index.ts';
import { u16, u32 } from './frames.ts';
import {
  bytes6,
  hex,
  Ipv6Script,
  icmp6,
  key6,
  THEM,
  THEM_GLOBAL,
  US,
  US_GLOBAL,
  udp6,
} from './ipv6-station.ts';
import { socketOf, to6 } from './ipv6-world.ts';

const ECHO = icmp6(128, [0, 7, 0, 1, 1, 2, 3, 4]);
const ECHO_REPLY = { type: 129, code: 0, source: key6(US_GLOBAL), destination: key6(THEM_GLOBAL) };
const PARAMETER_PROBLEM = 4;

const IPPROTO_IPV6 = 41;
const IPV6_RECVERR = 25;
const IPV6_RECVTCLASS = 66;
/** ECN fields (RFC 3168 section 5). */
const [ECT1, ECT0, CE] = [1, 2, 3];

/** The beginning of a datagram from port 9 to port 9 of the station, as an error about it has it. */
const quoteFrom = (source: string): number[] => {
  const header = [0x60, 0, 0, 0, ...u16(16), 17, 64, ...bytes6(source), ...bytes6(THEM_GLOBAL)];
  return [...header, ...u16(9), ...u16(9), ...u16(16), 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
};

/** A fragment header and a piece. */
const piece = (
  next: number,
  offset: number,
  more: boolean,
  id: number,
  data: readonly number[],
): number[] => [next, 0, ...u16(offset | (more ? 1 : 0)), ...u32(id), ...data];

/** A machine that passes packets on, with no way to 2001:db8:9::/64. */
function router(): Ipv6Script {
  const script = new Ipv6Script();
  script.us.sysctl.set('net.ipv6.conf.all.forwarding', 1);
  script.heard();
  return script;
}

function listener(script: Ipv6Script): Socket {
  const socket = socketOf(script.us, AF_INET6, SOCK_DGRAM);
  expect(socket.bind(to6('::', 9), { privileged: true })).toBe(0);
  return socket;
}

function received(socket: Socket): number[] | number {
  const into = new Uint8Array(5000);
  const got = socket.receive(into, 0);
  return typeof got === 'number' ? got : Array.from(into.subarray(0, got.length));
}

describe('a packet', () => {
  test('of another version, or longer than its frame, goes no further; what follows it in a frame is none of it', () => {
    const script = new Ipv6Script();
    script.say({ version: 4, next: 58, payload: ECHO });
    script.say({ length: ECHO.length + 1, next: 58, payload: ECHO });
    expect(script.told()).toEqual([]);
    expect(script.drops()).toEqual(expect.arrayContaining(['ipv6.version', 'ipv6.payload-length']));
    script.say({ length: ECHO.length, next: 58, payload: [...ECHO, 9, 9] });
    expect(script.told()).toMatchObject([{ ...ECHO_REPLY, rest: [1, 2, 3, 4] }]);
  });

  test('whose next header nobody knows is answered, pointing at that field', () => {
    const script = new Ipv6Script();
    script.say({ next: 253, payload: [1, 2, 3, 4] });
    expect(script.told()).toMatchObject([{ type: PARAMETER_PROBLEM, code: 1, info: 6 }]);
  });

  test('that says "no next header" ends there, without a word', () => {
    const script = new Ipv6Script();
    script.say({ next: 59, payload: [1, 2, 3, 4] });
    expect(script.told()).toEqual([]);
  });

  test('with hop-by-hop options behind another header is answered, pointing at what named them', () => {
    const script = new Ipv6Script();
    script.say({ next: 60, payload: [0, 0, 1, 4, 0, 0, 0, 0, 58, 0, 1, 4, 0, 0, 0, 0, ...ECHO] });
    expect(script.told()).toMatchObject([{ type: PARAMETER_PROBLEM, code: 1, info: 40 }]);
  });

  test('without a UDP checksum is dropped', () => {
    const script = new Ipv6Script();
    const socket = listener(script);
    script.say({ next: 17, payload: [...u16(7), ...u16(9), ...u16(9), 0, 0, 1] });
    expect(received(socket)).toBe(-ERRNO.EAGAIN);
    script.say({ next: 17, payload: udp6([1]) });
    expect(received(socket)).toEqual([1]);
  });

  test('with hop limit 0 or 1 is taken where it is for', () => {
    const script = new Ipv6Script();
    script.say({ next: 58, payload: ECHO, hopLimit: 0 });
    script.say({ next: 58, payload: ECHO, hopLimit: 1 });
    expect(script.told()).toMatchObject([ECHO_REPLY, ECHO_REPLY]);
  });

  test('with hop limit 0 or 1 is not passed on: its sender is told', () => {
    const script = router();
    for (const hopLimit of [0, 1]) script.say({ to: '2001:db8:9::9', hopLimit, next: 58, payload: ECHO });
    const exceeded = { type: 3, code: 0, source: key6(US_GLOBAL), destination: key6(THEM_GLOBAL) };
    expect(script.told()).toMatchObject([exceeded, exceeded]);
  });

  test('in a frame to a group is not passed on', () => {
    const script = router();
    script.say({ to: '2001:db8:9::9', toMac: [0x33, 0x33, 0, 0, 0, 1], next: 58, payload: ECHO });
    expect(script.told()).toEqual([]);
    expect(script.drops()).toContain('ip.not-for-us');
  });
});

test('extension headers come in any order, and more than once', () => {
  const script = new Ipv6Script();
  const options = (next: number) => [next, 0, 1, 4, 0, 0, 0, 0];
  const routing = (next: number) => [next, 0, 77, 0, 0, 0, 0, 0];
  script.say({
    next: 60,
    payload: [...options(43), ...routing(60), ...options(60), ...options(43), ...routing(58), ...ECHO],
  });
  expect(script.told()).toMatchObject([ECHO_REPLY]);
});

test('the flow label is that of the flow (RFC 6437), or 0 with auto_flowlabels 0', () => {
  const script = new Ipv6Script();
  const socket = listener(script);
  const label = (port: number) => {
    script.them.arrived.length = 0;
    socket.send(Uint8Array.of(1), 0, to6(THEM_GLOBAL, port), 0);
    script.wait(0.1);
    const { bytes } = script.them.arrived.find((each) => each.bytes[20] === 17)!;
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(14) & 0xf_ffff;
  };
  const first = label(9);
  expect([label(9), label(10)]).toEqual([first, expect.not.toBeOneOf([0, first])]);
  script.us.sysctl.set('net.ipv6.auto_flowlabels', 0);
  expect(label(9)).toBe(0);
});

test('the MSS leaves room for the larger header (section 8.3)', () => {
  const script = new Ipv6Script();
  const socket = socketOf(script.us, AF_INET6, SOCK_STREAM);
  socket.connect(to6(THEM_GLOBAL, 9));
  script.wait(0.1);
  const { bytes } = script.them.arrived.find((each) => each.bytes[20] === 6)!;
  expect([...bytes.subarray(74, 78)]).toEqual([2, 4, ...u16(1500 - 40 - 20)]);
});

describe('an option that nobody knows', () => {
  const options = (type: number): number[] => [58, 0, type, 4, 0, 0, 0, 0, ...ECHO];

  test('of type 00 is passed over', () => {
    const script = new Ipv6Script();
    script.say({ next: 60, payload: options(0x1e) });
    expect(script.told()).toMatchObject([ECHO_REPLY]);
  });

  test('of type 01 ends the packet without a word', () => {
    const script = new Ipv6Script();
    script.say({ next: 60, payload: options(0x5e) });
    expect(script.told()).toEqual([]);
    expect(script.drops()).toContain('ipv6.option');
  });

  test('of type 10 and 11 is answered, pointing at it', () => {
    const script = new Ipv6Script();
    script.say({ next: 60, payload: options(0x9e) });
    script.say({ next: 0, payload: options(0xde) });
    expect(script.told()).toMatchObject([
      { type: PARAMETER_PROBLEM, code: 2, info: 42 },
      { type: PARAMETER_PROBLEM, code: 2, info: 42 },
    ]);
  });

  test('in a packet to a group is answered with type 10 only', () => {
    const script = new Ipv6Script();
    script.say({ to: 'ff02::1', next: 60, payload: options(0x9e) });
    script.say({ to: 'ff02::1', next: 60, payload: options(0xde) });
    expect(script.told()).toMatchObject([{ type: PARAMETER_PROBLEM, code: 2, info: 42 }]);
  });

  test('is looked at by a router among the hop-by-hop options, not among those for the destination', () => {
    const script = router();
    for (const next of [0, 60]) script.say({ to: '2001:db8:9::9', next, payload: options(0x9e) });
    expect(script.told()).toMatchObject([
      { type: PARAMETER_PROBLEM, code: 2, info: 42 },
      { type: 1, code: 0 },
    ]);
  });
});

describe('a routing header of an unknown type', () => {
  test('with nowhere left to go is passed over', () => {
    const script = new Ipv6Script();
    script.say({ next: 43, payload: [58, 0, 77, 0, 0, 0, 0, 0, ...ECHO] });
    expect(script.told()).toMatchObject([ECHO_REPLY]);
  });

  test('with places left is refused, pointing at its type; so is type 0 (RFC 5095)', () => {
    const script = new Ipv6Script();
    script.say({ next: 43, payload: [58, 0, 77, 1, 0, 0, 0, 0, ...ECHO] });
    script.say({ next: 43, payload: [58, 0, 0, 1, 0, 0, 0, 0, ...ECHO] });
    expect(script.told()).toMatchObject([
      { type: PARAMETER_PROBLEM, code: 0, info: 42 },
      { type: PARAMETER_PROBLEM, code: 0, info: 42 },
    ]);
  });

  test('ends a packet to a group without a word', () => {
    const script = new Ipv6Script();
    const echo = icmp6(128, [0, 7, 0, 1], { to: 'ff02::1' });
    script.say({ to: 'ff02::1', next: 43, payload: [58, 0, 77, 0, 0, 0, 0, 0, ...echo] });
    expect(script.told()).toEqual([]);
    script.say({ to: 'ff02::1', next: 58, payload: echo });
    expect(script.told()).toMatchObject([ECHO_REPLY]);
  });
});

describe('a segment routing header (RFC 8754)', () => {
  const header = (left: number) => [58, 2, 4, left, 0, 0, 0, 0, ...bytes6(US_GLOBAL)];

  test('ends the packet without a word while seg6_enabled is 0, even with no segments left', () => {
    const script = new Ipv6Script();
    for (const [name, value] of [
      ['eth0', 0],
      ['eth0', 1],
      ['all', 0],
    ] as const) {
      script.us.sysctl.set(`net.ipv6.conf.${name}.seg6_enabled`, value);
      script.say({ next: 43, payload: [...header(0), ...ECHO] });
      expect(script.told()).toEqual([]);
    }
    script.us.sysctl.set('net.ipv6.conf.all.seg6_enabled', 1);
    script.say({ next: 43, payload: [...header(0), ...ECHO] });
    expect(script.told()).toMatchObject([ECHO_REPLY]);
  });

  test('with more segments left than it has is refused, pointing at their number', () => {
    const script = new Ipv6Script();
    script.us.sysctl.set('net.ipv6.conf.all.seg6_enabled', 1);
    script.say({ next: 43, payload: [...header(1), ...ECHO] });
    expect(script.told()).toMatchObject([{ type: PARAMETER_PROBLEM, code: 0, info: 43 }]);
  });

  test('is a hop even where its next segment is the same machine', () => {
    const script = new Ipv6Script();
    script.us.sysctl.set('net.ipv6.conf.all.seg6_enabled', 1);
    const segments = [...bytes6(US_GLOBAL), ...bytes6(US_GLOBAL)];
    const payload = [58, 4, 4, 1, 1, 0, 0, 0, ...segments, ...ECHO];
    script.say({ next: 43, payload, hopLimit: 1 });
    script.say({ next: 43, payload, hopLimit: 2 });
    expect(script.told()).toMatchObject([{ type: 3, code: 0 }, ECHO_REPLY]);
  });
});

describe('fragments', () => {
  const whole = udp6(Array.from({ length: 24 }, (_, i) => i));
  const data = whole.slice(8);

  test('in any order give the packet, of 1500 bytes and more', () => {
    const script = new Ipv6Script();
    const socket = listener(script);
    const large = udp6(Array.from({ length: 2990 }, (_, i) => i & 255));
    script.say({ next: 44, payload: piece(17, 1400, true, 1, large.slice(1400, 2800)) });
    script.say({ next: 44, payload: piece(17, 2800, false, 1, large.slice(2800)) });
    script.say({ next: 44, payload: piece(17, 0, true, 1, large.slice(0, 1400)) });
    expect(received(socket)).toEqual(large.slice(8));
  });

  test('of two packets do not make one', () => {
    const script = new Ipv6Script();
    const socket = listener(script);
    script.say({ next: 44, payload: piece(17, 0, true, 1, whole.slice(0, 16)) });
    script.say({ next: 44, payload: piece(17, 16, false, 2, whole.slice(16)) });
    expect(received(socket)).toBe(-ERRNO.EAGAIN);
    script.say({ next: 44, payload: piece(17, 16, false, 1, whole.slice(16)) });
    expect(received(socket)).toEqual(data);
  });

  test('that come twice are dropped, and do no harm', () => {
    const script = new Ipv6Script();
    const socket = listener(script);
    for (const _ of [1, 2]) script.say({ next: 44, payload: piece(17, 0, true, 1, whole.slice(0, 16)) });
    script.say({ next: 44, payload: piece(17, 16, false, 1, whole.slice(16)) });
    expect(received(socket)).toEqual(data);
    expect(script.drops()).toEqual(['ip.fragment-duplicate']);
  });

  test.each([
    [[ECT0, CE], CE],
    [[CE, ECT1], CE],
    [[ECT1, ECT0], ECT1],
    [[0, ECT0], null],
    [[CE, 0], null],
  ])(
    'with ECN fields %j give a packet with %j: a mark on one is one on all (RFC 3168 section 5.3)',
    (fields, ecn) => {
      const script = new Ipv6Script();
      const socket = listener(script);
      socket.setOption(IPPROTO_IPV6, IPV6_RECVTCLASS, new Uint8Array(Int32Array.of(1).buffer));
      const [first = 0, last = 0] = fields;
      script.say({ trafficClass: last, next: 44, payload: piece(17, 16, false, 1, whole.slice(16)) });
      script.say({ trafficClass: first, next: 44, payload: piece(17, 0, true, 1, whole.slice(0, 16)) });
      const got = socket.receive(new Uint8Array(99), 0);
      if (ecn === null) expect(got).toBe(-ERRNO.EAGAIN);
      else expect(got).toMatchObject({ trafficClass: ecn });
      expect(script.drops()).toEqual(ecn === null ? ['ip.fragment-ecn', 'ip.fragment-ecn'] : []);
    },
  );

  test('may name other headers than the first, whose one counts', () => {
    const script = new Ipv6Script();
    const socket = listener(script);
    const first = piece(17, 0, true, 1, whole.slice(0, 16));
    const last = piece(59, 16, false, 1, whole.slice(16));
    for (const payload of [first, last, last, first]) script.say({ next: 44, payload });
    expect([received(socket), received(socket)]).toEqual([data, data]);
  });

  test('are not kept beyond net.ipv6.ip6frag_high_thresh bytes', () => {
    const script = new Ipv6Script();
    script.us.sysctl.set('net.ipv6.ip6frag_high_thresh', 10_000);
    const id = Array.from({ length: 50 }, (_, i) => i);
    for (const each of id) script.say({ next: 44, payload: piece(17, 0, true, each, whole.slice(0, 16)) });
    expect(script.us.ip6.reassemblyMemory).toBeLessThan(12_000);
    expect(script.drops()).toContain('ip.reassembly-memory');
  });

  test('of one packet of ours have a number that those of others have not', () => {
    const script = new Ipv6Script();
    const socket = listener(script);
    for (const _ of [1, 2]) socket.send(new Uint8Array(2000), 0, to6(THEM_GLOBAL, 9), 0);
    script.wait(0.1);
    const ids = script.them.arrived.flatMap(({ bytes }) =>
      bytes[20] === 44 ? [hex(bytes.subarray(58, 62))] : [],
    );
    expect(ids).toHaveLength(4);
    expect([ids[1], ids[3], new Set(ids).size]).toEqual([ids[0], ids[2], 2]);
  });

  test('one that is the whole packet stands for itself (RFC 6946)', () => {
    const script = new Ipv6Script();
    const socket = listener(script);
    script.say({ next: 44, payload: piece(17, 0, true, 5, whole.slice(0, 16)) });
    script.say({ next: 44, payload: piece(17, 0, false, 5, whole) });
    expect(received(socket)).toEqual(data);
  });

  test('of a length that is no multiple of 8 are refused, pointing at the payload length', () => {
    const script = new Ipv6Script();
    script.say({ next: 44, payload: piece(17, 0, true, 1, whole.slice(0, 15)) });
    expect(script.told()).toMatchObject([{ type: PARAMETER_PROBLEM, code: 0, info: 4 }]);
  });

  test('that reach beyond 65535 bytes are refused, pointing at the offset', () => {
    const script = new Ipv6Script();
    script.say({ next: 44, payload: piece(17, 65_528, false, 1, whole.slice(0, 7)) });
    expect(script.told()).toEqual([]);
    script.say({ next: 44, payload: piece(17, 65_528, false, 2, whole.slice(0, 8)) });
    expect(script.told()).toMatchObject([{ type: PARAMETER_PROBLEM, code: 0, info: 42 }]);
  });

  test.each<[string, string, ...[from: number, to: number, more: boolean][]]>([
    ['overlap', 'ip.fragment-overlap', [0, 16, true], [8, 24, true]],
    ['overlap from before', 'ip.fragment-overlap', [16, 32, false], [8, 24, true]],
    ['reach beyond the last', 'ip.fragment-beyond-end', [8, 16, false], [16, 24, true]],
    ['have the last before them', 'ip.fragment-beyond-end', [16, 32, true], [8, 16, false]],
    ['have two last ones', 'ip.fragment-beyond-end', [8, 16, false], [16, 24, false]],
  ])('that %s give up the whole packet without a word (RFC 5722)', (_, reason, ...pieces) => {
    const script = new Ipv6Script();
    for (const [from, to, more] of pieces) {
      script.say({ next: 44, payload: piece(17, from, more, 1, whole.slice(from, to)) });
    }
    expect(script.drops()).toEqual([reason, reason]);
    expect(script.us.ip6.reassemblyMemory).toBe(0);
    script.wait(61);
    expect(script.told()).toEqual([]);
  });

  test('the first without all headers is refused with code 3 (RFC 7112)', () => {
    const script = new Ipv6Script();
    script.say({ next: 44, payload: piece(60, 0, true, 1, [17, 1, 1, 4, 0, 0, 0, 0]) });
    expect(script.told()).toMatchObject([{ type: PARAMETER_PROBLEM, code: 3 }]);
  });

  test('of which some are missing for 60 s are given up; its sender is told when the first is here', () => {
    const script = new Ipv6Script();
    const socket = listener(script);
    script.say({ next: 44, payload: piece(17, 0, true, 1, whole.slice(0, 16)) });
    script.say({ next: 44, payload: piece(17, 16, false, 2, whole.slice(16)) });
    script.wait(30);
    script.say({ next: 44, payload: piece(17, 16, true, 1, whole.slice(16, 24)) });
    script.wait(29);
    expect(script.told()).toEqual([]);
    script.wait(2);
    expect(script.told()).toMatchObject([{ type: 3, code: 1 }]);
    script.say({ next: 44, payload: piece(17, 24, false, 1, whole.slice(24)) });
    expect(received(socket)).toBe(-ERRNO.EAGAIN);
  });
});

describe('ICMPv6', () => {
  test('with a wrong checksum, or one of other addresses, is dropped', () => {
    const script = new Ipv6Script();
    script.say({ next: 58, payload: [...ECHO.slice(0, -1), 5] });
    script.say({ next: 58, payload: icmp6(128, [0, 7, 0, 1], { from: THEM }) });
    expect(script.told()).toEqual([]);
    expect(script.drops()).toEqual(['icmpv6.checksum', 'icmpv6.checksum']);
  });

  test('with a wrong checksum reaches no raw socket either (RFC 3542 section 3.3)', () => {
    const script = new Ipv6Script();
    const socket = script.us.socket(AF_INET6, SOCK_RAW, 58, { privileged: true }) as Socket;
    const types = () => {
      const all: number[] = [];
      for (let got = received(socket); typeof got !== 'number'; got = received(socket)) all.push(got[0] ?? 0);
      return all;
    };
    script.say({ next: 58, payload: [...ECHO.slice(0, -1), 5] });
    expect(types()).not.toContain(128);
    script.say({ next: 58, payload: ECHO });
    expect(types()).toContain(128);
  });

  test('answers from the address that was asked, and for a group from one of its own', () => {
    const script = new Ipv6Script();
    const echo = (to: string) => script.say({ to, next: 58, payload: icmp6(128, [0, 7, 0, 1], { to }) });
    echo(US);
    echo('ff02::1');
    script.say({ to: US, next: 17, payload: udp6([1], { to: US }) });
    expect(script.told()).toMatchObject([
      { type: 129, source: key6(US) },
      { type: 129, source: key6(US_GLOBAL) },
      { type: 1, code: 4, source: key6(US) },
    ]);
  });

  test('answers an echo in the class that it came in', () => {
    const script = new Ipv6Script();
    script.say({ next: 58, payload: ECHO, trafficClass: 0x28 });
    const replies = script.them.arrived.filter(({ bytes }) => bytes[54] === 129);
    expect(replies.map(({ bytes }) => [bytes[14], (bytes[15] ?? 0) >> 4])).toEqual([[0x62, 8]]);
  });

  test('tells nothing about a packet to a group, or from nobody', () => {
    const script = new Ipv6Script();
    expect(script.us.addRoute({ destination: 'default', via: THEM_GLOBAL })).toBe(0);
    const unknown = { next: 253, payload: [1, 2, 3, 4] };
    script.say({ to: 'ff02::1', next: 17, payload: udp6([1], { to: 'ff02::1' }) });
    script.say({ to: 'ff02::1', ...unknown });
    script.say({ toMac: [0x33, 0x33, 0, 0, 0, 1], ...unknown });
    script.say({ from: '::', ...unknown });
    script.say({ from: 'ff02::9', ...unknown });
    script.say({ to: 'ff02::1', next: 44, payload: piece(17, 0, true, 1, udp6([1, 2, 3, 4, 5, 6, 7, 8])) });
    script.wait(61);
    expect(script.told()).toEqual([]);
    expect(script.drops()).toContain('ip.reassembly-timeout');
  });

  test('tells nothing about an error or a redirect, and drops informational types that nobody knows', () => {
    const script = new Ipv6Script();
    const told = (type: number) => {
      const message = icmp6(type, [0, 0, 0, 0, ...Array.from({ length: 48 }, () => 0)]);
      script.say({ next: 60, payload: [58, 0, 0x9e, 4, 0, 0, 0, 0, ...message] });
      return script.told();
    };
    for (const type of [1, 127, 137]) expect(told(type)).toEqual([]);
    for (const type of [128, 200]) expect(told(type)).toMatchObject([{ type: PARAMETER_PROBLEM, code: 2 }]);
    script.say({ next: 58, payload: icmp6(200, [0, 0, 0, 0]) });
    expect(script.told()).toEqual([]);
  });

  test.each([
    ['no route', 1, 0, ERRNO.ENETUNREACH, false],
    ['prohibited', 1, 1, ERRNO.EACCES, true],
    ['beyond the scope', 1, 2, ERRNO.EHOSTUNREACH, false],
    ['address unreachable', 1, 3, ERRNO.EHOSTUNREACH, false],
    ['port unreachable', 1, 4, ERRNO.ECONNREFUSED, true],
    ['refused by policy', 1, 5, ERRNO.EACCES, true],
    ['rejected', 1, 6, ERRNO.EACCES, true],
    ['too big', 2, 0, ERRNO.EMSGSIZE, true],
    ['too big, whatever its code,', 2, 1, ERRNO.EMSGSIZE, true],
    ['time exceeded', 3, 0, ERRNO.EHOSTUNREACH, false],
    ['parameter problem', 4, 0, ERRNO.EPROTO, true],
    ['an error of unknown type', 100, 0, ERRNO.EPROTO, false],
  ])(
    '%s is told to the socket that it is about, if it asks or, for some, is connected',
    (_, type, code, errno, hard) => {
      for (const [asks, connected] of [
        [1, false],
        [0, true],
        [0, false],
      ] as const) {
        const script = new Ipv6Script();
        const socket = listener(script);
        expect(socket.setOption(IPPROTO_IPV6, IPV6_RECVERR, new Uint8Array(Int32Array.of(asks).buffer))).toBe(
          0,
        );
        if (connected) expect(socket.connect(to6(THEM_GLOBAL, 9))).toBe(0);
        script.say({ next: 58, payload: icmp6(type, [...u32(1400), ...quoteFrom(US_GLOBAL)], { code }) });
        expect(received(socket)).toBe(-(asks || (connected && hard) ? errno : ERRNO.EAGAIN));
      }
    },
  );

  test('quotes as much as fits in 1280 bytes', () => {
    const script = new Ipv6Script();
    script.say({ next: 17, payload: udp6(Array.from({ length: 1400 }, () => 1)) });
    const [error] = script.told();
    expect(error).toMatchObject({ type: 1, code: 4, source: key6(US_GLOBAL) });
    expect((error?.rest.length ?? 0) + 8 + 40).toBe(1280);
  });

  test('tells of a later piece of a message, whatever that is, as Linux does', () => {
    const script = router();
    const payload = piece(58, 8, false, 1, [1, 0, 0, 0, 0, 0, 0, 0]);
    script.say({ to: '2001:db8:9::9', hopLimit: 1, next: 44, payload });
    expect(script.told()).toMatchObject([{ type: 3, code: 0 }]);
  });

  test('limits how often it tells of errors, to one and to all, but for "packet too big"', () => {
    const script = router();
    for (let i = 0; i < 50; i++) script.say({ next: 17, payload: udp6([i]) });
    expect(script.told().length).toBeLessThan(10);
    script.us.setLinkMtu('eth0', 1280);
    const large = new Array<number>(1300).fill(0);
    for (let i = 0; i < 50; i++) script.say({ to: '2001:db8::77', next: 17, payload: large });
    expect(script.told().filter(({ type }) => type === 2)).toHaveLength(50);
    script.wait(60);
    script.us.sysctl.set('net.ipv4.icmp_msgs_burst', 2);
    script.us.sysctl.set('net.ipv4.icmp_msgs_per_sec', 1);
    for (let i = 0; i < 5; i++) script.say({ next: 17, payload: udp6([i]) });
    expect(script.told()).toHaveLength(2);
  });
});

describe('the path MTU', () => {
  /** The size of the fragments of 1400 bytes of data after "packet too big" has told of `mtu`. */
  function sizes(script: Ipv6Script): number[] {
    const socket = socketOf(script.us, AF_INET6, SOCK_DGRAM);
    socket.send(new Uint8Array(1400), 0, to6(THEM_GLOBAL, 9), 0);
    script.wait(0.1);
    const sent = script.them.arrived.flatMap(({ bytes }) => (bytes[20] === 58 ? [] : [bytes.length - 14]));
    script.them.arrived.length = 0;
    return sent;
  }

  function tooBig(script: Ipv6Script, mtu: number, source = US_GLOBAL): void {
    script.say({ next: 58, payload: icmp6(2, [...u32(mtu), ...quoteFrom(source)]) });
  }

  test('follows "packet too big", does not believe less than 1280, and is forgotten after ten minutes', () => {
    const script = new Ipv6Script();
    expect(sizes(script)).toEqual([1448]);
    tooBig(script, 1400);
    expect(Math.max(...sizes(script))).toBe(1400);
    tooBig(script, 600);
    expect(Math.max(...sizes(script))).toBe(1400);
    script.wait(599);
    expect(Math.max(...sizes(script))).toBe(1400);
    script.wait(2);
    expect(sizes(script)).toEqual([1448]);
  });

  test('is not lowered by what is told of somebody else’s packet', () => {
    const script = new Ipv6Script();
    tooBig(script, 1300, '2001:db8::77');
    expect(script.drops()).toEqual(['icmp.not-ours']);
    expect(sizes(script)).toEqual([1448]);
  });

  test('does not grow by it', () => {
    const script = new Ipv6Script();
    tooBig(script, 1300);
    tooBig(script, 1450);
    expect(Math.max(...sizes(script))).toBeLessThanOrEqual(1300);
  });
});

test('a link-local neighbour is reached by the interface that was named', () => {
  const script = new Ipv6Script();
  const socket = socketOf(script.us, AF_INET6, SOCK_DGRAM);
  expect(socket.send(Uint8Array.of(1), 0, to6(THEM, 9, 2), 0)).toBe(1);
  script.wait(0.1);
  expect(script.them.arrived.some(({ bytes }) => bytes[20] === 17)).toBe(true);
});
