import { describe, expect, test } from 'vitest';
import { Pair } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';
import type { SysctlName } from '../../3-network/index.ts';

const MSS = 1460;

/** A connection with `count` full segments in flight. */
function inFlight(count: number, window = 65535, settings: Partial<Record<SysctlName, number>> = {}) {
  const script = new Script(settings);
  const c = script.accepted({ window }, { sendBuffer: 1_000_000, sendBufferLocked: true });
  c.send(new Uint8Array(40 * MSS), 0);
  expect(script.take().length).toBe(10);
  return {
    script,
    c,
    ack: (segments: number) => script.inject({ flags: 'A', seq: 1, ack: 1 + segments * MSS, window }),
    count,
  };
}

describe('congestion control', () => {
  test('begins with ten segments, and slow start doubles them in a round trip', () => {
    const { script, c, ack } = inFlight(10);
    expect(c.info().cwnd).toBe(10 * MSS);
    ack(5);
    expect(script.take().length).toBe(10);
    ack(10);
    expect(c.info().cwnd).toBe(20 * MSS);
    expect(script.take().length).toBe(10);
  });

  test('begins with one segment when a SYN was lost more than once (RFC 6928 section 2)', () => {
    const begins = (repetitions: number): number => {
      const script = new Script();
      const c = script.connect();
      script.wait(repetitions + 0.5);
      script.inject({ flags: 'SA', ack: 1, mss: MSS });
      return c.info().cwnd / MSS;
    };
    expect([0, 1, 2].map(begins)).toEqual([10, 10, 1]);
  });

  test('above ssthresh it grows by one segment in a round trip', () => {
    const { script, c, ack } = inFlight(10);
    for (let i = 0; i < 3; i++) ack(0);
    ack(12);
    const { cwnd, ssthresh } = c.info();
    expect(cwnd).toBe(ssthresh);
    script.take();
    const before = cwnd;
    ack(12 + before / MSS);
    expect(c.info().cwnd).toBe(before + MSS);
  });

  test('does not grow while the program sends less than it would allow', () => {
    const script = new Script();
    const c = script.accepted();
    for (let i = 0; i < 20; i++) {
      c.send(new Uint8Array(100), 0);
      script.inject({ flags: 'A', seq: 1, ack: 1 + (i + 1) * 100 });
    }
    expect(c.info().cwnd).toBe(10 * MSS);
  });

  test('restarts with ten segments after a pause longer than the RTO', () => {
    const { script, c, ack } = inFlight(10);
    for (let n = 10; n <= 40; n += 10) ack(n);
    expect(c.info().cwnd).toBeGreaterThan(20 * MSS);
    script.take();
    script.wait(60);
    c.send(new Uint8Array(40 * MSS), 0);
    expect(script.take().length).toBe(10);
  });

  test('a pause of one RTO halves the window, as in Linux', () => {
    const { script, c, ack } = inFlight(10);
    for (let n = 10; n <= 40; n += 10) ack(n);
    const { cwnd, rto } = c.info();
    script.wait((1.5 * rto) / 1e9);
    c.send(new Uint8Array(MSS), 0);
    expect(c.info().cwnd).toBe(cwnd / 2);
  });
});

