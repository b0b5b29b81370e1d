import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  arp,
  CLIENT,
  ethernet,
  fromHex,
  icmp,
  ipv4,
  SERVER,
  type TcpOptions,
  tcp,
  text,
  u16,
  u32,
  udp,
} from './frames.ts';
import {
  type CompareOptions,
  capture,
  compareWithTshark,
  type Difference,
  lineOfDifference,
  tsharkIsThere,
} from './tshark.ts';

async function expectAgreement(
  frames: readonly Uint8Array[],
  options?: CompareOptions,
  times?: readonly number[],
) {
  const differences = await compareWithTshark(capture(frames, times), options);
  expect(differences.slice(0, 30).map(lineOfDifference)).toEqual([]);
}

const SYN_OPTIONS = fromHex('020405b4 0402 080a 00000001 00000000 01 030307');
const STAMPS = fromHex('0101 080a 0000000a 0000000b');
const back = { from: SERVER, to: CLIENT, source: 9000, destination: 52344 };

const quoted = {
  udp: udp(text('who is there?')),
  tcp: tcp(text('hello'), { tcpOptions: STAMPS, seq: 101, ack: 501 }),
  echo: icmp(8, 0, [...u16(7), ...u16(1)], text('abcdefgh')),
};

const SOUND: Record<string, Uint8Array> = {
  'an ARP request': ethernet(arp(1), { type: 0x0806, to: 'ff:ff:ff:ff:ff:ff' }),
  'an ARP reply, padded': ethernet(arp(2, { targetMac: '02:00:00:00:00:02' }), {
    type: 0x0806,
    tail: new Uint8Array(18),
  }),
  'an ARP probe': ethernet(arp(1, { sender: '0.0.0.0' }), { type: 0x0806 }),
  'an ARP announcement': ethernet(arp(1, { target: CLIENT }), { type: 0x0806 }),
  'a gratuitous reply': ethernet(arp(2, { target: CLIENT, targetMac: '02:00:00:00:00:01' }), {
    type: 0x0806,
  }),
  'a gratuitous request': ethernet(arp(1, { target: CLIENT, targetMac: 'ff:ff:ff:ff:ff:ff' }), {
    type: 0x0806,
  }),
  'an echo request': ethernet(icmp(8, 0, [...u16(0x1234), ...u16(1)], text('abcdefghijklmnopqrstuvwxyz'))),
  'an echo reply': ethernet(
    icmp(0, 0, [...u16(0x1234), ...u16(1)], text('abcdefghijklmnopqrstuvwxyz'), back),
  ),
  'an echo without data': ethernet(icmp(8, 0, [...u16(1), ...u16(2)])),
  'a timestamp request': ethernet(icmp(13, 0, [...u16(1), ...u16(2)], [...u32(1000), ...u32(0), ...u32(0)])),
  'a port unreachable': ethernet(icmp(3, 3, u32(0), quoted.udp)),
  'a port unreachable for a cut datagram': ethernet(icmp(3, 3, u32(0), quoted.udp.slice(0, 28))),
  'a fragmentation needed': ethernet(icmp(3, 4, [0, 0, ...u16(1400)], quoted.udp)),
  'a time exceeded': ethernet(icmp(11, 0, u32(0), quoted.tcp)),
  'a time exceeded for eight bytes of TCP': ethernet(icmp(11, 0, u32(0), quoted.tcp.slice(0, 28))),
  'a reassembly time exceeded': ethernet(icmp(11, 1, u32(0), quoted.echo)),
  'a parameter problem': ethernet(icmp(12, 0, [9, 0, 0, 0], quoted.udp)),
  'a redirect': ethernet(icmp(5, 1, fromHex('0a0000fe'), quoted.udp.slice(0, 28))),
  'an empty datagram': ethernet(udp([])),
  'a datagram without checksum': ethernet(udp(text('hi'), { unsummed: true })),
  'a long datagram': ethernet(udp(new Uint8Array(1400).fill(0x61))),
  'a datagram for all': ethernet(udp(text('hi'), { to: '255.255.255.255' }), { to: 'ff:ff:ff:ff:ff:ff' }),
  'a first fragment': ethernet(ipv4(17, quoted.udp.slice(20, 36), { fragment: 0x2000, id: 77 })),
  'a last fragment': ethernet(ipv4(17, quoted.udp.slice(36), { fragment: 0x0002, id: 77 })),
  'a first fragment of an echo': ethernet(ipv4(1, quoted.echo.slice(20, 36), { fragment: 0x2000, id: 78 })),
  'a router alert': ethernet(udp(text('x'), { options: fromHex('94040000') })),
  'a recorded route': ethernet(udp(text('x'), { options: fromHex('070b 08 0a0000fe 00000000 00') })),
  'a full record of a route': ethernet(udp(text('x'), { options: fromHex('070b 0c 0a0000fe 0a0000fd 00') })),
  'timestamps of hops': ethernet(
    udp(text('x'), { options: fromHex('4414 0d01 0a0000fe00000001 0a0000fd00000002') }),
  ),
  'timestamps only': ethernet(udp(text('x'), { options: fromHex('440c 0500 0000000100000002') })),
  'a stream identifier': ethernet(udp(text('x'), { options: fromHex('8804 0001') })),
  'an unknown IP protocol': ethernet(ipv4(253, text('zzz'))),
  'an unknown ethertype': ethernet(text('zzzzzz'), { type: 0x1234 }),
  'an experimental ethertype': ethernet(text('zzzzzz'), { type: 0x88b5 }),
  'a trailer behind the padding': ethernet(udp(text('abcd')), { tail: new Uint8Array(20) }),
  'a trailer of a long frame': ethernet(udp(new Uint8Array(100)), { tail: [1, 2, 3] }),
  'the reserved bit': ethernet(udp(text('x'), { fragment: 0xc000 })),
};

