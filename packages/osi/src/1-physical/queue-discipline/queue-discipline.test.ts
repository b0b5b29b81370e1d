import { describe, expect, it } from 'vitest';
import { ethernet, tcp, udp } from '../../../test/frames.ts';
import { type Ipv6Options, udp6 } from '../../../test/frames6.ts';
import { numbered, pool, Station } from '../../../test/station.ts';
import { milliseconds, Simulation, seconds } from '../../time/index.ts';
import { TraceRecord } from '../../trace/index.ts';
import { Cable, type CableOptions } from '../cable.ts';
import type { Frame } from '../frame.ts';
import { FqCoDel } from './fq-codel.ts';
import type { QueueSettings } from './index.ts';

function wire(queue: QueueSettings | null, options: CableOptions = {}) {
  const sim = new Simulation(7);
  const record = new TraceRecord();
  const a = new Station(sim, 'a', record);
  const b = new Station(sim, 'b', record);
  const cable = new Cable(sim, a.port, b.port, { ...options, ...(queue !== null && { aToB: { queue } }) });
  return { sim, a, b, cable, record };
}

function frameOf(bytes: Uint8Array): Frame {
  const frame = pool.take(bytes.length);
  frame.bytes.set(bytes, frame.start);
  frame.end = frame.start + bytes.length;
  return frame;
}

/** A datagram of one of several flows, told apart by their source ports. */
const datagram = (flow: number, length = 1400, tos = 0): Uint8Array =>
  ethernet(udp(new Uint8Array(length), { source: 1000 + flow, tos }));
/** The same over IPv6. */
const datagram6 = (flow: number, length = 1400, given: Ipv6Options = {}): Uint8Array =>
  ethernet(udp6(new Uint8Array(length), given, 1000 + flow), { type: 0x86dd });
/** Two headers of 8 bytes between IPv6 and UDP, options for the destination in each. */
const extensions = { first: 60, bytes: [60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0] };
const flowOf = (bytes: Uint8Array): number => ((bytes[34]! << 8) | bytes[35]!) - 1000;

describe('first in, first out', () => {
  it('sends frames at the very times at which they leave without a discipline, and drops the same', () => {
    const play = (queue: QueueSettings | null) => {
      const { sim, a, b } = wire(queue, { bandwidth: 7e6, delay: 1000, queueLimit: 5 });
      for (let n = 0; n < 10; n++) a.send(numbered(n, 60 + 100 * n));
      sim.at(3_000_000, () => a.send(numbered(99)));
      sim.run();
      return {
        arrived: b.arrived.map(({ at, bytes }) => [at, bytes.at(-1)]),
        drops: a.drops('cable.queue-full'),
      };
    };
    expect(play({ kind: 'fifo', limit: 5 })).toEqual(play(null));
    expect(play(null).drops).toBe(4);
  });
});

describe('a token bucket', () => {
  it('lets a burst through at once and then holds to its rate', () => {
    // Frames of 1000 bytes, 10 in the bucket, 8 Mbit/s: one each millisecond.
    const { sim, a, b } = wire({ kind: 'tbf', rate: 8e6, burst: 10_000 });
    for (let n = 0; n < 20; n++) a.send(numbered(n, 1000));
    sim.run();
    const at = b.arrived.map((frame) => frame.at);
    expect(at.slice(0, 10)).toEqual(Array(10).fill(0));
    expect(at.slice(10)).toEqual(Array.from({ length: 10 }, (_, i) => milliseconds(i + 1)));
    // After a pause there is a burst again.
    sim.run(seconds(1));
    for (let n = 0; n < 10; n++) a.send(numbered(n, 1000));
    sim.run();
    expect(b.arrived.at(-1)!.at).toBe(seconds(1));
  });

  it('holds to its rate over a slower and a faster cable', () => {
    for (const [bandwidth, rate] of [
      [1e9, 1e6],
      [1e6, 1e9],
    ] as const) {
      const { sim, a } = wire({ kind: 'tbf', rate, burst: 2000 }, { bandwidth });
      for (let n = 0; n < 100; n++) a.send(numbered(n, 1250));
      sim.run();
      expect(sim.now / 1e9).toBeGreaterThan(0.97);
      expect(sim.now / 1e9).toBeLessThan(1.05);
    }
  });

  it('drops what is larger than the bucket, and what there is no room for', () => {
    const { sim, a, b } = wire({ kind: 'tbf', rate: 8e6, burst: 1000, limit: 2 });
    a.send(numbered(1, 1001));
    for (let n = 2; n < 7; n++) a.send(numbered(n, 1000));
    sim.run();
    expect(a.drops('queue.larger-than-burst')).toBe(1);
    expect(a.drops('cable.queue-full')).toBe(2);
    expect(b.numbers).toEqual([2, 3, 4]);
  });
});

