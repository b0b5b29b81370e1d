import { describe, expect, test } from 'vitest';
import { Script } from '../../../../test/tcp-script.ts';
import { milliseconds, seconds } from '../../../time/index.ts';
import { Cubic } from './cubic.ts';
import { BY_DELAY, BY_TRAIN } from './interface.ts';
import { NewReno } from './newreno.ts';

/** Acknowledges whole windows, one per round trip, for so long, unless they grow beyond all measure. @returns the window after each. */
function grow(control: Cubic | NewReno, roundTrip: number, duration: number): number[] {
  const windows = [];
  for (let now = roundTrip; now <= duration && control.cwnd < 100_000; now += roundTrip) {
    control.measured(roundTrip, now, 0, 0, false);
    for (let left = control.cwnd; left > 0; left -= 2) control.acknowledged(2, now);
    windows.push(control.cwnd);
  }
  return windows;
}

describe('NewReno', () => {
  test('halves the window on a loss, to two segments at least', () => {
    const control = new NewReno();
    control.cwnd = 41;
    expect(control.reduced()).toBe(20);
    control.cwnd = 3;
    expect(control.reduced()).toBe(2);
  });

  test('grows by one segment in a round trip', () => {
    const control = new NewReno();
    control.cwnd = control.ssthresh = 20;
    const windows = grow(control, milliseconds(100), seconds(1));
    expect(windows.at(-1)).toBeGreaterThanOrEqual(29);
    expect(windows.at(-1)).toBeLessThanOrEqual(31);
  });
});

test('slow start ends at ssthresh; what is acknowledged beyond it counts for congestion avoidance', () => {
  const control = new NewReno();
  control.cwnd = 10;
  control.ssthresh = 12;
  control.acknowledged(13);
  expect(control.cwnd).toBe(12);
  control.acknowledged(1);
  expect(control.cwnd).toBe(13);
});

