import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counting, ip, PROTOCOL_TEST, World } from '../../../test/network-world.ts';
import { type Frame, FramePool, HEADROOM } from '../../1-physical/index.ts';
import { Simulation, seconds } from '../../time/index.ts';
import { Tracer } from '../../trace/index.ts';
import { IpFaults } from '../counters.ts';
import { Sysctl } from '../sysctl.ts';
import {
  addTos,
  checkIpv4,
  hasMoreFragments,
  isFragment,
  MORE_FRAGMENTS,
  readFragmentOffset,
  readHeaderLength,
  readTos,
  readTotalLength,
  writeIpv4,
} from './codec.ts';
import { cutFragment, nextFragment } from './fragmentation.ts';
import { Reassembly } from './reassembly.ts';

const pool = new FramePool();

/** ECN fields (RFC 3168 section 5). */
const [ECT1, ECT0, CE] = [1, 2, 3];

/** A packet with `length` bytes of payload, or the fragment of one that begins at `offset`. */
function packet(
  payload: Uint8Array,
  { offset = 0, more = false, id = 7, options = [] as number[] } = {},
): Frame {
  const header = 20 + options.length;
  const frame = pool.take(header + payload.length);
  frame.end = HEADROOM + header + payload.length;
  const flags = (more ? MORE_FRAGMENTS : 0) | (offset >> 3);
  writeIpv4(
    frame.view,
    HEADROOM,
    0,
    header + payload.length,
    id,
    flags,
    64,
    253,
    ip('10.0.0.1'),
    ip('10.0.0.2'),
  );
  frame.bytes.set(options, HEADROOM + 20);
  frame.bytes.set(payload, HEADROOM + header);
  if (options.length > 0) {
    frame.view.setUint8(HEADROOM, 0x40 | (header / 4));
  }
  return frame;
}

/** All fragments of a packet; releases it. */
function cut(whole: Frame, mtu: number): Frame[] {
  const fragments: Frame[] = [];
  for (let from = 0; from >= 0; from = nextFragment(whole, from, mtu)) {
    fragments.push(cutFragment(pool, whole, from, mtu));
  }
  whole.release();
  return fragments;
}

function setUp() {
  const sim = new Simulation(1);
  const tracer = new Tracer(sim, 'b');
  const counters = new IpFaults();
  const sysctl = new Sysctl();
  const timedOut: number[] = [];
  const reassembly = new Reassembly({
    tracer,
    pool,
    sysctl,
    counters,
    timedOut: (first) => timedOut.push(first.length),
  });
  /** @returns the payload of the packet that became whole, or null. */
  const add = (frame: Frame): number[] | null => {
    const whole = reassembly.add(frame, 'eth0');
    if (whole === null) return null;
    expect(checkIpv4(whole.view, whole.start, whole.end)).toBe(null);
    expect(isFragment(whole.view, whole.start)).toBe(false);
    expect(readTotalLength(whole.view, whole.start)).toBe(whole.length);
    const payload = [...whole.data().subarray(readHeaderLength(whole.view, whole.start))];
    whole.release();
    return payload;
  };
  return { sim, tracer, counters, sysctl, reassembly, timedOut, add };
}

describe('fragmentation', () => {
  it('cuts into valid pieces no larger than the MTU that cover the packet without gap or overlap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 68, max: 1500 }), (length, mtu) => {
        const pieces = cut(packet(counting(length)), mtu);
        let next = 0;
        pieces.forEach((piece, i) => {
          expect(piece.length).toBeLessThanOrEqual(mtu);
          expect(checkIpv4(piece.view, piece.start, piece.end)).toBe(null);
          expect(readFragmentOffset(piece.view, piece.start)).toBe(next);
          expect(hasMoreFragments(piece.view, piece.start)).toBe(i < pieces.length - 1);
          next += piece.length - 20;
          piece.release();
        });
        expect(next).toBe(length);
      }),
    );
  });

  it('of a fragment gives fragments of the same packet', () => {
    const [first, last] = cut(packet(counting(2000)), 1500);
    const again = [...cut(first!, 600), ...cut(last!, 300)];
    const { add } = setUp();
    const results = again.map(add);
    expect(results.slice(0, -1).every((result) => result === null)).toBe(true);
    expect(results.at(-1)).toEqual([...counting(2000)]);
  });

  it('leaves options out of later fragments that are for the first alone', () => {
    // Record route (7) is not copied, router alert (148) is.
    const whole = packet(counting(100), { options: [7, 3, 4, 1, 148, 4, 0, 0] });
    const [first, second] = cut(whole, 76);
    expect([...first!.data().subarray(20, 28)]).toEqual([7, 3, 4, 1, 148, 4, 0, 0]);
    expect([...second!.data().subarray(20, 28)]).toEqual([1, 1, 1, 1, 148, 4, 0, 0]);
    expect(checkIpv4(second!.view, second!.start, second!.end)).toBe(null);
  });
});

