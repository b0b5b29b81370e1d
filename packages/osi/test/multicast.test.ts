import { describe, expect, test } from 'vitest';
import * as linux from '../src/5-session/constants.ts';
import { ints, readInt } from '../src/5-session/option-table.ts';
import type { Socket, SocketAddress } from '../src/5-session/socket-types.ts';
import type { Stack } from '../src/5-session/stack.ts';
import { dissect, summarize } from '../src/dissect/index.ts';
import { milliseconds, seconds } from '../src/time/index.ts';
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
const get = (socket: Socket, name: number) =>
  readInt(socket.getOption(linux.IPPROTO_IP, name, 4) as Uint8Array, 0);
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

type Stacks = ReturnType<typeof groupStacks>;
/** The IGMP messages on the record in Wireshark's words, with who sent them. */
const messages = ({ record }: Stacks) =>
  record.events.flatMap((event) => {
    if (event.kind !== 'frame-sent' || !event.reason.startsWith('igmp.')) return [];
    const { protocol, info } = summarize(dissect(record.bytes(event)));
    return [`${event.node} ${protocol} ${info.replace('Membership Report / ', '')}`];
  });

const later = ({ sim }: Stacks, duration: number) => sim.run(sim.now + seconds(duration));

/** The IGMP packets that the server has sent: when, how, to whom, and what is in them. */
const packets = ({ record }: Stacks) =>
  record.events.flatMap((event) => {
    if (event.kind !== 'frame-sent' || event.node !== 'server' || !event.reason.startsWith('igmp.'))
      return [];
    const packet = record.bytes(event).slice(14);
    const [tos, ttl, options] = [packet[1], packet[8], [...packet.subarray(20, 24)]];
    const to = packet.subarray(16, 20).join('.');
    return [{ time: event.time, tos, ttl, options, to, message: packet.slice(24) }];
  });