describe('CUBIC', () => {
  /** In congestion avoidance after a loss at a window of `before`. */
  function afterLoss(before: number): Cubic {
    const control = new Cubic();
    control.cwnd = before;
    control.ssthresh = control.reduced();
    control.cwnd = control.ssthresh;
    return control;
  }

  test('takes three tenths off the window on a loss', () => {
    expect(afterLoss(1000).cwnd).toBe(700);
  });

  test('leaves no window below two segments', () => {
    expect([afterLoss(2).cwnd, afterLoss(1).cwnd]).toEqual([2, 2]);
  });

  /** How far windows after each round trip of 100 ms are at most from W(t) = C (t − K)³ + W_max. */
  function offCurve(windows: readonly number[], first: number, maximum: number): number {
    const k = Math.cbrt((maximum - first) / 0.4);
    const curve = (_: number, i: number) => maximum + 0.4 * ((i + 1) / 10 - k) ** 3;
    return Math.max(...windows.map(curve).map((target, i) => Math.abs(target - windows[i]!)));
  }

  test('is back at the old window after K = ∛(W (1 - β) / C), slow around it, fast beyond (RFC 9438 section 4.2)', () => {
    const windows = grow(afterLoss(1000), milliseconds(100), seconds(19));
    expect(offCurve(windows, 700, 1000)).toBeLessThanOrEqual(1);
  });

  test('however far the curve is ahead, grows by half in a round trip at most (section 4.2)', () => {
    const control = afterLoss(1000);
    grow(control, milliseconds(100), milliseconds(100));
    const { cwnd } = control;
    for (let left = cwnd; left > 0; left--) control.acknowledged(1, seconds(60));
    expect(control.cwnd / cwnd).toBeCloseTo(1.5, 2);
  });

  test('on a short path grows as fast as Reno would (section 4.3)', () => {
    const control = afterLoss(20);
    const windows = grow(control, milliseconds(10), seconds(1));
    const reno = (_: number, i: number) => 14 + ((3 * 0.3) / 1.7) * (i + 1);
    const off = windows.map(reno).map((window, i) => Math.abs(window - windows[i]!));
    expect(Math.max(...off)).toBeLessThan(4);
  });

  test('a maximum below the last one makes room for others (fast convergence)', () => {
    const control = afterLoss(1000);
    const loseAt = (window: number): number[] => {
      control.cwnd = window;
      control.ssthresh = control.reduced();
      control.cwnd = control.ssthresh;
      return grow(control, milliseconds(100), seconds(12));
    };
    expect(offCurve(loseAt(800), 560, 0.85 * 800)).toBeLessThanOrEqual(1);
    expect(offCurve(loseAt(700), 490, 700)).toBeLessThanOrEqual(1);
  });

  test('after a time-out begins a curve that knows no former maximum (section 4.8)', () => {
    const fresh = new Cubic();
    fresh.cwnd = fresh.ssthresh = 700;
    const control = afterLoss(1000);
    control.timedOut();
    expect(grow(control, milliseconds(100), seconds(5))).toEqual(grow(fresh, milliseconds(100), seconds(5)));
  });

  test('while nothing is known of the path, grows by a twentieth in a round trip at least, as Linux', () => {
    const control = new Cubic();
    control.cwnd = control.ssthresh = 700;
    expect(grow(control, milliseconds(100), milliseconds(200))).toEqual([735, 771]);
  });

  /**
   * A round trip of slow start of `shortest`, then one of so many measurements, in milliseconds. @returns by what slow start
   * was ended at each of them.
   */
  function secondRound(shortest: number, roundTrips: readonly number[], control = new Cubic()): number[] {
    control.cwnd = 40;
    const measure = (roundTrip: number, at: number, una: number, next: number): number =>
      control.measured(milliseconds(roundTrip), milliseconds(at), una, next, false);
    for (let i = 0; i < 20; i++) expect(measure(shortest, 2000 + 3 * i, 1, 1000)).toBe(0);
    expect(control.slowStart).toBe(true);
    return roundTrips.map((roundTrip, i) => measure(roundTrip, 3000 + 3 * i, 2000, 3000));
  }

  const growsTo = (roundTrip: number): number[] => new Array(20).fill(roundTrip);

  test('leaves slow start when round trips grow by an eighth (HyStart)', () => {
    const control = new Cubic();
    const found = secondRound(100, growsTo(112.6), control);
    expect(control.slowStart).toBe(false);
    // Eight say how long the round trip is.
    expect(found.indexOf(BY_DELAY)).toBe(8);
    expect(found.filter((by) => by !== 0)).toEqual([BY_DELAY]);
    expect(secondRound(100, growsTo(112.4))).not.toContain(BY_DELAY);
    expect(secondRound(100, [112.4, ...growsTo(115)])).not.toContain(BY_DELAY);
  });

  test('an eighth that is less than 4 ms is as 4 ms, one that is more than 16 ms as 16 ms', () => {
    expect(secondRound(10, growsTo(13.9))).not.toContain(BY_DELAY);
    expect(secondRound(10, growsTo(14.1))).toContain(BY_DELAY);
    expect(secondRound(400, growsTo(415.9))).not.toContain(BY_DELAY);
    expect(secondRound(400, growsTo(416.1))).toContain(BY_DELAY);
  });

  test('what is measured within a second of a recovery says nothing of round trips', () => {
    const control = afterLoss(100);
    control.acknowledged(2, seconds(1));
    control.measured(milliseconds(10), seconds(1.9), 0, 0, false);
    expect(secondRound(100, growsTo(112.4), control)).not.toContain(BY_DELAY);
  });

  test('after a time-out watches slow start anew, and forgets the shortest round trip', () => {
    const control = new Cubic();
    expect(secondRound(10, growsTo(15), control)).toContain(BY_DELAY);
    control.ssthresh = 1000;
    control.timedOut();
    expect(secondRound(100, growsTo(113), control)).toContain(BY_DELAY);
  });

  test('does not watch windows of less than 16 segments', () => {
    const found = (cwnd: number): boolean => {
      const control = new Cubic();
      control.cwnd = cwnd;
      for (let at = 1; at < 300; at++) control.measured(milliseconds(100), milliseconds(at), 1, 1000, false);
      return !control.slowStart;
    };
    expect([found(15), found(16)]).toEqual([false, true]);
  });

  test('leaves slow start when acknowledgments come in a train half as long as a round trip, or as long when paced', () => {
    const endOf = (paced: boolean): [number, number] => {
      const control = new Cubic();
      control.cwnd = 40;
      for (let at = 100; at < 300; at++) {
        const found = control.measured(milliseconds(100), milliseconds(at), 1, 1000, paced);
        if (found !== 0) return [at - 100, found];
      }
      return [0, 0];
    };
    expect(endOf(false)).toEqual([51, BY_TRAIN]);
    expect(endOf(true)).toEqual([101, BY_TRAIN]);
  });

  test('a pause of the program is no time of growth (RFC 9438 section 5.8)', () => {
    const after = (pause: number): number => {
      const control = new Cubic();
      control.cwnd = 1000;
      control.ssthresh = control.reduced();
      control.cwnd = control.ssthresh;
      grow(control, milliseconds(100), seconds(4));
      const now = seconds(4) + pause;
      if (pause > 0) control.resumed(pause, now);
      for (let left = control.cwnd; left > 0; left -= 2) control.acknowledged(2, now + milliseconds(100));
      return control.cwnd;
    };
    expect(after(seconds(60))).toBe(after(0));
  });

  test('a pause from before the curve began is one only from then on', () => {
    const control = afterLoss(1000);
    control.measured(milliseconds(100), seconds(1), 0, 0, false);
    control.acknowledged(2, seconds(1));
    control.resumed(seconds(5), seconds(5));
    for (let left = control.cwnd; left > 0; left -= 2) control.acknowledged(2, seconds(5));
    expect(control.cwnd).toBe(grow(afterLoss(1000), milliseconds(100), milliseconds(100))[0]);
  });
});

test('net.ipv4.tcp_congestion_control chooses for new sockets; a socket may choose for itself, also later', () => {
  const script = new Script();
  script.sysctl.setText('net.ipv4.tcp_congestion_control', 'cubic');
  expect(script.tcp.defaultOptions().congestion).toBe('cubic');
  script.sysctl.setText('net.ipv4.tcp_congestion_control', 'reno');
  expect(script.tcp.defaultOptions().congestion).toBe('reno');
  expect(script.sysctl.setText('net.ipv4.tcp_congestion_control', 'vegas')).toBe(false);
  const c = script.accepted();
  c.send(new Uint8Array(20 * 1460), 0);
  const { cwnd } = c.info();
  c.options = { ...c.options, congestion: 'cubic' };
  c.optionsChanged();
  expect(c.info().cwnd).toBe(cwnd);
  script.inject({ flags: 'A', seq: 1, ack: 1 });
  for (let i = 0; i < 3; i++) script.inject({ flags: 'A', seq: 1, ack: 1 });
  expect(c.info().ssthresh).toBe(7 * 1460);
});
