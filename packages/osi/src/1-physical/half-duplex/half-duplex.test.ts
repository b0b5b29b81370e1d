import { describe, expect, it } from 'vitest';
import { numbered, pool, Station } from '../../../test/station.ts';
import { Simulation, seconds } from '../../time/index.ts';
import { TraceRecord } from '../../trace/index.ts';
import { Cable } from '../cable.ts';
import { CableDirection } from '../direction.ts';
import { Hub } from '../hub.ts';
import { CsmaCd } from './csma-cd.ts';
import { LineEnd, type LineUser } from './line.ts';

/** Bits of the shortest frame with preamble, at 10 Mbit/s in nanoseconds. */
const SHORTEST = 72 * 8 * 100;
const GAP = 96 * 100;
const SLOT = 512 * 100;

function star(count: number, options: { seed?: number; delay?: number; hubs?: number } = {}) {
  const sim = new Simulation(options.seed ?? 1);
  const record = new TraceRecord();
  const hubs = Array.from(
    { length: options.hubs ?? 1 },
    (_, i) => new Hub({ sim, name: `hub${i}`, record, pool, duplex: 'half' }),
  );
  for (let i = 1; i < hubs.length; i++)
    new Cable(sim, hubs[i - 1]!.addPort(), hubs[i]!.addPort(), { delay: 500 });
  const stations = Array.from({ length: count }, (_, i) => new Station(sim, `h${i}`, record));
  const cables = stations.map(
    (station, i) =>
      new Cable(sim, station.port, hubs[i % hubs.length]!.addPort(), { delay: options.delay ?? 500 }),
  );
  const collisions = () => record.events.filter((event) => event.kind === 'collision');
  return { sim, record, hubs, stations, cables, collisions };
}

describe('stations on a half-duplex hub', () => {
  it('hear a frame bit by bit: it takes its own time once and the delay of both cables', () => {
    const { sim, stations, record } = star(3);
    stations[0]!.send(numbered(1));
    sim.run();
    expect(stations.map(({ arrived }) => arrived.map(({ at }) => at))).toEqual([
      [],
      [SHORTEST + 1000],
      [SHORTEST + 1000],
    ]);
    const sent = record.events.filter((event) => event.kind === 'frame-sent');
    expect(sent.map((event) => `${event.node} ${event.kind === 'frame-sent' && event.reason}`)).toEqual([
      'h0 test',
      'hub0 hub.repeat',
      'hub0 hub.repeat',
    ]);
  });

  it('leave a gap between frames', () => {
    const { sim, stations } = star(2);
    stations[0]!.send(numbered(1));
    stations[0]!.send(numbered(2));
    sim.run();
    const [first, second] = stations[1]!.arrived;
    expect(second!.at - first!.at).toBe(SHORTEST + GAP);
  });

  it('wait while they hear somebody else', () => {
    const { sim, stations, collisions } = star(2);
    stations[0]!.send(numbered(1, 1000));
    sim.at(100_000, () => stations[1]!.send(numbered(2)));
    sim.run();
    expect(collisions()).toEqual([]);
    expect(stations[1]!.numbers).toEqual([1]);
    expect(stations[0]!.numbers).toEqual([2]);
    expect(stations[0]!.arrived[0]!.at).toBeGreaterThan((8 + 1000 + 4) * 800 + GAP + SHORTEST);
  });

  it('that begin at one instant collide, back off by chance and get through in the end', () => {
    const { sim, stations, collisions } = star(2);
    stations[0]!.send(numbered(1));
    stations[1]!.send(numbered(2));
    sim.run();
    expect(stations[0]!.numbers).toEqual([2]);
    expect(stations[1]!.numbers).toEqual([1]);
    expect(collisions().length).toBeGreaterThanOrEqual(2);
    expect(collisions()[0]).toMatchObject({ port: 'eth0', attempt: 1, time: 1000 });
    for (const event of collisions()) {
      if (event.kind !== 'collision') continue;
      expect(event.slots).toBeLessThan(2 ** event.attempt);
      expect(event.sent).toBeGreaterThan(0);
    }
  });

  it('collide the same way with the same seed, and another way with another', () => {
    const times = (seed: number) => {
      const { sim, stations, record } = star(5, { seed });
      for (const [i, station] of stations.entries())
        for (let n = 0; n < 5; n++) station.send(numbered(i, 200));
      sim.run();
      return record.events.map(({ time, kind }) => `${time} ${kind}`).join();
    };
    expect(times(3)).toBe(times(3));
    expect(times(3)).not.toBe(times(4));
  });

  it.each([1, 3])('all get all their frames through in a crowd, over %i hubs', (hubs) => {
    const { sim, stations, collisions } = star(6, { hubs });
    for (const [i, station] of stations.entries()) {
      for (let n = 0; n < 20; n++) station.send(numbered(i * 20 + n, 300));
    }
    sim.run();
    const dropped = stations.reduce((sum, station) => sum + station.drops('port.excessive-collisions'), 0);
    for (const [i, { numbers }] of stations.entries()) {
      expect(numbers.length, `station ${i}`).toBeGreaterThanOrEqual(100 - dropped);
      expect(new Set(numbers).size).toBe(numbers.length);
    }
    expect(collisions().length).toBeGreaterThan(10);
    expect(sim.now).toBeLessThan(seconds(1));
  });

  it('share the rate of the hub: two senders together get no more than it', () => {
    const { sim, stations } = star(3);
    for (let n = 0; n < 100; n++) {
      stations[0]!.send(numbered(n, 1500));
      stations[1]!.send(numbered(n, 1500));
    }
    sim.run();
    const bits = 200 * 1512 * 8;
    expect(stations[2]!.arrived).toHaveLength(200);
    expect(sim.now).toBeGreaterThan(bits * 100);
    // What is lost to gaps and collisions with frames of full length: not much.
    expect(sim.now).toBeLessThan(bits * 100 * 1.2);
  });

  it('lose what is on its way when a cable is pulled, and go on when it is back', () => {
    const { sim, stations, cables } = star(3);
    stations[0]!.send(numbered(1, 1000));
    sim.run(100_000);
    cables[0]!.pull();
    sim.run();
    expect(stations[0]!.drops('cable.unplugged')).toBe(1);
    stations[1]!.send(numbered(2));
    sim.run();
    expect(stations[2]!.numbers).toEqual([2]);
    cables[0]!.plugIn();
    stations[0]!.send(numbered(3));
    sim.run();
    expect(stations[2]!.numbers).toEqual([2, 3]);
  });

  it('are not full duplex, and have one rate', () => {
    const { sim, stations, hubs } = star(1);
    expect(stations[0]!.port.fullDuplex).toBe(false);
    expect(stations[0]!.port.bandwidth).toBe(10_000_000);
    const fast = new Station(sim, 'fast');
    expect(() => new Cable(sim, fast.port, hubs[0]!.addPort(), { bandwidth: 1e8 })).toThrow(
      'a shared line has one rate, expected 10000000 bit/s, found 100000000',
    );
    expect(() => new Hub({ sim, name: 'x', duplex: 'half', bandwidth: Number.POSITIVE_INFINITY })).toThrow(
      'bandwidth of a shared line',
    );
  });
});

