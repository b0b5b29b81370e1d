import { describe, expect, test } from 'vitest';
import { Pair, text } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';
import { milliseconds, seconds } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';
import { givenUpAfter, RoundTrip } from './retransmission.ts';

describe('the round-trip estimator', () => {
  test('starts with RTO 1 s; one measurement R makes it R + max(2R, 200 ms)', () => {
    const one = new RoundTrip();
    expect(one.rto).toBe(seconds(1));
    one.measure(milliseconds(10), true);
    expect(one.srtt).toBe(milliseconds(10));
    expect(one.rto).toBe(milliseconds(210));
    const far = new RoundTrip();
    far.measure(milliseconds(300), true);
    expect(far.rto).toBe(milliseconds(900));
  });

  test('follows a steady path: the RTO comes down to the smoothed time and 200 ms', () => {
    const path = new RoundTrip();
    path.measure(milliseconds(400), true);
    for (let i = 0; i < 200; i++) path.measure(milliseconds(100), true);
    expect(path.srtt).toBeCloseTo(milliseconds(100), -6);
    expect(path.rto).toBeCloseTo(milliseconds(300), -7);
  });

  test('rises with variance, and is at most 120 s', () => {
    const path = new RoundTrip();
    for (let i = 0; i < 50; i++) path.measure(milliseconds(i % 2 === 0 ? 10 : 500), i % 10 === 0);
    expect(path.rto).toBeGreaterThan(milliseconds(900));
    path.measure(seconds(500), true);
    expect(path.rto).toBe(seconds(120));
  });

  test('fifteen retries are 924.6 s of trying, as ip-sysctl.rst says', () => {
    expect(givenUpAfter(15)).toBe(seconds(924.6));
  });
});

