import { describe, expect, test } from 'vitest';
import { Script, type Scripted } from '../../../test/tcp-script.ts';

const OFF = { 'net.ipv4.tcp_window_scaling': 0 };

describe('window scaling (RFC 7323 section 2)', () => {
  test('does not count for the window of SYN+ACK', () => {
    const script = new Script();
    const c = script.connect();
    script.take();
    script.inject({ flags: 'SA', ack: 1, mss: 500, scale: 7, window: 1000 });
    script.take();
    c.send(new Uint8Array(5000), 0);
    const sent = () => script.take().reduce((sum, { data }) => sum + data.length, 0);
    expect(sent()).toBe(1000);
    script.inject({ flags: 'A', seq: 1, ack: 1001, window: 30 });
    expect(sent()).toBe(3500);
  });

  test('makes windows of ours smaller by what our SYN said, but for the one in it', () => {
    const script = new Script();
    script.connect();
    const [syn] = script.take();
    script.inject({ flags: 'SA', ack: 1, mss: 500, scale: 0 });
    const [ack] = script.take();
    expect(syn).toMatchObject({ flags: 'S', window: 64240, scale: 7 });
    expect(ack).toMatchObject({ flags: 'A', window: Math.ceil(64240 / 128) });
  });

  test('is agreed on by SYN alone: in other segments the option is passed over (section 2.2)', () => {
    const script = new Script();
    const c = script.accepted({ mss: 500, scale: 2, window: 100 });
    script.inject({ flags: 'A', seq: 1, ack: 1, window: 500, scale: 7 });
    c.send(new Uint8Array(5000), 0);
    expect(script.take().map(({ data }) => data.length)).toEqual([500, 500, 500, 500]);
  });

  test('is neither offered nor agreed to with net.ipv4.tcp_window_scaling 0', () => {
    const calling = new Script(OFF);
    calling.connect();
    expect(calling.take()).toMatchObject([{ flags: 'S', scale: -1 }]);
    const called = new Script(OFF);
    called.listen();
    called.inject({ flags: 'S', mss: 500, scale: 7 });
    expect(called.take()).toMatchObject([{ flags: 'SA', scale: -1 }]);
  });

  test('never moves the right edge to the left by rounding', () => {
    const script = new Script();
    script.accepted({ scale: 7 }, { receiveBuffer: 8192 });
    let edge = 0;
    let seq = 1;
    for (let i = 0; i < 36; i++, seq += 101) {
      script.inject({ flags: 'A', seq, ack: 1, data: 'x'.repeat(101) });
      script.wait(0.3);
      for (const { ack, window } of script.take()) {
        expect(ack + window * 128).toBeGreaterThanOrEqual(edge);
        edge = ack + window * 128;
      }
    }
    expect(edge).toBeGreaterThan(3000);
  });
});

describe('the window of the peer (RFC 9293 section 3.10.7.4: SND.WL1, SND.WL2)', () => {
  /** What is taken of these, after a window of 1000 bytes that came with number 11 and an acknowledgment of 101. */
  function windowAfter(...segments: Partial<Scripted>[]): number {
    const script = new Script();
    const c = script.accepted({ window: 1000 });
    c.send(new Uint8Array(500), 0);
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: '1234567890', window: 1000 });
    script.inject({ flags: 'A', seq: 11, ack: 101, window: 1000 });
    for (const segment of segments) script.inject({ flags: 'A', ...segment });
    return c.info().sendWindow;
  }
  const newer = { seq: 12, ack: 101, data: 'x' };
  const older = { seq: 5, ack: 101, data: '567890x' };
  const alike = { seq: 11, ack: 101 };

  test('is taken from a later segment, and from one that acknowledges more', () => {
    expect(windowAfter({ ...newer, window: 700 })).toBe(700);
    expect(windowAfter({ ...newer, ack: 51, window: 2000 })).toBe(1000);
    expect(windowAfter({ ...alike, ack: 102, window: 700 })).toBe(700);
    expect(windowAfter({ ...older, ack: 102, window: 700 })).toBe(700);
  });

  test('is not taken from an earlier one', () => {
    expect(windowAfter({ ...older, window: 2000 })).toBe(1000);
    expect(windowAfter({ ...newer, window: 700 }, { ...alike, data: 'xy', window: 2000 })).toBe(700);
  });

  test('is taken from one with the same numbers when it is larger, or closed (as Linux)', () => {
    expect(windowAfter({ ...alike, window: 2000 })).toBe(2000);
    expect(windowAfter({ ...alike, window: 700 })).toBe(1000);
    expect(windowAfter({ ...alike, window: 0 })).toBe(0);
  });
});
