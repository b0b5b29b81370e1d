import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Frame, FramePool, HEADROOM } from '../../1-physical/index.ts';
import { Random } from '../../time/index.ts';
import { Secrets } from './isn.ts';
import { clearOptions, readOptions, type SegmentOptions } from './options.ts';
import { hasFin, Reassembly } from './reassembly.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { RingPool, SendBuffer } from './send-buffer.ts';
import { seqAdd, seqDiff, seqLess, seqMax, seqUnsigned } from './sequence.ts';
import { nextState, TRANSITIONS } from './state.ts';

describe('sequence numbers', () => {
  test('go round at 2^32', () => {
    const last = 0xffff_ffff | 0;
    expect(seqUnsigned(last)).toBe(0xffff_ffff);
    expect(seqAdd(last, 1)).toBe(0);
    expect(seqDiff(5, seqAdd(0, -5))).toBe(10);
    expect(seqLess(last, 3)).toBe(true);
    expect(seqMax(last, 3)).toBe(3);
  });

  test('a number is less than any of the 2^31 - 1 behind it', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (a, n) => {
        const start = a | 0;
        expect(seqLess(start, seqAdd(start, n))).toBe(true);
        expect(seqLess(seqAdd(start, n), start)).toBe(false);
        expect(seqDiff(seqAdd(start, n), start)).toBe(n);
      }),
    );
  });
});

/** What these bytes say as the options of a segment. */
function optionsIn(bytes: Uint8Array): SegmentOptions {
  const into: SegmentOptions = {
    mss: 0,
    windowScale: 0,
    hasTimestamps: false,
    timestamp: 0,
    timestampEcho: 0,
    sackPermitted: false,
    sacks: 0,
    fastOpen: -1,
    fastOpenExperimental: false,
    fastOpenCookie: new Uint8Array(16),
    sackEdges: new Int32Array(8),
  };
  clearOptions(into);
  readOptions(new DataView(bytes.buffer), 0, bytes.length, into);
  return into;
}

test('options of any bytes are read without harm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(optionsIn(bytes).windowScale).toBeLessThanOrEqual(14);
    }),
  );
});

test('unknown options are passed over; one with an impossible length ends the list', () => {
  const mss = [2, 4, 5, 180];
  const found = (...bytes: number[]): number => optionsIn(Uint8Array.from([...bytes, ...mss])).mss;
  expect([found(77, 4, 1, 1), found(77, 3, 1), found(77, 2), found(1, 2, 3, 1)]).toEqual([
    1460, 1460, 1460, 1460,
  ]);
  expect([found(77, 0), found(77, 1), found(77, 7)]).toEqual([0, 0, 0]);
});

test('shifts of the window beyond 14 count as 14 (RFC 7323 section 2.3)', () => {
  expect([13, 14, 15, 255].map((shift) => optionsIn(Uint8Array.of(3, 3, shift)).windowScale)).toEqual([
    13, 14, 14, 14,
  ]);
});

test('a cookie of Fast Open has 4 to 16 bytes, an even number; others count as none (RFC 7413 section 4.1.1)', () => {
  const taken = Array.from({ length: 20 }, (_, length) => {
    const bytes = new Uint8Array(2 + length);
    bytes.set([34, 2 + length]);
    return optionsIn(bytes).fastOpen >= 0;
  });
  expect([...taken.keys()].filter((length) => taken[length])).toEqual([0, 4, 6, 8, 10, 12, 14, 16]);
});

describe('the state diagram', () => {
  test('leads everywhere to CLOSED, and refuses what it does not have', () => {
    for (const state of Object.keys(TRANSITIONS) as (keyof typeof TRANSITIONS)[]) {
      expect(nextState(state, 'end')).toBe('CLOSED');
    }
    expect(() => nextState('ESTABLISHED', 'syn')).toThrow("TCP in ESTABLISHED cannot take 'syn'");
  });
});

test('numbers from the secret differ from tuple to tuple and are the same for one seed', () => {
  const secrets = new Secrets(new Random(1, 'x'));
  const same = new Secrets(new Random(1, 'x'));
  const other = new Secrets(new Random(2, 'x'));
  const seen = new Set<number>();
  for (let n = 0; n < 1000; n++) {
    seen.add(secrets.initialSequence(n, 5, 2, 80, 0));
    seen.add(secrets.initialSequence(1, 10_000 + n, 2, 80, 0));
    seen.add(secrets.initialSequence(1, 5, 10_000 + n, 80, 0));
    seen.add(secrets.initialSequence(1, 5, 2, 10_000 + n, 0));
  }
  expect(seen.size).toBe(4000);
  expect(same.initialSequence(1, 5, 2, 80, 0)).toBe(secrets.initialSequence(1, 5, 2, 80, 0));
  expect(other.initialSequence(1, 5, 2, 80, 0)).not.toBe(secrets.initialSequence(1, 5, 2, 80, 0));
  expect(seqDiff(secrets.initialSequence(1, 5, 2, 80, 64e6), secrets.initialSequence(1, 5, 2, 80, 0))).toBe(
    1e6,
  );
});

