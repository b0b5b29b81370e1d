import { describe, expect, test } from 'vitest';
import { Script } from '../../../test/tcp-script.ts';
import type { SysctlName } from '../../3-network/index.ts';

const MSS = 1000;

/** A connection with SACK, a round trip of 100 ms, and ten full segments in flight. */
function sending(settings: Partial<Record<SysctlName, number>> = {}, segments = 40) {
  const script = new Script(settings);
  const listener = script.listen(8, { sendBuffer: 1_000_000, sendBufferLocked: true });
  script.inject({ flags: 'S', mss: MSS, sack: true });
  script.wait(0.1);
  script.inject({ flags: 'A', seq: 1, ack: 1 });
  const c = listener.accept()!;
  script.take();
  c.send(new Uint8Array(segments * MSS), 0);
  const ack = (to: number, ...blocks: [number, number][]) =>
    script.inject({
      flags: 'A',
      seq: 1,
      ack: 1 + to * MSS,
      sacks: blocks.map(([from, end]) => [1 + from * MSS, 1 + end * MSS]),
    });
  /** Which segments went out since the last look, by their numbers. */
  const out = () => script.take().map((s) => (s.seq - 1) / MSS);
  return { script, c, ack, out };
}

/** One whose path is known to reorder: the first two segments have changed places. */
function reordering() {
  const all = sending({}, 200);
  const { script, ack } = all;
  script.wait(0.1);
  ack(0, [1, 2]);
  ack(2);
  let una = 2;
  /** The oldest segment does not come, the next one does. @returns which it is, and after how many milliseconds it goes out again. */
  const patience = () => {
    const { now } = script.sim;
    const segment = una;
    ack(una, [una + 1, una + 2]);
    script.wait(0.2);
    const sent = script.take();
    const again = sent.find((s) => s.seq === 1 + segment * MSS && s.time >= now);
    una = sent.reduce((end, s) => Math.max(end, (s.seq - 1) / MSS + 1), una + 2);
    ack(una);
    script.wait(0.1);
    return { segment, waited: Math.round(((again?.time ?? Number.NaN) - now) / 1e6) };
  };
  /** A D-SACK says that the segment has come twice. */
  const report = (segment: number) => ack(una, [segment, segment + 1]);
  return { ...all, patience, report };
}

