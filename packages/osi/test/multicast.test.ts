import { describe, expect, test } from 'vitest';
import * as linux from '../src/5-session/constants.ts';
import { ints } from '../src/5-session/option-table.ts';
import type { Socket, SocketAddress } from '../src/5-session/socket-types.ts';
import type { Stack } from '../src/5-session/stack.ts';
import { dissect, summarize } from '../src/dissect/index.ts';
import { seconds } from '../src/time/index.ts';
import { ERRNO } from '../src/trace/index.ts';
import { twoStacks } from './two-stacks.ts';

const ROOT = { privileged: true };
const GROUP = '239.1.2.3';
const at = (address: string, port: number): SocketAddress => ({ family: 2, address, port });
const bytes = (text: string) => new TextEncoder().encode(text);
const address = (text: string) => text.split('.').map(Number);
/** `struct ip_mreq`, `struct ip_mreqn`, `struct ip_mreq_source`. */
const mreq = (group = GROUP, local = '0.0.0.0') => Uint8Array.from([...address(group), ...address(local)]);
const mreqn = (group: string, index: number) => Uint8Array.from([...mreq(group), ...ints(index)]);
const mreqSource = (source: string, group = GROUP) => Uint8Array.from([...mreq(group), ...address(source)]);
/** `struct group_req` and `struct group_source_req` where pointers have 64 bits. */
const storage = (text: string) => Uint8Array.from([2, 0, 0, 0, ...address(text), ...new Uint8Array(120)]);
const groupReq = (group: string, index: number) => Uint8Array.from([...ints(index, 0), ...storage(group)]);

/** Two machines that send groups by their `eth0`. */
function groupStacks() {
  const stacks = twoStacks();
  for (const stack of [stacks.client, stacks.server]) {
    expect(stack.addRoute({ destination: '224.0.0.0/4', interface: 'eth0' })).toBe(0);
  }
  return stacks;
}

function datagram(stack: Stack, port?: number): Socket {
  const socket = stack.socket(linux.AF_INET, linux.SOCK_DGRAM, 0) as Socket;
  socket.setOption(linux.SOL_SOCKET, linux.SO_REUSEADDR, ints(1));
  if (port !== undefined) expect(socket.bind(at('0.0.0.0', port), ROOT)).toBe(0);
  return socket;
}

const set = (socket: Socket, name: number, value: Uint8Array) =>
  socket.setOption(linux.IPPROTO_IP, name, value);
const join = (socket: Socket, value = mreq()) => expect(set(socket, linux.IP_ADD_MEMBERSHIP, value)).toBe(0);

/** What waits at a socket, as text. */
function received(socket: Socket): string[] {
  const texts: string[] = [];
  const into = new Uint8Array(2000);
  for (;;) {
    const one = socket.receive(into, 0);
    if (typeof one === 'number') return texts;
    texts.push(new TextDecoder().decode(into.subarray(0, one.length)));
  }
}

