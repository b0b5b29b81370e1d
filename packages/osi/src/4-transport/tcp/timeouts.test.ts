import { describe, expect, test } from 'vitest';
import { Script, type Scripted } from '../../../test/tcp-script.ts';
import { seconds } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';

const LIMIT = 10;
const OPTIONS = { userTimeout: seconds(LIMIT) };

describe('TCP_USER_TIMEOUT (RFC 5482 section 2)', () => {
  /** Lets time go by while the peer answers all that comes. @returns the second in which the program is told of the end. */
  function end(script: Script, app: { errno: number }, answer: Scripted | null = null): number {
    const from = script.sim.now;
    for (let i = 0; i < 10_000 && app.errno === 0; i++) {
      script.wait(0.1);
      if (answer !== null && script.take().length > 0) script.inject(answer);
    }
    expect(app.errno).toBe(ERRNO.ETIMEDOUT);
    return Math.round((script.sim.now - from) / seconds(1));
  }

  test('may also be longer than net.ipv4.tcp_retries2 would have it', () => {
    const silent = (userTimeout: number): number => {
      const script = new Script({ 'net.ipv4.tcp_retries2': 3 });
      const c = script.accepted({}, { userTimeout });
      c.send(new Uint8Array(10), 0);
      return end(script, c.app);
    };
    expect(silent(0)).toBeLessThan(LIMIT);
    expect(silent(seconds(LIMIT))).toBe(LIMIT);
  });

  test('counts anew when something is acknowledged', () => {
    const script = new Script();
    const c = script.accepted({}, OPTIONS);
    c.send(new Uint8Array(2000), 0);
    script.wait(LIMIT - 1);
    script.inject({ flags: 'A', seq: 1, ack: 1461 });
    expect(end(script, c.app)).toBeGreaterThanOrEqual(LIMIT);
  });

  test('bounds how long a connection is asked for, from the first repetition on', () => {
    const script = new Script();
    const c = script.connect(OPTIONS);
    expect(end(script, c.app)).toBe(1 + LIMIT);
    expect(script.take().map(({ time }) => time / seconds(1))).toEqual([0, 1, 2, 3, 4, 5, 7]);
  });

  test('bounds how long a closed window is asked about, though the peer answers', () => {
    const script = new Script();
    const c = script.accepted({}, OPTIONS);
    const shut = { flags: 'A', seq: 1, ack: 1, window: 0 };
    script.inject({ ...shut, flags: 'PA', data: 'x' });
    c.send(new Uint8Array(10), 0);
    expect(end(script, c.app, { ...shut, seq: 2 })).toBe(LIMIT);
    expect(script.tcp.counters.ext.TCPWinProbe).toBe(5);
  });

  test('counts anew when the window was open meanwhile', () => {
    const script = new Script();
    const c = script.accepted({}, OPTIONS);
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'x', window: 0 });
    c.send(new Uint8Array(10), 0);
    script.wait(LIMIT - 1);
    script.inject({ flags: 'A', seq: 2, ack: 1 });
    script.inject({ flags: 'A', seq: 2, ack: 11, window: 0 });
    c.send(new Uint8Array(10), 0);
    expect(end(script, c.app)).toBe(LIMIT);
  });

  test('bounds how long is sent again to a peer that has closed its window on it, and answers', () => {
    const shut = { flags: 'A', seq: 1, ack: 1, window: 0 };
    const script = new Script();
    const c = script.accepted({}, OPTIONS);
    c.send(new Uint8Array(10), 0);
    script.inject({ ...shut, flags: 'PA', data: 'x' });
    expect(end(script, c.app, { ...shut, seq: 2 })).toBe(LIMIT);
  });

  test('says instead of TCP_KEEPCNT when an idle peer is silent for too long', () => {
    const script = new Script();
    const keepAlive = { keepAlive: true, keepIdle: seconds(2), keepInterval: seconds(1), keepCount: 3 };
    const c = script.accepted({}, { ...OPTIONS, ...keepAlive });
    expect(end(script, c.app)).toBe(LIMIT);
    expect(script.take().filter(({ reason }) => reason === 'tcp.keepalive')).toHaveLength(8);
  });

  test('asks an idle peer once at least', () => {
    const script = new Script();
    const keepAlive = { keepAlive: true, keepIdle: seconds(LIMIT + 2), keepInterval: seconds(1) };
    const c = script.accepted({}, { ...OPTIONS, ...keepAlive });
    expect(end(script, c.app)).toBe(LIMIT + 3);
    expect(script.take().map(({ reason }) => reason)).toEqual(['tcp.keepalive', 'tcp.reset-keepalive']);
  });
});
