import { describe, expect, test } from 'vitest';
import * as linux from '../src/5-session/constants.ts';
import { PacketSocket } from '../src/5-session/index.ts';
import { ints, readInt } from '../src/5-session/option-table.ts';
import type { Received, Socket } from '../src/5-session/socket-types.ts';
import type { Stack } from '../src/5-session/stack.ts';
import { dissect, summarize } from '../src/dissect/index.ts';
import { seconds } from '../src/time/index.ts';
import { ERRNO } from '../src/trace/index.ts';
import { icmp, ipv4, text, u16, udp } from './frames.ts';
import { twoStacks } from './two-stacks.ts';

const USER = { privileged: false };
const ROOT = { privileged: true };
const to = (address: string, port = 0) => ({ family: 2 as const, address, port });

function raw(stack: Stack, protocol: number): Socket {
  return stack.socket(linux.AF_INET, linux.SOCK_RAW, protocol) as Socket;
}

/** All that waits at a socket: the bytes of each. */
function received(socket: Pick<Socket, 'receive'>): Uint8Array[] {
  const all: Uint8Array[] = [];
  const into = new Uint8Array(2000);
  for (;;) {
    const one = socket.receive(into, 0);
    if (typeof one === 'number') return all;
    all.push(into.slice(0, one.length));
  }
}

const summaries = ({ record }: ReturnType<typeof twoStacks>, node: string) =>
  record.events.flatMap((event) =>
    event.kind === 'frame-sent' && event.node === node ? [summarize(dissect(record.bytes(event))).info] : [],
  );

