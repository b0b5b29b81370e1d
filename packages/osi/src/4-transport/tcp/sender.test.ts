import { describe, expect, test } from 'vitest';
import { App, Pair, readAll, segments, text } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';
import { parseIpv4 } from '../../3-network/index.ts';
import { ERRNO } from '../../trace/index.ts';

describe("Nagle's rule", () => {
  test('a small segment waits while an earlier small one is unacknowledged', () => {
    const script = new Script();
    const c = script.accepted();
    for (const word of ['a', 'b', 'c']) c.send(text(word), 0);
    expect(script.take().map((s) => s.data)).toEqual(['a']);
    script.inject({ flags: 'A', seq: 1, ack: 2 });
    expect(script.take().map((s) => s.data)).toEqual(['bc']);
  });

  test('a small segment behind full ones goes at once (Minshall)', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(new Uint8Array(1460 + 10), 0);
    expect(script.take().map((s) => s.data.length)).toEqual([1460, 10]);
    c.send(new Uint8Array(10), 0);
    expect(script.take()).toEqual([]);
  });

  test('TCP_NODELAY sends each write at once, and switching it on sends what waits', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(text('a'), 0);
    c.send(text('b'), 0);
    expect(script.take().map((s) => s.data)).toEqual(['a']);
    c.options = { ...c.options, noDelay: true };
    c.optionsChanged();
    expect(script.take().map((s) => s.data)).toEqual(['b']);
    c.send(text('c'), 0);
    expect(script.take().map((s) => s.data)).toEqual(['c']);
  });

  test('FIN lets the last small segment go', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(text('a'), 0);
    c.send(text('b'), 0);
    c.shutdown();
    expect(script.take().map((s) => [s.data, s.flags])).toEqual([
      ['a', 'PA'],
      ['b', 'FPA'],
    ]);
  });

  test('with delayed acknowledgments, write-write-read costs 40 ms: the classic stall', () => {
    const pair = new Pair({ delay: 100_000 });
    const { client, server } = pair.established();
    const ask = (): number => {
      const start = pair.sim.now;
      let answered = 0;
      server.app.onReadable = () => {
        if (server.readable === 2) {
          readAll(server);
          server.send(text('!'), 0);
        }
      };
      client.app.onReadable = () => {
        readAll(client);
        answered = pair.sim.now - start;
      };
      client.send(text('a'), 0);
      client.send(text('b'), 0);
      pair.wait(1);
      return answered;
    };
    ask();
    expect(Math.round(ask() / 1e6)).toBe(40);
    client.options = { ...client.options, noDelay: true };
    expect(ask()).toBeLessThan(1e6);
  });
});