const BRIDGES = '01:80:c2:00:00:00';
/** A frame with a length in place of the type, padded. */
const bpdu = (content: string) => {
  const bytes = fromHex(`424203 ${content}`);
  return ethernet(bytes, { type: bytes.length, to: BRIDGES, tail: new Uint8Array(46 - bytes.length) });
};
const VECTOR = '8001020000000001 00004e20 9000020000000002 8002 0180 1400 0200 0f00';
const tagged = (tag: number, type: number, payload: readonly number[], tail: Uint8Array) =>
  ethernet([...u16(tag), ...u16(type), ...payload], { type: 0x8100, tail });

const LINK_LAYER: Record<string, Uint8Array> = {
  'a configuration BPDU': bpdu(`0000 00 00 00 ${VECTOR}`),
  'a configuration BPDU with a change': bpdu(`0000 00 00 01 ${VECTOR}`),
  'a configuration BPDU that acknowledges': bpdu(`0000 00 00 81 ${VECTOR}`),
  'a topology change notification': bpdu('0000 00 80'),
  ...Object.fromEntries(
    [0x02, 0x0e, 0x3c, 0x3d, 0x4a, 0x6a, 0x78, 0x7f, 0x04].map((flags) => [
      `a rapid BPDU with flags ${flags}`,
      bpdu(`0000 02 02 ${flags.toString(16).padStart(2, '0')} ${VECTOR} 00`),
    ]),
  ),
  'a tagged ARP request': tagged(0x600a, 0x0806, arp(1), new Uint8Array(14)),
  'a tagged ARP request, padded behind the tag': tagged(0x600a, 0x0806, arp(1), new Uint8Array(18)),
  'a tagged segment': tagged(
    0x1fff,
    0x0800,
    tcp(text('hello'), { seq: 101, ack: 501, source: 77 }),
    new Uint8Array(),
  ),
  'two tags': tagged(0x0064, 0x8100, [...u16(10), ...u16(0x0806), ...arp(1)], new Uint8Array(10)),
  'a tagged BPDU': tagged(0xe001, 38, fromHex(`424203 0000 00 00 00 ${VECTOR}`), new Uint8Array(4)),
  'a tag before an unknown type': tagged(0x900a, 0x1234, [1, 2, 3], new Uint8Array(40)),
};