describe('a raw socket', () => {
  test('is for root only, and needs a protocol', () => {
    const { client } = twoStacks();
    expect(client.socket(linux.AF_INET, linux.SOCK_RAW, 1, USER)).toBe(-ERRNO.EPERM);
    expect(client.socket(linux.AF_INET, linux.SOCK_RAW, 0, USER)).toBe(-ERRNO.EPROTONOSUPPORT);
    expect(client.packetSocket(linux.SOCK_RAW, 0x0300, USER)).toBe(-ERRNO.EPERM);
    expect(client.packetSocket(linux.SOCK_STREAM, 0x0300, ROOT)).toBe(-ERRNO.ESOCKTNOSUPPORT);
  });

  test('of ICMP sends a ping of its own and sees the answer, IP header first, and what others get', () => {
    const { sim, client } = twoStacks();
    const [socket, other] = [raw(client, 1), raw(client, 1)];
    const message = Uint8Array.from(icmp(8, 0, [...u16(7), ...u16(1)], text('abcdefgh')).slice(20));
    expect(socket.send(message, 0, to('10.0.0.2'), 0)).toBe(message.length);
    sim.run(seconds(1));
    for (const one of [socket, other]) {
      const [packet] = received(one);
      expect(packet?.length).toBe(20 + message.length);
      expect([packet?.[0], packet?.[9], packet?.[20]]).toEqual([0x45, 1, 0]);
      expect([...(packet?.subarray(12, 16) ?? [])]).toEqual([10, 0, 0, 2]);
    }
  });

  test('of ICMP leaves out what its filter names', () => {
    const { sim, client, server } = twoStacks();
    const [all, some] = [raw(server, 1), raw(server, 1)];
    expect(some.setOption(linux.SOL_RAW, linux.ICMP_FILTER, ints(1 << 8))).toBe(0);
    expect(readInt(some.getOption(linux.SOL_RAW, linux.ICMP_FILTER, 4) as Uint8Array, 0)).toBe(1 << 8);
    const message = Uint8Array.from(icmp(8, 0, [...u16(7), ...u16(1)]).slice(20));
    raw(client, 1).send(message, 0, to('10.0.0.2'), 0);
    sim.run(seconds(1));
    expect([received(all).length, received(some).length]).toEqual([1, 0]);
    expect(raw(client, 6).setOption(linux.SOL_RAW, linux.ICMP_FILTER, ints(1))).toBe(-ERRNO.EOPNOTSUPP);
  });

  test('of a protocol that nobody else speaks keeps it from being unreachable', () => {
    const stacks = twoStacks();
    const { sim, client, server } = stacks;
    const sender = raw(client, 253);
    sender.send(text('who?'), 0, to('10.0.0.2'), 0);
    sim.run(seconds(1));
    expect(summaries(stacks, 'server').at(-1)).toContain('Protocol unreachable');
    const listener = raw(server, 253);
    sender.send(text('hello'), 0, to('10.0.0.2'), 0);
    sim.run(seconds(2));
    expect(received(listener).map((packet) => new TextDecoder().decode(packet.subarray(20)))).toEqual([
      'hello',
    ]);
    expect(stacks.server.ip.counters.InUnknownProtos).toBe(1);
  });

  test('with IP_HDRINCL sends packets whole: length, checksum and what is 0 are filled in', () => {
    const stacks = twoStacks();
    const { sim, client, server } = stacks;
    const listener = server.socket(linux.AF_INET, linux.SOCK_DGRAM, 0) as Socket;
    listener.bind(to('0.0.0.0', 9001), ROOT);
    const socket = raw(client, 255);
    expect(readInt(socket.getOption(0, linux.IP_HDRINCL, 4) as Uint8Array, 0)).toBe(1);
    const packet = Uint8Array.from(udp(text('forged'), { from: '10.0.0.77' }));
    packet.set([0, 0], 2);
    packet.set([0, 0], 10);
    expect(socket.send(packet, 0, to('10.0.0.2'), 0)).toBe(packet.length);
    expect(socket.send(packet.slice(0, 19), 0, to('10.0.0.2'), 0)).toBe(-ERRNO.EINVAL);
    expect(socket.send(new Uint8Array(1501).fill(0x45), 0, to('10.0.0.2'), 0)).toBe(-ERRNO.EMSGSIZE);
    sim.run(seconds(1));
    const into = new Uint8Array(10);
    expect((listener.receive(into, 0) as Received).address).toMatchObject({ address: '10.0.0.77' });
  });

  test('hears of errors about what it sent when it is connected or asks for them', () => {
    const { sim, client } = twoStacks();
    const [connected, asking, neither] = [raw(client, 253), raw(client, 253), raw(client, 253)];
    expect(connected.connect(to('10.0.0.2', 80))).toBe(0);
    asking.setOption(0, linux.IP_RECVERR, ints(1));
    connected.send(text('eight bytes or more'), 0, null, 0);
    sim.run(seconds(1));
    const errors = [connected, asking, neither].map((socket) =>
      readInt(socket.getOption(linux.SOL_SOCKET, linux.SO_ERROR, 4) as Uint8Array, 0),
    );
    expect(errors).toEqual([ERRNO.ENOPROTOOPT, ERRNO.ENOPROTOOPT, 0]);
    const into = new Uint8Array(100);
    expect(asking.receive(into, linux.MSG_ERRQUEUE)).toMatchObject({
      length: 19,
      error: { type: 3, code: 2, offender: '10.0.0.2' },
    });
  });
});