describe('retransmission', () => {
  test('begins with 3 s when a SYN was sent again and nothing was measured (RFC 6298 section 5.7)', () => {
    const script = new Script();
    const c = script.connect();
    script.wait(1.5);
    script.inject({ flags: 'SA', seq: 0, ack: 1, mss: 1460 });
    script.take();
    c.send(new TextEncoder().encode('hello'), 0);
    expect(script.take()).toHaveLength(1);
    script.wait(2.9);
    expect(script.take()).toEqual([]);
    script.wait(0.2);
    expect(script.take().map((s) => [s.data, s.reason])).toEqual([['hello', 'tcp.rto']]);
  });

  test('a segment lost once is sent again after the RTO, then at doubled intervals', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(text('lost'), 0);
    const start = script.sim.now;
    script.wait(15);
    const sent = script.take();
    expect(sent.map((s) => Math.round((s.time - start) / 1e6))).toEqual([
      0, 200, 600, 1400, 3000, 6200, 12600,
    ]);
    expect(sent.map((s) => s.reason)).toEqual(['tcp.data', ...Array(6).fill('tcp.rto')]);
    expect(new Set(sent.map((s) => s.seq))).toEqual(new Set([1]));
    expect(c.info().totalRetransmits).toBe(6);
  });

  test('its expiry is in the record, with the event that started the timer as cause', () => {
    const script = new Script();
    const c = script.accepted();
    const call = script.tracer.write({
      kind: 'system-call',
      pid: 1,
      tid: 1,
      program: 'x',
      name: 'send',
      args: '',
    });
    script.tracer.within(call, () => c.send(text('lost'), call));
    script.wait(0.3);
    const expiry = script.record.events.find((e) => e.kind === 'timer');
    expect(expiry).toMatchObject({ name: 'tcp.retransmission', subject: c.id, cause: call });
    const again = script.take()[1];
    expect(again).toMatchObject({ reason: 'tcp.rto', origins: [call] });
  });

  test('the connection is given up with ETIMEDOUT when tcp_retries2 is used up', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(text('lost'), 0);
    script.wait(924);
    expect(c.state).toBe('ESTABLISHED');
    script.wait(125);
    expect(c.app.errno).toBe(ERRNO.ETIMEDOUT);
    expect(script.tcp.counters.ext.TCPAbortOnTimeout).toBe(1);
  });

  test('what was sent twice measures nothing (Karn), and the backed-off RTO stays until something does', () => {
    const script = new Script();
    const c = script.accepted();
    const before = c.info().srtt;
    c.send(text('lost'), 0);
    script.wait(1);
    script.inject({ flags: 'A', seq: 1, ack: 5 });
    expect(c.info().srtt).toBe(before);
    script.take();
    const start = script.sim.now;
    c.send(text('next'), 0);
    script.wait(3);
    expect(script.take().map((s) => Math.round((s.time - start) / 1e6))).toEqual([0, 800, 2400]);
  });

  test('with timestamps the acknowledgment of a retransmission measures the path', () => {
    const script = new Script();
    const c = script.accepted({ ts: [1, 0] });
    c.send(text('lost'), 0);
    script.wait(0.25);
    const again = script.take().at(-1);
    script.wait(0.05);
    script.inject({ flags: 'A', seq: 1, ack: 5, ts: [2, again?.ts[0] ?? 0] });
    expect(c.info().srtt).toBeGreaterThan(0);
    c.send(text('next'), 0);
    const start = script.sim.now;
    script.wait(0.5);
    expect(script.take().map((s) => Math.round((s.time - start) / 1e6))[1]).toBeLessThan(320);
  });

  test('however many acknowledgments measure a round trip, the RTO comes down once (RFC 7323 section 4.2)', () => {
    const script = new Script();
    const listener = script.listen();
    script.inject({ flags: 'S', mss: 1000 });
    script.wait(1);
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    const c = listener.accept()!;
    /** The RTO after each acknowledgment of ten that come in a round trip. */
    const round = (start: number): number[] => {
      c.send(new Uint8Array(10_000), 0);
      script.wait(1);
      return Array.from({ length: 10 }, (_, i) => {
        script.inject({ flags: 'A', seq: 1, ack: start + 1000 * (i + 1) });
        return c.info().rto;
      });
    };
    const [first, second] = [new Set(round(1)), new Set(round(10_001))];
    expect([first.size, second.size]).toEqual([1, 1]);
    expect(Math.max(...second)).toBeLessThan(Math.min(...first));
  });

  test('an acknowledgment of new data restarts the timer; of everything, stops it', () => {
    const script = new Script();
    const c = script.accepted({}, { noDelay: true });
    c.send(text('one'), 0);
    c.send(text('two'), 0);
    script.wait(0.15);
    script.inject({ flags: 'A', seq: 1, ack: 4 });
    script.take();
    script.wait(0.15);
    expect(script.take()).toEqual([]);
    script.wait(0.3);
    expect(script.take()).toMatchObject([{ seq: 4, reason: 'tcp.rto' }]);
    script.inject({ flags: 'A', seq: 1, ack: 7 });
    script.wait(100);
    expect(script.take()).toEqual([]);
  });

  test('after a time-out the window is one segment, and what was in flight is sent again as it grows', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(new Uint8Array(6 * 1460), 0);
    expect(script.take().length).toBe(6);
    script.wait(0.25);
    expect(script.take()).toMatchObject([{ seq: 1, reason: 'tcp.rto' }]);
    expect(c.info()).toMatchObject({ cwnd: 1460, ssthresh: 5 * 1460 });
    script.inject({ flags: 'A', seq: 1, ack: 1461 });
    expect(script.lines()).toEqual(['A 1461 1 1460 tcp.loss-recovery', 'PA 2921 1 1460 tcp.loss-recovery']);
    script.inject({ flags: 'A', seq: 1, ack: 1 + 6 * 1460 });
    script.wait(10);
    expect(script.take()).toEqual([]);
    expect(c.unacknowledged).toBe(0);
  });

  test('a further time-out of the same segment reduces ssthresh no further (RFC 5681 section 3.1)', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(new Uint8Array(6 * 1460), 0);
    script.wait(10);
    expect(script.take().length).toBeGreaterThan(6 + 3);
    expect(c.info()).toMatchObject({ cwnd: 1460, ssthresh: 5 * 1460 });
  });

  test('over a dead cable bytes wait, and arrive when it is plugged in again', () => {
    const pair = new Pair({ delay: 1_000_000 });
    const { client, server } = pair.established();
    pair.cable.set({ impairments: { loss: 1 } });
    client.send(text('patience'), 0);
    pair.wait(20);
    expect(server.readable).toBe(0);
    pair.cable.set({ impairments: { loss: 0 } });
    pair.wait(20);
    expect(server.readable).toBe(8);
  });
});

test('TCP_INFO tells how it goes: retransmissions in a row, back-off, what is lost and was sent again', () => {
  const script = new Script();
  const c = script.accepted();
  c.send(new Uint8Array(3 * 1460), 0);
  script.wait(1);
  expect(c.info()).toMatchObject({ retransmits: 2, backoff: 2, lost: 3, resent: 1 });
});