describe('flow control', () => {
  test('no more is in flight than the window allows', () => {
    const script = new Script();
    const c = script.accepted({ window: 4000 });
    c.send(new Uint8Array(10_000), 0);
    expect(script.take().map((s) => s.data.length)).toEqual([1460, 1460]);
    script.inject({ flags: 'A', seq: 1, ack: 1461, window: 4000 });
    expect(script.take().map((s) => s.data.length)).toEqual([1460]);
  });

  test('a peer with a small buffer gets segments of half of it, not tiny ones', () => {
    const script = new Script();
    const listener = script.listen();
    script.inject({ flags: 'S', mss: 1460, window: 1000 });
    script.inject({ flags: 'A', seq: 1, ack: 1, window: 1000 });
    const c = listener.accept()!;
    script.take();
    c.send(new Uint8Array(3000), 0);
    expect(script.take().map((s) => s.data.length)).toEqual([500, 500]);
  });

  test('the peer scales its window as it said in its SYN', () => {
    const script = new Script();
    const c = script.accepted({ scale: 4, window: 200 }, { sendBuffer: 1_000_000, sendBufferLocked: true });
    c.send(new Uint8Array(10_000), 0);
    expect(script.take().map((s) => s.data.length)).toEqual([1460, 1460]);
  });

  test('a closed window is probed after the RTO, at doubled intervals, as long as the peer answers', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'A', seq: 1, ack: 1, window: 0 });
    c.send(text('hello'), 0);
    const start = script.sim.now;
    expect(script.take()).toEqual([]);
    const times: number[] = [];
    for (let i = 0; i < 40_000; i++) {
      script.wait(0.01);
      for (const s of script.take()) {
        expect(s).toMatchObject({ flags: 'A', seq: 0, reason: 'tcp.zero-window-probe' });
        expect(s.data).toBe('');
        times.push(Math.round((s.time - start) / 1e8) / 10);
        script.inject({ flags: 'A', seq: 1, ack: 1, window: 0 });
      }
    }
    expect(times[0]).toBe(0.2);
    const gaps = times.slice(1).map((t, i) => t - (times[i] ?? 0));
    for (let i = 1; i < gaps.length; i++) expect(gaps[i]! / gaps[i - 1]!).toBeCloseTo(i < 9 ? 2 : 1, 0);
    expect(times.length).toBeGreaterThan(5);
    expect(c.state).toBe('ESTABLISHED');
    script.inject({ flags: 'A', seq: 1, ack: 1, window: 1000 });
    expect(script.take()).toMatchObject([{ data: 'hello', seq: 1 }]);
  });

  test('a closed window is probed for ever when the peer answers', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'A', seq: 1, ack: 1, window: 0 });
    c.send(text('hello'), 0);
    for (let i = 0; i < 50; i++) {
      script.wait(130);
      script.inject({ flags: 'A', seq: 1, ack: 1, window: 0 });
    }
    expect(c.state).toBe('ESTABLISHED');
    expect(script.take().length).toBeGreaterThan(40);
  });

  test('a closed window that nobody answers for is given up with ETIMEDOUT', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'A', seq: 1, ack: 1, window: 0 });
    c.send(text('hello'), 0);
    script.wait(3000);
    expect(c.app.errno).toBe(ERRNO.ETIMEDOUT);
    expect(script.take().length).toBe(15);
  });

  test('a window with room for a part only is filled by the probe', () => {
    const script = new Script();
    const c = script.accepted({ window: 3 });
    c.send(text('hello'), 0);
    expect(script.take()).toEqual([]);
    script.wait(0.3);
    expect(script.take()).toMatchObject([{ data: 'hel', reason: 'tcp.zero-window-probe' }]);
  });

  test('the send buffer takes whole chunks while it has room for another, and says when a third of it is free', () => {
    const script = new Script();
    const c = script.accepted({}, { sendBuffer: 60_000, sendBufferLocked: true });
    let told = 0;
    c.app.onWritable = () => told++;
    // Half of the peer's window is 32767 bytes: 22 segments of 1460 bytes. Ten go at once, and their place is filled
    // again; the second chunk goes beyond the buffer.
    expect(c.send(new Uint8Array(200_000), 0)).toBe((10 + 22 + 22) * 1460);
    expect(c.send(new Uint8Array(1), 0)).toBe(0);
    expect(c.writable).toBe(false);
    script.inject({ flags: 'A', seq: 1, ack: 1 + 14_600 });
    expect(told).toBe(0);
    script.inject({ flags: 'A', seq: 1, ack: 1 + 14_600 + 20 * 1460 });
    expect(told).toBe(1);
    expect(c.writable).toBe(true);
  });
});

test('segments fit what the peer announced, less the timestamps and SACK blocks that they bear', () => {
  const script = new Script();
  const c = script.accepted({ mss: 1000, ts: [1, 0], sack: true });
  c.send(new Uint8Array(20_000), 0);
  expect(script.take()[0]?.data.length).toBe(988);
  script.inject({ flags: 'A', seq: 5, ack: 1 + 988, data: 'early', ts: [2, 0] });
  expect(script.take().find((s) => s.data !== '')?.data.length).toBe(976);
});

test('each data segment names the system calls that wrote its bytes, a retransmission too', () => {
  const script = new Script();
  const c = script.accepted();
  c.send(text('aaa'), 101);
  c.send(text('bbb'), 102);
  c.send(text('ccc'), 103);
  expect(script.take().map((s) => s.origins)).toEqual([[101]]);
  script.inject({ flags: 'A', seq: 1, ack: 4 });
  expect(script.take().map((s) => s.origins)).toEqual([[102, 103]]);
  script.wait(0.3);
  expect(script.take().map((s) => [s.reason, s.origins])).toEqual([['tcp.rto', [102, 103]]]);
});