const HANDSHAKE = [
  tcp([], { flags: 0x02, seq: 100, ack: 0, tcpOptions: SYN_OPTIONS }),
  tcp([], { ...back, flags: 0x12, seq: 500, ack: 101, tcpOptions: SYN_OPTIONS }),
  tcp([], { seq: 101, ack: 501, window: 502, tcpOptions: STAMPS }),
  tcp(text('안녕, 서버야!'), { flags: 0x18, seq: 101, ack: 501, window: 502, tcpOptions: STAMPS }),
  tcp([], { ...back, seq: 501, ack: 119, window: 509, tcpOptions: STAMPS }),
  tcp(text('안녕!'), { ...back, flags: 0x18, seq: 501, ack: 119, window: 509, tcpOptions: STAMPS }),
  tcp([], { seq: 119, ack: 508, window: 502, tcpOptions: STAMPS }),
  tcp([], { flags: 0x11, seq: 119, ack: 508, window: 502, tcpOptions: STAMPS }),
  tcp([], { ...back, flags: 0x11, seq: 508, ack: 120, window: 509, tcpOptions: STAMPS }),
  tcp([], { seq: 120, ack: 509, window: 502, tcpOptions: STAMPS }),
].map((packet) => ethernet(packet));

const ODD: Record<string, Uint8Array> = {
  'a BPDU of an unknown version': bpdu(`0000 05 00 01 ${VECTOR}`),
  'a BPDU of an unknown type': bpdu('0000 00 81'),
  'a BPDU of an unknown protocol': bpdu('0001 00 80'),
  'a BPDU cut short': ethernet(fromHex('424203 0000 00 00 01 8000020000000001 0000'), {
    type: 38,
    to: BRIDGES,
  }),
  'half a tag': ethernet([0x70], { type: 0x8100 }),
  'a wrong IP checksum': flip(ethernet(udp(text('hi there'))), 24),
  'a wrong UDP checksum': flip(ethernet(udp(text('hi there'))), 41),
  'a wrong TCP checksum': flip(ethernet(tcp(text('hi there'), { source: 1 })), 51),
  'a wrong ICMP checksum': flip(ethernet(icmp(8, 0, u32(7), text('hi there'))), 36),
  'all TCP flags': ethernet(tcp([], { source: 2, flags: 0x1ff, urgent: 5 })),
  'no TCP flags': ethernet(tcp([], { source: 3, flags: 0 })),
  'reserved TCP bits': ethernet(tcp([], { source: 4, flags: 0xe02, ack: 0 })),
  'an MSS of the wrong length': ethernet(tcp([], { source: 5, tcpOptions: fromHex('02030000') })),
  'a window scale without its shift': ethernet(tcp([], { source: 6, tcpOptions: fromHex('03020000') })),
  'an option behind the end': ethernet(tcp([], { source: 7, tcpOptions: fromHex('0105fe00') })),
  'bytes behind the end of options': ethernet(tcp([], { source: 8, tcpOptions: fromHex('0100ffff') })),
  'a request for a Fast Open cookie': ethernet(tcp([], { source: 50, tcpOptions: fromHex('22020101') })),
  'a Fast Open cookie': ethernet(tcp([], { source: 51, tcpOptions: fromHex('220a 01020304 05060708 0101') })),
  'a request for a Fast Open cookie as an experiment': ethernet(
    tcp([], { source: 52, tcpOptions: fromHex('fe04f989') }),
  ),
  'a Fast Open cookie as an experiment': ethernet(
    tcp([], { source: 53, tcpOptions: fromHex('fe0cf989 01020304 05060708') }),
  ),
  'other experiments': ethernet(tcp([], { source: 54, tcpOptions: fromHex('fe041234 fd041235 fe03f901') })),
  'two blocks of SACK': ethernet(
    tcp([], { source: 9, tcpOptions: fromHex('0512 00000001 00000002 00000003 00000004 0101') }),
  ),
  'nonzero padding': ethernet(udp(text('abcd')), { tail: new Uint8Array(14).fill(1) }),
  'padding that stops short': ethernet(udp(text('abcd')), { tail: [0, 0, 0] }),
  'an IP option that is too short': ethernet(udp(text('x'), { options: fromHex('88040001 07010000') })),
  'an IP option behind the end': ethernet(udp(text('x'), { options: fromHex('0709040a') })),
  'an unknown IP option': ethernet(udp(text('x'), { options: fromHex('99040001') })),
  'a TTL of 0': ethernet(udp(text('x'), { ttl: 0 })),
  'data in a SYN': ethernet(tcp(text('early'), { source: 10, flags: 2, ack: 0 })),
  'a reset': ethernet(tcp([], { source: 11, flags: 4, ack: 0 })),
  'an echo with a strange code': ethernet(icmp(0, 1, u32(0x10002))),
};