describe('reassembly', () => {
  it('gives the packet back from its pieces in any order, some of them twice', () => {
    const scenario = fc
      .tuple(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 68, max: 1500 }))
      .chain(([length, mtu]) => {
        const count = Math.ceil(length / ((mtu - 20) & ~7));
        const numbers = Array.from({ length: count }, (_, i) => i);
        const order = fc
          .tuple(
            fc.shuffledSubarray(numbers, { minLength: count, maxLength: count }),
            fc.array(fc.nat(count - 1), { maxLength: 5 }),
          )
          // Twice only while it is not whole yet: otherwise it would begin another packet.
          .map(([all, twice]) => [
            ...all.slice(0, -1).flatMap((n) => (twice.includes(n) ? [n, n] : [n])),
            all.at(-1)!,
          ]);
        return fc.tuple(fc.constant(length), fc.constant(mtu), order);
      });
    fc.assert(
      fc.property(scenario, ([length, mtu, order]) => {
        const { add, counters, reassembly } = setUp();
        if (length <= mtu - 20) return;
        const pieces = cut(packet(counting(length)), mtu);
        const results = order.map((n) => add(pool.copy(pieces[n]!)));
        expect(results.at(-1)).toEqual([...counting(length)]);
        expect(results.slice(0, -1).every((result) => result === null)).toBe(true);
        expect(counters).toMatchObject({ ReasmOKs: 1, ReasmFails: 0, ReasmReqds: order.length });
        expect(reassembly.memory).toBe(0);
        for (const piece of pieces) piece.release();
      }),
    );
  });

  it('agrees with a model of bytes on arbitrary fragments: never anything that was not sent so', () => {
    const piece = fc.record({
      offset: fc.nat(6).map((n) => n * 8),
      length: fc.integer({ min: 0, max: 30 }),
      more: fc.boolean(),
      fill: fc.nat(255),
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { add, reassembly } = setUp();
        // The model: bytes by place, forgotten whenever the packet is given up or whole.
        let model = new Map<number, number>();
        let end = -1;
        let top = 0;
        const forget = () => {
          model = new Map();
          end = -1;
          top = 0;
        };
        for (const { offset, length, more, fill } of pieces) {
          const result = add(packet(new Uint8Array(length).fill(fill), { offset, more }));
          const size = more ? length & ~7 : length;
          const stop = offset + size;
          const places = Array.from({ length: size }, (_, i) => offset + i);
          const beyond = more ? end >= 0 && stop > end : stop < top || (end >= 0 && stop !== end);
          if (beyond || size === 0) {
            forget();
            expect(result).toBe(null);
            continue;
          }
          const known = places.filter((at) => model.has(at)).length;
          if (known === size) {
            expect(result).toBe(null);
            continue;
          }
          if (known > 0) {
            forget();
            expect(result).toBe(null);
            continue;
          }
          for (const at of places) model.set(at, fill);
          top = Math.max(top, stop);
          if (!more) end = stop;
          if (end >= 0 && model.size === end) {
            expect(result).toEqual(Array.from({ length: end }, (_, at) => model.get(at)));
            forget();
          } else expect(result).toBe(null);
        }
        if (model.size === 0) expect(reassembly.memory).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, (view: DataView) => void]>([
    ['source', (view) => view.setUint32(HEADROOM + 12, ip('10.0.0.3'))],
    ['destination', (view) => view.setUint32(HEADROOM + 16, ip('10.0.0.3'))],
    ['identification', (view) => view.setUint16(HEADROOM + 4, 8)],
    ['protocol', (view) => view.setUint8(HEADROOM + 9, 17)],
  ])('keeps the pieces of a packet with another %s apart', (_field, change) => {
    const { add } = setUp();
    const piece = (length: number, offset = 0) => packet(counting(length), { offset, more: offset === 0 });
    const other = (length: number, offset = 0) => {
      const frame = piece(length, offset);
      change(frame.view);
      return frame;
    };
    expect(add(piece(16))).toBe(null);
    expect(add(other(5, 16))).toBe(null);
    expect(add(piece(6, 16))).toEqual([...counting(16), ...counting(6)]);
    expect(add(other(16))).toEqual([...counting(16), ...counting(5)]);
  });

  it.each([
    [[ECT0, CE], CE],
    [[CE, ECT1], CE],
    [[ECT1, ECT0], ECT1],
    [[0, ECT0], null],
    [[CE, 0], null],
  ])(
    'of pieces with ECN fields %j gives a packet with %j: a mark on one is one on all (RFC 3168 section 5.3)',
    (fields, ecn) => {
      const { reassembly, counters, tracer } = setUp();
      const piece = (i: number) => {
        const frame = packet(counting(16), { offset: 16 * i, more: i === 0 });
        addTos(frame.view, frame.start, fields[i] ?? 0);
        return frame;
      };
      expect(reassembly.add(piece(1), 'eth0')).toBe(null);
      const whole = reassembly.add(piece(0), 'eth0');
      expect(whole && readTos(whole.view, whole.start)).toBe(ecn);
      expect(whole && checkIpv4(whole.view, whole.start, whole.end)).toBe(null);
      expect(counters.ReasmFails).toBe(ecn === null ? 1 : 0);
      expect(tracer.drops.get('ip.fragment-ecn')).toBe(ecn === null ? 2 : undefined);
    },
  );

  it('gives up after 30 s, counted from the first piece, and tells the sender if it has the first', () => {
    const { sim, add, counters, timedOut, tracer } = setUp();
    add(packet(counting(16), { more: true }));
    sim.run(seconds(29));
    add(packet(counting(16), { offset: 32, more: true }));
    sim.run(seconds(31));
    expect(timedOut).toEqual([36]);
    expect(counters).toMatchObject({ ReasmTimeout: 1, ReasmFails: 1 });
    expect(tracer.drops.get('ip.reassembly-timeout')).toBe(2);
    add(packet(counting(16), { offset: 16, more: true }));
    sim.run();
    expect(timedOut).toHaveLength(1);
    expect(counters.ReasmTimeout).toBe(2);
  });

  it('a packet longer than 65535 bytes is given up: ip.fragment-oversize', () => {
    const { add, tracer } = setUp();
    expect(add(packet(counting(100), { offset: 65_528 - 64 }))).toBe(null);
    expect(tracer.drops.get('ip.fragment-oversize')).toBe(1);
  });

  it('the longest packet there can be becomes whole', () => {
    const { add } = setUp();
    const pieces = cut(packet(counting(65_515)), 1500);
    const results = pieces.map(add);
    expect(results.at(-1)).toHaveLength(65_515);
  });

  it('begins no packet beyond ipfrag_high_thresh bytes, and goes on when there is room again', () => {
    const { sim, add, sysctl, tracer, reassembly } = setUp();
    sysctl.set('net.ipv4.ipfrag_high_thresh', 3_500);
    for (let id = 0; id < 10; id++) add(packet(counting(8), { more: true, id }));
    expect(reassembly.memory).toBeLessThan(4_500);
    expect(tracer.drops.get('ip.reassembly-memory')).toBe(5);
    sim.run();
    expect(reassembly.memory).toBe(0);
    expect(add(packet(counting(8), { more: true, id: 99 }))).toBe(null);
    expect(tracer.drops.get('ip.reassembly-memory')).toBe(5);
  });

  it('one packet in ever more pieces does not take more than ipfrag_high_thresh bytes either', () => {
    const { add, sysctl, tracer, reassembly } = setUp();
    sysctl.set('net.ipv4.ipfrag_high_thresh', 3_500);
    for (let n = 0; n < 100; n++) add(packet(counting(8), { more: true, offset: 16 * n }));
    expect(reassembly.memory).toBeLessThan(4_500);
    expect(tracer.drops.get('ip.reassembly-memory')).toBe(95);
  });
});

describe('a packet larger than the MTU', () => {
  it('crosses a cable in fragments that keep its reason and origins', () => {
    const world = new World();
    const a = world.host('a');
    const b = world.host('b');
    world.link(a.port('10.0.0.1/24'), b.port('10.0.0.2/24'));
    expect(a.send('10.0.0.2', counting(4000))).toBe(0);
    world.sim.run(seconds(1));
    expect(b.transport.received).toMatchObject([
      { packet: { protocol: PROTOCOL_TEST }, data: counting(4000) },
    ]);
    expect(world.sent().filter((line) => line === 'a eth0 test')).toHaveLength(3);
    expect(a.net.ip.counters).toMatchObject({ OutRequests: 1, FragOKs: 1, FragCreates: 3 });
    expect(b.net.ip.counters).toMatchObject({ InReceives: 3, ReasmReqds: 3, ReasmOKs: 1, InDelivers: 1 });
  });
});
