import { describe, expect, test } from 'vitest';
import { readAll } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';

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
  });

  test('that repeats what came is believed: its timestamp is echoed', () => {
    const script = new Script();
    script.accepted({ ts: [1000, 0] });
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello', ts: [1001, 0] });
    script.wait(1);
    script.take();
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello', ts: [2000, 0] });
    expect(script.take()).toMatchObject([{ flags: 'A', ack: 6, ts: [expect.any(Number), 2000] }]);
  });
});
