import { describe, expect, test } from 'vitest';
import { Script } from '../../../../test/tcp-script.ts';
import { milliseconds, seconds } from '../../../time/index.ts';
import { Cubic } from './cubic.ts';
import { BY_DELAY, BY_TRAIN } from './interface.ts';
import { NewReno } from './newreno.ts';

/** Acknowledges whole windows, one per round trip, for so long. @returns the window after each. */
function grow(control: Cubic | NewReno, roundTrip: number, duration: number): number[] {
  const windows = [];
  for (let now = roundTrip; now <= duration; now += roundTrip) {
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

  test('is back at the old window after K = ∛(W (1 - β) / C), slow around it, fast beyond (RFC 9438 section 4.2)', () => {
    const control = afterLoss(1000);
    const k = Math.cbrt((1000 * 0.3) / 0.4);
    const windows = grow(control, milliseconds(100), seconds(2 * k + 1));
    const at = (t: number) => windows[Math.round(t * 10) - 1] ?? 0;
    expect(at(k) / 1000).toBeCloseTo(1, 1);
    expect(at(k / 2)).toBeGreaterThan(950);
    expect(at(2 * k)).toBeGreaterThan(1200);
    expect(at(1) - 700).toBeGreaterThan(5 * (at(k) - at(k - 1)));
  });

  test('on a short path grows as fast as Reno would (section 4.3)', () => {
    const control = afterLoss(20);
    const windows = grow(control, milliseconds(10), seconds(1));
    expect(windows.at(-1)).toBeGreaterThan(14 + 0.8 * 0.53 * 100);
  });

  test('a maximum below the last one makes room for others (fast convergence)', () => {
    const control = afterLoss(1000);
    control.cwnd = 800;
    control.ssthresh = control.reduced();
    control.cwnd = control.ssthresh;
    const windows = grow(control, milliseconds(100), seconds(5));
    expect(windows.at(-1)).toBeLessThan(720);
  });

  test('leaves slow start when round trips grow by an eighth (HyStart)', () => {
    const control = new Cubic();
    control.cwnd = 40;
    const measure = (roundTrip: number, at: number, una: number, next: number): number =>
      control.measured(milliseconds(roundTrip), milliseconds(at), una, next, false);
    for (let i = 0; i < 20; i++) expect(measure(100, 100 + 3 * i, 1, 1000)).toBe(0);
    expect(control.slowStart).toBe(true);
    const found = Array.from({ length: 20 }, (_, i) => measure(115, 200 + 3 * i, 2000, 3000));
    expect(control.slowStart).toBe(false);
    expect(found.filter((by) => by !== 0)).toEqual([BY_DELAY]);
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
