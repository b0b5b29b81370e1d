import { describe, expect, it } from 'vitest';
import { numbered, Station } from '../../test/station.ts';
import { microseconds, milliseconds, Simulation } from '../time/index.ts';
import { TraceRecord } from '../trace/index.ts';
import { Cable, type CableOptions } from './cable.ts';

function line(options: CableOptions = {}, record: TraceRecord | null = null, seed = 1) {
  const sim = new Simulation(seed);
  const a = new Station(sim, 'a', record);
  const b = new Station(sim, 'b', record);
  const cable = new Cable(sim, a.port, b.port, options);
  return { sim, a, b, cable };
}

describe('a cable without limits', () => {
  it('delivers at the same virtual time, but never inside the call that sends', () => {
    const { sim, a, b } = line();
    a.send(numbered(1));
    expect(b.arrived).toEqual([]);
    sim.run();
    expect(b.arrived).toEqual([{ at: 0, bytes: numbered(1) }]);
  });

  it('delivers what arrives at one instant in one event, in order', () => {
    const { sim, a, b } = line();
    for (let n = 0; n < 100; n++) a.send(numbered(n));
    sim.run();
    expect(b.numbers).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(sim.eventsRun).toBe(1);
  });

  it('carries an endless exchange at one instant without recursion', () => {
    const { sim, a, b } = line();
    let left = 20_000;
    b.react = () => {
      b.send(numbered(0));
    };
    a.react = () => {
      if (--left > 0) a.send(numbered(0));
    };
    a.send(numbered(0));
    sim.run();
    expect(left).toBe(0);
    expect(sim.now).toBe(0);
  });
});

describe('bandwidth and delay', () => {
  it('a full frame takes (8 + 1514 + 4) bytes at 100 Mbit/s, and then the propagation delay', () => {
    const { sim, a, b } = line({ bandwidth: 100e6, delay: microseconds(5) });
    a.send(numbered(1, 1514));
    sim.run();
    expect(b.arrived[0]!.at).toBe(1526 * 80 + 5_000);
  });

  it('a short frame takes the time of 60 bytes', () => {
    const { sim, a, b } = line({ bandwidth: 1e9 });
    a.send(numbered(1, 42));
    sim.run();
    expect(b.arrived[0]!.at).toBe(72 * 8);
  });

  it('frames sent together follow one another with the inter-frame gap between them', () => {
    const { sim, a, b } = line({ bandwidth: 1e9 });
    for (let n = 0; n < 3; n++) a.send(numbered(n, 1000));
    sim.run();
    const first = 1012 * 8;
    expect(b.arrived.map(({ at }) => at)).toEqual([first, first + 1024 * 8, first + 2 * 1024 * 8]);
  });

  it('a bandwidth that divides no nanosecond evenly gathers no error', () => {
    const { sim, a, b } = line({ bandwidth: 3e9, queueLimit: 10_000 });
    for (let n = 0; n < 3001; n++) a.send(numbered(0, 60));
    sim.run();
    expect(b.arrived.at(-1)!.at).toBe(Math.ceil((3000 * 84 + 72) * (8 / 3)));
  });

  it('the two directions do not hinder each other and may differ', () => {
    const { sim, a, b } = line({ bandwidth: 1e9, aToB: { delay: 100 }, bToA: { bandwidth: 1e6 } });
    a.send(numbered(1));
    b.send(numbered(2));
    sim.run();
    expect(b.arrived[0]!.at).toBe(72 * 8 + 100);
    expect(a.arrived[0]!.at).toBe(72 * 8000);
  });

  it('a line that lost time idle begins at once', () => {
    const { sim, a, b } = line({ bandwidth: 1e9 });
    a.send(numbered(1));
    sim.run(milliseconds(1));
    a.send(numbered(2));
    sim.run();
    expect(b.arrived[1]!.at).toBe(milliseconds(1) + 72 * 8);
  });

  it('a shorter delay set while frames are on the way does not let later ones overtake', () => {
    const { sim, a, b, cable } = line({ delay: 1000 });
    a.send(numbered(1));
    cable.set({ delay: 10 });
    a.send(numbered(2));
    sim.run();
    expect(b.numbers).toEqual([1, 2]);
  });

  it('only the frame that arrives next stands in the event queue: one event for each', () => {
    const { sim, a, b } = line({ bandwidth: 1e9, delay: milliseconds(10) });
    for (let n = 0; n < 50; n++) a.send(numbered(n));
    sim.run();
    expect(b.arrived).toHaveLength(50);
    expect(sim.eventsRun).toBe(50);
  });
});

