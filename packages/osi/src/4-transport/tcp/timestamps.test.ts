import { describe, expect, test } from 'vitest';
import { readAll } from '../../../test/tcp-pair.ts';
import { Script, type Scripted } from '../../../test/tcp-script.ts';
import { ERRNO } from '../../trace/index.ts';

test('a timestamp is no longer old when the peer was silent for 24 days: its clock may have gone round', () => {
  const script = new Script();
  const c = script.accepted({ ts: [1000, 0] });
  script.wait(23 * 86_400);
  script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'early', ts: [990, 0] });
  expect(c.readable).toBe(0);
  script.wait(2 * 86_400);
  script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello', ts: [990, 0] });
  expect(readAll(c)).toBe('hello');
});

describe('timestamps, once agreed on (RFC 7323 section 3.2)', () => {
  test('are in every segment: data, acknowledgments, what is sent again, FIN', () => {
    const script = new Script();
    const c = script.accepted({ ts: [1000, 0] });
    c.send(new Uint8Array(100), 0);
    script.wait(1);
    script.inject({ flags: 'PA', seq: 1, ack: 101, data: 'hello', ts: [1001, 0] });
    c.shutdown();
    script.inject({ flags: 'A', seq: 6, ack: 102, ts: [1002, 0] });
    script.inject({ flags: 'FA', seq: 6, ack: 102, ts: [1003, 0] });
    const sent = script.take();
    expect(sent.map(({ flags }) => flags)).toEqual(expect.arrayContaining(['PA', 'A', 'FA']));
    expect(sent.filter(({ hasTs }) => !hasTs)).toEqual([]);
  });

  test('are in a RST of ours, too', () => {
    const script = new Script();
    script.accepted({ ts: [1000, 0] }).abort();
    expect(script.take()).toMatchObject([{ flags: 'RA', hasTs: true }]);
  });

  test('may be missing from what comes: it is taken all the same (as Linux)', () => {
    const script = new Script();
    const c = script.accepted({ ts: [1000, 0] });
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello' });
    expect(readAll(c)).toBe('hello');
  });

  test('echo that of the acknowledgment which makes us send', () => {
    const script = new Script();
    const c = script.accepted({ ts: [1000, 0], sack: true });
    c.send(new Uint8Array(10 * 1448), 0);
    script.take();
    script.inject({ flags: 'A', seq: 1, ack: 1, ts: [1100, 0], sacks: [[1449, 1 + 5 * 1448]] });
    expect(script.take()).toMatchObject([{ seq: 1, ts: [expect.any(Number), 1100] }]);
  });

  test('measure the path by what moves the left edge alone (section 4.1)', () => {
    const script = new Script();
    const c = script.accepted({ ts: [1000, 0] });
    c.send(new Uint8Array(10), 0);
    const [first] = script.take();
    script.wait(0.1);
    script.inject({ flags: 'A', seq: 1, ack: 11, ts: [1001, first!.ts[0]] });
    const { srtt } = c.info();
    script.wait(5);
    c.send(new Uint8Array(10), 0);
    script.inject({ flags: 'A', seq: 1, ack: 11, ts: [1002, first!.ts[0]] });
    expect(c.info().srtt).toBe(srtt);
  });

  test('do not go back in what is echoed (section 4.3)', () => {
    const script = new Script();
    script.accepted({ ts: [1000, 0] });
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello', ts: [1100, 0] });
    script.inject({ flags: 'PA', seq: 6, ack: 1, data: 'there', ts: [1099, 0] });
    script.wait(1);
    expect(script.take().map(({ ack, ts }) => [ack, ts[1]])).toEqual([
      [6, 1100],
      [11, 1100],
    ]);
  });
});

test('timestamps count milliseconds, from one connection to the next, and do not begin with 0 (sections 5.4, 7.1)', () => {
  const script = new Script();
  const begins = (): number => {
    script.connect();
    return script.take()[0]!.ts[0];
  };
  const first = begins();
  expect(first).not.toBe(script.sim.now);
  script.wait(0.5);
  expect(begins() - first).toBe(500);
});