describe('a datagram to a group', () => {
  test('reaches the machines that have joined it, in a frame to the group of stations, and no other', () => {
    const { sim, record, client, server } = groupStacks();
    const member = datagram(server, 5007);
    const sender = datagram(client);
    sender.send(bytes('before'), 0, at(GROUP, 5007), 0);
    sim.run(seconds(1));
    expect(received(member)).toEqual([]);
    expect(server.tracer.drops.get('ethernet.not-for-us')).toBe(1);
    join(member);
    sender.send(bytes('hello'), 0, at(GROUP, 5007), 0);
    sim.run(seconds(2));
    expect(received(member)).toEqual(['hello']);
    const frame = record.events.find((event) => event.kind === 'frame-sent' && event.reason === 'udp.data');
    const tree = dissect(record.bytes(frame as never));
    expect(summarize(tree)).toMatchObject({ source: '10.0.0.1', destination: GROUP });
    expect([...tree.bytes.subarray(0, 6)]).toEqual([1, 0, 0x5e, 1, 2, 3]);
    // TTL 1: the next router is the end of its way (RFC 1112 section 6.1).
    expect(tree.bytes[22]).toBe(1);
  });

  test('reaches every socket at its port, and comes back to its sender that is in the group', () => {
    const { sim, client, server } = groupStacks();
    const own = datagram(client, 5007);
    const others = [datagram(server, 5007), datagram(server, 5007)];
    for (const socket of [own, ...others]) join(socket);
    own.send(bytes('1'), 0, at(GROUP, 5007), 0);
    sim.run(seconds(1));
    expect([own, ...others].map(received)).toEqual([['1'], ['1'], ['1']]);
    set(own, linux.IP_MULTICAST_LOOP, ints(0));
    own.send(bytes('2'), 0, at(GROUP, 5007), 0);
    sim.run(seconds(2));
    expect([own, ...others].map(received)).toEqual([[], ['2'], ['2']]);
  });

  test('comes from an address of its machine, though its sender is bound to the group', () => {
    const { sim, client, server } = groupStacks();
    const member = datagram(server, 5007);
    join(member);
    const sender = datagram(client);
    expect(sender.bind(at(GROUP, 5007), ROOT)).toBe(0);
    sender.send(bytes('x'), 0, at(GROUP, 5007), 0);
    sim.run(seconds(1));
    expect(member.receive(new Uint8Array(9), 0)).toMatchObject({ address: at('10.0.0.1', 5007) });
  });

  test('with TTL 0 stays in its machine', () => {
    const { sim, client, server } = groupStacks();
    const [own, other] = [datagram(client, 5007), datagram(server, 5007)];
    join(own);
    join(other);
    set(own, linux.IP_MULTICAST_TTL, ints(0));
    own.send(bytes('x'), 0, at(GROUP, 5007), 0);
    sim.run(seconds(1));
    expect([own, other].map(received)).toEqual([['x'], []]);
  });

  test('is what IP_MULTICAST_ALL is about: a broadcast reaches all sockets as ever', () => {
    const { sim, client, server } = groupStacks();
    const strict = datagram(server, 5007);
    set(strict, linux.IP_MULTICAST_ALL, ints(0));
    const sender = datagram(client);
    sender.setOption(linux.SOL_SOCKET, linux.SO_BROADCAST, ints(1));
    sender.send(bytes('all'), 0, at('10.0.0.255', 5007), 0);
    sim.run(seconds(1));
    expect(received(strict)).toEqual(['all']);
  });

  test('needs a route or IP_MULTICAST_IF', () => {
    const { client } = twoStacks();
    const sender = datagram(client);
    expect(sender.send(bytes('x'), 0, at(GROUP, 5007), 0)).toBe(-ERRNO.ENETUNREACH);
    expect(set(sender, linux.IP_MULTICAST_IF, Uint8Array.from(address('10.0.0.9')))).toBe(
      -ERRNO.EADDRNOTAVAIL,
    );
    expect(set(sender, linux.IP_MULTICAST_IF, Uint8Array.from(address('10.0.0.1')))).toBe(0);
    expect(sender.send(bytes('x'), 0, at(GROUP, 5007), 0)).toBe(1);
    expect(sender.getOption(linux.IPPROTO_IP, linux.IP_MULTICAST_IF, 4)).toEqual(
      Uint8Array.from(address('10.0.0.1')),
    );
  });
});