describe('the queue in front of a cable', () => {
  it('holds as many frames as its limit behind the one being sent, and drops the rest: cable.queue-full', () => {
    const record = new TraceRecord();
    const { sim, a, b, cable } = line({ bandwidth: 1e6, queueLimit: 3 }, record);
    for (let n = 0; n < 6; n++) a.send(numbered(n));
    expect(cable.aToB.waiting).toBe(3);
    sim.run();
    expect(b.numbers).toEqual([0, 1, 2, 3]);
    expect(a.drops('cable.queue-full')).toBe(2);
    const drops = record.events.filter((e) => e.kind === 'frame-dropped');
    expect(drops.map((e) => [e.node, e.port, e.cause === e.sent])).toEqual([
      ['a', 'eth0', true],
      ['a', 'eth0', true],
    ]);
  });

  it('has room again when a frame begins to be sent', () => {
    const { sim, a, b, cable } = line({ bandwidth: 1e6, queueLimit: 1 });
    a.send(numbered(1));
    a.send(numbered(2));
    sim.run(84 * 8000);
    expect(cable.aToB.waiting).toBe(0);
    a.send(numbered(3));
    sim.run();
    expect(b.numbers).toEqual([1, 2, 3]);
  });
});

describe('plugging', () => {
  it('both ends see the carrier come and go', () => {
    const { a, b, cable } = line();
    expect([a.port.carrier, b.port.carrier]).toEqual([true, true]);
    expect([a.linkChanges.at(-1), b.linkChanges.at(-1)]).toEqual([true, true]);
    cable.pull();
    expect([a.linkChanges.at(-1), b.linkChanges.at(-1)]).toEqual([false, false]);
    cable.plugIn();
    expect([a.port.carrier, b.linkChanges.at(-1)]).toEqual([true, true]);
  });

  it('pulling a cable loses what is on the way: cable.unplugged', () => {
    const { sim, a, b, cable } = line({ bandwidth: 1e6, delay: milliseconds(1) });
    a.send(numbered(1));
    a.send(numbered(2));
    b.send(numbered(3));
    sim.run(100);
    cable.pull();
    sim.run();
    expect([...a.arrived, ...b.arrived]).toEqual([]);
    expect([a.drops('cable.unplugged'), b.drops('cable.unplugged')]).toEqual([2, 1]);
  });

  it('plugged in again it carries frames, and nothing of before comes after', () => {
    const { sim, a, b, cable } = line({ bandwidth: 1e6, delay: milliseconds(1) });
    a.send(numbered(1));
    cable.pull();
    cable.plugIn();
    a.send(numbered(2));
    sim.run();
    expect(b.numbers).toEqual([2]);
    expect(b.arrived[0]!.at).toBe(72 * 8000 + milliseconds(1));
  });

  it('pulled by who receives, the rest of the same instant is lost', () => {
    const { sim, a, b, cable } = line();
    b.react = () => cable.pull();
    for (let n = 0; n < 3; n++) a.send(numbered(n));
    sim.run();
    expect(b.numbers).toEqual([0]);
    expect(a.drops('cable.unplugged')).toBe(2);
  });

  it('a port without a cable drops: port.no-carrier', () => {
    const sim = new Simulation();
    const a = new Station(sim, 'a');
    a.send(numbered(1));
    expect(a.drops('port.no-carrier')).toBe(1);
  });

  it('a port switched off takes the carrier from the far end, and drops what still arrives', () => {
    const { sim, a, b } = line({ delay: 10 });
    a.send(numbered(1));
    b.port.setEnabled(false);
    expect([a.port.carrier, a.linkChanges.at(-1)]).toEqual([false, false]);
    sim.run();
    expect([b.arrived.length, b.drops('port.disabled')]).toEqual([0, 1]);
    b.port.setEnabled(true);
    expect([a.port.carrier, a.linkChanges.at(-1)]).toEqual([true, true]);
  });

  it('refuses a port that has a cable, the same port twice, and numbers out of range, saying which', () => {
    const { sim, a, b } = line();
    const c = new Station(sim, 'c');
    expect(() => new Cable(sim, a.port, c.port)).toThrow('port eth0 of a has a cable already');
    expect(() => new Cable(sim, c.port, c.port)).toThrow('port eth0 of c twice');
    const cable = () => new Cable(sim, c.port, new Station(sim, 'd').port, { bandwidth: 0 });
    expect(cable).toThrow('bandwidth: expected bits per second, more than 0, found 0');
    expect(c.port.carrier).toBe(false);
    expect(b.port.carrier).toBe(true);
  });
});

describe('the record', () => {
  it('a frame received names the frame sent as its cause', () => {
    const record = new TraceRecord();
    const { sim, a } = line({}, record);
    a.send(numbered(7), 'why');
    sim.run();
    expect(record.events).toMatchObject([
      { id: 1, kind: 'frame-sent', node: 'a', reason: 'why', length: 60 },
      { id: 2, kind: 'frame-received', node: 'b', sent: 1, cause: 1 },
    ]);
    expect(record.bytes(1)).toEqual(numbered(7));
  });

  it('frames go back to the pool: a long run takes no more of them than are on the way at once', () => {
    const { sim, a, b } = line({ bandwidth: 1e9 });
    b.react = () => {
      if (b.arrived.length < 2000) a.send(numbered(0));
    };
    a.send(numbered(0));
    sim.run();
    expect(b.arrived).toHaveLength(2000);
    expect(b.slots.size).toBe(1);
  });
});
