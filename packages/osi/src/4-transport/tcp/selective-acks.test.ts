import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Script } from '../../../test/tcp-script.ts';
import { SelectiveAcks } from './selective-acks.ts';
import { seqAdd, seqDiff } from './sequence.ts';

const HUNDRED = 'x'.repeat(100);

/** A peer that sends hundreds: the n-th begins at 1 + 100 n. */
function receiving(syn = {}, settings = {}) {
  const script = new Script(settings);
  const stamped = 'ts' in syn;
  const c = script.accepted({ sack: true, ...syn });
  let clock = 2;
  const send = (n: number, count = 1) => {
    const ts = stamped ? { ts: [clock++, 0] as const } : {};
    script.inject({ flags: 'PA', seq: 1 + 100 * n, ack: 1, data: HUNDRED.repeat(count), ...ts });
    return script.take().at(-1);
  };
  return { script, c, send };
}

const block = (from: number, to: number) => [1 + 100 * from, 1 + 100 * to];

describe('the handshake', () => {
  test('a SYN offers SACK in Linux’s layout: MSS, SACK-permitted beside the timestamps, NOP and window scale', () => {
    const script = new Script();
    script.connect();
    const [syn] = script.take();
    expect(syn?.options.slice(0, 8)).toEqual([2, 4, 5, 180, 4, 2, 8, 10]);
    expect(syn?.options.slice(16)).toEqual([1, 3, 3, 7]);
  });

  test('without timestamps two NOPs stand before SACK-permitted', () => {
    const script = new Script({ 'net.ipv4.tcp_timestamps': 0, 'net.ipv4.tcp_window_scaling': 0 });
    script.connect();
    expect(script.take()[0]?.options).toEqual([2, 4, 5, 180, 1, 1, 4, 2]);
  });

  test('SACK is agreed on only when both have offered it', () => {
    for (const [offer, setting, agreed] of [
      [true, 1, true],
      [false, 1, false],
      [true, 0, false],
    ] as const) {
      const script = new Script({ 'net.ipv4.tcp_sack': setting });
      script.listen();
      script.inject({ flags: 'S', mss: 1460, sack: offer });
      expect(script.take()[0]?.sack).toBe(agreed);
    }
  });
});

describe('the receiver', () => {
  test('tells which blocks wait behind a gap, the latest first', () => {
    const { send } = receiving();
    expect(send(2)).toMatchObject({ ack: 1, sacks: [block(2, 3)] });
    expect(send(4)).toMatchObject({ ack: 1, sacks: [block(4, 5), block(2, 3)] });
    expect(send(3)).toMatchObject({ ack: 1, sacks: [block(2, 5)] });
    expect(send(7)).toMatchObject({ ack: 1, sacks: [block(7, 8), block(2, 5)] });
    expect(send(5)).toMatchObject({ ack: 1, sacks: [block(2, 6), block(7, 8)] });
  });

  test('has room for four blocks, for three beside timestamps', () => {
    const plain = receiving();
    for (const n of [2, 4, 6, 8]) plain.send(n);
    expect(plain.send(10)?.sacks).toEqual([block(10, 11), block(8, 9), block(6, 7), block(4, 5)]);
    const stamped = receiving({ ts: [1, 0] });
    for (const n of [2, 4, 6]) stamped.send(n);
    expect(stamped.send(8)?.sacks).toEqual([block(8, 9), block(6, 7), block(4, 5)]);
  });

  test('forgets a block when the stream has reached it', () => {
    const { send } = receiving();
    send(1);
    send(3);
    expect(send(0)).toMatchObject({ ack: 201, sacks: [block(3, 4)] });
    expect(send(2)).toMatchObject({ ack: 401, sacks: [] });
  });

  test('reports what came twice first (D-SACK): below the acknowledgment', () => {
    const { script, send } = receiving();
    send(0);
    send(1);
    expect(send(0)).toMatchObject({ ack: 201, sacks: [block(0, 1)] });
    send(3);
    expect(send(1)).toMatchObject({ ack: 201, sacks: [block(1, 2), block(3, 4)] });
    expect(send(4)?.sacks).toEqual([block(3, 5)]);
    expect(script.tcp.counters.ext.TCPDSACKOldSent).toBe(2);
  });

  test('and behind the gap, where the block that holds it follows', () => {
    const { script, send } = receiving();
    send(2, 2);
    expect(send(3)?.sacks).toEqual([block(3, 4), block(2, 4)]);
    expect(script.tcp.counters.ext.TCPDSACKOfoSent).toBe(1);
  });

  test('a segment that is old in part is reported for that part', () => {
    const { send } = receiving();
    send(0);
    expect(send(0, 2)).toMatchObject({ ack: 201, sacks: [block(0, 1)] });
  });

  test('tells neither of gaps nor of duplicates when SACK was not agreed on', () => {
    const { send } = receiving({ sack: false });
    send(0);
    expect(send(0)).toMatchObject({ ack: 101, sacks: [] });
    expect(send(2)).toMatchObject({ ack: 101, sacks: [] });
    expect(send(2)).toMatchObject({ ack: 101, sacks: [] });
  });

  test('net.ipv4.tcp_dsack 0 keeps quiet about duplicates', () => {
    const { send } = receiving({}, { 'net.ipv4.tcp_dsack': 0 });
    send(0);
    expect(send(0)).toMatchObject({ ack: 101, sacks: [] });
  });

  test('what it sends itself meanwhile carries the blocks too, in segments that still fit', () => {
    const { script, c, send } = receiving();
    send(2);
    c.send(new Uint8Array(3000), 0);
    const [first] = script.take();
    expect(first?.sacks).toEqual([block(2, 3)]);
    expect((first?.options.length ?? 0) + (first?.data.length ?? 0)).toBe(1460);
  });
});

test('blocks are the newest pieces of what has come, without overlap, however it came', () => {
  const pieces = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 9 })), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(pieces, fc.integer(), (list, start) => {
      const base = start | 0;
      const told = new SelectiveAcks();
      const present = new Set<number>();
      for (const [from, size] of list) {
        told.add(seqAdd(base, from), seqAdd(base, from + size));
        for (let i = from; i < from + size; i++) present.add(i);
        expect(seqDiff(told.start(0), base)).toBeLessThanOrEqual(from);
        expect(seqDiff(told.end(0), base)).toBeGreaterThanOrEqual(from + size);
        expect(told.count).toBeLessThanOrEqual(4);
        const covered = new Set<number>();
        for (let b = 0; b < told.count; b++) {
          for (let i = seqDiff(told.start(b), base); i < seqDiff(told.end(b), base); i++) {
            expect(present.has(i)).toBe(true);
            expect(covered.has(i)).toBe(false);
            covered.add(i);
          }
        }
      }
    }),
  );
});
