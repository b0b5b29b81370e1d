import { describe, expect, it } from 'vitest';
import { counting, ip, routed, type TestHost, twoHosts, type World } from '../../../test/network-world.ts';
import { HEADROOM } from '../../1-physical/index.ts';
import { milliseconds, seconds } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';
import { MORE_FRAGMENTS, readTos, readTtl, writeIpv4 } from '../ipv4/codec.ts';
import { checkIcmp, writeIcmp, writeIcmpChecksum } from './codec.ts';

/** Sends an ICMP message of any kind from `host`. */
function sendMessage(
  world: World,
  host: TestHost,
  to: string,
  type: number,
  code: number,
  rest: Uint8Array,
  info = 0,
): void {
  const frame = world.pool.take(8 + rest.length);
  frame.end = HEADROOM + 8 + rest.length;
  writeIcmp(frame.view, HEADROOM, type, code, info);
  frame.bytes.set(rest, HEADROOM + 8);
  writeIcmpChecksum(frame.view, HEADROOM, frame.end);
  frame.reason = 'test';
  host.net.ip.send(frame, host.net.ip.sourceFor(ip(to)) ?? ip('0.0.0.0'), ip(to), 1);
}

/** The beginning of a packet as a quote: header and 8 bytes. */
function quote(source: string, destination: string, protocol = 253): Uint8Array {
  const bytes = new Uint8Array(28);
  writeIpv4(new DataView(bytes.buffer), 0, 0, 28, 1, 0, 64, protocol, ip(source), ip(destination));
  bytes.set(counting(8), 20);
  return bytes;
}

const settle = (world: World) => world.sim.run(world.sim.now + milliseconds(1));

describe('echo', () => {
  it('is answered with the same data, identifier and sequence number', () => {
    const { world, a } = twoHosts();
    a.ping('10.0.0.2', 100);
    settle(world);
    const request = world.latest('a', 'icmp.echo-request');
    const reply = world.latest('b', 'icmp.echo-reply');
    expect(reply[34]).toBe(0);
    expect(reply.subarray(38)).toEqual(request.subarray(38));
    expect(checkIcmp(new DataView(reply.buffer, reply.byteOffset), 34, reply.length)).toBe(null);
  });

  it('of any size is answered, in fragments where need be', () => {
    const { world, a } = twoHosts();
    const { replies } = a.ping('10.0.0.2', 60_000);
    settle(world);
    expect(replies[0]!.data).toHaveLength(60_000);
  });

  it('takes the type of service of the request', () => {
    const { world, a } = twoHosts();
    a.ping('10.0.0.2', 8, { tos: 0x48 });
    settle(world);
    const reply = world.latest('b', 'icmp.echo-reply');
    expect(readTos(new DataView(reply.buffer, reply.byteOffset), 14)).toBe(0x48);
  });

  it('the answer carries no system call of the one who asked', () => {
    const { world, a } = twoHosts();
    const call = a.tracer.write({
      kind: 'system-call',
      pid: 1,
      tid: 1,
      program: 'ping',
      name: 'sendto',
      args: '',
    });
    const { icmp } = a.net;
    expect(icmp.openEcho(77, { received: () => {}, failed: () => {} })).toBe(77);
    const message = new Uint8Array(16);
    message[0] = 8;
    icmp.sendEcho(77, message, ip('10.0.0.1'), ip('10.0.0.2'), call);
    settle(world);
    const sent = world.events('frame-sent').filter(({ reason }) => reason.startsWith('icmp'));
    expect(sent.map(({ reason, origins }) => [reason, origins])).toEqual([
      ['icmp.echo-request', [call]],
      ['icmp.echo-reply', []],
    ]);
  });

  it('to a broadcast address is not answered, unless icmp_echo_ignore_broadcasts is 0', () => {
    const { world, a, b } = twoHosts();
    const silent = a.ping('10.0.0.255');
    settle(world);
    expect(silent.replies).toEqual([]);
    expect(b.drops('icmp.echo-broadcast-ignored')).toBe(1);
    b.net.sysctl.set('net.ipv4.icmp_echo_ignore_broadcasts', 0);
    const heard = a.ping('10.0.0.255');
    settle(world);
    expect(heard.replies).toMatchObject([{ from: ip('10.0.0.2') }]);
  });

  it('is ignored with icmp_echo_ignore_all', () => {
    const { world, a, b } = twoHosts();
    b.net.sysctl.set('net.ipv4.icmp_echo_ignore_all', 1);
    const { replies } = a.ping('10.0.0.2');
    settle(world);
    expect(replies).toEqual([]);
    expect(b.drops('icmp.echo-ignored')).toBe(1);
  });
});

