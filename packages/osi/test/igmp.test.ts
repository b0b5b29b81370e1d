import { expect, test } from 'vitest';
import { ints } from '../src/5-session/option-table.ts';
import { milliseconds, seconds } from '../src/time/index.ts';
import { GroupWorld4 } from './group-world.ts';

/** What IGMP has by itself; what it has in common with MLD is in groups.test.ts. */

const drops = ({ server }: GroupWorld4, reason: string) => server.tracer.drops.get(reason) ?? 0;

test.each([3, 2, 1])(
  'version %s goes with TTL 1, precedence 6, Don’t Fragment and router alert',
  (version) => {
    const world = new GroupWorld4();
    world.server.sysctl.set('net.ipv4.conf.all.force_igmp_version', version);
    const socket = world.socket();
    world.join(socket);
    world.later(30);
    socket.close();
    world.later(30);
    const headers = world.record.events.flatMap((event) => {
      if (event.kind !== 'frame-sent' || event.node !== 'server') return [];
      const packet = world.record.bytes(event).slice(14);
      return [[packet[1], packet[6], packet[8], ...packet.subarray(20, 24)]];
    });
    expect(headers.length).toBeGreaterThan(1);
    for (const header of headers) expect(header).toEqual([0xc0, 0x40, 1, 0x94, 4, 0, 0]);
  },
);

test('is reported from 0.0.0.0 on an interface without an address (RFC 3376 section 4.2.13)', () => {
  const world = new GroupWorld4();
  world.server.removeAddress('eth0', '10.0.0.2/24');
  world.server.addAddress('lo', '10.0.0.2/32');
  world.server.addRoute({ destination: '224.0.0.0/4', interface: 'eth0' });
  world.join(world.socket());
  world.later(1);
  expect(world.messages()[0]).toMatchObject({ source: 'any', text: 'TO_EX(G)' });
});

test('a response code from 128 on is a floating-point number, in tenths of seconds (RFC 3376 section 4.1.1)', () => {
  const world = new GroupWorld4();
  world.join(world.socket());
  world.later(10);
  const delays = Array.from({ length: 20 }, () => {
    world.messages();
    const asked = world.sim.now;
    // 1 0101010 is (16 + 5) × 2^(2 + 3).
    world.say([0x11, 0xa5, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0], 'all');
    world.later(100);
    return (world.messages()[0]?.time ?? Number.POSITIVE_INFINITY) - asked;
  });
  expect(Math.max(...delays)).toBeLessThanOrEqual(milliseconds(67_200 + 4));
  expect(Math.max(...delays)).toBeGreaterThan(seconds(40));
});

test('so is an interval code: version 2 is spoken for so long (RFC 3376 section 4.1.7)', () => {
  const world = new GroupWorld4();
  const version = () => [...world.server.igmp.entries()].find(({ link }) => link.name === 'eth0')?.version;
  world.join(world.socket());
  world.say([0x11, 100, 0, 0, 0, 0, 0, 0, 2, 0xa5, 0, 0], 'all');
  world.say([0x11, 100, 0, 0, 0, 0, 0, 0], 'all');
  world.later(2 * 672 + 9);
  expect(version()).toBe(2);
  world.later(2);
  expect(version()).toBe(3);
});

test('what is no message is dropped, and it is said why', () => {
  const world = new GroupWorld4();
  world.join(world.socket());
  world.later(10);
  world.messages();
  world.say([0x16, 0, 0, 0], 'all');
  world.say([0x11, 1, 0, 0, 0, 0, 0, 0, 2, 125], 'all');
  world.say([0x11, 1, 0, 0], 'all');
  world.say([0x11, 1, 0, 0, 0, 0, 0, 0, 2, 125, 0, 3, 10, 0, 0, 8], 'all');
  world.say([0x11, 1, 0, 0, 0, 0, 0, 0, 2, 125, 0, 1, 10, 0, 0, 8], 'all');
  expect([drops(world, 'igmp.truncated'), drops(world, 'igmp.malformed')]).toEqual([4, 1]);
  world.sayWrong([0x11, 1, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0]);
  expect(drops(world, 'igmp.checksum')).toBe(1);
  // Of an unknown type: passed over (section 4).
  world.say([0x77, 1, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0], 'all');
  world.later(10);
  expect(world.messages()).toEqual([]);
});

test('a version 1 host is asked about all its groups, whatever a later query says', () => {
  const world = new GroupWorld4();
  const socket = world.socket();
  for (const group of ['G', 'H']) world.join(socket, group);
  world.ask({ limit: 100, older: 1 });
  world.later(30);
  expect(world.said(() => world.ask({ limit: 100, group: 'G' }), 30).sort()).toEqual(['G', 'H']);
  expect(world.said(() => world.ask({ limit: 0, group: 'G', older: 1 }), 30).sort()).toEqual(['G', 'H']);
});

test('groups of the link are not told of with net.ipv4.igmp_link_local_mcast_reports 0, others are', () => {
  const world = new GroupWorld4();
  world.server.sysctl.set('net.ipv4.igmp_link_local_mcast_reports', 0);
  const socket = world.socket();
  for (const last of [
    [224, 0, 0, 251],
    [224, 0, 1, 1],
  ]) {
    expect(socket.setOption(0, 35, Uint8Array.from([...last, ...ints(0)]))).toBe(0);
  }
  world.join(socket);
  world.later(10);
  const reports = world.record.events.filter(
    (event) => event.kind === 'frame-sent' && event.node === 'server',
  );
  const records = reports.map((event) => world.record.bytes(event as never)[14 + 24 + 7]);
  expect(records).toEqual([2, 2]);
});