function flip(frame: Uint8Array, at: number): Uint8Array {
  frame[at] = (frame[at] as number) ^ 1;
  return frame;
}

describe.skipIf(!tsharkIsThere())('tshark', () => {
  it('reads a conversation as we do, and finds nothing wrong with it', () => expectAgreement(HANDSHAKE));

  it('reads sound frames of every kind as we do, and finds nothing wrong with them', async () => {
    const differences = await compareWithTshark(capture(Object.values(SOUND)));
    const names = Object.keys(SOUND);
    expect(differences.map((difference) => ({ what: names[difference.frame - 1], ...difference }))).toEqual(
      [],
    );
  });

  it('reads tags and bridge protocol data units as we do', async () => {
    const differences = await compareWithTshark(capture(Object.values(LINK_LAYER)), { faults: false });
    const names = Object.keys(LINK_LAYER);
    expect(differences.map((difference) => ({ what: names[difference.frame - 1], ...difference }))).toEqual(
      [],
    );
  });

  it('reads odd frames as we do', async () => {
    const differences = await compareWithTshark(capture(Object.values(ODD)), { faults: false });
    const names = Object.keys(ODD);
    expect(differences.map((difference) => ({ what: names[difference.frame - 1], ...difference }))).toEqual(
      [],
    );
  });

  it('names every service class, fragment flag and ICMP code as we do', async () => {
    const classes = Array.from({ length: 256 }, (_, tos) => ethernet(udp([], { tos })));
    const codes = Array.from({ length: 16 }, (_, code) => ethernet(icmp(3, code, u32(0), quoted.udp)));
    await expectAgreement([...classes, ...codes], { faults: false });
  });

  it('reads frames made at random as we do', async () => {
    await expectAgreement(fc.sample(anyFrame, { seed: 7, numRuns: 400 }), { faults: false });
  });

  it('remarks on what we remark on', () => expectAgreement(REMARKABLE, { faults: false }));

  it('tells of a malformed packet, a wrong checksum and a lost segment, so that they cannot pass for sound', async () => {
    const cut = ethernet(udp(text('cut short'))).subarray(0, 40);
    const wrong = flip(ethernet(udp(text('hi there'))), 41);
    const kinds = (await compareWithTshark(capture([cut, wrong, ...REMARKABLE]))).map(
      ({ frame, kind, field }) => `${frame} ${kind} ${field}`,
    );
    expect(kinds).toEqual(
      expect.arrayContaining([
        '1 malformed _ws.malformed',
        '2 expert udp.checksum.bad',
        '11 expert tcp.analysis.lost_segment',
      ]),
    );
  });

  it('reads connections made at random as we do, and judges all but a few of their segments alike', async () => {
    const { frames, times } = conversation(fc.sample(anyConversation, { seed: 11, numRuns: 120 }));
    const differences = await compareWithTshark(capture(frames, times), { faults: false });
    const judgement = ({ kind }: Difference): boolean => kind === 'hints' || kind === 'info';
    expect(differences.filter((one) => !judgement(one)).map(lineOfDifference)).toEqual([]);
    // Wireshark keeps more history than is told here: whether a late segment is late or repeated can differ.
    const odd = differences.filter(({ kind }) => kind === 'hints');
    expect(
      odd.filter(({ ours, tshark }) => !/out_of_order|ack_lost/.test(ours + tshark)).map(lineOfDifference),
    ).toEqual([]);
    expect(odd.length).toBeLessThan(frames.length / 200);
  });
});

