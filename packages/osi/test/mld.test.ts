import { describe, expect, test } from 'vitest';
import { MCAST_BLOCK_SOURCE } from '../src/5-session/constants.ts';
import { milliseconds, seconds } from '../src/time/index.ts';
import { GroupWorld6 } from './group-world.ts';
import { bytes6 } from './ipv6-station.ts';

/** What MLD has by itself; what it has in common with IGMP is in groups.test.ts. */

/** A query of version 2 for all groups, in bytes: the code, then the robustness variable and what follows it. */
const query = (code: number, rest: readonly number[] = [2, 125, 0, 0], group = '::') => [
  ...[130, 0, 0, 0, code >> 8, code & 255, 0, 0],
  ...bytes6(group),
  ...rest,
];

const settled = () => {
  const world = new GroupWorld6();
  world.join(world.socket());
  world.later(10);
  world.messages();
  return world;
};

/** Longest of twenty times to the answer, in nanoseconds. */
const longest = (world: GroupWorld6, message: readonly number[], wait: number) => {
  const delays = Array.from({ length: 20 }, () => {
    world.messages();
    const asked = world.sim.now;
    world.say(message, 'all');
    world.later(wait);
    return (world.messages()[0]?.time ?? Number.POSITIVE_INFINITY) - asked;
  });
  return Math.max(...delays);
};

describe('a message', () => {
  test('of each kind has hop limit 1 and a router alert', () => {
    const world = new GroupWorld6();
    const socket = world.socket();
    world.join(socket);
    world.later(10);
    world.ask({ limit: 100, older: 1 });
    world.later(10);
    socket.close();
    world.later(10);
    const sent = world.record.events.flatMap((event) => {
      if (event.kind !== 'frame-sent' || event.node !== 'server' || !event.reason.startsWith('mld.'))
        return [];
      return [world.record.bytes(event).slice(14)];
    });
    expect(new Set(sent.map((packet) => packet[48]))).toEqual(new Set([143, 131, 132]));
    // Hop-by-hop: router alert 0, which is MLD's (RFC 2711), and padding.
    for (const packet of sent) {
      expect([packet[6], packet[7], ...packet.subarray(40, 48)]).toEqual([0, 1, 58, 0, 5, 2, 0, 0, 1, 0]);
    }
  });

  test('comes from :: while there is no link-local address; what was told so is told again with one (RFC 3590)', () => {
    const world = new GroupWorld6({ settle: false });
    const socket = world.socket();
    world.join(socket);
    world.later(10);
    const sources = world.messages().map(({ source, text }) => `${source} ${text}`);
    expect(sources[0]).toBe('any TO_EX(G)');
    expect(sources.slice(-2)).toEqual(['server TO_EX(G)', 'server TO_EX(G)']);
  });

  test('tells of the solicited-node group of addresses with the first of them, and with the last', () => {
    const world = settled();
    const { server } = world;
    const add = (address: string) => world.said(() => server.addAddress('eth0', `${address}/64`));
    const remove = (address: string) => world.said(() => server.removeAddress('eth0', `${address}/64`));
    expect([add('2001:db8::77'), add('2001:db8:1::77')]).toEqual([['TO_EX(nodes)', 'TO_EX(nodes)'], []]);
    expect([remove('2001:db8::77'), remove('2001:db8:1::77')]).toEqual([
      [],
      ['TO_IN(nodes)', 'TO_IN(nodes)'],
    ]);
  });

  test('is none while IPv6 is off, and the card takes no group’s packets', () => {
    const world = settled();
    world.ask({ limit: 10_000 });
    world.ask({ limit: 10_000, group: 'G' });
    const off = () => world.server.sysctl.set('net.ipv6.conf.eth0.disable_ipv6', 1);
    expect(world.said(off, 20)).toEqual([]);
    const socket = world.socket();
    expect(world.said(() => world.join(socket, 'H'))).toEqual([]);
    expect(world.said(() => world.source(socket, MCAST_BLOCK_SOURCE, 'a', 'H'))).toEqual([]);
    expect(world.said(() => world.leave(socket, 'H'))).toEqual([]);
    const { drops } = world.server.tracer;
    const before = drops.get('ethernet.not-for-us') ?? 0;
    world.send('G', 5007);
    world.later(1);
    expect(drops.get('ethernet.not-for-us')).toBe(before + 1);
  });

  test('is none about what is joined on lo', () => {
    const world = new GroupWorld6();
    expect(world.said(() => world.join(world.socket(), 'G', 1))).toEqual([]);
  });

  test('is none about the group of all nodes, nor about one that goes no further than the interface', () => {
    const world = new GroupWorld6();
    const socket = world.socket();
    world.join(socket);
    for (const group of ['ff02::1', 'ff01::7', 'ff00::7']) {
      const join = Uint8Array.from([...bytes6(group), 2, 0, 0, 0]);
      expect(socket.setOption(41, 20, join)).toBe(0);
    }
    world.later(10);
    world.ask({ limit: 100 });
    world.later(10);
    const last = world.record.events.findLast(
      (event) => event.kind === 'frame-sent' && event.node === 'server' && event.reason === 'mld.report',
    );
    const packet = world.record.bytes(last as never).slice(14 + 48);
    const groups = Array.from({ length: packet[7] ?? 0 }, (_, i) =>
      [...packet.subarray(8 + 20 * i + 4, 8 + 20 * i + 20)].join('.'),
    );
    // Its own, and the solicited-node group of the link-local address.
    expect(groups).toEqual(['ff02::1:ff00:2', 'ff05::1:3'].map((group) => bytes6(group).join('.')));
  });
});

