import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pool, Station } from '../../../test/station.ts';
import { Cable, type Port } from '../../1-physical/index.ts';
import { milliseconds, Simulation, seconds } from '../../time/index.ts';
import { TraceRecord } from '../../trace/index.ts';
import { writeEthernet } from '../ethernet/codec.ts';
import { BROADCAST_MAC, macFromNumber } from '../ethernet/mac-address.ts';
import { Switch } from '../switch/switch.ts';
import { BRIDGE_GROUP, writeBpdu } from './bpdu.ts';

/** Switches joined as `links` says, by number; each with one station at an edge port. Lower numbers have lower addresses. */
function network(count: number, links: readonly (readonly [number, number])[], edge = true) {
  const sim = new Simulation();
  const record = new TraceRecord();
  const switches = Array.from(
    { length: count },
    (_, i) =>
      new Switch({ sim, name: `s${i}`, record, pool, stp: { mac: macFromNumber(0x020100000000 + i * 256) } }),
  );
  const cables = links.map(
    ([a, b]) =>
      new Cable(sim, switches[a]!.addPort(`to${b}.${a}`), switches[b]!.addPort(`to${a}.${b}`), {
        bandwidth: 1e9,
        delay: 500,
      }),
  );
  const stations = switches.map((sw, i) => {
    const station = new Station(sim, `h${i}`, record);
    new Cable(sim, station.port, sw.addPort('host', { edge }), { bandwidth: 1e9 });
    return station;
  });
  const roles = () =>
    switches.map((sw) =>
      sw.ports
        .filter(({ name }) => name !== 'host')
        .map((port) => sw.spanningTree!.role(port))
        .join(' '),
    );
  /** A broadcast of a station. @returns how many copies each of the others got. */
  const broadcast = (from: number) => {
    const before = stations.map(({ arrived }) => arrived.length);
    const bytes = new Uint8Array(60);
    writeEthernet(new DataView(bytes.buffer), 0, BROADCAST_MAC, macFromNumber(0x020000000001 + from), 0x88b5);
    stations[from]!.send(bytes);
    sim.run(sim.now + milliseconds(10));
    return stations.map(({ arrived }, i) => {
      const own = arrived.slice(before[i]).filter(({ bytes: got }) => got[12] === 0x88 && got[13] === 0xb5);
      return own.length;
    });
  };
  const states = (port: (name: string) => boolean) =>
    switches.flatMap((sw) => sw.ports.filter(({ name }) => port(name)).map((p) => sw.spanningTree!.state(p)));
  return { sim, record, switches, cables, stations, roles, broadcast, states };
}

const RING: [number, number][] = [
  [0, 1],
  [1, 2],
  [2, 3],
  [3, 0],
];

