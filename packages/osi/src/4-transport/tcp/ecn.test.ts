import { describe, expect, test } from 'vitest';
import { Script, type Scripted } from '../../../test/tcp-script.ts';

const NOT_ECT = 0;
const ECT0 = 2;
const CE = 3;
const SEGMENT = 1460;

/** Losses are found by duplicates alone. */
const SETTINGS = { 'net.ipv4.tcp_early_retrans': 0, 'net.ipv4.tcp_recovery': 0 };

/** A connection whose peer has asked for ECN. */
function agreed(syn: Partial<Scripted> = {}) {
  const script = new Script(SETTINGS);
  const c = script.accepted({ flags: 'SEW', sack: true, ...syn });
  const write = (segments = 1): void => {
    c.send(new Uint8Array(segments * SEGMENT), 0);
  };
  const acknowledge = (segments: number, flags = 'A', rest: Partial<Scripted> = {}): void =>
    script.inject({ flags, seq: 1, ack: 1 + segments * SEGMENT, ...rest });
  return { script, c, write, acknowledge };
}

describe('a SYN asks for ECN (RFC 3168 section 6.1.1)', () => {
  /** The flags of the answer to such a SYN. */
  function answerTo(flags: string, tos = NOT_ECT, mode = 2): string | undefined {
    const script = new Script({ 'net.ipv4.tcp_ecn': mode });
    script.listen();
    script.inject({ flags, mss: SEGMENT, tos });
    return script.take()[0]?.flags;
  }

  test('with both bits; one alone is no offer', () => {
    expect(answerTo('SEW')).toBe('SAE');
    expect(['S', 'SE', 'SW'].map((flags) => answerTo(flags))).toEqual(['SA', 'SA', 'SA']);
  });

  test('in a packet that is not ECN-capable itself: a mark on it is not believed', () => {
    expect([1, ECT0, CE].map((tos) => answerTo('SEW', tos))).toEqual(['SA', 'SA', 'SA']);
  });

  test('by net.ipv4.tcp_ecn: 0 neither asks nor agrees, 1 does both, 2 only agrees', () => {
    const asks = (mode: number): string | undefined => {
      const script = new Script({ 'net.ipv4.tcp_ecn': mode });
      script.connect();
      return script.take()[0]?.flags;
    };
    expect([0, 1, 2].map((mode) => answerTo('SEW', NOT_ECT, mode))).toEqual(['SA', 'SAE', 'SAE']);
    expect([0, 1, 2].map(asks)).toEqual(['S', 'SEW', 'S']);
  });

  test('when it is sent again, too, with net.ipv4.tcp_ecn_fallback 0', () => {
    const script = new Script({ 'net.ipv4.tcp_ecn': 1, 'net.ipv4.tcp_ecn_fallback': 0 });
    script.connect();
    script.wait(1.5);
    expect(script.take().map(({ flags }) => flags)).toEqual(['SEW', 'SEW']);
  });
});

describe('the answer to our SYN (RFC 3168 section 6.1.1)', () => {
  /** The ECN field of what is sent after our SYN has been answered so. */
  function after(...answers: Scripted[]): number | undefined {
    const script = new Script({ 'net.ipv4.tcp_ecn': 1 });
    const c = script.connect();
    script.take();
    for (const answer of answers) script.inject(answer);
    script.take();
    c.send(new Uint8Array(10), 0);
    return script.take()[0]?.tos;
  }

  test('agrees with ECE alone: both bits, CWR, or none refuse', () => {
    const answered = (flags: string) => after({ flags, ack: 1, mss: SEGMENT });
    expect(['SAE', 'SAEW', 'SAW', 'SA'].map(answered)).toEqual([ECT0, NOT_ECT, NOT_ECT, NOT_ECT]);
  });

  test('counts, too, when the SYN has not asked the second time (as Linux)', () => {
    const script = new Script({ 'net.ipv4.tcp_ecn': 1 });
    const c = script.connect();
    script.wait(1.5);
    expect(script.take().map(({ flags }) => flags)).toEqual(['SEW', 'S']);
    script.inject({ flags: 'SAE', ack: 1, mss: SEGMENT });
    expect(c.info().ecn).toBe(true);
  });

  test('when both call at once, agrees with both bits', () => {
    const crossed = (flags: string) =>
      after({ flags, mss: SEGMENT }, { flags: 'SAE', ack: 1, mss: SEGMENT }, { flags: 'A', seq: 1, ack: 1 });
    expect(['SEW', 'SE', 'SW', 'S'].map(crossed)).toEqual([ECT0, NOT_ECT, NOT_ECT, NOT_ECT]);
  });

  test('is no echo: it reduces nothing', () => {
    const script = new Script({ 'net.ipv4.tcp_ecn': 1 });
    const c = script.connect();
    script.inject({ flags: 'SAE', ack: 1, mss: SEGMENT });
    expect(c.info()).toMatchObject({ ecn: true, recovery: 'Open', cwnd: 10 * SEGMENT });
  });
});