test('timestamps begin elsewhere for each pair of addresses, and after each start (RFC 7323 section 7.1)', () => {
  const [secrets, other] = [1, 2].map((seed) => new Secrets(new Random(seed, 'x')));
  const offsets = [secrets, other].flatMap((each) => [
    each!.timestampOffset(1, 2),
    each!.timestampOffset(1, 3),
    each!.timestampOffset(2, 2),
  ]);
  expect(new Set(offsets).size).toBe(6);
});

test('a send buffer gives back what was written, at any offset, however it grows and wraps', () => {
  const step = fc.oneof(
    fc.record({ write: fc.integer({ min: 0, max: 5000 }) }),
    fc.record({ drop: fc.integer({ min: 0, max: 5000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const buffer = new SendBuffer(new RingPool());
      let model: number[] = [];
      let call = 0;
      let writers: number[] = [];
      for (const s of steps) {
        if ('write' in s) {
          call++;
          const bytes = Uint8Array.from({ length: s.write }, (_, i) => (i * 7 + call) & 255);
          buffer.write(bytes, call);
          model = model.concat([...bytes]);
          writers = writers.concat(Array(s.write).fill(call));
        } else {
          const count = Math.min(s.drop, model.length);
          buffer.drop(count);
          model = model.slice(count);
          writers = writers.slice(count);
        }
        expect(buffer.length).toBe(model.length);
        const from = Math.floor(model.length / 3);
        const length = Math.floor(model.length / 2);
        const out = new Uint8Array(length);
        buffer.copy(from, length, out, 0);
        expect(Buffer.compare(out, Uint8Array.from(model.slice(from, from + length)))).toBe(0);
        expect(buffer.origins(from, length)).toEqual([...new Set(writers.slice(from, from + length))]);
      }
    }),
    { numRuns: 60 },
  );
});

const pool = new FramePool();
function frameOf(bytes: Uint8Array): Frame {
  const frame = pool.take(bytes.length);
  frame.bytes.set(bytes, HEADROOM);
  frame.end = HEADROOM + bytes.length;
  return frame;
}

test('reassembly puts any pieces, overlapping and repeated, in order', () => {
  const pieces = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 90 })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(pieces, fc.integer(), (list, start) => {
      const stream = Uint8Array.from({ length: 400 }, (_, i) => (i * 31) & 255);
      const base = start | 0;
      const reassembly = new Reassembly();
      const present = new Set<number>();
      for (const [at, size] of list) {
        const from = at + 1;
        for (let i = from; i < from + size; i++) present.add(i);
        reassembly.insert(frameOf(stream.slice(from, from + size)), seqAdd(base, from), from + size === 391);
      }
      expect(reassembly.take(base)).toBe(null);
      let next = 1;
      let end = 1;
      while (present.has(end)) end++;
      let fin = false;
      for (
        let frame = reassembly.take(seqAdd(base, next));
        frame !== null;
        frame = reassembly.take(seqAdd(base, next))
      ) {
        expect([...frame.data()]).toEqual([...stream.slice(next, next + frame.length)]);
        next += frame.length;
        fin ||= hasFin(frame);
        frame.release();
      }
      expect(next).toBe(end);
      expect(fin).toBe(end === 391);
    }),
    { numRuns: 300 },
  );
});

test('a receive queue gives bytes in order, and peeking leaves them', () => {
  const queue = new ReceiveQueue();
  const all = Uint8Array.from({ length: 5000 }, (_, i) => i & 255);
  for (let at = 0; at < 5000; at += 700) queue.push(frameOf(all.slice(at, Math.min(at + 700, 5000))));
  const out = new Uint8Array(5000);
  expect(queue.read(out, true)).toBe(5000);
  expect(Buffer.compare(out, all)).toBe(0);
  out.fill(0);
  for (let at = 0; at < 5000; ) at += queue.read(out.subarray(at, at + 333), false);
  expect(Buffer.compare(out, all)).toBe(0);
  expect(queue.length).toBe(0);
});