describe('a query', () => {
  const good = query(100);

  test.each([
    ['does not come from a link-local address', { from: 'a' }],
    ['comes from ::', { from: 'any' }],
    ['has been passed on', { hopLimit: 2 }],
    ['has no router alert', { alert: false }],
  ])('that %s is dropped (RFC 3810 section 6.2)', (_, how) => {
    const world = settled();
    world.sayAs(good, how);
    world.later(10);
    expect(world.texts()).toEqual([]);
    expect(world.server.tracer.drops.get('mld.query')).toBe(1);
    world.sayAs(good);
    world.later(10);
    expect(world.texts()).toEqual(['IS_EX(G)']);
  });

  test.each([
    ['of 23 bytes', good.slice(0, 23)],
    ['of 25 bytes', good.slice(0, 25)],
    ['of 27 bytes', good.slice(0, 27)],
    [
      'that names more sources than it has',
      query(100, [2, 125, 0, 2, ...bytes6('2001:db8::7')], 'ff05::1:3'),
    ],
    ['about what is no group', query(100, [2, 125, 0, 0], '2001:db8::7')],
  ])('%s is ignored (RFC 3810 section 8.1)', (_, message) => {
    const world = settled();
    world.say(message, 'all');
    world.later(10);
    expect(world.texts()).toEqual([]);
    expect(world.server.tracer.drops.get('mld.query')).toBe(1);
  });

  test('leaves so many milliseconds to answer, from 32768 on as a floating-point number (RFC 3810 section 5.1.3)', () => {
    expect(longest(settled(), query(10_000), 20)).toBeLessThanOrEqual(seconds(10) + milliseconds(4));
    // 1 001 000000000001: (0x1000 + 1) × 2^(1 + 3).
    const late = longest(settled(), query(0x9001), 100);
    expect(late).toBeLessThanOrEqual(milliseconds(65_552 + 4));
    expect(late).toBeGreaterThan(seconds(33));
  });

  test('of version 2 leaves a host of version 1 no more than both understand', () => {
    const world = settled();
    world.server.sysctl.set('net.ipv6.conf.eth0.force_mld_version', 1);
    const late = longest(world, query(0x9001), 100);
    expect(late).toBeLessThanOrEqual(milliseconds(32_767 + 4));
    expect(late).toBeGreaterThan(seconds(20));
  });

  test('has an interval that from 128 on is a floating-point number: version 1 is spoken for so long (RFC 3810 section 5.1.9)', () => {
    const world = settled();
    world.say(query(10_000, [2, 0xa5, 0, 0]), 'all');
    world.ask({ limit: 1000, older: 1 });
    world.later(2 * 672 + 9);
    const socket = world.socket();
    expect(world.said(() => world.join(socket, 'H'), 0.1)).toEqual(['H']);
    world.later(2);
    expect(world.said(() => world.leave(socket, 'H'))).toEqual(['TO_IN(H)', 'TO_IN(H)']);
  });

  test('cannot have a change told once only, unless the administrator wants it so (RFC 3810 section 9.1)', () => {
    const world = settled();
    const told = () => {
      world.ask({ limit: 100, robustness: 1 });
      world.later(1);
      const socket = world.socket();
      const times = world.said(() => world.join(socket, 'H')).length;
      socket.close();
      world.later(10);
      return times;
    };
    expect(told()).toBe(2);
    world.server.sysctl.set('net.ipv6.mld_qrv', 1);
    expect(told()).toBe(1);
  });

  test('of version 1 is ignored where version 2 is to be spoken (force_mld_version)', () => {
    const world = settled();
    world.server.sysctl.set('net.ipv6.conf.eth0.force_mld_version', 2);
    world.ask({ limit: 100, older: 1 });
    world.later(10);
    expect(world.texts()).toEqual([]);
    expect(world.said(() => world.join(world.socket(), 'H'))[0]).toBe('TO_EX(H)');
  });
});

test('a report of another is heeded only from its link, and whole', () => {
  const world = new GroupWorld6();
  // Of which the last byte is 0, as is what stands behind a message.
  world.join(world.socket(), 'G0');
  world.later(10);
  world.messages();
  const answered = (how: { from?: string; length?: number }) => {
    world.ask({ limit: 1000, older: 1 });
    world.sayAs(world.otherReport('G0').slice(0, how.length), { to: 'G0', ...how });
    world.later(10);
    return world.texts();
  };
  expect(answered({ length: 23 })).toEqual(['G0']);
  expect(answered({ from: 'a' })).toEqual(['G0']);
  expect(answered({})).toEqual([]);
  expect(answered({ from: 'any' })).toEqual([]);
});