/** What can be remarked about a connection, one thing after the other. */
const REMARKABLE = [
  ...HANDSHAKE.slice(0, 4),
  // Sent again, and acknowledged three times.
  ...[HANDSHAKE[3], HANDSHAKE[4], HANDSHAKE[4], HANDSHAKE[4]].map((frame) => frame as Uint8Array),
  // A gap, the answer to it, what was missing.
  ...[
    tcp(text('0123456789'), { seq: 129, ack: 501, window: 502, tcpOptions: STAMPS }),
    tcp([], { ...back, seq: 501, ack: 119, window: 509, tcpOptions: STAMPS }),
    tcp([], { ...back, seq: 501, ack: 119, window: 509, tcpOptions: STAMPS }),
    tcp(text('abcdefghij'), { seq: 119, ack: 501, window: 502, tcpOptions: STAMPS }),
    // The window closes, is probed twice, and opens.
    tcp([], { ...back, seq: 501, ack: 139, window: 0, tcpOptions: STAMPS }),
    tcp(text('k'), { seq: 139, ack: 501, window: 502, tcpOptions: STAMPS }),
    tcp([], { ...back, seq: 501, ack: 139, window: 0, tcpOptions: STAMPS }),
    tcp([], { ...back, seq: 501, ack: 139, window: 509, tcpOptions: STAMPS }),
    tcp(text('klm'), { seq: 139, ack: 501, window: 502, tcpOptions: STAMPS }),
    tcp([], { ...back, seq: 501, ack: 142, window: 509, tcpOptions: STAMPS }),
    // A keep-alive and its answer.
    tcp([], { seq: 141, ack: 501, window: 502, tcpOptions: STAMPS }),
    tcp([], { ...back, seq: 501, ack: 142, window: 509, tcpOptions: STAMPS }),
    // Something arrived that was never captured.
    tcp([], { ...back, seq: 501, ack: 160, window: 509, tcpOptions: STAMPS }),
    tcp([], { ...back, flags: 0x14, seq: 501, ack: 160, window: 0 }),
    // The same ports once more.
    tcp([], { flags: 0x02, seq: 70_000, ack: 0, tcpOptions: SYN_OPTIONS }),
    tcp([], { ...back, flags: 0x14, seq: 0, ack: 70_001, window: 0 }),
  ].map((packet) => ethernet(packet)),
];

const byte = fc.integer({ min: 0, max: 255 });
const word = fc.integer({ min: 0, max: 0xffff });
const long = fc.integer({ min: 0, max: 0xffffffff });
const payload = fc.uint8Array({ maxLength: 80 });
const host = fc.constantFrom('10.0.0.1', '10.0.0.2', '192.168.7.9', '172.16.0.1');
const aroundIp = { from: host, to: host, tos: byte, id: word, ttl: byte };
const port = fc.integer({ min: 1, max: 0xffff });

const tcpOption = fc.oneof(
  word.map((mss) => [2, 4, ...u16(mss)]),
  fc.integer({ min: 0, max: 14 }).map((shift) => [3, 3, shift]),
  fc.constant([4, 2]),
  fc.tuple(long, long).map(([left, right]) => [5, 10, ...u32(left), ...u32(right)]),
  fc.tuple(long, long).map(([value, reply]) => [8, 10, ...u32(value), ...u32(reply)]),
  fc.constant([1]),
);
/** At most 40 bytes, filled up with NOPs. */
const tcpOptions = fc.array(tcpOption, { maxLength: 3 }).map((options) => {
  const bytes = options.flat();
  return [...bytes, ...Array(-bytes.length & 3).fill(1)];
});