test('PSH marks the segment that empties the send buffer', () => {
  const pair = new Pair({ delay: 1000 });
  const { client } = pair.established();
  client.send(new Uint8Array(4000), 0);
  pair.wait(0.001);
  client.send(new Uint8Array(100), 0);
  pair.wait(0.001);
  const data = segments(pair).filter((s) => s.length > 0);
  expect(data.map((s) => s.flags)).toEqual(['A', 'A', 'PA', 'PA']);
});

describe('keepalive', () => {
  test('asks an idle peer after TCP_KEEPIDLE, every TCP_KEEPINTVL, and resets after TCP_KEEPCNT without answer', () => {
    const script = new Script();
    const c = script.accepted({}, { keepAlive: true, keepIdle: 10e9, keepInterval: 2e9, keepCount: 3 });
    const start = script.sim.now;
    script.wait(60);
    expect(script.take().map((s) => [Math.round((s.time - start) / 1e9), s.flags, s.seq, s.reason])).toEqual([
      [10, 'A', 0, 'tcp.keepalive'],
      [12, 'A', 0, 'tcp.keepalive'],
      [14, 'A', 0, 'tcp.keepalive'],
      [16, 'RA', 1, 'tcp.reset-keepalive'],
    ]);
    expect(c.app.errno).toBe(ERRNO.ETIMEDOUT);
  });

  test('is off until the program asks for it', () => {
    const script = new Script();
    script.accepted();
    script.wait(20_000);
    expect(script.take()).toEqual([]);
  });

  test('counts from when the peer was last heard, and does not ask while something is unacknowledged', () => {
    const script = new Script();
    const c = script.accepted({}, { keepAlive: true, keepIdle: 10e9, keepInterval: 2e9, keepCount: 3 });
    const asked = (): number => script.take().filter((s) => s.reason === 'tcp.keepalive').length;
    script.wait(6);
    c.send(text('a'), 0);
    script.inject({ flags: 'A', seq: 1, ack: 2 });
    script.wait(9);
    expect(asked()).toBe(0);
    script.wait(2);
    expect(asked()).toBe(1);
    script.inject({ flags: 'A', seq: 1, ack: 2 });
    c.send(text('b'), 0);
    script.wait(50);
    expect(asked()).toBe(0);
  });

  test('goes on as long as the peer answers', () => {
    const pair = new Pair({ delay: 1_000_000 });
    const { client, server } = pair.established(80, {
      keepAlive: true,
      keepIdle: 10e9,
      keepInterval: 2e9,
      keepCount: 3,
    });
    pair.wait(100);
    expect([client.state, server.state]).toEqual(['ESTABLISHED', 'ESTABLISHED']);
    expect(pair.a.tcp.counters.ext.TCPKeepAlive).toBeGreaterThan(7);
  });

  test('can be switched on later, and off again', () => {
    const script = new Script();
    const c = script.accepted();
    Object.assign(c.options, { keepAlive: true, keepIdle: 5e9 });
    c.optionsChanged();
    script.wait(6);
    expect(script.take()).toMatchObject([{ reason: 'tcp.keepalive' }]);
    Object.assign(c.options, { keepAlive: false });
    c.optionsChanged();
    script.wait(1000);
    expect(script.take()).toEqual([]);
  });

  test('asks nothing while a connection only waits for data to go with its SYN (TCP_FASTOPEN_CONNECT)', () => {
    const script = new Script();
    const options = { ...script.tcp.defaultOptions(), keepAlive: true, keepIdle: 5e9 };
    const c = script.tcp.connect(
      null,
      { address: parseIpv4('192.0.2.2')!, port: 80 },
      options,
      new App(),
      true,
    );
    if (typeof c === 'number') throw new Error('connect');
    c.optionsChanged();
    script.wait(100);
    expect(script.take()).toEqual([]);
  });
});