describe('a timestamp request', () => {
  const times = (a: number, b: number, c: number) =>
    [a, b, c].flatMap((time) => [0, 0, time >> 8, time & 255]);

  it('is answered with the milliseconds since midnight, from the address that was asked', () => {
    const { world, a } = twoHosts();
    world.sim.run(seconds(86_405));
    sendMessage(world, a, '10.0.0.2', 13, 0, Uint8Array.from([...times(7, 0, 0), 1, 2, 3, 4]), 0x0005_0009);
    settle(world);
    const reply = world.latest('b', 'icmp.timestamp-reply');
    expect([...reply.subarray(26, 30)]).toEqual([10, 0, 0, 2]);
    expect([...reply.subarray(34, 36)]).toEqual([14, 0]);
    // What stands behind is no part of it: it is padding of the frame again.
    expect([...reply.subarray(38)]).toEqual([0, 5, 0, 9, ...times(7, 5000, 5000), 0, 0, 0, 0, 0, 0]);
  });

  it('to a broadcast address is not answered, nor one that is cut off', () => {
    const { world, a, b } = twoHosts();
    sendMessage(world, a, '10.0.0.255', 13, 0, new Uint8Array(12));
    sendMessage(world, a, '10.0.0.2', 13, 0, new Uint8Array(11));
    settle(world);
    expect([b.drops('icmp.echo-broadcast-ignored'), b.drops('icmp.truncated')]).toEqual([1, 1]);
    expect(world.events('frame-sent').filter(({ reason }) => reason.startsWith('icmp'))).toEqual([]);
  });
});

describe('echo channels', () => {
  const user = { received: () => {}, failed: () => {} };

  it('have identifiers of their own, and hear only their own replies', () => {
    const { world, a } = twoHosts();
    const first = a.ping('10.0.0.2', 4);
    const second = a.ping('10.0.0.2', 12);
    settle(world);
    expect([first.replies.length, second.replies.length]).toEqual([1, 1]);
    expect(second.replies[0]!.data).toHaveLength(12);
  });

  it('refuse an identifier that is taken, and free it when closed', () => {
    const { icmp } = twoHosts().a.net;
    expect(icmp.openEcho(5, user)).toBe(5);
    expect(icmp.openEcho(5, user)).toBe(-ERRNO.EADDRINUSE);
    icmp.closeEcho(5);
    expect(icmp.openEcho(5, user)).toBe(5);
  });

  it('send echo requests only', () => {
    const { a } = twoHosts();
    const { icmp } = a.net;
    const identifier = icmp.openEcho(0, user);
    const send = (bytes: number[] | Uint8Array, to = '10.0.0.2') =>
      icmp.sendEcho(identifier, Uint8Array.from(bytes), ip('0.0.0.0'), ip(to), 0);
    expect(send([8, 0, 0, 0, 0, 0, 0])).toBe(-ERRNO.EINVAL);
    expect(send([13, 0, 0, 0, 0, 0, 0, 0])).toBe(-ERRNO.EINVAL);
    expect(send([8, 1, 0, 0, 0, 0, 0, 0])).toBe(-ERRNO.EINVAL);
    expect(send(new Uint8Array(65_516))).toBe(-ERRNO.EMSGSIZE);
    expect(send([8, 0, 0, 0, 0, 0, 0, 0], '192.0.2.1')).toBe(-ERRNO.ENETUNREACH);
    expect(send([8, 0, 0, 0, 0, 0, 0, 0])).toBe(8);
  });

  it('a reply that nobody waits for is dropped: icmp.no-listener', () => {
    const { world, a, b } = twoHosts();
    sendMessage(world, b, '10.0.0.1', 0, 0, counting(8), 99 << 16);
    settle(world);
    expect(a.drops('icmp.no-listener')).toBe(1);
  });

  it('hear of errors about their requests', () => {
    const { world, a } = routed();
    const { errors } = a.ping('10.0.2.1', 8, { ttl: 1 });
    world.sim.run(seconds(1));
    expect(errors).toMatchObject([{ type: 11, from: ip('10.0.1.254'), destination: ip('10.0.2.1') }]);
  });
});