describe('fast retransmit and recovery', () => {
  test('the first two duplicate acknowledgments let one new segment out each (RFC 3042)', () => {
    const { script, ack } = inFlight(10);
    ack(0);
    expect(script.take()).toMatchObject([{ seq: 1 + 10 * MSS, reason: 'tcp.limited-transmit' }]);
    ack(0);
    expect(script.take()).toMatchObject([{ seq: 1 + 11 * MSS, reason: 'tcp.limited-transmit' }]);
  });

  test('but not beyond the window of the peer', () => {
    const { script, ack } = inFlight(10, 11 * MSS);
    ack(0);
    expect(script.take()).toMatchObject([{ seq: 1 + 10 * MSS, reason: 'tcp.limited-transmit' }]);
    ack(0);
    expect(script.take()).toEqual([]);
  });

  test('the third sends the missing segment again and halves the window', () => {
    const { script, c, ack } = inFlight(10);
    ack(0);
    ack(0);
    script.take();
    ack(0);
    expect(script.lines()).toEqual(['A 1 1 1460 tcp.fast-retransmit']);
    expect(c.info()).toMatchObject({ ssthresh: 5 * MSS, cwnd: 9 * MSS });
    expect(script.tcp.counters.ext).toMatchObject({ TCPFastRetrans: 1, TCPRenoRecovery: 1 });
  });

  test('the window comes down by half over a round trip: one new segment for every second duplicate (RFC 6937)', () => {
    const { script, c, ack } = inFlight(10);
    for (let i = 0; i < 3; i++) ack(0);
    script.take();
    const sent = [];
    for (let i = 0; i < 8; i++) {
      ack(0);
      sent.push(script.take().length);
    }
    expect(sent.reduce((all, n) => all + n)).toBe(4);
    ack(13);
    expect(c.info().cwnd).toBeLessThanOrEqual(6 * MSS);
    expect(script.take().every((s) => s.reason === 'tcp.data')).toBe(true);
  });

  test('a partial acknowledgment shows the next hole (NewReno), and a full one ends recovery', () => {
    const { script, c, ack } = inFlight(10);
    for (let i = 0; i < 9; i++) ack(0);
    script.take();
    ack(4);
    expect(script.take()[0]).toMatchObject({ seq: 1 + 4 * MSS, reason: 'tcp.partial-ack' });
    ack(7);
    expect(script.take()[0]).toMatchObject({ seq: 1 + 7 * MSS, reason: 'tcp.partial-ack' });
    ack(16);
    expect(c.info()).toMatchObject({ recovery: 'Open', cwnd: 6 * MSS, ssthresh: 5 * MSS });
    expect(script.tcp.counters.ext.TCPRenoRecovery).toBe(1);
  });

  test('a partial acknowledgment starts the retransmission timer anew', () => {
    const { script, ack } = inFlight(10);
    for (let i = 0; i < 3; i++) ack(0);
    script.wait(0.15);
    ack(4);
    script.wait(0.15);
    expect(script.take().map(({ reason }) => reason)).not.toContain('tcp.rto');
    script.wait(0.1);
    expect(script.take().map(({ reason }) => reason)).toContain('tcp.rto');
  });

  test('duplicates of what a time-out has sent again start no second recovery', () => {
    const { script, ack } = inFlight(10);
    script.wait(0.25);
    script.take();
    for (let i = 0; i < 5; i++) ack(0);
    expect(script.take()).toEqual([]);
  });

  test('duplicates of all that a recovery covered start no second one, those of what is behind it do', () => {
    const { script, ack } = inFlight(10);
    for (let i = 0; i < 3; i++) ack(0);
    ack(12);
    script.take();
    for (let i = 0; i < 4; i++) ack(12);
    const resent = (): number => script.take().filter((s) => s.reason === 'tcp.fast-retransmit').length;
    expect(resent()).toBe(0);
    ack(13);
    for (let i = 0; i < 3; i++) ack(13);
    expect(resent()).toBe(1);
  });

  test('duplicates of all that a time-out covered show no loss, though they came before its end', () => {
    const { script, c, ack } = inFlight(10, 65535, { 'net.ipv4.tcp_frto': 0 });
    script.wait(0.25);
    for (let n = 1; n < 10; n++) ack(n);
    for (let i = 0; i < 4; i++) ack(9);
    ack(10);
    expect(c.info()).toMatchObject({ recovery: 'Loss', sacked: 4, lost: 0 });
  });

  test('an acknowledgment with data, or with another window, is no duplicate', () => {
    const { script, ack } = inFlight(10, 60000);
    ack(0);
    for (let i = 0; i < 4; i++) script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'x', window: 60000 });
    for (let i = 0; i < 4; i++) script.inject({ flags: 'A', seq: 2, ack: 1, window: 60001 + i });
    expect(script.take().filter((s) => s.reason === 'tcp.fast-retransmit')).toEqual([]);
  });
});

describe('CUBIC in a connection (RFC 9438)', () => {
  /** A window of 160 segments is in flight, on a path of 100 ms. */
  function cubic() {
    const script = new Script({ 'net.ipv4.tcp_slow_start_after_idle': 0 });
    const options = { congestion: 'cubic', sendBuffer: 20_000_000, sendBufferLocked: true };
    const c = script.accepted({ window: 65535, scale: 7 }, options);
    let acked = 0;
    const ack = (segments: number): void => {
      acked += segments;
      script.inject({ flags: 'A', seq: 1, ack: 1 + acked * MSS, window: 65535 });
    };
    const cwnd = (): number => c.info().cwnd / MSS;
    const write = (segments: number): number => c.send(new Uint8Array(segments * MSS), 0);
    /** A round trip: acknowledges what is in flight, but for so many segments. */
    const round = (left = 0): void => {
      script.wait(0.1);
      ack(c.info().unacked - left);
    };
    for (let i = 0; i < 4; i++) {
      write(cwnd());
      round();
    }
    write(160);
    /** The first segment is lost, and recovery ends. */
    const lose = (): void => {
      for (let i = 0; i < 3; i++) ack(0);
      round();
      write(1);
      round();
      expect([cwnd(), c.info().recovery]).toEqual([112, 'Open']);
    };
    return { script, cwnd, write, round, lose };
  }

  test('is back at its old window after K, 4.9 seconds, however often it sends', () => {
    const { cwnd, write, round, lose } = cubic();
    lose();
    write(10_000);
    for (let i = 0; i < 49; i++) round(1);
    expect(cwnd()).toBeGreaterThanOrEqual(158);
    expect(cwnd()).toBeLessThanOrEqual(161);
  });

  test('a pause of the program is no time of growth', () => {
    const { script, cwnd, write, round, lose } = cubic();
    lose();
    write(cwnd());
    round();
    script.wait(60);
    write(cwnd());
    round();
    expect(cwnd()).toBeLessThan(130);
  });

  test('after a time-out knows no former maximum', () => {
    const { script, cwnd, write, round } = cubic();
    script.wait(0.35);
    expect(cwnd()).toBe(1);
    write(10_000);
    for (let i = 0; i < 30; i++) round();
    expect(cwnd()).toBeGreaterThan(180);
  });

  test('slow start ends before anything is lost (HyStart)', () => {
    const pair = new Pair({ bandwidth: 10e6, delay: 20e6, queueLimit: 1000 });
    const sending = { congestion: 'cubic', sendBuffer: 4_000_000, sendBufferLocked: true };
    const { client } = pair.established(80, sending, { receiveBuffer: 4_000_000, receiveBufferLocked: true });
    client.send(new Uint8Array(2_000_000), 0);
    pair.wait(0.5);
    const { TCPHystartDelayDetect, TCPHystartTrainDetect } = pair.a.tcp.counters.ext;
    expect(TCPHystartDelayDetect + TCPHystartTrainDetect).toBeGreaterThan(0);
    expect(client.info().ssthresh).toBeLessThanOrEqual(client.info().cwnd);
    expect(client.info().totalRetransmits).toBe(0);
  });
});
