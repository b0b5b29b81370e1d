import { describe, expect, test } from 'vitest';
import { Script } from '../../../test/tcp-script.ts';

const MSS = 1000;

/** Ten full segments in flight after a round trip of 100 ms; with timestamps when `stamped`. */
function sending(options: { stamped?: boolean; sack?: boolean; segments?: number } = {}) {
  const { stamped = false, sack = true, segments = 40 } = options;
  const script = new Script();
  const listener = script.listen(8, { sendBuffer: 1_000_000, sendBufferLocked: true });
  const ts = (n: number, echo: number) => (stamped ? { ts: [n, echo] as const } : {});
  script.inject({ flags: 'S', mss: MSS + (stamped ? 12 : 0), sack, ...ts(1, 0) });
  script.wait(0.1);
  const synAck = script.take()[0]?.ts[0] ?? 0;
  script.inject({ flags: 'A', seq: 1, ack: 1, ...ts(2, synAck) });
  const c = listener.accept()!;
  c.send(new Uint8Array(segments * MSS), 0);
  const stamp = script.take().at(-1)?.ts[0] ?? 0;
  let clock = 3;
  const ack = (to: number, blocks: [number, number][] = [], echo = stamp) =>
    script.inject({
      flags: 'A',
      seq: 1,
      ack: 1 + to * MSS,
      sacks: blocks.map(([from, end]) => [1 + from * MSS, 1 + end * MSS]),
      ...ts(clock++, echo),
    });
  const out = () => script.take().map((s) => (s.seq - 1) / MSS);
  return { script, c, ack, out, stamp };
}

describe('a reduction that was a mistake is taken back', () => {
  test('when D-SACKs report every retransmission of the recovery as a duplicate', () => {
    const { script, c, ack, out } = sending();
    script.wait(0.1);
    ack(0, [[1, 4]]);
    expect(out()).toContain(0);
    expect(c.info().ssthresh).toBe(5 * MSS);
    script.wait(0.01);
    ack(11);
    script.wait(0.09);
    ack(11, [[0, 1]]);
    expect(c.info()).toMatchObject({ cwnd: 10 * MSS });
    expect(c.info().ssthresh).toBeGreaterThan(5 * MSS);
    expect(script.tcp.counters.ext.TCPDSACKUndo).toBe(1);
  });

  test('also when they come with what acknowledges the retransmissions, and not before each is reported', () => {
    const { script, c, ack, out } = sending();
    script.wait(0.1);
    ack(0, [[2, 10]]);
    expect(out().slice(0, 2)).toEqual([0, 1]);
    script.wait(0.01);
    ack(10, [[0, 1]]);
    expect(c.info().ssthresh).toBe(5 * MSS);
    ack(10, [[1, 2]]);
    expect(c.info().ssthresh).toBeGreaterThan(5 * MSS);
    expect(script.tcp.counters.ext.TCPDSACKUndo).toBe(1);
  });

  test('but a D-SACK about more than was sent again is not believed', () => {
    const { script, c, ack } = sending();
    script.wait(0.1);
    ack(0, [[1, 4]]);
    script.wait(0.01);
    ack(11);
    ack(11, [[0, 2]]);
    expect(c.info().ssthresh).toBe(5 * MSS);
    expect(script.tcp.counters.ext).toMatchObject({ TCPDSACKUndo: 0, TCPDSACKIgnoredDubious: 1 });
  });

  test('nor does one about a retransmission of an earlier recovery say anything of this one', () => {
    const { script, c, ack, out } = sending();
    script.wait(0.1);
    ack(0, [[1, 4]]);
    script.wait(0.1);
    ack(11);
    out();
    script.wait(0.1);
    ack(11, [[12, 15]]);
    expect(out()).toContain(11);
    const { ssthresh } = c.info();
    ack(11, [
      [0, 1],
      [12, 15],
    ]);
    expect(c.info()).toMatchObject({ recovery: 'Recovery', ssthresh });
    expect(script.tcp.counters.ext).toMatchObject({ TCPDSACKRecv: 1, TCPDSACKUndo: 0 });
  });

  test('when a timestamp shows that the original was answered, not the retransmission (Eifel)', () => {
    const { script, c, ack, out } = sending({ stamped: true });
    script.wait(0.1);
    ack(0, [[1, 4]]);
    expect(out()).toContain(0);
    script.wait(0.01);
    ack(11);
    expect(c.info().cwnd).toBeGreaterThanOrEqual(10 * MSS);
    expect(script.tcp.counters.ext.TCPFullUndo).toBe(1);
  });

  test('and then what was sent before the retransmission does not count as lost (RFC 8985 section 6.2, step 2)', () => {
    const { script, c, ack, out } = sending({ stamped: true });
    script.wait(0.1);
    ack(0, [[1, 4]]);
    expect(out()).toContain(0);
    script.wait(0.15);
    ack(4);
    expect(c.info().lost).toBe(0);
    expect(out()).not.toContain(4);
  });

  test('but not when the retransmission was what arrived', () => {
    const { script, c, ack, stamp } = sending({ stamped: true });
    script.wait(0.1);
    ack(0, [[1, 4]]);
    script.wait(0.1);
    ack(11, [], stamp + 100);
    expect(c.info().ssthresh).toBe(5 * MSS);
    expect(c.info().cwnd).toBeLessThanOrEqual(6 * MSS);
    expect(script.tcp.counters.ext.TCPFullUndo).toBe(0);
  });
});