describe('RACK', () => {
  test('three segments acknowledged behind a hole: it is sent again at once', () => {
    const { script, ack, out } = sending();
    expect(out().length).toBe(10);
    script.wait(0.1);
    ack(0, [1, 2]);
    script.wait(0.002);
    ack(0, [1, 3]);
    expect(out()).toEqual([10, 11]);
    ack(0, [1, 4]);
    expect(script.take()).toMatchObject([{ seq: 1, reason: 'tcp.rack-retransmit' }]);
    expect(script.tcp.counters.ext).toMatchObject({ TCPSackRecovery: 1, TCPFastRetrans: 1 });
  });

  test('all holes of a window are sent again in one round trip, as the reduced window allows (RFC 6937)', () => {
    const { script, c, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [1, 2]);
    ack(0, [1, 2], [3, 4]);
    ack(0, [1, 2], [3, 4], [5, 6]);
    ack(0, [5, 7], [3, 4], [1, 2]);
    ack(0, [5, 8], [3, 4], [1, 2]);
    ack(0, [5, 9], [3, 4], [1, 2]);
    ack(0, [5, 10], [3, 4], [1, 2]);
    expect(out().filter((n) => n < 10)).toEqual([0, 2, 4]);
    expect(c.info().ssthresh).toBe(5 * MSS);
    script.wait(0.1);
    ack(14);
    expect(c.info().cwnd).toBe(5 * MSS);
  });

  test('a duplicate that tells of nothing new lets nothing out (RFC 3042 section 2)', () => {
    const { script, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [1, 2]);
    expect(out()).toEqual([10]);
    ack(0, [1, 2]);
    expect(out()).toEqual([]);
  });

  test('one or two behind a hole may have overtaken it: a quarter of a round trip later it counts as lost', () => {
    const { script, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [1, 2]);
    out();
    script.wait(0.024);
    expect(out()).toEqual([]);
    script.wait(0.005);
    expect(script.take()).toMatchObject([{ seq: 1, reason: 'tcp.rack-retransmit' }]);
    expect(script.record.events.find((e) => e.kind === 'timer')).toMatchObject({ name: 'tcp.reordering' });
  });

  test('a segment that was only late raises no alarm, and the path is known to reorder from then on', () => {
    const { script, c, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [1, 2]);
    script.wait(0.01);
    ack(2);
    expect(script.tcp.counters.ext.TCPSACKReorder).toBe(1);
    out();
    ack(2, [3, 4]);
    ack(2, [3, 5]);
    ack(2, [3, 6]);
    expect(out().every((n) => n >= 10)).toBe(true);
    expect(c.info().ssthresh).toBe(Number.POSITIVE_INFINITY);
    script.wait(0.03);
    expect(out()).toEqual([2]);
  });

  test('a retransmission that is lost too is found lost, without a time-out', () => {
    const { script, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [1, 4]);
    expect(out()).toContain(0);
    script.wait(0.1);
    ack(0, [1, 11]);
    script.wait(0.001);
    expect(out()).toContain(0);
    expect(script.tcp.counters.ext).toMatchObject({ TCPLostRetransmit: 1, TCPTimeouts: 0 });
  });

  test('so soon after a retransmission it was the original that arrived: it shows no loss of what was sent before', () => {
    const { script, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [1, 4]);
    expect(out()).toContain(0);
    script.wait(0.01);
    ack(4);
    expect(out().filter((n) => n < 10)).toEqual([]);
  });

  test('a D-SACK about what was only late widens the reordering window by a quarter of a round trip', () => {
    const { script, ack, out } = sending({}, 100);
    out();
    script.wait(0.1);
    ack(0, [1, 2]);
    script.wait(0.01);
    ack(2);
    ack(2, [3, 4]);
    script.wait(0.03);
    expect(out()).toContain(2);
    ack(4);
    ack(4, [2, 3]);
    out();
    ack(4, [5, 6]);
    script.wait(0.03);
    expect(out()).not.toContain(4);
    script.wait(0.03);
    expect(out()).toContain(4);
  });

  test('in recovery there is no reordering window, as long as the path is not known to reorder', () => {
    const { script, c, ack } = sending();
    script.wait(0.1);
    ack(0, [1, 2]);
    script.wait(0.03);
    expect(c.info()).toMatchObject({ recovery: 'Recovery', lost: 1 });
    ack(0, [1, 2], [3, 4]);
    expect(c.info()).toMatchObject({ lost: 2 });
  });

  test('nor is there one while a time-out is repaired', () => {
    const { script, ack, out } = sending({ 'net.ipv4.tcp_early_retrans': 0 }, 10);
    script.wait(0.4);
    out();
    ack(1);
    expect(out()).toEqual([1, 2]);
    script.wait(0.1);
    ack(1, [2, 3]);
    expect(out()[0]).toBe(1);
    expect(script.tcp.counters.ext.TCPLostRetransmit).toBe(1);
  });

  test('on a path known to reorder there is one, in recovery and behind many segments too', () => {
    const { script, c, ack } = reordering();
    ack(2, [3, 4]);
    script.wait(0.03);
    expect(c.info()).toMatchObject({ recovery: 'Recovery', lost: 1 });
    ack(2, [3, 4], [5, 10]);
    expect(c.info()).toMatchObject({ lost: 1 });
    script.wait(0.03);
    expect(c.info()).toMatchObject({ lost: 2 });
  });

  test('the reordering window grows by a quarter of a round trip with each D-SACK, up to the smoothed one', () => {
    const { patience, report } = reordering();
    const waits = Array.from({ length: 7 }, () => {
      const { segment, waited } = patience();
      report(segment);
      return waited;
    });
    expect(waits).toEqual([27, 52, 77, 102, 102, 102, 102]);
  });

  test('it grows once in a round trip, however many D-SACKs come', () => {
    const { patience, report } = reordering();
    const resent = [patience(), patience(), patience()];
    for (const { segment } of resent) report(segment);
    expect(patience()).toMatchObject({ waited: 52 });
  });

  test('the reordering window stays wide for 16 recoveries after a D-SACK', () => {
    const { patience, report } = reordering();
    report(patience().segment);
    const waits = Array.from({ length: 18 }, () => patience().waited);
    expect(waits).toEqual([...Array(16).fill(52), 27, 27]);
  });

  test('a time-out does not take as lost what was sent within the last round trip', () => {
    const settings = { 'net.ipv4.tcp_early_retrans': 0, 'net.ipv4.tcp_frto': 0 };
    const { script, c, ack, out } = sending(settings, 10);
    script.wait(0.1);
    ack(2);
    script.wait(0.25);
    c.send(new Uint8Array(MSS), 0);
    out();
    script.wait(0.07);
    expect(script.take()).toMatchObject([{ seq: 1 + 2 * MSS, reason: 'tcp.rto' }]);
    expect(c.info()).toMatchObject({ lost: 8 });
  });

  test('a retransmission is not taken as lost by what was sent before it', () => {
    const { script, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [1, 4]);
    expect(out()).toContain(0);
    script.wait(0.01);
    ack(0, [1, 10]);
    expect(out()).not.toContain(0);
    expect(script.tcp.counters.ext.TCPLostRetransmit).toBe(0);
  });

  test('selective acknowledgments of what was never sent are ignored', () => {
    const { script, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [20, 30]);
    ack(0, [5, 4]);
    expect(script.tcp.counters.ext.TCPSACKDiscard).toBe(2);
    expect(out()).toEqual([]);
  });

  test('the first block is a D-SACK when it begins below the acknowledgment, or lies inside the second one (RFC 2883)', () => {
    const taken = (...blocks: [number, number][]) => {
      const { script, c, ack } = sending();
      script.wait(0.1);
      ack(2, ...blocks);
      const { TCPDSACKRecv, TCPDSACKOfoRecv } = script.tcp.counters.ext;
      return [TCPDSACKRecv, TCPDSACKOfoRecv, c.info().sacked];
    };
    expect(taken([0, 2])).toEqual([1, 0, 0]);
    expect(taken([1, 4])).toEqual([1, 0, 0]);
    expect(taken([3, 5])).toEqual([0, 0, 2]);
    expect(taken([4, 5], [4, 6])).toEqual([0, 1, 2]);
    expect(taken([5, 6], [4, 6])).toEqual([0, 1, 2]);
    expect(taken([3, 5], [4, 6])).toEqual([0, 0, 3]);
    expect(taken([5, 7], [4, 6])).toEqual([0, 0, 3]);
  });

  test('what was acknowledged selectively is not sent again after a time-out either (RFC 6675 section 5.1)', () => {
    const { script, ack, out } = sending({ 'net.ipv4.tcp_frto': 0 }, 4);
    script.wait(0.1);
    ack(0, [2, 3]);
    script.wait(1);
    expect(script.tcp.counters.ext.TCPTimeouts).toBe(1);
    out();
    ack(1);
    expect(out()).toEqual([1, 3]);
  });

  test('a peer that throws away what it had acknowledged selectively gets it again', () => {
    const { script, ack, out } = sending({ 'net.ipv4.tcp_frto': 0 });
    out();
    script.wait(0.1);
    ack(0, [1, 3]);
    ack(1);
    out();
    script.wait(0.06);
    expect(out()).toContain(1);
    ack(2);
    expect(out()).toContain(2);
    expect(script.tcp.counters.ext.TCPSACKReneging).toBe(1);
  });
});