describe('an echo (RFC 3168 section 6.1.2)', () => {
  test('reduces the window once in a round trip, however many come in it', () => {
    const { c, write, acknowledge } = agreed();
    write(10);
    for (let n = 1; n <= 9; n++) acknowledge(n, 'AE');
    expect(c.info()).toMatchObject({ recovery: 'CWR', ssthresh: 5 * SEGMENT });
    write(2);
    acknowledge(10, 'AE');
    expect(c.info()).toMatchObject({ recovery: 'CWR', ssthresh: 5 * SEGMENT });
    acknowledge(12);
    expect(c.info()).toMatchObject({ recovery: 'Open', ssthresh: 5 * SEGMENT, cwnd: 5 * SEGMENT });
    write(5);
    acknowledge(13, 'AE');
    expect(c.info()).toMatchObject({ recovery: 'CWR', ssthresh: 2 * SEGMENT });
  });

  test('brings the window down evenly meanwhile', () => {
    const { c, write, acknowledge } = agreed();
    write(20);
    const windows = [];
    for (let n = 1; n <= 10; n++) {
      acknowledge(n, 'AE');
      windows.push(c.info().cwnd / SEGMENT);
    }
    expect(windows).toEqual([10, 9, 9, 8, 8, 7, 7, 6, 5, 5]);
  });

  test('is answered by CWR in the next new segment, not in one that is sent again', () => {
    const { script, write, acknowledge } = agreed();
    write(10);
    acknowledge(5, 'AE');
    script.take();
    script.wait(0.5);
    expect(script.take()).toMatchObject([{ seq: 1 + 5 * SEGMENT, flags: 'A', tos: NOT_ECT }]);
    acknowledge(10);
    write(2);
    expect(script.take().map(({ flags, tos }) => [flags, tos])).toEqual([
      ['AW', ECT0],
      ['PA', ECT0],
    ]);
  });

  test('or a timeout: what made the window smaller is told of alike', () => {
    const { script, write, acknowledge } = agreed();
    write();
    script.wait(0.5);
    expect(script.take().map(({ flags, tos }) => [flags, tos])).toEqual([
      ['PA', ECT0],
      ['PA', NOT_ECT],
    ]);
    acknowledge(1);
    write();
    expect(script.take()).toMatchObject([{ flags: 'PAW', tos: ECT0 }]);
  });

  test('in a window that is smaller for a loss, or a loss in one that is smaller for it, reduce it once', () => {
    const { c, write, acknowledge } = agreed();
    write(10);
    for (let n = 1; n <= 4; n++) acknowledge(n, 'AE');
    acknowledge(4, 'A', { sacks: [[1 + 5 * SEGMENT, 1 + 9 * SEGMENT]] });
    expect(c.info()).toMatchObject({ recovery: 'Recovery', ssthresh: 5 * SEGMENT });
    acknowledge(4, 'AE', { sacks: [[1 + 5 * SEGMENT, 1 + 10 * SEGMENT]] });
    expect(c.info()).toMatchObject({ recovery: 'Recovery', ssthresh: 5 * SEGMENT });
  });

  test.each([
    ['with the acknowledgment that shows a loss', 'AE', 'A'],
    ['after it', 'A', 'AE'],
  ])('is right even if the loss was none: %s', (_, first, second) => {
    const told = (...flags: string[]) => {
      const { script, c, write, acknowledge } = agreed();
      write(10);
      for (const each of flags) acknowledge(0, each, { sacks: [[1 + SEGMENT, 1 + 6 * SEGMENT]] });
      expect(c.info()).toMatchObject({ recovery: 'Recovery', ssthresh: 5 * SEGMENT });
      script.wait(0.1);
      acknowledge(10);
      acknowledge(10, 'A', { sacks: [[1, 1 + SEGMENT]] });
      return c.info().ssthresh / SEGMENT;
    };
    expect(told('A', 'A')).toBeGreaterThan(5);
    expect(told(first, second)).toBe(5);
  });
});

describe('a mark (RFC 3168 section 6.1.3)', () => {
  const data = (script: Script, seq: number, tos: number, flags = 'PA'): string[] => {
    script.inject({ flags, seq, ack: 1, data: 'x'.repeat(100), tos });
    return script.take().map((seen) => seen.flags);
  };

  test('on the next segment, or behind a gap, is echoed at once, until CWR comes', () => {
    const { script } = agreed();
    expect(data(script, 1, ECT0)).toEqual(['A']);
    expect(data(script, 101, CE)).toEqual(['AE']);
    expect(data(script, 201, ECT0)).toEqual(['AE']);
    expect(data(script, 301, ECT0, 'PAW')).toEqual(['A']);
    expect(data(script, 501, CE)).toEqual(['AE']);
  });

  test('is echoed at once by a program that answers, too', () => {
    const { script, c } = agreed();
    data(script, 1, ECT0);
    c.send(new Uint8Array(10), 0);
    script.take();
    expect(data(script, 101, ECT0)).toEqual([]);
    expect(data(script, 201, CE)).toEqual(['AE']);
  });

  test('that comes with CWR is another one', () => {
    const { script } = agreed();
    expect(data(script, 1, CE)).toEqual(['AE']);
    expect(data(script, 101, CE, 'PAW')).toEqual(['AE']);
    expect(data(script, 201, ECT0)).toEqual(['AE']);
  });

  test('on what is not in the window, or has no data, is passed over (sections 6.1.4, 6.1.5)', () => {
    const { script } = agreed();
    data(script, 1, ECT0);
    expect(data(script, 1, CE)).toEqual(['A']);
    expect(data(script, 200_000, CE)).toEqual(['A']);
    script.inject({ flags: 'A', seq: 101, ack: 1, tos: CE });
    expect(data(script, 101, ECT0)).toEqual(['A']);
  });
});

test('a probe of a closed window is not ECN-capable (RFC 3168 section 6.1.6)', () => {
  const { script, write, acknowledge } = agreed();
  write(1);
  acknowledge(1, 'A', { window: 0 });
  write(1);
  script.take();
  script.wait(0.5);
  expect(script.take()).toMatchObject([{ reason: 'tcp.zero-window-probe', tos: NOT_ECT }]);
});