describe('F-RTO', () => {
  /** The delay of the path jumps: the retransmission timer expires, nothing is lost. */
  function expired(sack: boolean) {
    const all = sending({ sack, segments: 40 });
    all.script.wait(0.6);
    const sent = all.script.take();
    expect(sent.filter((s) => s.reason === 'tcp.rto').length).toBe(1);
    expect(all.c.info().ssthresh).toBe(5 * MSS);
    return all;
  }

  test('after a time-out the first acknowledgment lets new data out instead of retransmissions', () => {
    const { script, ack } = expired(false);
    ack(1);
    expect(script.take().map((s) => [(s.seq - 1) / MSS, s.reason])).toEqual([
      [10, 'tcp.data'],
      [11, 'tcp.data'],
    ]);
  });

  test('when more that was sent before it is acknowledged, the time-out was needless: the window comes back', () => {
    const { script, c, ack, out } = expired(true);
    ack(1);
    ack(2);
    expect(c.info().cwnd).toBeGreaterThanOrEqual(10 * MSS);
    expect(c.info().ssthresh).toBeGreaterThan(5 * MSS);
    expect(script.tcp.counters.ext.TCPSpuriousRTOs).toBe(1);
    expect(out().every((n) => n >= 10)).toBe(true);
  });

  test('without SACK the first acknowledgment shows nothing, however far it goes: the second one does', () => {
    const { script, c, ack, out } = expired(false);
    ack(5);
    expect(out()[0]).toBe(10);
    expect(c.info()).toMatchObject({ recovery: 'Loss' });
    ack(6);
    expect(script.tcp.counters.ext.TCPSpuriousRTOs).toBe(1);
  });

  test('what was sent twice shows nothing, nor does what was sent after the time-out', () => {
    const { script, c, ack, out } = sending({ segments: 2 });
    script.wait(0.25);
    expect(script.take()).toMatchObject([{ seq: 1 + MSS, reason: 'tcp.loss-probe' }]);
    script.wait(0.35);
    expect(script.take()).toMatchObject([{ seq: 1, reason: 'tcp.rto' }]);
    c.send(new Uint8Array(2 * MSS), 0);
    ack(1);
    expect(out()).toEqual([2, 3]);
    ack(4);
    expect(c.info()).toMatchObject({ recovery: 'Open', ssthresh: 5 * MSS });
    expect(script.tcp.counters.ext.TCPSpuriousRTOs).toBe(0);
  });

  test('when a duplicate comes instead, the loss was real and is repaired', () => {
    const { c, ack, out } = expired(false);
    ack(1);
    out();
    ack(1);
    expect(c.info().cwnd).toBeLessThanOrEqual(3 * MSS);
    expect(out()[0]).toBe(1);
  });

  test('a real loss stays one, whatever is acknowledged later', () => {
    const { script, c, ack, out } = sending({ sack: false });
    script.wait(0.1);
    for (let i = 0; i < 3; i++) ack(0);
    ack(10);
    script.wait(0.1);
    ack(12);
    expect(c.info()).toMatchObject({ recovery: 'Open', cwnd: 5 * MSS });
    out();
    script.wait(0.4);
    expect(out()).toEqual([12]);
    ack(13);
    expect(out()).toEqual([17, 18]);
    ack(13);
    expect(out()).toEqual([13]);
    ack(14);
    expect(out()).toEqual([]);
    ack(16);
    expect(c.info()).toMatchObject({ recovery: 'Loss', ssthresh: 2 * MSS });
    expect(script.tcp.counters.ext.TCPSpuriousRTOs).toBe(0);
  });

  test('with SACK, what arrived of the new data says so', () => {
    const { script, ack, out } = expired(true);
    ack(1);
    const [first = 0] = out();
    expect(first).toBeGreaterThanOrEqual(10);
    ack(1, [[first, first + 1]]);
    expect(out()[0]).toBe(1);
    expect(script.tcp.counters.ext.TCPSpuriousRTOs).toBe(0);
  });

  test('also on a segment with data, which is no duplicate acknowledgment', () => {
    const { script, c, ack, out } = expired(true);
    ack(1);
    const [first = 0] = out();
    const edges = (from: number, end: number) => [1 + from * MSS, 1 + end * MSS] as const;
    script.inject({ flags: 'PA', seq: 1, ack: 1 + MSS, data: 'x', sacks: [edges(first, first + 1)] });
    expect(out()[0]).toBe(1);
    script.inject({ flags: 'A', seq: 2, ack: 1 + MSS, sacks: [edges(4, 5), edges(first, first + 1)] });
    expect(c.info()).toMatchObject({ recovery: 'Loss', ssthresh: 5 * MSS });
    expect(script.tcp.counters.ext.TCPSpuriousRTOs).toBe(0);
  });

  test('with SACK, of what was sent before it any segment that arrives says that the time-out was needless', () => {
    const { script, c, ack } = expired(true);
    ack(1);
    ack(1, [[4, 5]]);
    expect(c.info()).toMatchObject({ recovery: 'Disorder', cwnd: 10 * MSS });
    expect(script.tcp.counters.ext.TCPSpuriousRTOs).toBe(1);
  });

  test('without new data to send it is given up', () => {
    const { script, c, ack, out } = sending({ segments: 10 });
    script.wait(0.6);
    out();
    ack(1);
    expect(out()).toEqual([1, 2]);
    ack(1, [[5, 6]]);
    expect(c.info()).toMatchObject({ recovery: 'Loss', ssthresh: 5 * MSS });
    expect(script.tcp.counters.ext.TCPSpuriousRTOs).toBe(0);
  });

  test('is not begun when losses are being repaired already', () => {
    const { script, ack, out } = sending();
    script.wait(0.1);
    ack(0, [[1, 4]]);
    expect(out()).toEqual([0, 10]);
    script.wait(0.4);
    expect(out()).toEqual([0]);
    ack(4);
    expect(out()).toEqual([4, 5]);
    script.wait(0.7);
    expect(out()).toEqual([4]);
    ack(5);
    expect(out()).toEqual([5, 6]);
  });

  test('nor while a probe for the path MTU is under way, as in Linux', () => {
    const script = new Script({ 'net.ipv4.tcp_mtu_probing': 2, 'net.ipv4.tcp_base_mss': 512 });
    const c = script.accepted({ window: 50000 }, { sendBuffer: 1_000_000, sendBufferLocked: true });
    const ack = (to: number) => script.inject({ flags: 'A', seq: 1, ack: to, window: 50000 });
    c.send(new Uint8Array(5120), 0);
    ack(5121);
    c.send(new Uint8Array(12000), 0);
    expect(script.take().some((s) => s.reason === 'tcp.mtu-probe')).toBe(true);
    script.wait(0.3);
    expect(script.lines()).toEqual(['A 5121 1 512 tcp.rto']);
    ack(5633);
    expect(script.take().map((s) => s.reason)).toEqual(['tcp.loss-recovery', 'tcp.loss-recovery']);
  });

  test('but it is when the same segment has to be sent again once more', () => {
    const { script, ack, out } = sending();
    script.wait(1.2);
    expect(out().filter((n) => n === 0).length).toBe(2);
    ack(1);
    expect(out()).toEqual([11, 12]);
    ack(2);
    expect(script.tcp.counters.ext.TCPSpuriousRTOs).toBe(1);
  });
});
