import { describe, expect, test } from 'vitest';
import { readAll, text } from '../../../test/tcp-pair.ts';
import { Script, type Scripted } from '../../../test/tcp-script.ts';

/** A connection past its first quick acknowledgments, that has answered: it goes to and fro. */
function interactive() {
  const script = new Script();
  const c = script.accepted();
  let seq = 1;
  let ack = 1;
  const get = (data: string): void => {
    script.inject({ flags: 'PA', seq, ack, data });
    seq += data.length;
  };
  get('a');
  c.send(text('b'), 0);
  ack++;
  script.inject({ flags: 'A', seq, ack });
  readAll(c);
  script.take();
  return { script, c, get };
}

describe('acknowledgments', () => {
  test('the first segments of a connection are acknowledged at once', () => {
    const script = new Script();
    script.accepted();
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'a' });
    script.inject({ flags: 'PA', seq: 2, ack: 1, data: 'b' });
    expect(script.take().map((s) => [s.ack, s.reason])).toEqual([
      [2, 'tcp.quick-ack'],
      [3, 'tcp.quick-ack'],
    ]);
  });

  test('later one waits 40 ms for something to ride on', () => {
    const { script, get } = interactive();
    const start = script.sim.now;
    get('x');
    expect(script.take()).toEqual([]);
    script.wait(0.039);
    expect(script.take()).toEqual([]);
    script.wait(0.002);
    const [ack] = script.take();
    expect(ack).toMatchObject({ flags: 'A', reason: 'tcp.delayed-ack' });
    expect((ack?.time ?? 0) - start).toBe(40e6);
    expect(script.tcp.counters.ext.DelayedACKs).toBe(1);
  });

  test('and rides on an answer', () => {
    const { script, c, get } = interactive();
    get('x');
    c.send(text('y'), 0);
    script.wait(0.1);
    expect(script.take()).toMatchObject([{ data: 'y', ack: 3 }]);
  });

  test('what comes after a repetition of what was acknowledged is acknowledged at once: acknowledgments get lost', () => {
    const { script, c, get } = interactive();
    get('more');
    c.send(text('x'), 0);
    script.take();
    script.inject({ flags: 'PA', seq: 2, ack: 2, data: 'mor' });
    get('next');
    expect(script.take().map(({ reason }) => reason)).toEqual(['tcp.duplicate-ack', 'tcp.quick-ack']);
  });

  test('more than one full segment is acknowledged at once', () => {
    const { script, c, get } = interactive();
    get('x'.repeat(1460));
    readAll(c);
    expect(script.take()).toEqual([]);
    get('y'.repeat(1460));
    readAll(c);
    expect(script.take()).toMatchObject([{ ack: 2 + 2 * 1460, reason: 'tcp.ack-second-segment' }]);
  });

  test('what leaves a gap is acknowledged at once, and so is what fills it (RFC 5681 section 4.2)', () => {
    const { script, get } = interactive();
    script.inject({ flags: 'A', seq: 5, ack: 2, data: 'early' });
    expect(script.take()).toMatchObject([{ ack: 2 }]);
    get('gap');
    expect(script.take()).toMatchObject([{ ack: 10 }]);
  });
});

describe('TCP_QUICKACK', () => {
  test('sends the acknowledgment that waits, and others at once until the program answers', () => {
    const { script, c, get } = interactive();
    expect(c.acksQuickly).toBe(false);
    get('x');
    readAll(c);
    expect(script.take()).toEqual([]);
    c.acknowledgeQuickly(1);
    expect(script.take()).toMatchObject([{ flags: 'A', ack: 3, reason: 'tcp.read-ack' }]);
    expect(c.acksQuickly).toBe(true);
    c.send(text('y'), 0);
    expect(c.acksQuickly).toBe(false);
  });

  test('with an even number sends it once', () => {
    const { script, c, get } = interactive();
    get('x');
    readAll(c);
    c.acknowledgeQuickly(2);
    expect(script.take()).toMatchObject([{ flags: 'A', ack: 3 }]);
    expect(c.acksQuickly).toBe(false);
  });

  test('as 0 keeps the acknowledgment of a handshake for the first data', () => {
    const script = new Script();
    const c = script.connect({ delaysAcks: true });
    script.take();
    script.inject({ flags: 'SA', seq: 0, ack: 1 });
    expect(script.take()).toEqual([]);
    c.send(text('request'), 0);
    expect(script.take()).toMatchObject([{ flags: 'PA', data: 'request' }]);
  });
});

