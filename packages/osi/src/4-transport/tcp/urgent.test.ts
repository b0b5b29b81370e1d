import { describe, expect, test } from 'vitest';
import { Script } from '../../../test/tcp-script.ts';
import type { TcpConnection } from '../services.ts';
import { WRITE_URGENT } from './write.ts';

/** One read of up to a thousand bytes. */
function read(connection: TcpConnection): string {
  const into = new Uint8Array(1000);
  return new TextDecoder().decode(into.subarray(0, connection.receive(into)));
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('urgent data received', () => {
  test('the pointer stands behind the urgent byte, which is read apart', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'PAU', seq: 1, ack: 1, data: 'abX', urgent: 3 });
    expect(c.urgentReady).toBe(true);
    expect(c.receiveUrgent(false)).toBe('X'.charCodeAt(0));
    expect(read(c)).toBe('ab');
    expect(c.atMark).toBe(true);
  });

  test('is announced before it comes: reading stops at its place', () => {
    const script = new Script();
    const c = script.accepted();
    let told = 0;
    Object.assign(c.app, { urgent: () => told++ });
    script.inject({ flags: 'AU', seq: 1, ack: 1, data: 'ab', urgent: 5 });
    expect(told).toBe(1);
    expect(c.receiveUrgent(false)).toBe(-2);
    expect(c.urgentReady).toBe(false);
    script.inject({ flags: 'PA', seq: 3, ack: 1, data: 'cdXef' });
    expect(c.urgentReady).toBe(true);
    expect(read(c)).toBe('abcd');
    expect(c.receiveUrgent(false)).toBe('X'.charCodeAt(0));
    expect(read(c)).toBe('ef');
  });

  test('an announcement of what has been read, or that comes twice, is none', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'PAU', seq: 1, ack: 1, data: 'aX', urgent: 2 });
    expect(c.receiveUrgent(false)).toBe('X'.charCodeAt(0));
    script.inject({ flags: 'PAU', seq: 1, ack: 1, data: 'aX', urgent: 2 });
    expect(c.receiveUrgent(false)).toBe(-1);
    expect(read(c)).toBe('a');
  });

  test('a former urgent byte that would be read next is passed over when another is announced, as in Linux', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'PAU', seq: 1, ack: 1, data: 'X', urgent: 1 });
    script.inject({ flags: 'PAU', seq: 2, ack: 1, data: 'abY', urgent: 3 });
    expect(read(c)).toBe('ab');
  });

  test('counts in the window like any other byte', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'PAU', seq: 1, ack: 1, data: 'X', urgent: 1 });
    script.inject({ flags: 'PA', seq: 2, ack: 1, data: 'y' });
    expect(script.take().at(-1)?.ack).toBe(3);
    expect(read(c)).toBe('y');
  });

  test('behind the end of the stream there is none', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'FA', seq: 1, ack: 1 });
    script.inject({ flags: 'AU', seq: 2, ack: 1, urgent: 1 });
    expect(c.receiveUrgent(true)).toBe(-1);
  });

  test('a pointer with a window of zero is still taken, and so is a RST (RFC 9293 MUST-66)', () => {
    const script = new Script();
    const c = script.accepted({}, { receiveBuffer: 4096, receiveBufferLocked: true });
    for (let told = { window: 500, ack: 1 }; told.window > 0; ) {
      script.inject({ flags: 'PA', seq: told.ack, ack: 1, data: 'x'.repeat(Math.min(told.window, 500)) });
      script.wait(0.1);
      told = script.take().at(-1) ?? told;
    }
    const rcvNxt = 1 + c.readable;
    script.inject({ flags: 'AU', seq: rcvNxt, ack: 1, urgent: 1 });
    expect(c.receiveUrgent(true)).toBe(-2);
    script.inject({ flags: 'R', seq: rcvNxt });
    expect(c.state).toBe('CLOSED');
  });
});

describe('urgent data sent', () => {
  test('has URG and the pointer behind its last byte, and waits for no full segment', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(bytes('a'), 0);
    c.send(bytes('bcX'), 0, WRITE_URGENT);
    const [first, second] = script.take();
    expect(first).toMatchObject({ flags: 'PA', data: 'a', urgent: 0 });
    expect(second).toMatchObject({ flags: 'PAU', data: 'bcX', urgent: 3 });
  });

  test('may be of any length: a segment points as far as it can', () => {
    const script = new Script();
    const c = script.accepted({}, { sendBuffer: 1_000_000, sendBufferLocked: true });
    c.send(new Uint8Array(100_000), 0, WRITE_URGENT);
    script.take();
    script.inject({ flags: 'A', seq: 1, ack: 1 + 14_600 });
    const [first] = script.take();
    expect([first?.seq, first?.urgent]).toEqual([1 + 14_600, 65_535]);
  });

  test('every segment points at it until it is acknowledged', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(bytes('X'), 0, WRITE_URGENT);
    expect(script.take().map((s) => [s.flags, s.urgent])).toEqual([['PAU', 1]]);
    script.wait(0.3);
    expect(script.take().map((s) => [s.flags, s.data, s.urgent])).toEqual([['PAU', 'X', 1]]);
    script.inject({ flags: 'A', seq: 1, ack: 2 });
    c.send(bytes('later'), 0);
    expect(script.take().map((s) => [s.flags, s.data, s.urgent])).toEqual([['PA', 'later', 0]]);
  });
});