describe('the rapid spanning tree', () => {
  it('elects the bridge with the least identifier and blocks one port of a ring', () => {
    const { sim, switches, roles } = network(4, RING);
    sim.run(seconds(1));
    expect(switches.map((sw) => sw.spanningTree!.root.mac)).toEqual(Array(4).fill(0x020100000000));
    // The ports of s0 to s3, in the order in which cables were plugged in.
    expect(roles()).toEqual([
      'designated designated',
      'root designated',
      'root alternate',
      'designated root',
    ]);
  });

  it('converges in far less than a second between rapid bridges: proposal and agreement, no waiting', () => {
    const { sim, broadcast } = network(4, RING);
    sim.run(milliseconds(50));
    expect(broadcast(2)).toEqual([1, 1, 0, 1]);
  });

  it('heals within milliseconds when a cable of the tree is pulled, and forgets what it had learned', () => {
    const { sim, cables, broadcast } = network(4, RING);
    sim.run(seconds(5));
    broadcast(0);
    cables[0]!.pull();
    sim.run(sim.now + milliseconds(50));
    expect(broadcast(0)).toEqual([0, 1, 1, 1]);
    expect(broadcast(1)).toEqual([1, 0, 1, 1]);
    cables[0]!.plugIn();
    sim.run(sim.now + milliseconds(50));
    expect(broadcast(3)).toEqual([1, 1, 1, 0]);
  });

  it('lets a bridge with a lesser priority be the root', () => {
    const sim = new Simulation();
    const make = (name: string, n: number, priority?: number) =>
      new Switch({
        sim,
        name,
        pool,
        stp: { mac: macFromNumber(n * 256), ...(priority !== undefined && { priority }) },
      });
    const [a, b] = [make('a', 1), make('b', 2, 4096)];
    new Cable(sim, a.addPort(), b.addPort());
    sim.run(seconds(1));
    expect(a.spanningTree!.root).toEqual({ priority: 4096, mac: 512 });
    expect(() => make('c', 3, 5000)).toThrow('steps of 4096, found 5000');
  });

  it('prefers the faster way to the root', () => {
    const sim = new Simulation();
    const make = (n: number) =>
      new Switch({ sim, name: `s${n}`, pool, stp: { mac: macFromNumber(n * 256) } });
    const [a, b, c] = [make(1), make(2), make(3)];
    new Cable(sim, a.addPort(), c.addPort(), { bandwidth: 10e6 });
    new Cable(sim, a.addPort(), b.addPort(), { bandwidth: 1e9 });
    new Cable(sim, b.addPort(), c.addPort(), { bandwidth: 1e9 });
    sim.run(seconds(1));
    expect(c.ports.map((port) => c.spanningTree!.role(port))).toEqual(['alternate', 'root']);
  });

  it('finds out in 3 s that nothing but a station is behind a port, and asks it nothing afterwards', () => {
    const { sim, states } = network(2, [[0, 1]], false);
    const host = (name: string) => name === 'host';
    sim.run(seconds(2.5));
    expect(states(host)).toEqual(['discarding', 'discarding']);
    sim.run(seconds(4));
    expect(states(host)).toEqual(['forwarding', 'forwarding']);
  });

  it('lets an edge port forward from the beginning, until a bridge is heard there', () => {
    const { sim, switches, stations } = network(2, [[0, 1]]);
    sim.run(milliseconds(1));
    const port = switches[0]!.ports.find(({ name }) => name === 'host') as Port;
    expect(switches[0]!.spanningTree!.state(port)).toBe('forwarding');
    const bytes = new Uint8Array(60);
    const view = new DataView(bytes.buffer);
    const better = { priority: 0, mac: macFromNumber(1) };
    writeEthernet(view, 0, BRIDGE_GROUP, macFromNumber(2), 39);
    writeBpdu(view, 14, {
      kind: 'rapid',
      role: 'designated',
      flags: {
        topologyChange: false,
        acknowledgment: false,
        proposal: true,
        agreement: false,
        learning: false,
        forwarding: false,
      },
      vector: { root: better, cost: 0, bridge: better, port: 0x8001 },
      times: { messageAge: 0, maxAge: 20, helloTime: 2, forwardDelay: 15 },
    });
    stations[0]!.send(bytes);
    sim.run(milliseconds(20));
    expect(switches.map((sw) => sw.spanningTree!.root.priority)).toEqual([0, 0]);
    // Its hellos stop: after three of them what it said is void.
    sim.run(seconds(8));
    expect(switches.map((sw) => sw.spanningTree!.root.priority)).toEqual([32768, 32768]);
  });

  it('is at rest when only its hellos are left, and goes on with them up to a time that is asked for', () => {
    const { sim, record } = network(4, RING);
    sim.run();
    expect(sim.now).toBeLessThan(seconds(10));
    const sent = () =>
      record.events.filter((event) => event.kind === 'frame-sent' && event.reason === 'stp.hello').length;
    const before = sent();
    sim.run(sim.now + seconds(20));
    // Ten hellos of each designated port, those of the stations included.
    expect(sent() - before).toBeGreaterThanOrEqual(70);
  });

  it('speaks the protocol of 1998 with a neighbour that speaks nothing else', () => {
    const { sim, switches, stations } = network(1, [], false);
    const port = switches[0]!.ports[0] as Port;
    const old = { priority: 0xf000, mac: macFromNumber(5) };
    sim.run(seconds(5));
    const bytes = new Uint8Array(60);
    const view = new DataView(bytes.buffer);
    writeEthernet(view, 0, BRIDGE_GROUP, macFromNumber(5), 38);
    const none = {
      topologyChange: false,
      acknowledgment: false,
      proposal: false,
      agreement: false,
      learning: false,
      forwarding: false,
    };
    writeBpdu(view, 14, {
      kind: 'configuration',
      role: 'designated',
      flags: none,
      vector: { root: old, cost: 0, bridge: old, port: 0x8001 },
      times: { messageAge: 0, maxAge: 20, helloTime: 2, forwardDelay: 15 },
    });
    stations[0]!.send(bytes);
    sim.run(seconds(10));
    const { bytes: answer } = stations[0]!.arrived.at(-1)!;
    expect([...answer.subarray(17, 21)]).toEqual([0, 0, 0, 0]);
    expect(switches[0]!.spanningTree!.root.priority).toBe(32768);
    expect(port.tracer.drops.size).toBe(0);
  });

  it('drops what is no BPDU', () => {
    const { sim, switches, stations } = network(1, []);
    const bytes = new Uint8Array(60);
    writeEthernet(new DataView(bytes.buffer), 0, BRIDGE_GROUP, macFromNumber(5), 38);
    stations[0]!.send(bytes);
    sim.run(seconds(1));
    expect(switches[0]!.tracer.drops.get('stp.malformed')).toBe(1);
  });

  it('makes any network of switches a tree: everybody gets a broadcast once, also after a cable is pulled', () => {
    const graph = fc.integer({ min: 2, max: 7 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        // A chain, so that all are connected, and any cables besides.
        more: fc.array(
          fc.tuple(fc.nat(count - 1), fc.nat(count - 1)).filter(([a, b]) => a !== b),
          { maxLength: 8 },
        ),
        pulled: fc.nat(20),
        from: fc.nat(count - 1),
      }),
    );
    fc.assert(
      fc.property(graph, ({ count, more, pulled, from }) => {
        const chain = Array.from({ length: count - 1 }, (_, i): [number, number] => [i, i + 1]);
        const { sim, cables, broadcast } = network(count, [...chain, ...more]);
        sim.run(milliseconds(100));
        const once = Array.from({ length: count }, (_, i) => (i === from ? 0 : 1));
        expect(broadcast(from)).toEqual(once);
        // Any cable but those of the chain can go without parting the network.
        if (more.length > 0) {
          cables[chain.length + (pulled % more.length)]!.pull();
          sim.run(sim.now + seconds(8));
          expect(broadcast(from)).toEqual(once);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

describe('a loop of switches without a spanning tree', () => {
  it('is a storm, in which time goes on and memory stays bounded', () => {
    const sim = new Simulation();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => new Switch({ sim, name, pool })) as [
      Switch,
      Switch,
      Switch,
    ];
    // Two cables between each two of them: every round there are more copies.
    for (const [x, y] of [
      [a, b],
      [b, c],
      [c, a],
      [a, b],
      [b, c],
      [c, a],
    ] as const) {
      new Cable(sim, x.addPort(), y.addPort());
    }
    const station = new Station(sim, 'h');
    new Cable(sim, station.port, a.addPort());
    const bytes = new Uint8Array(60);
    writeEthernet(new DataView(bytes.buffer), 0, BROADCAST_MAC, macFromNumber(0x020000000001), 0x0800);
    station.send(bytes);
    sim.run(20_000);
    expect(sim.now).toBe(20_000);
    expect(a.tracer.drops.get('switch.storm')).toBeGreaterThan(0);
    // A thousand floods in a microsecond, each of at most 4 copies, at three switches.
    expect(station.slots.size).toBeLessThan(15_000);
  });
});