const anyFrame: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc
    .tuple(payload, fc.record({ ...aroundIp, source: port, destination: port, unsummed: fc.boolean() }))
    .map(([data, given]) => ethernet(udp(data, given))),
  fc
    .tuple(
      payload,
      fc.record({
        ...aroundIp,
        source: port,
        destination: port,
        seq: long,
        ack: long,
        flags: fc.integer({ min: 0, max: 0xfff }),
        window: word,
        urgent: word,
        tcpOptions,
      }),
    )
    .map(([data, given]) => ethernet(tcp(data, given))),
  fc
    .tuple(fc.constantFrom(0, 8), long, payload, fc.record(aroundIp))
    .map(([type, rest, data, given]) => ethernet(icmp(type, 0, u32(rest), data, given))),
  fc
    .tuple(fc.constantFrom(1, 2), host, host)
    .map(([operation, sender, target]) => ethernet(arp(operation, { sender, target }), { type: 0x0806 })),
);

interface Step {
  readonly fromClient: boolean;
  /** From what is due: mostly 0. */
  readonly skip: number;
  readonly length: number;
  readonly flags: number;
  readonly ackSkip: number;
  readonly window: number;
  readonly wait: number;
}

const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(usual, ...others) },
  );

const step: fc.Arbitrary<Step> = fc.record({
  fromClient: fc.boolean(),
  skip: mostly(0, -1, -10, -20, 10),
  length: fc.constantFrom(0, 0, 1, 10, 10, 20),
  flags: mostly(0x10, 0x18, 0x11),
  ackSkip: mostly(0, -10),
  window: mostly(200, 100, 300),
  wait: fc.constantFrom(100_000, 1_000_000, 5_000_000, 30_000_000),
});

const anyConversation = fc.record({
  scale: fc.constantFrom(null, 0, 3),
  handshake: mostly(true, false),
  isn: fc.constantFrom(1000, 0xfffffff0),
  steps: fc.array(step, { minLength: 5, maxLength: 25 }),
});

type Script = typeof anyConversation extends fc.Arbitrary<infer T> ? T : never;

/** Plays scripts one after the other, each on ports of its own: ends that do as they are told, however odd. */
function conversation(scripts: readonly Script[]): { frames: Uint8Array[]; times: number[] } {
  const frames: Uint8Array[] = [];
  const times: number[] = [];
  let now = 0;
  for (const [i, script] of scripts.entries()) {
    const ends = [
      { source: 20000 + i, destination: 9000, next: script.isn },
      { source: 9000, destination: 20000 + i, next: 5000, from: SERVER, to: CLIENT },
    ];
    const send = (side: 0 | 1, data: number, options: TcpOptions): void => {
      const { next, ...end } = ends[side] as { next: number } & TcpOptions;
      frames.push(ethernet(tcp(new Uint8Array(data), { ...end, ...options })));
      times.push(now);
    };
    if (script.handshake) {
      const tcpOptions = script.scale === null ? [] : [3, 3, script.scale, 1];
      send(0, 0, { flags: 2, seq: script.isn, ack: 0, tcpOptions });
      now += 1_000_000;
      send(1, 0, { flags: 0x12, seq: 5000, ack: (script.isn + 1) >>> 0, tcpOptions });
      for (const end of ends) end.next = (end.next + 1) >>> 0;
    }
    for (const { fromClient, skip, length, flags, ackSkip, window, wait } of script.steps) {
      now += wait;
      const mine = ends[fromClient ? 0 : 1] as { next: number };
      const other = ends[fromClient ? 1 : 0] as { next: number };
      const seq = (mine.next + skip) >>> 0;
      send(fromClient ? 0 : 1, length, { flags, seq, ack: (other.next + ackSkip) >>> 0, window });
      const end = (seq + length + (flags & 1)) >>> 0;
      if (((end - mine.next) | 0) > 0) mine.next = end;
    }
  }
  return { frames, times };
}