describe('proportional rate reduction (RFC 6937), below ssthresh', () => {
  test('as much is sent as is delivered, and one segment more when it moves on without a further loss', () => {
    const { script, c, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(1, [7, 10]);
    expect(c.info()).toMatchObject({ lost: 6, ssthresh: 5 * MSS });
    expect(out()).toEqual([1, 2, 3, 4]);
    script.wait(0.1);
    ack(2, [7, 10]);
    expect(out()).toEqual([5, 6]);
    ack(2, [3, 4], [7, 10]);
    expect(out()).toEqual([2]);
  });

  test('what was delivered while more was in flight, and led to nothing, is made up for', () => {
    const { script, c, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [1, 4]);
    expect(out()).toEqual([0, 10]);
    ack(0, [1, 4], [9, 10]);
    expect(c.info()).toMatchObject({ lost: 6, sacked: 4 });
    expect(out()).toEqual([4, 5]);
  });

  test('a retransmission that is lost is a further loss', () => {
    const { script, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [6, 10]);
    expect(out()).toEqual([0, 1, 2, 3]);
    script.wait(0.1);
    ack(1, [2, 3], [6, 10]);
    expect(out()).toEqual([1, 4]);
  });

  test('what is acknowledged selectively alone is no forward progress', () => {
    const { script, c, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [7, 8]);
    script.wait(0.002);
    ack(0, [7, 9]);
    expect(out()).toEqual([10, 11]);
    ack(0, [7, 10]);
    expect(c.info()).toMatchObject({ lost: 7 });
    expect(out()).toEqual([0]);
    script.wait(0.1);
    ack(0, [7, 11]);
    expect(out()).toEqual([1]);
  });

  test('the first retransmission goes out even where the window has no room for it, further ones do not', () => {
    const { script, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [2, 5]);
    expect(out()).toEqual([0]);
    ack(0, [2, 6]);
    expect(out()).toEqual([]);
  });

  test('what is in flight comes up to ssthresh and no further', () => {
    const { script, ack, out } = sending();
    out();
    script.wait(0.1);
    ack(0, [3, 6]);
    expect(out()).toEqual([0]);
  });

  test('at the end the window is ssthresh, however little was in flight', () => {
    const { script, c, ack, out } = sending({}, 3);
    out();
    script.wait(0.1);
    ack(0, [1, 2]);
    script.wait(0.03);
    expect(out()).toEqual([0]);
    expect(c.info()).toMatchObject({ cwnd: 2 * MSS, ssthresh: 5 * MSS });
    script.wait(0.1);
    ack(3);
    expect(c.info()).toMatchObject({ recovery: 'Open', cwnd: 5 * MSS });
  });
});

describe('the tail loss probe', () => {
  test('two round trips without an answer: new data goes out if there is some', () => {
    const { script, out } = sending();
    out();
    script.wait(0.19);
    expect(out()).toEqual([]);
    script.wait(0.02);
    expect(script.take()).toMatchObject([{ seq: 1 + 10 * MSS, reason: 'tcp.loss-probe' }]);
    expect(script.tcp.counters.ext).toMatchObject({ TCPLossProbes: 1, TCPTimeouts: 0 });
  });

  test('alone in flight a segment is given the time of a delayed acknowledgment, but not more than the RTO', () => {
    const { script, out } = sending({}, 1);
    out();
    script.wait(0.29);
    expect(out()).toEqual([]);
    script.wait(0.02);
    expect(script.take()).toMatchObject([{ seq: 1, reason: 'tcp.loss-probe' }]);
  });

  test('or else the last segment again; the SACK it brings starts recovery long before the RTO', () => {
    const { script, c, ack, out } = sending({}, 4);
    out();
    script.wait(0.21);
    expect(script.take()).toMatchObject([{ seq: 1 + 3 * MSS, reason: 'tcp.loss-probe' }]);
    script.wait(0.1);
    ack(0, [3, 4]);
    script.wait(0.05);
    expect(out()[0]).toBe(0);
    expect(script.tcp.counters.ext.TCPTimeouts).toBe(0);
    expect(c.info().ssthresh).toBe(5 * MSS);
  });

  test('a probe that repaired the loss was congestion: the window is reduced', () => {
    const { script, c, ack, out } = sending({}, 4);
    out();
    script.wait(0.1);
    ack(3);
    script.wait(0.45);
    expect(out()).toEqual([3]);
    script.wait(0.1);
    c.send(new Uint8Array(MSS), 0);
    ack(4);
    ack(5);
    expect(c.info().cwnd).toBe(5 * MSS);
    expect(script.tcp.counters.ext.TCPLossProbeRecovery).toBe(1);
  });

  test('one whose D-SACK says that nothing was lost changes nothing', () => {
    const { script, c, ack, out } = sending({}, 4);
    out();
    script.wait(0.1);
    ack(3);
    script.wait(0.45);
    expect(out()).toEqual([3]);
    ack(4);
    ack(4, [3, 4]);
    c.send(new Uint8Array(MSS), 0);
    ack(5);
    expect(c.info().cwnd).toBe(10 * MSS);
    expect(script.tcp.counters.ext.TCPLossProbeRecovery).toBe(0);
  });

  test('there is one probe in a row; the RTO follows', () => {
    const { script, out } = sending({}, 2);
    out();
    script.wait(0.21);
    expect(out()).toEqual([1]);
    script.wait(0.3);
    expect(script.take()[0]).toMatchObject({ seq: 1, reason: 'tcp.rto' });
  });

  test('there is none while losses are repaired (section 7.2)', () => {
    const { script, ack, out } = sending({}, 4);
    script.wait(0.1);
    ack(0, [1, 2]);
    script.wait(0.1);
    expect(out()).toContain(0);
    ack(0, [1, 3]);
    script.wait(1);
    expect(script.take()[0]?.reason).toBe('tcp.rto');
    expect(script.tcp.counters.ext.TCPLossProbes).toBe(0);
  });

  test('a time-out forgets it: what is sent afterwards has one again (section 7.1)', () => {
    const { script, c, ack, out } = sending({}, 1);
    script.wait(1);
    out();
    ack(1);
    c.send(new Uint8Array(MSS), 0);
    out();
    script.wait(0.5);
    expect(script.take()[0]?.reason).toBe('tcp.loss-probe');
  });

  test('recovery forgets it: what it has repaired reduces the window once', () => {
    const { script, c, ack } = sending({}, 4);
    script.wait(0.31);
    ack(0, [3, 4]);
    script.wait(0.1);
    ack(4);
    const { ssthresh } = c.info();
    c.send(new Uint8Array(MSS), 0);
    ack(5);
    expect(c.info().ssthresh).toBe(ssthresh);
    expect(script.tcp.counters.ext).toMatchObject({ TCPLossProbes: 1, TCPLossProbeRecovery: 0 });
  });

  test('there is none without SACK (section 4)', () => {
    const script = new Script();
    script.accepted().send(new Uint8Array(MSS), 0);
    script.take();
    script.wait(1);
    expect(script.take()[0]).toMatchObject({ seq: 1, reason: 'tcp.rto' });
  });

  test('net.ipv4.tcp_early_retrans 0 does without it', () => {
    const { script, out } = sending({ 'net.ipv4.tcp_early_retrans': 0 });
    out();
    script.wait(0.21);
    expect(out()).toEqual([]);
  });
});