describe('the receive window', () => {
  const buffer = { receiveBuffer: 8192, receiveBufferLocked: true };

  test('shrinks as data waits to be read, down to zero, and opens when it is read', () => {
    const script = new Script();
    const c = script.accepted({}, buffer);
    let seq = 1;
    let window = 4096;
    for (let i = 0; i < 4; i++) {
      script.inject({ flags: 'A', seq, ack: 1, data: 'x'.repeat(1000) });
      seq += 1000;
      const last = script.take().at(-1);
      if (last) expect(last.window).toBeLessThan(window);
      if (last) window = last.window;
    }
    script.wait(1);
    const last = script.take().at(-1);
    expect(last?.window ?? window).toBeLessThan(200);
    readAll(c);
    const opened = script.take();
    expect(opened).toMatchObject([{ flags: 'A', ack: 4001 }]);
    expect(opened[0]?.window).toBeGreaterThan(3000);
  });

  test('its right edge never moves left', () => {
    const script = new Script();
    script.accepted({}, buffer);
    let edge = 0;
    let seq = 1;
    for (let i = 0; i < 300; i++) {
      script.inject({ flags: 'A', seq, ack: 1, data: 'x'.repeat(20) });
      script.wait(0.1);
      seq += 20;
      for (const s of script.take()) {
        expect(s.ack + s.window).toBeGreaterThanOrEqual(edge);
        edge = s.ack + s.window;
      }
      if (edge !== 0 && seq + 20 > edge) break;
    }
    expect(edge).toBeGreaterThan(2000);
  });

  test('data that begins in the window is taken whole; with no window it is dropped and answered', () => {
    const script = new Script();
    const c = script.accepted({}, buffer);
    script.inject({ flags: 'A', seq: 1, ack: 1, data: 'x'.repeat(5000) });
    script.wait(1);
    const taken = c.readable;
    expect(taken).toBe(5000);
    script.take();
    script.inject({ flags: 'A', seq: 1 + taken, ack: 1, data: 'y'.repeat(100) });
    expect(script.take()).toMatchObject([{ ack: 1 + taken, window: 0, reason: 'tcp.window-full-ack' }]);
    expect(script.tcp.counters.ext.BeyondWindow).toBe(1);
  });

  test('a small opening is not told: silly windows are avoided', () => {
    const script = new Script();
    const c = script.accepted({}, buffer);
    script.inject({ flags: 'A', seq: 1, ack: 1, data: 'x'.repeat(4096) });
    script.wait(1);
    script.take();
    c.receive(new Uint8Array(100));
    expect(script.take()).toEqual([]);
  });

  /** The window is full of segments of `size`. @returns what a probe is answered when the program has read until `free` bytes are free. */
  function openedBy(receiveBuffer: number, size: number, free: number, syn: Partial<Scripted> = {}): number {
    const script = new Script();
    script.mtu = Math.max(1500, size + 40);
    const c = script.accepted(syn, { receiveBuffer, receiveBufferLocked: true });
    const scale = c.info().scaling?.receive ?? 0;
    let told = { ack: 1, window: size };
    while (told.window > 0) {
      script.inject({ flags: 'A', seq: told.ack, ack: 1, data: 'x'.repeat(Math.min(told.window, size)) });
      script.wait(0.3);
      for (const { ack, window } of script.take()) told = { ack, window: window << scale };
    }
    c.receive(new Uint8Array(free - (receiveBuffer / 2 - c.readable)));
    script.inject({ flags: 'A', seq: told.ack - 1, ack: 1 });
    return script.take().at(-1)!.window << scale;
  }

  test('opens when a segment of the peer has room, and a sixteenth of the buffer is free (RFC 9293 section 3.8.6.2.2)', () => {
    expect([openedBy(8192, 1460, 1459), openedBy(8192, 1460, 1460)]).toEqual([0, 1460]);
    expect([openedBy(65_536, 1000, 2047), openedBy(65_536, 1000, 2048)]).toEqual([0, 2000]);
    const jumbo = { mss: 8960, scale: 0 };
    expect([openedBy(131_072, 8960, 8958, jumbo), openedBy(131_072, 8960, 8960, jumbo)]).toEqual([0, 8960]);
  });

  test('that has opened is told when it has doubled', () => {
    const script = new Script();
    const c = script.accepted({}, buffer);
    script.inject({ flags: 'A', seq: 1, ack: 1, data: 'x'.repeat(4096 - 1460) });
    script.wait(1);
    expect(script.take().at(-1)?.window).toBe(1460);
    c.receive(new Uint8Array(400));
    expect(script.take()).toEqual([]);
    c.receive(new Uint8Array(1100));
    expect(script.take()).toMatchObject([{ reason: 'tcp.window-update' }]);
  });

  test('a thousand tiny segments do not pin a thousand frames', () => {
    const script = new Script();
    const c = script.accepted();
    for (let i = 0; i < 1000; i++) script.inject({ flags: 'A', seq: 1 + i, ack: 1, data: 'x' });
    expect(c.readable).toBe(1000);
    // A short frame has room for a hundred or so.
    expect(1000 - script.tcp.counters.ext.TCPRcvCoalesce).toBeLessThanOrEqual(10);
  });

  test('grows with what the program reads in a round trip', () => {
    const script = new Script();
    const c = script.accepted({ scale: 7 });
    let seq = 1;
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 40; i++) {
        script.inject({ flags: 'A', seq, ack: 1, data: 'x'.repeat(1460) });
        seq += 1460;
      }
      readAll(c);
      script.wait(0.01);
    }
    expect(c.receiveBuffer).toBeGreaterThan(131_072);
    const before = c.receiveBuffer;
    expect(before).toBeLessThanOrEqual(6_291_456);
  });
});
