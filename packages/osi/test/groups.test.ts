import { describe, expect, test } from 'vitest';
import * as linux from '../src/5-session/constants.ts';
import type { Socket } from '../src/5-session/socket-types.ts';
import { milliseconds, seconds } from '../src/time/index.ts';
import { ERRNO } from '../src/trace/index.ts';
import { type GroupWorld, GroupWorld4, GroupWorld6, type Query } from './group-world.ts';

const { MCAST_BLOCK_SOURCE: BLOCK, MCAST_UNBLOCK_SOURCE: UNBLOCK } = linux;
const { MCAST_JOIN_SOURCE_GROUP: ALLOW, MCAST_LEAVE_SOURCE_GROUP: DISALLOW } = linux;
const MAX_SOURCES = ['net.ipv4.igmp_max_msf', 'net.ipv6.mld_max_msf'];
const EXCLUDE = 0;
const INCLUDE = 1;
const twice = (text: string) => [text, text];

/** What IGMPv3 and MLDv2 have in common, which is nearly all. G and H are groups, a to d are sources. */
describe.each([
  ['IGMP', () => new GroupWorld4()],
  ['MLD', () => new GroupWorld6()],
] as const)('%s', (_, make) => {
  /** A world in which each change is told once. */
  const once = (): GroupWorld => {
    const world = make();
    world.server.sysctl.set(world.tunables.robustness, 1);
    return world;
  };
  const general = (limit: number): Query => ({ limit });
  const about = (limit: number, ...sources: string[]): Query => ({ group: 'G', limit, sources });

  describe('a change', () => {
    test('of a group joined or left is told twice', () => {
      const world = make();
      const socket = world.socket();
      expect(world.said(() => world.join(socket))).toEqual(twice('TO_EX(G)'));
      expect(world.said(() => world.join(socket, 'H'))).toEqual(twice('TO_EX(H)'));
      expect(world.said(() => world.leave(socket))).toEqual(twice('TO_IN(G)'));
      expect(world.said(() => socket.close())).toEqual(twice('TO_IN(H)'));
    });

    test('is told from the address of the link to the routers of the newest version, with one hop to go', () => {
      const world = make();
      world.join(world.socket());
      world.later(10);
      for (const message of world.messages()) {
        expect(message).toMatchObject({ source: 'server', to: 'routers', hopLimit: 1 });
      }
    });

    test('of sources is told as such, one of the mode with the sources of the new one', () => {
      const world = make();
      const [first, second] = [world.socket(), world.socket()];
      expect(world.said(() => world.source(first, ALLOW, 'a'))).toEqual(twice('ALLOW(G: a)'));
      expect(world.said(() => world.source(first, ALLOW, 'b'))).toEqual(twice('ALLOW(G: b)'));
      expect(world.said(() => world.join(second))).toEqual(twice('TO_EX(G)'));
      expect(world.said(() => world.source(second, BLOCK, 'c'))).toEqual(twice('BLOCK(G: c)'));
      expect(world.said(() => second.close())).toEqual(twice('TO_IN(G: a b)'));
      expect(world.said(() => world.source(first, DISALLOW, 'a'))).toEqual(twice('BLOCK(G: a)'));
      expect(world.said(() => world.source(first, DISALLOW, 'b'))).toEqual(twice('BLOCK(G: b)'));
      expect(world.said(() => world.join(first))).toEqual(twice('TO_EX(G)'));
      expect(world.said(() => world.source(first, ALLOW, 'a'))).toEqual(twice('TO_IN(G: a)'));
    });

    test('of a whole filter is told as what it adds and what it takes away', () => {
      const world = once();
      const socket = world.socket();
      world.said(() => world.join(socket));
      expect(world.said(() => world.filter(socket, EXCLUDE, ['a', 'b']))).toEqual(['BLOCK(G: a b)']);
      expect(world.said(() => world.filter(socket, EXCLUDE, ['b', 'c']))).toEqual([
        'BLOCK(G: c) ALLOW(G: a)',
      ]);
      expect(world.said(() => world.filter(socket, INCLUDE, ['a']))).toEqual(['TO_IN(G: a)']);
      expect(world.said(() => world.filter(socket, INCLUDE, []))).toEqual(['BLOCK(G: a)']);
      expect(world.leave(socket)).toBe(-ERRNO.EADDRNOTAVAIL);
    });

    test('of the group that everybody is in is not told', () => {
      const world = make();
      const socket = world.socket();
      expect(world.said(() => world.join(socket, 'all'))).toEqual([]);
      expect(world.said(() => world.source(socket, BLOCK, 'a', 'all'))).toEqual([]);
      expect(world.said(() => world.ask({ limit: 100 }))).toEqual([]);
      expect(world.said(() => world.ask({ limit: 100, group: 'all' }))).toEqual([]);
      expect(world.said(() => socket.close())).toEqual([]);
    });

    test('that nobody outside would notice is not told', () => {
      const world = once();
      const [a, b] = [world.socket(), world.socket()];
      expect(world.said(() => world.join(a))).toEqual(['TO_EX(G)']);
      expect(world.said(() => world.join(b))).toEqual([]);
      // Blocked by all that exclude, and included by none.
      expect(world.said(() => world.source(a, BLOCK, 'a'))).toEqual([]);
      expect(world.said(() => world.ask({ limit: 100, robustness: 1 }))).toEqual(['IS_EX(G)']);
      expect(world.said(() => world.source(a, UNBLOCK, 'a'))).toEqual([]);
      expect(world.said(() => world.source(a, BLOCK, 'a'))).toEqual([]);
      expect(world.said(() => world.source(b, BLOCK, 'a'))).toEqual(['BLOCK(G: a)']);
      expect(world.said(() => world.source(a, UNBLOCK, 'a'))).toEqual(['ALLOW(G: a)']);
      expect(world.said(() => a.close())).toEqual(['BLOCK(G: a)']);
      // Nor is one blocked that somebody includes.
      const c = world.socket();
      expect(world.said(() => world.source(c, ALLOW, 'a'))).toEqual(['ALLOW(G: a)']);
      expect(world.said(() => world.ask({ limit: 100, robustness: 1 }))).toEqual(['IS_EX(G)']);
      expect(world.said(() => b.close())).toEqual(['TO_IN(G: a)']);
    });

    test('that follows another before that is told for the last time goes with it', () => {
      const world = make();
      const socket = world.socket();
      world.join(socket);
      world.later(0.01);
      world.source(socket, BLOCK, 'a');
      world.join(socket, 'H');
      world.later(10);
      expect(world.texts()).toEqual(['TO_EX(G)', 'TO_EX(G: a) TO_EX(H)', 'BLOCK(G: a) TO_EX(H)']);
    });

    test('that is taken back before it is told for the last time is told as what holds now', () => {
      const world = make();
      const socket = world.socket();
      world.source(socket, ALLOW, 'a');
      world.source(socket, ALLOW, 'b');
      world.later(0.01);
      world.source(socket, DISALLOW, 'b');
      world.later(10);
      expect(world.texts()).toEqual(['ALLOW(G: a b)', 'ALLOW(G: a) BLOCK(G: b)', 'BLOCK(G: b)']);
      world.source(socket, ALLOW, 'b');
      world.later(0.01);
      world.source(socket, DISALLOW, 'b');
      world.later(0.01);
      world.source(socket, ALLOW, 'b');
      world.later(10);
      expect(world.texts()).toEqual(['ALLOW(G: b)', 'BLOCK(G: b)', 'ALLOW(G: b)', 'ALLOW(G: b)']);
      const others = [world.socket(), world.socket()];
      for (const other of others) world.join(other, 'H');
      world.later(10);
      world.messages();
      for (const other of others) world.source(other, BLOCK, 'a', 'H');
      world.later(0.01);
      world.source(others[0] as Socket, UNBLOCK, 'a', 'H');
      world.later(10);
      expect(world.texts()).toEqual(['BLOCK(H: a)', 'ALLOW(H: a)', 'ALLOW(H: a)']);
    });

    test('of a group that is joined again before its leaving is told for the last time is not both', () => {
      const world = make();
      const socket = world.socket();
      world.join(socket);
      world.later(10);
      world.messages();
      world.leave(socket);
      world.later(0.01);
      world.join(socket);
      world.later(10);
      expect(world.texts()).toEqual(['TO_IN(G)', 'TO_EX(G)', 'TO_EX(G)']);
    });

    test('is not told anew when the cable is plugged in again', () => {
      const world = make();
      world.join(world.socket());
      world.later(10);
      const replug = () => {
        world.client.setLinkUp('eth0', false);
        world.later(1);
        world.client.setLinkUp('eth0', true);
      };
      expect(world.said(replug)).toEqual([]);
    });

    test('is told as often as the querier says, and as the administrator says where it says nothing', () => {
      const world = make();
      const times = (robustness: number) => {
        world.ask({ limit: 100, robustness });
        world.later(1);
        const socket = world.socket();
        const told = world.said(() => world.join(socket)).length;
        world.said(() => socket.close());
        return told;
      };
      expect([0, 5, 3, 0].map(times)).toEqual([2, 5, 3, 2]);
      world.server.sysctl.set(world.tunables.robustness, 4);
      expect(times(0)).toBe(4);
    });

    test('is told again at random times within the unsolicited report interval', () => {
      const world = make();
      world.server.sysctl.set(world.tunables.interval, 4000);
      const gaps = Array.from({ length: 10 }, () => {
        const socket = world.socket();
        world.join(socket);
        world.later(10);
        const [first, second] = world.messages();
        socket.close();
        world.later(10);
        world.messages();
        return (second?.time ?? 0) - (first?.time ?? 0);
      });
      expect(Math.max(...gaps)).toBeLessThanOrEqual(seconds(4) + milliseconds(2));
      expect(Math.max(...gaps)).toBeGreaterThan(seconds(2));
      expect(Math.min(...gaps)).toBeLessThan(seconds(2));
    });

    test('is not told while the interface is down; when it comes up all that is joined by then is', () => {
      const world = once();
      const socket = world.socket();
      world.join(socket);
      world.source(socket, ALLOW, 'a', 'G1');
      world.later(10);
      const down = () => {
        world.server.setLinkUp('eth0', false);
        world.join(socket, 'H');
      };
      world.messages();
      expect(world.said(down)).toEqual([]);
      expect(world.said(() => world.server.setLinkUp('eth0', true)).at(-1)).toBe(
        'TO_EX(G) ALLOW(G1: a) TO_EX(H)',
      );
    });
  });

  describe('an answer', () => {
    /** A member that has told what it is in. */
    const settled = (...sources: string[]) => {
      const world = make();
      const socket = world.socket();
      if (sources.length === 0) world.join(socket);
      for (const source of sources) world.source(socket, ALLOW, source);
      world.later(10);
      return { world, socket };
    };
    /** What is said because of queries, and how long after them. */
    const answers = (world: GroupWorld, queries: readonly Query[], duration = 20) => {
      world.messages();
      const asked = world.sim.now;
      for (const query of queries) world.ask(query);
      world.later(duration);
      return world.messages().map(({ time, text }) => ({ delay: time - asked, text }));
    };
    const texts = (world: GroupWorld, ...queries: Query[]) => answers(world, queries).map(({ text }) => text);
    const delays = (world: GroupWorld, queries: readonly Query[], duration: number) =>
      Array.from({ length: 10 }, () => {
        const [answer, ...more] = answers(world, queries, duration);
        expect(more).toEqual([]);
        return answer?.delay ?? Number.POSITIVE_INFINITY;
      });
    const kinds: [string, (limit: number, ...sources: string[]) => Query][] = [
      ['a general query', general],
      ['a query about a group', about],
    ];

    test('tells the mode of each group that is asked about, and its sources', () => {
      const { world, socket } = settled();
      world.source(socket, BLOCK, 'c');
      for (const source of ['a', 'b']) world.source(socket, ALLOW, source, 'H');
      world.later(10);
      expect(texts(world, general(1000))).toEqual(['IS_EX(G: c) IS_IN(H: a b)']);
      expect(texts(world, about(1000))).toEqual(['IS_EX(G: c)']);
      expect(texts(world, { group: 'H', limit: 1000 })).toEqual(['IS_IN(H: a b)']);
    });

    test('is given to a query that was sent to this machine alone, too', () => {
      const { world } = settled();
      expect(texts(world, { ...general(1000), to: 'server' })).toEqual(['IS_EX(G)']);
    });

    test('is not given for a group that nobody is in', () => {
      const { world } = settled();
      expect(texts(world, { group: 'H', limit: 1000, to: 'all' })).toEqual([]);
    });

    test('is not given for a group that is left before it is due', () => {
      const { world, socket } = settled();
      world.ask(about(10_000));
      expect(world.said(() => world.leave(socket), 20)).toEqual(twice('TO_IN(G)'));
    });

    test('is given though the querier is a source that nobody wants to hear', () => {
      const { world } = settled('a');
      expect(texts(world, about(1000))).toEqual(['IS_IN(G: a)']);
    });

    test.each(kinds)('to %s comes at random times within its limit', (__, query) => {
      const times = delays(settled().world, [query(10_000)], 20);
      expect(Math.max(...times)).toBeLessThanOrEqual(seconds(10) + milliseconds(3));
      expect(Math.max(...times)).toBeGreaterThan(seconds(5));
      expect(Math.min(...times)).toBeLessThan(seconds(5));
    });

    test.each(kinds)(
      'to %s that is due sooner is the answer to the next one too, and a later one is given sooner',
      (__, query) => {
        const { world } = settled();
        for (const queries of [
          [query(100), query(10_000)],
          [query(10_000), query(100)],
        ]) {
          expect(Math.max(...delays(world, queries, 20))).toBeLessThanOrEqual(milliseconds(100 + 4));
        }
      },
    );

    test('about sources names those that are asked for and heard, of all such queries that wait', () => {
      const { world } = settled('a', 'b', 'c');
      expect(texts(world, about(1000, 'a', 'd'))).toEqual(['IS_IN(G: a)']);
      expect(texts(world, about(1000, 'b'))).toEqual(['IS_IN(G: b)']);
      expect(texts(world, general(1000))).toEqual(['IS_IN(G: a b c)']);
      expect(texts(world, about(1000, 'd'))).toEqual([]);
      expect(texts(world, general(1000))).toEqual(['IS_IN(G: a b c)']);
      expect(texts(world, about(1000, 'a'), about(1000, 'c'))).toEqual(['IS_IN(G: a c)']);
    });

    test('about the whole group that waits answers queries about its sources too', () => {
      const { world } = settled('a', 'b');
      expect(texts(world, about(10_000), about(10_000, 'a'))).toEqual(['IS_IN(G: a b)']);
      expect(texts(world, about(10_000, 'a'), about(10_000))).toEqual(['IS_IN(G: a b)']);
    });

    test('about sources is not given where all of them are excluded', () => {
      const { world, socket } = settled();
      for (const source of ['a', 'b']) world.source(socket, BLOCK, source);
      world.later(10);
      expect(texts(world, about(1000, 'a'))).toEqual([]);
      expect(texts(world, about(1000, 'a', 'b'))).toEqual([]);
      expect(texts(world, about(1000, 'a', 'c'))).toEqual(['IS_EX(G: a b)']);
    });

    test('is none to a general query that names sources, which is dropped', () => {
      const { world } = settled();
      expect(texts(world, { limit: 1000, sources: ['a'] })).toEqual([]);
    });

    test('is given whatever stands behind the query', () => {
      const { world } = settled();
      expect(texts(world, { ...about(1000), more: [1, 2, 3, 4] })).toEqual(['IS_EX(G)']);
    });
  });

  describe('what does not fit into one report', () => {
    const names = (kind: string, count: number) => Array.from({ length: count }, (___, i) => `${kind}${i}`);
    /** What is said is no larger than the link takes. */
    const fitting = (world: GroupWorld) => {
      world.later(10);
      const messages = world.messages();
      for (const { bytes } of messages) expect(bytes).toBeLessThanOrEqual(1500);
      return messages.map(({ text }) => text);
    };
    const withSources = (mode: number, before?: string) => {
      const world = once();
      for (const name of MAX_SOURCES) world.server.sysctl.set(name, 1000);
      const socket = world.socket();
      if (before === undefined) world.join(socket);
      else world.source(socket, ALLOW, before);
      world.later(10);
      world.messages();
      expect(world.filter(socket, mode, names('a', 600))).toBe(0);
      return world;
    };

    test('of records goes in several reports', () => {
      const world = once();
      for (const group of names('G', 200)) world.join(world.socket(), group);
      const reports = fitting(world);
      expect(reports.length).toBeGreaterThan(1);
      expect(reports.join(' ')).toBe(
        names('G', 200)
          .map((group) => `TO_EX(${group})`)
          .join(' '),
      );
    });

    test('of the sources of one record goes in several, each a record of the same kind', () => {
      const reports = fitting(withSources(INCLUDE));
      expect(reports.length).toBeGreaterThan(1);
      const sources = reports.map((text) => /^TO_IN\(G: (.*)\)$/.exec(text)?.[1]);
      expect(sources.join(' ')).toBe(names('a', 600).join(' '));
    });

    test('of the sources that are excluded is left out: more is heard than is wanted, not less', () => {
      const world = withSources(EXCLUDE, 'b');
      const changes = fitting(world);
      const answers = world.said(() => world.ask({ limit: 100 }));
      for (const [type, texts] of [
        ['TO_EX', changes],
        ['IS_EX', answers],
      ] as const) {
        expect(texts).toHaveLength(1);
        const sources = new RegExp(`^${type}\\(G: (.*)\\)$`).exec(texts[0] ?? '')?.[1]?.split(' ') ?? [];
        expect(sources.length).toBeGreaterThan(50);
        expect(sources).toEqual(names('a', sources.length));
      }
    });
  });

  describe('a datagram', () => {
    const port = 5007;
    /** Who of the sockets gets one that the client sends to the group. */
    const reached = (world: GroupWorld, ...sockets: Socket[]) => {
      world.send('G', port);
      world.later(1);
      return sockets.map((socket) => received(socket).length > 0);
    };

    test('from a source that is not asked for, or blocked, is not for the socket', () => {
      const world = make();
      const [only, others, blocking] = [world.socket(port), world.socket(port), world.socket(port)];
      expect(world.source(only, ALLOW, 'client')).toBe(0);
      expect(world.source(others, ALLOW, 'a')).toBe(0);
      world.join(blocking);
      expect(world.source(blocking, BLOCK, 'client')).toBe(0);
      expect(reached(world, only, others, blocking)).toEqual([true, false, false]);
      expect(world.source(blocking, UNBLOCK, 'client')).toBe(0);
      expect(world.filter(only, EXCLUDE, ['client'])).toBe(0);
      expect(reached(world, only, others, blocking)).toEqual([false, false, true]);
    });

    test('goes to a socket that joined nothing too, as its machine is in the group, unless that is switched off', () => {
      const world = make();
      const [member, bystander, strict] = [world.socket(port), world.socket(port), world.socket(port)];
      world.join(member);
      expect(world.setAll(strict, false)).toBe(0);
      expect(reached(world, member, bystander, strict)).toEqual([true, true, false]);
    });

    test('comes in by the interface on which its group was joined, even if others take its frames', () => {
      const world = make();
      const socket = world.socket(port);
      world.join(socket, 'G', 1);
      world.join(socket, 'twin', 2);
      expect(reached(world, socket)).toEqual([false]);
      world.join(socket, 'G', 2);
      expect(reached(world, socket)).toEqual([true]);
    });

    test('is not even taken from the cable once the group is left, however often the interface went down and up', () => {
      const world = make();
      const socket = world.socket(port);
      const taken = () => {
        const { drops } = world.server.tracer;
        const before = drops.get('ethernet.not-for-us') ?? 0;
        world.send('G', port);
        world.later(1);
        return drops.get('ethernet.not-for-us') === before;
      };
      expect(taken()).toBe(false);
      world.join(socket);
      expect(taken()).toBe(true);
      for (const up of [false, true, false, true]) world.server.setLinkUp('eth0', up);
      world.later(10);
      expect(taken()).toBe(true);
      world.leave(socket);
      expect(taken()).toBe(false);
      world.server.setLinkUp('eth0', false);
      world.join(socket);
      world.server.setLinkUp('eth0', true);
      world.later(10);
      world.leave(socket);
      expect(taken()).toBe(false);
    });

    test('comes in when some socket includes its source or not all that exclude exclude it', () => {
      const world = make();
      const bystander = world.socket(port);
      const members = [world.socket(), world.socket(), world.socket()] as const;
      const comesIn = () => reached(world, bystander)[0];
      world.source(members[0], ALLOW, 'a');
      expect(comesIn()).toBe(false);
      world.join(members[1]);
      expect(comesIn()).toBe(true);
      world.source(members[1], BLOCK, 'client');
      expect(comesIn()).toBe(false);
      world.join(members[2]);
      expect(comesIn()).toBe(true);
      world.source(members[2], BLOCK, 'client');
      expect(comesIn()).toBe(false);
      world.source(members[0], ALLOW, 'client');
      expect(comesIn()).toBe(true);
    });
  });

  describe('a socket', () => {
    test('joins and leaves as Linux lets it', () => {
      const world = make();
      const socket = world.socket();
      expect(world.leave(socket)).toBe(-ERRNO.EADDRNOTAVAIL);
      expect(world.join(socket, 'a')).toBe(-ERRNO.EINVAL);
      expect([world.join(socket), world.join(socket)]).toEqual([0, -ERRNO.EADDRINUSE]);
      expect([world.join(socket, 'H', 9), world.join(socket, 'H', 2)]).toEqual([-ERRNO.ENODEV, 0]);
      expect([world.leave(socket), world.leave(socket)]).toEqual([0, -ERRNO.EADDRNOTAVAIL]);
    });

    test('is in a group by an interface', () => {
      const world = make();
      const [socket, member] = [world.socket(5007), world.socket(5007)];
      world.setAll(socket, false);
      expect(world.join(socket, 'G', 1)).toBe(0);
      world.join(member);
      world.send('G', 5007);
      world.later(1);
      expect([socket, member].map((each) => received(each).length)).toEqual([0, 1]);
      expect(world.leave(socket, 'G', 2)).toBe(-ERRNO.EADDRNOTAVAIL);
      expect(world.leave(socket, 'G', 1)).toBe(0);
    });

    test('has one kind of filter for a group at a time, and each source in it once', () => {
      const world = make();
      const socket = world.socket();
      expect(world.source(socket, BLOCK, 'a')).toBe(-ERRNO.EINVAL);
      expect(world.filter(socket, EXCLUDE, ['a'])).toBe(-ERRNO.EINVAL);
      world.join(socket);
      expect(world.source(socket, UNBLOCK, 'a')).toBe(-ERRNO.EADDRNOTAVAIL);
      expect([world.source(socket, BLOCK, 'a'), world.source(socket, BLOCK, 'a')]).toEqual([
        0,
        -ERRNO.EADDRNOTAVAIL,
      ]);
      expect(world.source(socket, ALLOW, 'b')).toBe(-ERRNO.EINVAL);
      expect(world.source(socket, UNBLOCK, 'a')).toBe(0);
      // A filter that names nobody may become one of the other kind.
      expect(world.source(socket, ALLOW, 'b')).toBe(0);
      expect(world.filter(socket, 7, ['b'])).toBe(-ERRNO.EINVAL);
    });

    test('is in no group any more when it has left the last source of it, or is closed', () => {
      const world = make();
      const [a, b] = [world.socket(), world.socket()];
      world.source(a, ALLOW, 'a');
      world.source(b, ALLOW, 'a', 'H');
      world.later(10);
      expect(world.source(a, DISALLOW, 'a')).toBe(0);
      expect(world.leave(a)).toBe(-ERRNO.EADDRNOTAVAIL);
      b.close();
      expect(world.said(() => world.ask({ limit: 100 }), 1)).not.toContain('IS_IN');
    });

    test('may name so many sources: igmp_max_msf, mld_max_msf', () => {
      const world = make();
      const socket = world.socket();
      const { most } = world;
      for (let i = 0; i < most; i++) expect(world.source(socket, ALLOW, `a${i}`)).toBe(0);
      expect(world.source(socket, ALLOW, 'b')).toBe(-ERRNO.ENOBUFS);
      const many = Array.from({ length: most + 1 }, (__, i) => `a${i}`);
      expect(world.filter(socket, INCLUDE, many)).toBe(-ERRNO.ENOBUFS);
      expect(world.filter(socket, INCLUDE, many.slice(1))).toBe(0);
      world.later(10);
      for (const name of MAX_SOURCES) world.server.sysctl.set(name, 0);
      const other = world.socket();
      expect(world.source(other, ALLOW, 'a', 'H')).toBe(-ERRNO.ENOBUFS);
      expect(world.said(() => other.close())).toEqual([]);
    });

    test('that is a stream has no groups', () => {
      const world = make();
      expect(world.join(world.stream())).toBe(-ERRNO.EPROTO);
    });

    test('says what it wants in whole structures, of addresses of its family', () => {
      const world = make();
      const socket = world.socket();
      expect(world.joinWith(socket, (value) => value.slice(0, 131))).toBe(-ERRNO.EINVAL);
      expect(world.joinWith(socket, (value) => value.with(8, 77))).toBe(-world.otherFamily);
    });
  });
});

