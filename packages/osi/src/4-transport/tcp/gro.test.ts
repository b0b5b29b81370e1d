import { describe, expect, test } from 'vitest';
import { Pair, pour } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';

const SIZE = 1000;
const full = 'x'.repeat(SIZE);
/** The `n`th segment, behind which another one arrives in the same instant. */
const nth = (n: number) => ({ flags: 'A', seq: 1 + n * SIZE, ack: 1, data: full, followed: true });
const last = (n: number) => ({ ...nth(n), followed: false });

/** Buffers that leave the window room to grow. */
const ROOMY = { 'net.ipv4.tcp_rmem.default': 1_000_000 } as const;

/** The peer’s window, as it is in segments after a SYN with `scale: 7`. */
const SCALED = 65_535 >> 7;

/** How often a program was told that there is something to read. */
function told(app: { onReadable: (() => void) | null }): () => number {
  let times = 0;
  app.onReadable = () => times++;
  return () => times;
}

describe('segments that arrive together', () => {
  test('are acknowledged together, and the program is told once', () => {
    const script = new Script();
    const c = script.accepted();
    const times = told(c.app);
    for (let n = 0; n < 9; n++) script.inject(nth(n));
    expect(script.lines()).toEqual([]);
    script.inject(last(9));
    expect(script.take()).toMatchObject([{ ack: 10001 }]);
    expect(times()).toBe(1);
    expect(c.readable).toBe(10 * SIZE);
    expect(script.tcp.counters.ext.TCPHPHits).toBe(1);
    expect(script.tcp.counters.tcp.InSegs).toBe(12);
  });

  test('of which the last never comes are acknowledged when the instant is over', () => {
    const script = new Script();
    const c = script.accepted();
    const times = told(c.app);
    for (let n = 0; n < 5; n++) script.inject(nth(n));
    script.wait(0);
    expect(script.take()).toMatchObject([{ ack: 5001 }]);
    expect(times()).toBe(1);
  });

  test('one by one are acknowledged as ever', () => {
    const script = new Script();
    script.accepted();
    for (let n = 0; n < 3; n++) script.inject(last(n));
    expect(script.lines()).toHaveLength(3);
  });

  test('PSH ends them, and so does a shorter segment', () => {
    const script = new Script();
    script.accepted();
    script.inject(nth(0));
    script.inject({ ...nth(1), flags: 'AP' });
    expect(script.take()).toMatchObject([{ ack: 2001 }]);
    script.inject(nth(2));
    script.inject({ ...nth(3), data: 'end' });
    expect(script.take()).toMatchObject([{ ack: 3004 }]);
  });

  test('a longer segment, another timestamp and another mark begin anew', () => {
    const script = new Script();
    script.accepted({ ts: [100, 0] });
    const ts: [number, number] = [100, 0];
    script.inject({ ...nth(0), data: 'x'.repeat(500), ts });
    script.inject({ ...nth(0), seq: 501, ts });
    expect(script.lines()).toEqual(['A 1 501 0 tcp.quick-ack']);
    script.inject({ ...nth(0), seq: 1501, ts: [101, 0] });
    expect(script.lines()).toEqual(['A 1 1501 0 tcp.quick-ack']);
    script.inject({ ...nth(0), seq: 2501, ts: [101, 0], tos: 2 });
    expect(script.lines()).toEqual(['A 1 2501 0 tcp.quick-ack']);
  });

  test('64 KiB are the most', () => {
    const script = new Script(ROOMY);
    script.accepted({ scale: 7 });
    for (let n = 0; n < 30; n++) script.inject({ ...nth(n), window: SCALED, followed: n < 29 });
    script.take();
    for (let n = 30; n < 96; n++) script.inject({ ...nth(n), window: SCALED });
    expect(script.take().map(({ ack }) => ack)).toEqual([1 + 95 * SIZE]);
  });

  test('FIN behind them comes after their acknowledgment', () => {
    const script = new Script();
    script.accepted();
    script.inject(nth(0));
    script.inject(nth(1));
    script.inject({ flags: 'FA', seq: 2001, ack: 1 });
    expect(script.take()[0]).toMatchObject({ ack: 2001 });
  });

  test('an acknowledgment behind them comes after theirs', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(new Uint8Array(10), 0);
    script.take();
    script.inject(nth(0));
    script.inject({ flags: 'A', seq: 1001, ack: 11 });
    expect(script.lines()).toEqual(['A 11 1001 0 tcp.quick-ack']);
    script.wait(1);
    expect(script.lines()).toEqual([]);
  });

  test('one that was damaged leaves a gap: what came before it is acknowledged, and what comes behind reported', () => {
    const script = new Script();
    script.accepted({ sack: true });
    script.inject(nth(0));
    script.inject(nth(1));
    script.inject({ ...nth(2), damaged: true });
    script.inject(last(3));
    expect(script.take()).toMatchObject([{ ack: 2001 }, { ack: 2001, sacks: [[3001, 4001]] }]);
  });

  test('of two connections are taken by each of them', () => {
    const script = new Script();
    script.accepted();
    const { iss, peerPort } = script;
    script.peerPort++;
    script.inject({ flags: 'S', mss: 1460 });
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    script.take();
    script.inject(nth(0));
    script.inject(nth(1));
    Object.assign(script, { iss, peerPort });
    script.inject(nth(0));
    expect(script.take()).toMatchObject([{ ack: 2001 }]);
    script.wait(0);
    expect(script.take()).toMatchObject([{ ack: 1001 }]);
  });

  test('a program that answers before the instant is over has acknowledged them', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject(nth(0));
    script.inject(nth(1));
    c.send(new Uint8Array(10), 0);
    expect(script.lines()).toEqual(['PA 1 2001 10 tcp.data']);
    script.wait(0.1);
    expect(script.lines()).toEqual([]);
    expect(c.readable).toBe(2 * SIZE);
  });

  test('a program that closes before the instant is over has not read them, and resets', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject(nth(0));
    script.inject(nth(1));
    c.close();
    script.wait(0.1);
    expect(script.take().map(({ flags }) => flags)).toEqual(['RA']);
  });

  test('they open the window by twice their length, as one large segment does', () => {
    const windowAfter = (count: number): number => {
      const script = new Script(ROOMY);
      const c = script.accepted({ scale: 7 });
      for (let n = 0; n < count; n++) script.inject({ ...nth(n), window: SCALED, followed: n < count - 1 });
      expect(c.readable).toBe(count * SIZE);
      return (script.take().at(-1)?.window ?? 0) * 128;
    };
    const difference = windowAfter(20) - windowAfter(2);
    expect(Math.abs(difference - 2 * 18 * SIZE)).toBeLessThan(SIZE);
  });
});

describe('on a cable', () => {
  /** How many frames the receiver of ten segments answers. */
  function answers(options: { bandwidth?: number; receiveOffload?: boolean }): number {
    const { receiveOffload = true, ...cable } = options;
    const pair = new Pair({ delay: 1_000_000, ...cable });
    const { client } = pair.established();
    for (const link of pair.b.network.links) link.receiveOffload = receiveOffload;
    const before = pair.b.tcp.counters.tcp.OutSegs;
    pour(client, new Uint8Array(10 * 1448));
    pair.wait(0.02);
    return pair.b.tcp.counters.tcp.OutSegs - before;
  }

  test('without a bandwidth a burst arrives in one instant: each of the two, with PSH at its end, is answered once', () => {
    expect(answers({})).toBe(2);
  });

  test('with one each segment has its time', () => {
    expect(answers({ bandwidth: 1e9 })).toBe(10);
  });

  test('an interface without receive offload takes each by itself', () => {
    expect(answers({ receiveOffload: false })).toBe(10);
  });
});