/** Says something as a querier or another member would, from 10.0.0.1. */
function say({ client }: Stacks, message: number[], to = '224.0.0.1') {
  const frame = client.pool.take(message.length);
  let sum = 0;
  for (let i = 0; i < message.length; i += 2) sum += ((message[i] ?? 0) << 8) + (message[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  frame.bytes.set(message, frame.start);
  frame.view.setUint16(frame.start + 2, ~sum & 0xffff);
  frame.end = frame.start + message.length;
  const [source, group] = [0x0a000001, address(to).reduce((n, byte) => n * 256 + byte)];
  client.ip.send(frame, source as never, group as never, 2, { ttl: 1 });
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

  test('goes to a socket that joined nothing too, as its machine is in the group, unless IP_MULTICAST_ALL is off', () => {
    const { sim, client, server } = groupStacks();
    const [member, bystander, strict] = [
      datagram(server, 5007),
      datagram(server, 5007),
      datagram(server, 5007),
    ];
    join(member);
    expect(get(strict, linux.IP_MULTICAST_ALL)).toBe(1);
    set(strict, linux.IP_MULTICAST_ALL, ints(0));
    datagram(client).send(bytes('x'), 0, at(GROUP, 5007), 0);
    sim.run(seconds(1));
    expect([member, bystander, strict].map(received)).toEqual([['x'], ['x'], []]);
  });

  test('from a source that is not asked for, or blocked, is not for the socket', () => {
    const { sim, client, server } = groupStacks();
    const [only, others, blocking] = [datagram(server, 5007), datagram(server, 5007), datagram(server, 5007)];
    expect(set(only, linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource('10.0.0.1'))).toBe(0);
    expect(set(others, linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource('10.0.0.7'))).toBe(0);
    join(blocking);
    expect(set(blocking, linux.IP_BLOCK_SOURCE, mreqSource('10.0.0.1'))).toBe(0);
    const sender = datagram(client);
    sender.send(bytes('1'), 0, at(GROUP, 5007), 0);
    sim.run(seconds(1));
    expect([only, others, blocking].map(received)).toEqual([['1'], [], []]);
    expect(set(blocking, linux.IP_UNBLOCK_SOURCE, mreqSource('10.0.0.1'))).toBe(0);
    expect(set(only, linux.IP_DROP_SOURCE_MEMBERSHIP, mreqSource('10.0.0.1'))).toBe(0);
    set(only, linux.IP_MULTICAST_ALL, ints(0));
    sender.send(bytes('2'), 0, at(GROUP, 5007), 0);
    sim.run(seconds(2));
    expect([only, others, blocking].map(received)).toEqual([[], [], ['2']]);
  });

  test('comes in when some socket includes its source or not all that exclude exclude it (RFC 3376 section 3.2)', () => {
    const { sim, client, server } = groupStacks();
    const bystander = datagram(server, 5007);
    const members = [datagram(server, 5008), datagram(server, 5008), datagram(server, 5008)] as const;
    const sender = datagram(client);
    const comesIn = () => {
      sender.send(bytes('x'), 0, at(GROUP, 5007), 0);
      sim.run(sim.now + seconds(1));
      return received(bystander).length === 1;
    };
    set(members[0], linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource('10.0.0.7'));
    expect(comesIn()).toBe(false);
    join(members[1]);
    expect(comesIn()).toBe(true);
    set(members[1], linux.IP_BLOCK_SOURCE, mreqSource('10.0.0.1'));
    expect(comesIn()).toBe(false);
    join(members[2]);
    expect(comesIn()).toBe(true);
    set(members[2], linux.IP_BLOCK_SOURCE, mreqSource('10.0.0.1'));
    expect(comesIn()).toBe(false);
    set(members[0], linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource('10.0.0.1'));
    expect(comesIn()).toBe(true);
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

describe('IGMP', () => {
  test('tells of a group joined and left, each twice (RFC 3376 section 5.1)', () => {
    const stacks = groupStacks();
    const member = datagram(stacks.server, 5007);
    join(member);
    stacks.sim.run(seconds(10));
    const joined = `server IGMPv3 Join group ${GROUP} for any sources`;
    expect(messages(stacks)).toEqual([joined, joined]);
    member.close();
    stacks.sim.run(seconds(20));
    const left = `server IGMPv3 Leave group ${GROUP}`;
    expect(messages(stacks)).toEqual([joined, joined, left, left]);
    const frame = stacks.record.events.find(
      (event) => event.kind === 'frame-sent' && event.node === 'server',
    );
    const packet = stacks.record.bytes(frame as never);
    // Routers are to look at it: TTL 1, precedence, Don't Fragment, the router alert option (section 4).
    expect([...packet.subarray(14, 18), ...packet.subarray(20, 24)]).toEqual([
      0x46, 0xc0, 0, 40, 0x40, 0, 1, 2,
    ]);
    expect([...packet.subarray(34, 38)]).toEqual([0x94, 4, 0, 0]);
  });

  test('tells of changed filters: sources allowed, blocked, the mode changed', () => {
    const stacks = groupStacks();
    const socket = datagram(stacks.server);
    const step = (until: number) => {
      stacks.sim.run(seconds(until));
      return messages(stacks)
        .splice(step.seen)
        .map((line) => {
          step.seen++;
          return line.replace('server IGMPv3 ', '');
        });
    };
    step.seen = 0;
    const twice = (text: string) => [text, text];
    set(socket, linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource('10.0.0.7'));
    expect(step(10)).toEqual(twice(`Group ${GROUP}, new source {10.0.0.7}`));
    set(socket, linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource('10.0.0.8'));
    expect(step(20)).toEqual(twice(`Group ${GROUP}, new source {10.0.0.8}`));
    const second = datagram(stacks.server);
    join(second);
    expect(step(30)).toEqual(twice(`Join group ${GROUP} for any sources`));
    set(second, linux.IP_BLOCK_SOURCE, mreqSource('10.0.0.9'));
    expect(step(40)).toEqual(twice(`Group ${GROUP}, block source {10.0.0.9}`));
    second.close();
    expect(step(50)).toEqual(twice(`Join group ${GROUP} for sources in {10.0.0.7, 10.0.0.8}`));
    set(socket, linux.IP_DROP_SOURCE_MEMBERSHIP, mreqSource('10.0.0.7'));
    expect(step(60)).toEqual(twice(`Group ${GROUP}, block source {10.0.0.7}`));
    set(socket, linux.IP_DROP_SOURCE_MEMBERSHIP, mreqSource('10.0.0.8'));
    expect(step(70)).toEqual(twice(`Group ${GROUP}, block source {10.0.0.8}`));
  });

  test('answers queries within the time they leave, about all groups, one, or some sources', () => {
    const stacks = groupStacks();
    const socket = datagram(stacks.server);
    join(socket, mreq('239.0.0.1'));
    set(socket, linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource('10.0.0.7', '239.0.0.2'));
    stacks.sim.run(seconds(10));
    const before = messages(stacks).length;
    const general = [0x11, 20, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0];
    say(stacks, general);
    stacks.sim.run(seconds(12));
    const all =
      'server IGMPv3 Join group 239.0.0.1 for any sources / Join group 239.0.0.2 for source {10.0.0.7}';
    expect(messages(stacks).slice(before)).toEqual([all]);
    say(stacks, [0x11, 10, 0, 0, 239, 0, 0, 1, 2, 125, 0, 0], '239.0.0.1');
    stacks.sim.run(seconds(14));
    say(stacks, [0x11, 10, 0, 0, 239, 0, 0, 2, 2, 125, 0, 2, 10, 0, 0, 7, 10, 0, 0, 8], '239.0.0.2');
    say(stacks, [0x11, 10, 0, 0, 239, 0, 0, 2, 2, 125, 0, 1, 10, 0, 0, 8], '239.0.0.2');
    stacks.sim.run(seconds(16));
    expect(messages(stacks).slice(before + 1)).toEqual([
      'server IGMPv3 Join group 239.0.0.1 for any sources',
      'server IGMPv3 Join group 239.0.0.2 for source {10.0.0.7}',
    ]);
  });

  test('speaks version 2 while a version 2 querier is heard: a report that another made is not repeated', () => {
    const stacks = groupStacks();
    const [a, b] = [datagram(stacks.client), datagram(stacks.server)];
    join(b);
    stacks.sim.run(seconds(10));
    const before = messages(stacks).length;
    say(stacks, [0x11, 50, 0, 0, 0, 0, 0, 0]);
    stacks.sim.run(seconds(16));
    expect(messages(stacks).slice(before)).toEqual([`server IGMPv2 Membership Report group ${GROUP}`]);
    expect([...stacks.server.igmp.entries()].find(({ link }) => link.name === 'eth0')).toMatchObject({
      version: 2,
      reporter: true,
    });
    b.close();
    stacks.sim.run(seconds(20));
    expect(messages(stacks).at(-1)).toBe(`server IGMPv2 Leave Group ${GROUP}`);
    a.close();
  });

  test('speaks version 1 with a querier of that version, and then says nothing when it leaves', () => {
    const stacks = groupStacks();
    const socket = datagram(stacks.server);
    say(stacks, [0x11, 0, 0, 0, 0, 0, 0, 0]);
    stacks.sim.run(seconds(1));
    join(socket);
    stacks.sim.run(seconds(30));
    socket.close();
    stacks.sim.run(seconds(40));
    const report = 'server IGMPv1 Membership Report';
    expect(messages(stacks)).toEqual([report, report]);
  });

  test('reports again when the interface comes up again', () => {
    const stacks = groupStacks();
    join(datagram(stacks.server));
    stacks.sim.run(seconds(5));
    stacks.server.setLinkUp('eth0', false);
    stacks.sim.run(seconds(6));
    stacks.server.setLinkUp('eth0', true);
    stacks.sim.run(seconds(6) + milliseconds(100));
    expect(messages(stacks)).toHaveLength(3);
  });

  test('drops what is no message, and says why', () => {
    const stacks = groupStacks();
    join(datagram(stacks.server));
    say(stacks, [0x16, 0, 0, 0]);
    say(stacks, [0x11, 10, 0, 0, 0, 0, 0, 0, 2, 125]);
    say(stacks, [0x11, 10, 0, 0]);
    say(stacks, [0x11, 10, 0, 0, 0, 0, 0, 0, 2, 125, 0, 1, 10, 0, 0, 8]);
    say(stacks, [0x11, 10, 0, 0, 0, 0, 0, 0, 2, 125, 0, 3, 10, 0, 0, 8]);
    stacks.sim.run(seconds(1));
    const { drops } = stacks.server.tracer;
    expect([drops.get('igmp.truncated'), drops.get('igmp.malformed')]).toEqual([4, 1]);
  });

  test('drops a message with a wrong checksum', () => {
    const stacks = groupStacks();
    join(datagram(stacks.server));
    stacks.sim.run(seconds(10));
    say(stacks, [0x11, 10, 0, 1, 0, 0, 0, 0, 2, 125, 0, 0]);
    stacks.sim.run(seconds(20));
    expect(stacks.server.tracer.drops.get('igmp.checksum')).toBe(1);
    expect(packets(stacks)).toHaveLength(2);
  });

  test('goes with TTL 1, precedence 6 and router alert to those whom it is for, in each version', () => {
    const exchange = (version: number) => {
      const stacks = groupStacks();
      stacks.server.sysctl.set('net.ipv4.conf.all.force_igmp_version', version);
      stacks.server.sysctl.set('net.ipv4.igmp_qrv', 1);
      const member = datagram(stacks.server);
      join(member);
      later(stacks, 1);
      member.close();
      later(stacks, 1);
      for (const packet of packets(stacks)) {
        expect(packet).toMatchObject({ ttl: 1, tos: 0xc0, options: [0x94, 4, 0, 0] });
      }
      return packets(stacks).map(({ message, to }) => [message[0], to]);
    };
    expect(exchange(3)).toEqual([
      [0x22, '224.0.0.22'],
      [0x22, '224.0.0.22'],
    ]);
    expect(exchange(2)).toEqual([
      [0x16, GROUP],
      [0x17, '224.0.0.2'],
    ]);
    expect(exchange(1)).toEqual([[0x12, GROUP]]);
  });

  test('names in each record what it tells: a change of the mode or of sources, or the present state', () => {
    const stacks = groupStacks();
    stacks.server.sysctl.set('net.ipv4.igmp_qrv', 1);
    const [excluding, including] = [datagram(stacks.server), datagram(stacks.server)];
    const type = (act: () => void) => {
      const before = packets(stacks).length;
      act();
      later(stacks, 2);
      return packets(stacks)
        .slice(before)
        .map(({ message }) => message[8]);
    };
    const ask = () => say(stacks, [0x11, 10, 0, 0, 0, 0, 0, 0, 0, 125, 0, 0]);
    expect(type(() => join(excluding))).toEqual([4]);
    expect(type(ask)).toEqual([2]);
    expect(type(() => set(excluding, linux.IP_BLOCK_SOURCE, mreqSource('10.0.0.7')))).toEqual([6]);
    expect(type(() => excluding.close())).toEqual([3]);
    expect(type(() => set(including, linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource('10.0.0.7')))).toEqual([5]);
    expect(type(ask)).toEqual([1]);
    expect(type(() => including.close())).toEqual([6]);
  });

  test('tells that a source is blocked only when all that exclude exclude it and none includes it', () => {
    const stacks = groupStacks();
    stacks.server.sysctl.set('net.ipv4.igmp_qrv', 1);
    const [a, b] = [datagram(stacks.server), datagram(stacks.server)];
    const told = (act: () => void) => {
      const before = messages(stacks).length;
      act();
      later(stacks, 2);
      return messages(stacks).slice(before);
    };
    for (const socket of [a, b]) told(() => join(socket));
    expect(told(() => set(a, linux.IP_BLOCK_SOURCE, mreqSource('10.0.0.9')))).toEqual([]);
    expect(told(() => set(b, linux.IP_BLOCK_SOURCE, mreqSource('10.0.0.9')))).toEqual([
      `server IGMPv3 Group ${GROUP}, block source {10.0.0.9}`,
    ]);
    expect(told(() => set(a, linux.IP_UNBLOCK_SOURCE, mreqSource('10.0.0.9')))).toEqual([
      `server IGMPv3 Group ${GROUP}, new source {10.0.0.9}`,
    ]);
  });

  test('tells a change as often as the querier says, and net.ipv4.igmp_qrv where it says nothing', () => {
    const stacks = groupStacks();
    const timesTold = (robustness: number) => {
      say(stacks, [0x11, 1, 0, 0, 0, 0, 0, 0, robustness, 125, 0, 0]);
      later(stacks, 1);
      const before = packets(stacks).length;
      const member = datagram(stacks.server);
      join(member);
      later(stacks, 10);
      const times = packets(stacks).length - before;
      member.close();
      later(stacks, 10);
      return times;
    };
    expect([0, 5, 1, 0].map(timesTold)).toEqual([2, 5, 1, 1]);
  });

  test('tells a change again at random times within the unsolicited report interval', () => {
    const stacks = groupStacks();
    stacks.server.sysctl.set('net.ipv4.conf.eth0.igmpv3_unsolicited_report_interval', 4000);
    const member = datagram(stacks.server);
    const gaps = Array.from({ length: 10 }, (_, i) => {
      join(member, mreq(`239.0.0.${i}`));
      later(stacks, 10);
      const [first = 0, second = 0] = packets(stacks)
        .slice(-2)
        .map(({ time }) => time);
      return second - first;
    });
    expect(Math.max(...gaps)).toBeLessThanOrEqual(seconds(4) + milliseconds(2));
    expect(Math.max(...gaps)).toBeGreaterThan(seconds(2));
    expect(Math.min(...gaps)).toBeLessThan(seconds(2));
  });

  test('does not tell of groups of the link with net.ipv4.igmp_link_local_mcast_reports 0, and of all others', () => {
    const stacks = groupStacks();
    stacks.server.sysctl.set('net.ipv4.igmp_qrv', 1);
    stacks.server.sysctl.set('net.ipv4.igmp_link_local_mcast_reports', 0);
    const member = datagram(stacks.server);
    for (const group of ['224.0.0.251', '224.0.1.1']) join(member, mreq(group));
    later(stacks, 1);
    expect(messages(stacks)).toEqual(['server IGMPv3 Join group 224.0.1.1 for any sources']);
  });
});

describe('an answer to a query', () => {
  const general = (code: number) => [0x11, code, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0];
  const about = (code: number, ...sources: string[]) => [
    ...[0x11, code, 0, 0, ...address(GROUP), 2, 125, 0, sources.length],
    ...sources.flatMap(address),
  ];
  /** A member that has told what it is in. */
  const settled = (...sources: string[]) => {
    const stacks = groupStacks();
    const member = datagram(stacks.server);
    if (sources.length === 0) join(member);
    for (const source of sources) set(member, linux.IP_ADD_SOURCE_MEMBERSHIP, mreqSource(source));
    later(stacks, 10);
    return { stacks, member };
  };
  /** What the server says within `duration` seconds after queries, and how long after them. */
  const answers = (stacks: Stacks, queries: number[][], duration: number) => {
    const before = packets(stacks).length;
    const asked = stacks.sim.now;
    for (const query of queries) say(stacks, query, query[4] === 0 ? '224.0.0.1' : GROUP);
    later(stacks, duration);
    const texts = messages(stacks).slice(before);
    return packets(stacks)
      .slice(before)
      .map(({ time }, i) => ({ delay: time - asked, text: texts[i]?.replace('server IGMPv3 ', '') }));
  };
  const delays = (stacks: Stacks, queries: number[][], duration: number) =>
    Array.from({ length: 10 }, () => {
      const [answer, ...more] = answers(stacks, queries, duration);
      expect(more).toEqual([]);
      return answer?.delay ?? Number.POSITIVE_INFINITY;
    });

  test.each([
    ['a general query', general],
    ['a query about a group', about],
  ])('to %s comes at random times within its limit', (_, query) => {
    const times = delays(settled().stacks, [query(100)], 20);
    expect(Math.max(...times)).toBeLessThanOrEqual(seconds(10) + milliseconds(3));
    expect(Math.max(...times)).toBeGreaterThan(seconds(5));
    expect(Math.min(...times)).toBeLessThan(seconds(5));
  });

  test.each([
    ['a general query', general],
    ['a query about a group', about],
  ])('to %s may take the time that a code from 128 on stands for, a floating-point number', (_, query) => {
    const times = delays(settled().stacks, [query(0xa5)], 100);
    expect(Math.max(...times)).toBeLessThanOrEqual(milliseconds(67_200 + 3));
    expect(Math.max(...times)).toBeGreaterThan(seconds(40));
  });

  test.each([
    ['a general query', general],
    ['a query about a group', about],
  ])(
    'to %s that is due sooner is the answer to the next one too, and a later one is given sooner',
    (_, query) => {
      const { stacks } = settled();
      for (const queries of [
        [query(1), query(100)],
        [query(100), query(1)],
      ]) {
        expect(Math.max(...delays(stacks, queries, 20))).toBeLessThanOrEqual(milliseconds(100 + 3));
      }
    },
  );

  test('about sources names those that are asked for and heard, of all such queries that wait', () => {
    const { stacks } = settled('10.0.0.7', '10.0.0.8', '10.0.0.9');
    const texts = (...queries: number[][]) => answers(stacks, queries, 20).map(({ text }) => text);
    const sources = (list: string) => `Join group ${GROUP} for ${list}`;
    expect(texts(about(10, '10.0.0.7', '10.0.0.99'))).toEqual([sources('source {10.0.0.7}')]);
    expect(texts(about(10, '10.0.0.99'))).toEqual([]);
    expect(texts(about(10, '10.0.0.7'), about(10, '10.0.0.9'))).toEqual([
      sources('sources in {10.0.0.7, 10.0.0.9}'),
    ]);
  });

  test('about the whole group that waits answers queries about its sources too', () => {
    const { stacks } = settled('10.0.0.7', '10.0.0.8');
    for (const queries of [
      [about(100), about(100, '10.0.0.7')],
      [about(100, '10.0.0.7'), about(100)],
    ]) {
      expect(answers(stacks, queries, 20).map(({ text }) => text)).toEqual([
        `Join group ${GROUP} for sources in {10.0.0.7, 10.0.0.8}`,
      ]);
    }
  });

  test('about sources is not given where all of them are excluded', () => {
    const { stacks, member } = settled();
    for (const source of ['10.0.0.7', '10.0.0.8']) set(member, linux.IP_BLOCK_SOURCE, mreqSource(source));
    later(stacks, 10);
    expect(answers(stacks, [about(10, '10.0.0.7')], 5)).toEqual([]);
    expect(answers(stacks, [about(10, '10.0.0.7', '10.0.0.8')], 5)).toEqual([]);
    expect(answers(stacks, [about(10, '10.0.0.7', '10.0.0.9')], 5)).toHaveLength(1);
  });
});

describe('with a querier of version 1 or 2', () => {
  const QUERIES = { 1: [0x11, 0, 0, 0, 0, 0, 0, 0], 2: [0x11, 50, 0, 0, 0, 0, 0, 0] };
  const types = (stacks: Stacks) => packets(stacks).map(({ message }) => message[0]);

  test.each([1, 2] as const)(
    '%s its version is spoken for 400 s after each query, and then version 3',
    (version) => {
      const stacks = groupStacks();
      const spoken = () =>
        [...stacks.server.igmp.entries()].find(({ link }) => link.name === 'eth0')?.version;
      say(stacks, QUERIES[version]);
      later(stacks, 300);
      say(stacks, QUERIES[version]);
      later(stacks, 399);
      expect(spoken()).toBe(version);
      later(stacks, 2);
      expect(spoken()).toBe(3);
      join(datagram(stacks.server));
      later(stacks, 5);
      expect(types(stacks)).toEqual([0x22, 0x22]);
    },
  );

  test('a member that hears a report of its group makes none, and says nothing when it leaves', () => {
    const stacks = groupStacks();
    const member = datagram(stacks.server);
    join(member);
    later(stacks, 10);
    say(stacks, QUERIES[2]);
    say(stacks, [0x16, 0, 0, 0, ...address(GROUP)], GROUP);
    later(stacks, 10);
    member.close();
    later(stacks, 10);
    expect(types(stacks)).toEqual([0x22, 0x22]);
  });

  test('what was left while version 1 was spoken is not told of later', () => {
    const stacks = groupStacks();
    say(stacks, QUERIES[1]);
    later(stacks, 1);
    const member = datagram(stacks.server);
    join(member);
    later(stacks, 30);
    member.close();
    later(stacks, 400);
    join(datagram(stacks.server), mreq('239.0.0.1'));
    later(stacks, 10);
    const joined = 'server IGMPv3 Join group 239.0.0.1 for any sources';
    expect(messages(stacks).slice(2)).toEqual([joined, joined]);
  });
});