describe.each([
  ['version 1 of IGMP', () => new GroupWorld4(), 1],
  ['version 2 of IGMP', () => new GroupWorld4(), 2],
  ['version 1 of MLD', () => new GroupWorld6(), 1],
] as const)('with a querier of %s', (_, make, older) => {
  const types = (world: GroupWorld) => world.messages().map(({ type }) => type);
  const ask = (world: GroupWorld, limit = 1000) => world.ask({ limit, older });

  test('its version is spoken: groups are reported to themselves, without sources', () => {
    const world = make();
    ask(world);
    const socket = world.socket();
    world.messages();
    world.source(socket, ALLOW, 'a');
    world.later(30);
    const messages = world.messages();
    expect(messages.map(({ text, to }) => [text, to])).toEqual([
      ['G', 'G'],
      ['G', 'G'],
    ]);
    for (const { type, hopLimit, source } of messages) {
      expect([type, hopLimit, source]).toEqual([world.olderReports[older], 1, 'server']);
    }
  });

  test('who leaves says so to all routers, if its version has that', () => {
    const world = make();
    ask(world);
    const socket = world.socket();
    world.join(socket);
    world.later(30);
    world.messages();
    socket.close();
    world.later(30);
    const told = world.messages().map(({ type, text, to }) => [type, text, to]);
    expect(told).toEqual(world.tellsLeaving(older) ? [[world.leaveType, 'G', 'all routers']] : []);
  });

  test('a report that was sent to a member alone spares it nothing', () => {
    const world = make();
    world.join(world.socket());
    world.later(10);
    world.messages();
    ask(world);
    world.say(world.otherReport('G'), 'server');
    world.later(20);
    expect(world.texts()).toEqual(['G']);
  });

  test('who has answered a query tells of its joining no more', () => {
    const world = make();
    world.server.sysctl.set(world.tunables.robustness, 5);
    ask(world);
    world.join(world.socket());
    world.later(0.01);
    ask(world, 100);
    world.later(60);
    expect(world.texts()).toEqual(['G', 'G']);
  });

  test('a query about sources is one about their group', () => {
    const world = make();
    world.source(world.socket(), ALLOW, 'a');
    world.later(10);
    ask(world);
    world.later(20);
    expect(world.said(() => world.ask({ group: 'G', sources: ['b'], limit: 1000 }), 20)).toEqual(['G']);
  });

  test('each group is reported by itself, within the time that the query leaves', () => {
    const world = make();
    const socket = world.socket();
    for (const group of ['G', 'H']) world.join(socket, group);
    world.later(10);
    world.messages();
    const asked = world.sim.now;
    ask(world, 5000);
    world.later(20);
    const messages = world.messages();
    expect(messages.map(({ text }) => text).sort()).toEqual(['G', 'H']);
    const most = older === 1 && world.newest === 3 ? 10 : 5;
    for (const { time } of messages)
      expect(time - asked).toBeLessThanOrEqual(seconds(most) + milliseconds(4));
  });

  test('a member that hears a report of its group makes none, and says nothing when it leaves', () => {
    const world = make();
    const socket = world.socket();
    world.join(socket);
    ask(world);
    world.later(20);
    world.messages();
    ask(world);
    world.say(world.otherReport('G'), 'G');
    world.later(20);
    socket.close();
    world.later(20);
    expect(world.messages()).toEqual([]);
  });

  test('what waits to be told in the newest version is told no more', () => {
    const world = make();
    const socket = world.socket();
    world.join(socket);
    world.later(10);
    world.leave(socket);
    world.join(socket, 'H');
    world.ask({ limit: 10_000 });
    world.messages();
    ask(world, 100);
    world.later(20);
    expect(types(world)).toEqual([world.olderReports[older]]);
  });

  test('its version is spoken for twice the query interval and a response interval after each query, and then the newest', () => {
    const world = make();
    const socket = world.socket();
    let groups = 0;
    const spoken = () => {
      world.messages();
      world.join(socket, `G${groups++}`);
      world.later(0.01);
      return types(world);
    };
    const around = (end: number) => {
      world.later(end - 1);
      const before = spoken();
      world.later(2);
      return [before, spoken()];
    };
    const change = [[world.olderReports[older]], [world.reportType]];
    ask(world);
    world.later(200);
    ask(world);
    expect(around(260)).toEqual(change);
    // The intervals are those of the latest query that had them.
    world.ask({ limit: 12_000, robustness: 3, interval: 100 });
    world.ask({ group: 'G0', limit: 1000, robustness: 3, interval: 100 });
    ask(world);
    expect(around(312)).toEqual(change);
    world.ask({ limit: 12_000, robustness: 0, interval: 0 });
    ask(world);
    expect(around(262)).toEqual(change);
  });

  test('what was left meanwhile is not told later', () => {
    const world = make();
    ask(world);
    const socket = world.socket();
    world.join(socket);
    world.later(30);
    world.leave(socket);
    world.later(400);
    expect(world.said(() => world.join(socket, 'H'))).toEqual(twice('TO_EX(H)'));
    world.leave(socket, 'H');
    ask(world);
    world.later(400);
    expect(world.said(() => world.join(socket))).toEqual(twice('TO_EX(G)'));
  });

  test('that version can be chosen without one', () => {
    const world = make();
    world.server.sysctl.set(world.tunables.version, older);
    world.messages();
    world.join(world.socket());
    world.later(30);
    expect(types(world)).toEqual([world.olderReports[older], world.olderReports[older]]);
  });
});

/** What waits at a socket. */
function received(socket: Socket): number[] {
  const lengths: number[] = [];
  for (;;) {
    const one = socket.receive(new Uint8Array(100), 0);
    if (typeof one === 'number') return lengths;
    lengths.push(one.length);
  }
}