describe('errors sent', () => {
  it('port unreachable comes from the address that was asked, quotes the packet, and has precedence 6', () => {
    const { world, a, b } = twoHosts();
    b.transport.refuse = true;
    a.send('10.0.0.2', counting(40), { tos: 0x10, ttl: 9 });
    settle(world);
    expect(a.transport.errors).toMatchObject([
      {
        error: { type: 3, code: 3, errno: ERRNO.ECONNREFUSED, fatal: true, from: ip('10.0.0.2') },
        original: [...counting(8)],
      },
    ]);
    const sent = world.latest('b', 'icmp.port-unreachable');
    const packet = world.latest('a', 'test');
    expect(sent.subarray(42)).toEqual(packet.subarray(14));
    const view = new DataView(sent.buffer, sent.byteOffset);
    expect([readTos(view, 14), readTtl(view, 14)]).toEqual([0xd0, 64]);
  });

  it('come from the address that was asked, though the way back has another', () => {
    const { world, a, r } = routed();
    r.transport.refuse = true;
    a.send('10.0.2.254', counting(8));
    settle(world);
    expect(a.transport.errors).toMatchObject([{ error: { from: ip('10.0.2.254') } }]);
  });

  it('are at most 576 bytes long', () => {
    const { world, a, b } = twoHosts();
    b.transport.refuse = true;
    a.send('10.0.0.2', counting(1400));
    settle(world);
    expect(world.latest('b', 'icmp.port-unreachable')).toHaveLength(14 + 576);
  });

  it('a protocol that nobody speaks is protocol unreachable', () => {
    const { world, a, b } = twoHosts();
    const frame = world.pool.take(16);
    frame.end = HEADROOM + 16;
    a.net.ip.send(frame, ip('10.0.0.1'), ip('10.0.0.2'), 200);
    settle(world);
    expect(b.net.ip.counters.InUnknownProtos).toBe(1);
    expect(world.latest('b', 'icmp.protocol-unreachable').subarray(34, 36)).toEqual(Uint8Array.of(3, 2));
  });

  it('what does not become whole in time is answered with time exceeded, code 1', () => {
    const { world, a, b } = twoHosts();
    const bytes = quote('10.0.0.1', '10.0.0.2');
    const frame = world.pool.take(28);
    frame.bytes.set(bytes, HEADROOM);
    frame.end = HEADROOM + 28;
    writeIpv4(frame.view, HEADROOM, 0, 28, 1, MORE_FRAGMENTS, 64, 253, ip('10.0.0.1'), ip('10.0.0.2'));
    a.net.links[1]!.send(frame, ip('10.0.0.2'), false);
    world.sim.run(seconds(31));
    expect(b.net.ip.counters.ReasmTimeout).toBe(1);
    expect(a.transport.errors).toMatchObject([{ error: { type: 11, code: 1 } }]);
    const sent = world.events('frame-sent').find(({ reason }) => reason === 'icmp.reassembly-timeout')!;
    expect(world.record.get(sent.cause)).toMatchObject({ kind: 'timer', name: 'ip.reassembly' });
  });

  describe('are never sent', () => {
    /** Has `b` refuse a packet with these addresses, given straight to its network layer. */
    function refuse(
      source: string,
      destination: string,
      { protocol = 253, fragment = 0, type = 0, group = false } = {},
    ) {
      const { world, b } = twoHosts();
      b.route('0.0.0.0/0', '10.0.0.1');
      const frame = world.pool.take(28);
      frame.end = HEADROOM + 28;
      writeIpv4(frame.view, HEADROOM, 0, 28, 1, fragment, 64, protocol, ip(source), ip(destination));
      frame.bytes.fill(0, HEADROOM + 20, frame.end);
      frame.bytes[HEADROOM + 20] = type;
      b.net.icmp.report(3, 3, 0, frame, HEADROOM, group);
      world.sim.run(milliseconds(1));
      return b.net.icmp.counters.OutDestUnreachs;
    }

    it('about what was sent to a broadcast or multicast address, or in a frame to a group', () => {
      expect(refuse('10.0.0.1', '10.0.0.2')).toBe(1);
      expect(refuse('10.0.0.1', '10.0.0.255')).toBe(0);
      expect(refuse('10.0.0.1', '255.255.255.255')).toBe(0);
      expect(refuse('10.0.0.1', '224.0.0.1')).toBe(0);
      expect(refuse('10.0.0.1', '10.0.0.2', { group: true })).toBe(0);
    });

    it('to a sender that is no single host', () => {
      for (const source of ['0.0.0.0', '255.255.255.255', '10.0.0.255', '224.0.0.1']) {
        expect(refuse(source, '10.0.0.2')).toBe(0);
      }
    });

    it('about a fragment other than the first', () => {
      expect(refuse('10.0.0.1', '10.0.0.2', { fragment: MORE_FRAGMENTS })).toBe(1);
      expect(refuse('10.0.0.1', '10.0.0.2', { fragment: 1 })).toBe(0);
    });

    it('about an ICMP error; about an echo they are', () => {
      for (const type of [3, 4, 5, 11, 12, 99]) {
        expect(refuse('10.0.0.1', '10.0.0.2', { protocol: 1, type })).toBe(0);
      }
      for (const type of [0, 8, 13, 14]) {
        expect(refuse('10.0.0.1', '10.0.0.2', { protocol: 1, type })).toBe(1);
      }
    });
  });

  it('are limited to one host: six at once, then one a second', () => {
    const { world, a, b } = twoHosts();
    b.transport.refuse = true;
    for (let n = 0; n < 20; n++) a.send('10.0.0.2', counting(8));
    settle(world);
    expect(a.transport.errors).toHaveLength(6);
    expect(b.net.icmp.counters.OutRateLimitHost).toBe(14);
    world.sim.run(milliseconds(2500));
    for (let n = 0; n < 20; n++) a.send('10.0.0.2', counting(8));
    settle(world);
    expect(a.transport.errors).toHaveLength(8);
  });

  it('are limited to all hosts together: fifty at once, then a thousand a second', () => {
    const { world, b } = twoHosts();
    const report = (count: number) => {
      for (let n = 0; n < count; n++) {
        const frame = world.pool.take(28);
        frame.end = HEADROOM + 28;
        const source = ip(`10.0.0.${10 + n}`);
        writeIpv4(frame.view, HEADROOM, 0, 28, 1, 0, 64, 253, source, ip('10.0.0.2'));
        b.net.icmp.report(3, 3, 0, frame, HEADROOM, false);
        frame.release();
      }
    };
    report(60);
    expect(b.net.icmp.counters).toMatchObject({ OutDestUnreachs: 50, OutRateLimitGlobal: 10 });
    world.sim.run(milliseconds(20));
    report(60);
    expect(b.net.icmp.counters.OutDestUnreachs).toBe(70);
  });

  it('are not limited where they tell of the path’s MTU', () => {
    const { world, a, r } = routed();
    r.net.links[2]!.setMtu(600);
    for (let n = 0; n < 20; n++) a.send('10.0.2.1', counting(1400), { dontFragment: true });
    settle(world);
    expect(a.transport.errors).toHaveLength(20);
  });

  it('are not limited within the machine', () => {
    const { world, a } = twoHosts();
    a.transport.refuse = true;
    for (let n = 0; n < 20; n++) a.send('127.0.0.1', counting(8));
    settle(world);
    expect(a.transport.errors).toHaveLength(20);
  });
});