describe('joining', () => {
  test('is refused as Linux refuses it', () => {
    const { client } = twoStacks();
    const socket = datagram(client);
    expect(set(socket, linux.IP_ADD_MEMBERSHIP, mreq())).toBe(-ERRNO.ENODEV);
    expect(set(socket, linux.IP_DROP_MEMBERSHIP, mreq())).toBe(-ERRNO.ENODEV);
    client.addRoute({ destination: '224.0.0.0/4', interface: 'eth0' });
    expect(set(socket, linux.IP_ADD_MEMBERSHIP, mreq('10.0.0.9'))).toBe(-ERRNO.EINVAL);
    expect(set(socket, linux.IP_ADD_MEMBERSHIP, mreq(GROUP, '10.0.0.9'))).toBe(-ERRNO.ENODEV);
    expect(set(socket, linux.IP_ADD_MEMBERSHIP, mreqn(GROUP, 9))).toBe(-ERRNO.ENODEV);
    expect(set(socket, linux.IP_ADD_MEMBERSHIP, ints(1))).toBe(-ERRNO.EINVAL);
    join(socket);
    expect(set(socket, linux.IP_ADD_MEMBERSHIP, mreqn(GROUP, 2))).toBe(-ERRNO.EADDRINUSE);
    expect(set(socket, linux.IP_DROP_MEMBERSHIP, mreq('239.9.9.9'))).toBe(-ERRNO.EADDRNOTAVAIL);
    const stream = client.socket(linux.AF_INET, linux.SOCK_STREAM, 0) as Socket;
    expect(set(stream, linux.IP_ADD_MEMBERSHIP, mreq())).toBe(-ERRNO.EPROTO);
    expect(set(stream, linux.IP_MULTICAST_TTL, ints(2))).toBe(-ERRNO.EINVAL);
  });

  test('has limits: net.ipv4.igmp_max_memberships and igmp_max_msf', () => {
    const { client } = groupStacks();
    const socket = datagram(client);
    for (let i = 0; i < 20; i++) join(socket, mreq(`239.0.0.${i}`));
    expect(set(socket, linux.IP_ADD_MEMBERSHIP, mreq('239.0.1.1'))).toBe(-ERRNO.ENOBUFS);
    const other = datagram(client);
    for (let i = 0; i < 10; i++) {
      expect(set(other, linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource(`10.0.9.${i}`))).toBe(0);
    }
    expect(set(other, linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource('10.0.9.99'))).toBe(-ERRNO.ENOBUFS);
  });

  test('names sources by the options of ip(7), too', () => {
    const { client } = groupStacks();
    const socket = datagram(client);
    const source = (name: number) => set(socket, name, mreqSource('10.0.0.7'));
    const filter = (mode: number) =>
      set(socket, linux.IP_MSFILTER, Uint8Array.from([...mreq(), ...ints(mode, 1), ...address('10.0.0.7')]));
    join(socket);
    expect([source(linux.IP_BLOCK_SOURCE), source(linux.IP_BLOCK_SOURCE)]).toEqual([0, -ERRNO.EADDRNOTAVAIL]);
    expect(source(linux.IP_UNBLOCK_SOURCE)).toBe(0);
    expect([filter(2), filter(1)]).toEqual([-ERRNO.EINVAL, 0]);
    expect(source(linux.IP_ADD_SOURCE_MEMBERSHIP)).toBe(-ERRNO.EADDRNOTAVAIL);
    expect(source(linux.IP_DROP_SOURCE_MEMBERSHIP)).toBe(0);
    expect(set(socket, linux.IP_DROP_MEMBERSHIP, mreq())).toBe(-ERRNO.EADDRNOTAVAIL);
    expect(source(linux.IP_ADD_SOURCE_MEMBERSHIP)).toBe(0);
    expect(set(socket, linux.IP_DROP_MEMBERSHIP, mreq())).toBe(0);
  });

  test('works by interface number, by address and by the protocol-independent options', () => {
    const { client } = twoStacks();
    const socket = datagram(client);
    join(socket, mreqn('239.0.0.1', 2));
    join(socket, mreq('239.0.0.2', '10.0.0.1'));
    expect(set(socket, linux.MCAST_JOIN_GROUP, groupReq('239.0.0.3', 2))).toBe(0);
    expect(set(socket, linux.MCAST_JOIN_GROUP, groupReq('239.0.0.3', 2).slice(0, 131))).toBe(-ERRNO.EINVAL);
    const entries = [...client.igmp.entries()].filter(({ link }) => link.name === 'eth0');
    expect(entries.map(({ address: group }) => group & 255)).toEqual([3, 2, 1, 1]);
    expect(set(socket, linux.MCAST_LEAVE_GROUP, groupReq('239.0.0.3', 2))).toBe(0);
    socket.close();
    expect([...client.igmp.entries()]).toHaveLength(2);
  });
});