describe('an emulated network', () => {
  it('holds each frame back by its delay', () => {
    const { sim, a, b } = wire({ kind: 'netem', delay: milliseconds(10) }, { delay: 500 });
    a.send(numbered(1));
    sim.run(milliseconds(3));
    a.send(numbered(2));
    sim.run();
    expect(b.arrived.map(({ at }) => at)).toEqual([milliseconds(10) + 500, milliseconds(13) + 500]);
  });

  it('varies it, so that frames overtake one another, and loses its share; the same with the same seed', () => {
    const play = () => {
      const { sim, a, b } = wire({ kind: 'netem', delay: 10_000, jitter: 9_000, loss: 0.2 });
      for (let n = 0; n < 200; n++) sim.at(n * 500, () => a.send(numbered(n)));
      sim.run();
      return { numbers: b.numbers, lost: a.drops('queue.netem-loss') };
    };
    const { numbers, lost } = play();
    expect(lost + numbers.length).toBe(200);
    expect(Math.abs(lost - 40)).toBeLessThan(20);
    expect(numbers).not.toEqual([...numbers].sort((x, y) => x - y));
    expect(play()).toEqual({ numbers, lost });
  });
});

describe('flow queueing with controlled delay', () => {
  const fq: QueueSettings = { kind: 'fq_codel' };

  /** Both ends of a line that for two seconds was sent a tenth more than it takes. */
  function overfed(sent: Uint8Array) {
    const { sim, a, b } = wire(fq, { bandwidth: 10e6 });
    const feed = () => {
      a.send(sent);
      if (sim.now < seconds(2)) sim.after(1_080_000, feed);
    };
    feed();
    sim.run(seconds(2));
    return { a, b };
  }

  it('lets a flow that sends little pass one that has filled the queue', () => {
    const { sim, a, b } = wire(fq, { bandwidth: 10e6 });
    for (let n = 0; n < 100; n++) a.send(datagram(1));
    sim.run(milliseconds(5));
    a.send(datagram(2, 100));
    sim.run();
    const place = b.arrived.findIndex(({ bytes }) => flowOf(bytes) === 2);
    expect(b.arrived[place]!.at).toBeLessThan(milliseconds(5) + 2 * 1_200_000);
  });

  it('gives each of several greedy flows its share of bytes, whatever the size of their frames', () => {
    const { sim, a, b } = wire(fq, { bandwidth: 10e6 });
    const flows = [
      [1, 1400],
      [2, 300],
      [3, 700],
    ] as const;
    const feed = () => {
      for (const [flow, length] of flows) a.send(datagram(flow, length));
      if (sim.now < milliseconds(400)) sim.after(200_000, feed);
    };
    feed();
    sim.run(milliseconds(400));
    const bytes = flows.map(([flow]) =>
      b.arrived.reduce((sum, each) => sum + (flowOf(each.bytes) === flow ? each.bytes.length : 0), 0),
    );
    const share = bytes.reduce((sum, each) => sum + each, 0) / 3;
    for (const each of bytes) expect(Math.abs(each / share - 1)).toBeLessThan(0.05);
  });

  it('keeps the wait of a flow that does not slow down from growing as fast as without it', () => {
    const waitIn = (queue: QueueSettings | null) => {
      const { sim, a, cable } = wire(queue, { bandwidth: 10e6, queueLimit: 10_000 });
      const feed = () => {
        a.send(datagram(1));
        // A tenth more than the line takes.
        if (sim.now < seconds(5)) sim.after(1_080_000, feed);
      };
      feed();
      sim.run(seconds(5));
      return { waiting: cable.aToB.waiting, dropped: a.drops('queue.codel') };
    };
    const plain = waitIn(null);
    const controlled = waitIn(fq);
    expect(plain.waiting).toBeGreaterThan(300);
    expect(controlled.waiting).toBeLessThan(plain.waiting / 3);
    expect(controlled.dropped).toBeGreaterThan(100);
  });

  it('leaves a queue alone that is short or drains within an interval', () => {
    const { sim, a, b } = wire(fq, { bandwidth: 10e6 });
    for (let n = 0; n < 60; n++) a.send(datagram(1));
    sim.run();
    expect(b.arrived).toHaveLength(60);
    expect(a.drops('queue.codel')).toBe(0);
  });

  it.each([1, 2])(
    'marks packets of ECN-capable flows instead of dropping them, with a right checksum: ECT %i',
    (ect) => {
      const { a, b } = overfed(datagram(1, 1400, ect));
      expect(a.drops('queue.codel')).toBe(0);
      const marked = b.arrived.filter(({ bytes }) => (bytes[15]! & 3) === 3);
      expect(marked.length).toBeGreaterThan(5);
      for (const { bytes } of marked) {
        let sum = 0;
        for (let at = 14; at < 34; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!;
        while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
        expect(sum).toBe(0xffff);
      }
    },
  );

  it.each([
    ['is not ECN-capable', 0],
    ['is not ECN-capable, and not IP', null],
  ])('drops from a flow that %s, and marks nothing of it', (_, tos) => {
    const sent = tos === null ? numbered(1, 1442) : datagram(1, 1400, tos);
    const { a, b } = overfed(sent);
    expect(a.drops('queue.codel')).toBeGreaterThan(5);
    for (const { bytes } of b.arrived) expect(bytes).toEqual(sent);
  });

  it('lets a packet pass that another queue has marked already', () => {
    const { a, b } = overfed(datagram(1, 1400, 3));
    expect(a.drops('queue.codel')).toBe(0);
    for (const { bytes } of b.arrived) expect(bytes).toEqual(datagram(1, 1400, 3));
  });

  it('marks packets of IPv6 likewise', () => {
    const { a, b } = overfed(datagram6(1, 1400, { class: 0x2a }));
    expect(a.drops('queue.codel')).toBe(0);
    const marked = b.arrived.filter(({ bytes }) => bytes[15] === 0xb0);
    expect(marked.length).toBeGreaterThan(5);
    for (const { bytes } of marked) expect(bytes).toEqual(datagram6(1, 1400, { class: 0x2b }));
  });

  it.each([{}, { extensions }])(
    'tells flows of IPv6 apart by their ports, behind extension headers too: %j',
    (given) => {
      const { sim, a, b } = wire(fq, { bandwidth: 10e6 });
      for (let n = 0; n < 100; n++) a.send(datagram6(1, 1400, given));
      sim.run(milliseconds(5));
      a.send(datagram6(2, 100, given));
      sim.run();
      expect(b.arrived.findIndex(({ bytes }) => bytes.length < 200)).toBeLessThan(10);
    },
  );

  it('takes room from the longest queue when all are full', () => {
    const dropped: number[] = [];
    const queue = new FqCoDel({ kind: 'fq_codel', limit: 10 }, (frame) => {
      dropped.push(flowOf(frame.data()));
      frame.release();
    });
    for (let n = 0; n < 9; n++) queue.enqueue(frameOf(datagram(1)), 0);
    for (let n = 0; n < 4; n++) queue.enqueue(frameOf(datagram(2)), 0);
    expect(dropped).toEqual([1, 1, 1]);
    expect(queue.length).toBe(10);
  });

  it('keeps segments of one connection in order', () => {
    const { sim, a, b } = wire(fq, { bandwidth: 10e6 });
    for (let n = 0; n < 30; n++) a.send(ethernet(tcp(new Uint8Array(100), { seq: n })));
    sim.run();
    const order = b.arrived.map(({ bytes }) => bytes[41]);
    expect(order).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });
});

describe('a discipline', () => {
  it('can be exchanged while frames wait: none gets lost', () => {
    const { sim, a, b, cable } = wire({ kind: 'tbf', rate: 1e6, burst: 1600 }, { bandwidth: 10e6 });
    for (let n = 0; n < 20; n++) a.send(numbered(n, 1000));
    sim.run(milliseconds(3));
    cable.aToB.set({ queue: { kind: 'fq_codel' } });
    sim.run(milliseconds(5));
    cable.aToB.set({ queue: null });
    sim.run();
    expect(b.numbers).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(sim.now).toBeLessThan(milliseconds(25));
  });

  it('loses what waits in it when the cable is pulled', () => {
    const { sim, a, b, cable } = wire({ kind: 'netem', delay: milliseconds(10) });
    a.send(numbered(1));
    cable.pull();
    sim.run();
    expect(a.drops('cable.unplugged')).toBe(1);
    expect(b.arrived).toEqual([]);
  });

  it('refuses settings out of their ranges', () => {
    const { cable } = wire(null);
    expect(() => cable.set({ queue: { kind: 'tbf', rate: 0, burst: 1 } })).toThrow(
      'rate: expected a number above 0',
    );
    expect(() => cable.set({ queue: { kind: 'fq_codel', target: -1 } })).toThrow('target');
    expect(() => cable.set({ queue: { kind: 'netem', delay: 1, loss: 2 } })).toThrow(
      'loss: expected a share',
    );
  });
});