describe('errors received', () => {
  it.each([
    [3, 0, 'ENETUNREACH', false],
    [3, 1, 'EHOSTUNREACH', false],
    [3, 2, 'ENOPROTOOPT', true],
    [3, 3, 'ECONNREFUSED', true],
    [3, 5, 'EOPNOTSUPP', false],
    [3, 6, 'ENETUNREACH', true],
    [3, 7, 'EHOSTDOWN', true],
    [3, 8, 'ENONET', true],
    [3, 9, 'ENETUNREACH', true],
    [3, 10, 'EHOSTUNREACH', true],
    [3, 11, 'ENETUNREACH', false],
    [3, 12, 'EHOSTUNREACH', false],
    [3, 13, 'EHOSTUNREACH', true],
    [11, 0, 'EHOSTUNREACH', false],
    [11, 1, 'EHOSTUNREACH', false],
    [12, 0, 'EPROTO', true],
  ] as const)('type %i code %i means %s to the transport (fatal: %s)', (type, code, name, fatal) => {
    const { world, a, b } = twoHosts();
    sendMessage(world, b, '10.0.0.1', type, code, quote('10.0.0.1', '10.0.0.2'));
    settle(world);
    expect(a.transport.errors).toMatchObject([
      {
        error: { type, code, errno: ERRNO[name], fatal, source: ip('10.0.0.1'), destination: ip('10.0.0.2') },
      },
    ]);
  });

  it.each([0, 8])('"fragmentation needed" with the absurd MTU of %i lowers the path to 552', (mtu) => {
    const { world, a, b } = twoHosts();
    sendMessage(world, b, '10.0.0.1', 3, 4, quote('10.0.0.1', '10.0.0.2'), mtu);
    settle(world);
    expect(a.net.ip.mtuTo(ip('10.0.0.2'))).toBe(552);
  });

  it.each<[string, number, number, Uint8Array]>([
    ['icmp.not-ours', 3, 1, quote('10.0.0.9', '10.0.0.2')],
    ['icmp.quote', 3, 1, quote('10.0.0.1', '10.0.0.2').subarray(0, 27)],
    ['icmp.quote', 3, 1, new Uint8Array(28)],
    ['icmp.quote', 11, 0, new Uint8Array(0)],
    ['icmp.code', 3, 16, quote('10.0.0.1', '10.0.0.2')],
    ['icmp.source-quench', 4, 0, quote('10.0.0.1', '10.0.0.2')],
    ['icmp.redirect-ignored', 5, 1, quote('10.0.0.1', '10.0.0.2')],
    ['icmp.type', 42, 0, new Uint8Array(8)],
  ])('%s: type %i code %i is dropped', (reason, type, code, rest) => {
    const { world, a, b } = twoHosts();
    sendMessage(world, b, '10.0.0.1', type, code, rest);
    settle(world);
    expect(a.drops(reason)).toBe(1);
    expect(a.transport.errors).toEqual([]);
  });

  it.each([
    ['a network', 0, 0],
    ['a host', 1, 0],
    ['a type of service and a network', 2, 0],
    ['a type of service and a host', 3, 0],
    ['nobody knows what', 4, 1],
  ])('a redirect for %s: of code %i, %i ignored', (_what, code, ignored) => {
    const { world, a, b } = twoHosts();
    a.route('0.0.0.0/0', '10.0.0.2');
    sendMessage(world, b, '10.0.0.1', 5, code, quote('10.0.0.1', '192.0.2.1'), ip('10.0.0.9'));
    settle(world);
    expect(a.drops('icmp.redirect-ignored')).toBe(ignored);
  });

  it('a message with a wrong checksum, or shorter than a header, is dropped and counted', () => {
    const { world, a, b } = twoHosts();
    for (const bytes of [Uint8Array.of(8, 0, 1, 1, 0, 0, 0, 0), new Uint8Array(7)]) {
      const frame = world.pool.take(8);
      frame.bytes.set(bytes, HEADROOM);
      frame.end = HEADROOM + bytes.length;
      b.net.ip.send(frame, ip('10.0.0.2'), ip('10.0.0.1'), 1);
    }
    settle(world);
    expect([a.drops('icmp.checksum'), a.drops('icmp.truncated')]).toEqual([1, 1]);
    expect(a.net.icmp.counters).toMatchObject({ InMsgs: 2, InErrors: 2, InCsumErrors: 1 });
  });
});