describe('a packet socket', () => {
  const open = (stack: Stack, type: number, etherType: number, ...index: number[]): PacketSocket => {
    const socket = stack.packetSocket(type, ((etherType & 0xff) << 8) | (etherType >> 8), ROOT);
    if (!(socket instanceof PacketSocket)) throw new Error(`refused: ${socket}`);
    for (const one of index) expect(socket.bind(link(one))).toBe(0);
    return socket;
  };
  const link = (index: number, protocol = 0, address = '') => ({
    family: 17 as const,
    interface: index,
    protocol,
    packetType: 0,
    hardwareType: 0,
    address,
  });

  test('of every type sees what comes and what goes, with its headers, and from whom', () => {
    const { sim, client } = twoStacks();
    const socket = open(client, linux.SOCK_RAW, 3);
    raw(client, 1).send(Uint8Array.from(icmp(8, 0, [...u16(7), ...u16(1)]).slice(20)), 0, to('10.0.0.2'), 0);
    sim.run(seconds(1));
    const into = new Uint8Array(2000);
    const seen: string[] = [];
    for (let one = socket.receive(into, 0); typeof one !== 'number'; one = socket.receive(into, 0)) {
      const { packetType, address } = one.packet ?? link(0);
      seen.push(`${packetType} ${address} ${summarize(dissect(into.slice(0, one.length))).protocol}`);
    }
    const [mine, other] = ['02:00:00:00:00:01', '02:00:00:00:00:02'];
    expect(seen).toEqual([`4 ${mine} ARP`, `0 ${other} ARP`, `4 ${mine} ICMP`, `0 ${other} ICMP`]);
    socket.close();
    expect(client.interfaces.map(({ watcher }) => watcher)).toEqual([null, null]);
  });

  test('of one type sees what comes of it, without its header where it wants none', () => {
    const { sim, client, server } = twoStacks();
    const socket = open(server, linux.SOCK_DGRAM, 0x88b5, 2);
    const sender = open(client, linux.SOCK_DGRAM, 0x88b5);
    expect(sender.send(text('hi'), 0, null, 0)).toBe(-ERRNO.ENXIO);
    expect(sender.send(text('hi'), 0, link(2), 0)).toBe(-ERRNO.EINVAL);
    expect(sender.send(text('hi'), 0, link(2, 0x88b5, 'ff:ff:ff:ff:ff:ff'), 0)).toBe(2);
    sim.run(seconds(1));
    const into = new Uint8Array(100);
    const one = socket.receive(into, 0) as Received;
    // The frame was padded to 60 bytes on its way.
    expect(one).toMatchObject({ length: 46, packet: { packetType: 1, protocol: 0x88b5, hardwareType: 1 } });
    expect(new TextDecoder().decode(into.subarray(0, 2))).toBe('hi');
  });

  test('sends whole frames, no shorter than a header and no longer than the link takes', () => {
    const stacks = twoStacks();
    const socket = open(stacks.client, linux.SOCK_RAW, 0, 2);
    const frame = Uint8Array.from([
      ...[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 9, 8, 0],
      ...ipv4(253, text('by hand'), { from: '10.0.0.9' }),
    ]);
    expect(socket.send(frame, 0, null, 5)).toBe(frame.length);
    expect(socket.send(frame.slice(0, 13), 0, null, 0)).toBe(-ERRNO.EINVAL);
    expect(socket.send(new Uint8Array(1515), 0, null, 0)).toBe(-ERRNO.EMSGSIZE);
    stacks.client.setLinkUp('eth0', false);
    expect(socket.send(frame, 0, null, 0)).toBe(-ERRNO.ENETDOWN);
    stacks.sim.run(seconds(1));
    const sent = stacks.record.events.find((event) => event.kind === 'frame-sent');
    expect(sent).toMatchObject({ reason: 'packet.data', origins: [5], length: 60 });
    expect(stacks.server.ip.counters.InReceives).toBe(1);
  });

  test('has the card take frames for others, and of groups (PACKET_ADD_MEMBERSHIP)', () => {
    const { sim, client, server } = twoStacks();
    const sender = open(client, linux.SOCK_DGRAM, 0x0800);
    const socket = open(server, linux.SOCK_DGRAM, 3, 2);
    const mreq = (type: number, mac: number[] = []) =>
      Uint8Array.from([...ints(2), type, 0, mac.length, 0, ...mac, ...new Uint8Array(8 - mac.length)]);
    const arrivals = (until: number) => {
      for (const mac of ['02:00:00:00:00:77', '01:00:5e:01:02:03'])
        sender.send(text('x'), 0, link(2, 0x0800, mac), 0);
      sim.run(seconds(until));
      return received(socket).length;
    };
    expect(arrivals(1)).toBe(0);
    expect(
      socket.setOption(linux.SOL_PACKET, linux.PACKET_ADD_MEMBERSHIP, mreq(0, [1, 0, 0x5e, 1, 2, 3])),
    ).toBe(0);
    expect(arrivals(2)).toBe(1);
    expect(socket.setOption(linux.SOL_PACKET, linux.PACKET_ADD_MEMBERSHIP, mreq(1))).toBe(0);
    expect(arrivals(3)).toBe(2);
    expect(socket.setOption(linux.SOL_PACKET, linux.PACKET_DROP_MEMBERSHIP, mreq(1))).toBe(0);
    expect(socket.setOption(linux.SOL_PACKET, linux.PACKET_DROP_MEMBERSHIP, mreq(1))).toBe(
      -ERRNO.EADDRNOTAVAIL,
    );
    expect(arrivals(4)).toBe(1);
    expect(socket.getOption(linux.SOL_PACKET, linux.PACKET_STATISTICS, 8)).toEqual(ints(4, 0));
  });
});