test.each([1, -0x7fff_ffff])(
  'timestamps that were not agreed on are passed over, whatever they echo: %i',
  (echo) => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello', ts: [1000, 0] });
    script.inject({ flags: 'PA', seq: 6, ack: 1, data: ' there', ts: [10, 0] });
    expect(readAll(c)).toBe('hello there');
    c.send(new Uint8Array(10), 0);
    script.wait(0.3);
    const { srtt } = c.info();
    script.inject({ flags: 'A', seq: 12, ack: 11, ts: [1001, echo] });
    expect(c.info()).toMatchObject({ srtt, cwnd: 2 * 1460 });
    expect(script.take().filter(({ hasTs }) => hasTs)).toEqual([]);
  },
);

describe('PAWS (RFC 7323 section 5)', () => {
  /** What becomes of a segment that follows one with this timestamp. */
  function after(timestamp: number, segment: Scripted) {
    const script = new Script();
    const c = script.accepted({ ts: [timestamp, 0] });
    script.inject(segment);
    return { script, c };
  }
  const hello = { flags: 'PA', seq: 1, ack: 1, data: 'hello' };

  test('does not drop what is older by one tick of the clock (as Linux)', () => {
    expect(readAll(after(1000, { ...hello, ts: [999, 0] }).c)).toBe('hello');
    expect(readAll(after(1000, { ...hello, ts: [998, 0] }).c)).toBe('');
  });

  test('knows of no older one while the peer has sent 0', () => {
    expect(readAll(after(0, { ...hello, ts: [-5, 0] }).c)).toBe('hello');
  });

  test('does not answer an acknowledgment that was overtaken, and does no harm', () => {
    const { script } = after(1000, { flags: 'A', seq: 1, ack: 1, ts: [900, 0] });
    expect(script.take()).toEqual([]);
  });

  test('does not hold for RST (section 5.2)', () => {
    const { c } = after(1000, { flags: 'R', seq: 1, ts: [10, 0] });
    expect(c.app.errno).toBe(ERRNO.ECONNRESET);
  });

  test('resets a SYN+ACK that echoes what no SYN of ours had (as Linux)', () => {
    const script = new Script();
    const c = script.connect();
    const [syn] = script.take();
    script.inject({ flags: 'SA', ack: 1, mss: 1460, ts: [1000, syn!.ts[0] + 1] });
    expect(script.take()).toMatchObject([{ flags: 'R', seq: 1 }]);
    expect(c.state).toBe('SYN_SENT');
    script.inject({ flags: 'SA', ack: 1, mss: 1460, ts: [1000, syn!.ts[0]] });
    expect(c.state).toBe('ESTABLISHED');
  });
});

describe('an old segment with a timestamp from the future', () => {
  /** A connection that has got `hello`, and then an old segment like that. @returns what it reads of what follows. */
  function after(old: { seq: number; ack: number; flags?: string }): string {
    const script = new Script();
    const c = script.accepted({ ts: [1000, 0] });
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello', ts: [1001, 0] });
    script.wait(1);
    script.inject({ flags: 'A', data: 'forged', ts: [1_000_000_000, 0], ...old });
    script.inject({ flags: 'PA', seq: 6, ack: 1, data: ' there', ts: [1002, 0] });
    return readAll(c);
  }

  test('that somebody made who has to guess the numbers does not make what follows look old', () => {
    expect(after({ seq: -0x2000_0000, ack: 1 })).toBe('hello there');
    expect(after({ seq: -5, ack: 0x2000_0000 })).toBe('hello there');
    expect(after({ seq: -5, ack: -0x2000_0000 })).toBe('hello there');
    expect(after({ seq: -5, ack: 1, flags: 'P' })).toBe('hello there');
    expect(after({ seq: -5, ack: 1, flags: 'RA' })).toBe('hello there');
  });

  test('that repeats what came is believed: its timestamp is echoed', () => {
    const script = new Script();
    script.accepted({ ts: [1000, 0] });
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello', ts: [1001, 0] });
    script.wait(1);
    script.take();
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello', ts: [2000, 0] });
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hell', ts: [2001, 0] });
    expect(script.take().map(({ ack, ts }) => [ack, ts[1]])).toEqual([
      [6, 2000],
      [6, 2001],
    ]);
  });
});