describe('CSMA/CD', () => {
  /** A station whose far end answers each signal with a signal of its own, after `delay`. */
  function disturbed(delay: number) {
    const sim = new Simulation(5);
    const record = new TraceRecord();
    const station = new Station(sim, 'h', record);
    const noise = new Station(sim, 'noise', record);
    const user: LineUser = {
      send: (_, frame) => frame.release(),
      signalBegins: (end) => {
        end.begin();
        sim.after(10_000, () => end.end(null));
      },
      signalEnds: (_, frame) => frame?.release(),
      unplugged: () => {},
    };
    const csma = new CsmaCd(sim, 'h');
    const there = new CableDirection(sim, 'x', station.port, noise.port);
    const back = new CableDirection(sim, 'x', noise.port, station.port);
    for (const direction of [there, back]) {
      direction.set({ delay });
      direction.connected = true;
    }
    const near = new LineEnd(sim, station.port, there, csma, 10_000_000);
    const far = new LineEnd(sim, noise.port, back, user, 10_000_000);
    [near.far, far.far] = [far, near];
    station.port.plug(near);
    const attempts = () => record.events.filter((event) => event.kind === 'collision');
    return { sim, station, csma, attempts };
  }

  it('gives a frame up after 16 collisions, and takes the next one', () => {
    const { sim, station, csma, attempts } = disturbed(100);
    station.send(numbered(1));
    station.send(numbered(2));
    sim.run();
    expect(station.drops('port.excessive-collisions')).toBe(2);
    expect(attempts().map((event) => event.kind === 'collision' && event.attempt)).toEqual(
      [0, 0].flatMap(() => Array.from({ length: 16 }, (_, i) => i + 1)),
    );
    expect(csma.collisions).toBe(32);
    expect(csma.waiting).toBe(0);
  });

  it('doubles the range of its back-off with each collision up to 1023 slots', () => {
    const { sim, station, attempts } = disturbed(100);
    for (let n = 0; n < 50; n++) station.send(numbered(n));
    sim.run();
    const most = new Map<number, number>();
    for (const event of attempts()) {
      if (event.kind !== 'collision' || event.slots === null) continue;
      most.set(event.attempt, Math.max(most.get(event.attempt) ?? 0, event.slots));
    }
    for (const [attempt, slots] of most) {
      expect(slots).toBeLessThan(2 ** Math.min(attempt, 10));
      expect(slots, `attempt ${attempt}`).toBeGreaterThanOrEqual(2 ** Math.min(attempt, 10) * 0.75 - 1);
    }
    // The wait itself follows from it: slot times behind the jam.
    const [first, second] = attempts();
    expect(second!.time - first!.time).toBeGreaterThanOrEqual(first!.slots! * SLOT);
  });

  it('gives a frame up at once when it collides after a slot time: the line is too long', () => {
    const { sim, station } = disturbed(26_000);
    station.send(numbered(1, 1000));
    sim.run();
    expect(station.drops('port.late-collision')).toBe(1);
  });
});
