import { describe, expect, test } from 'vitest';
import { accept, Pair, readAll, text } from '../../../../test/tcp-pair.ts';
import { Script, type Scripted } from '../../../../test/tcp-script.ts';

const ALWAYS = { 'net.ipv4.tcp_syncookies': 2 };
const SYN: Scripted = { flags: 'S', mss: 1460 };

describe('a listener whose queue of half-open connections is full', () => {
  test('answers further SYNs by cookies: a flood costs no memory and keeps nobody out', () => {
    const script = new Script();
    const listener = script.listen(16);
    const flood = (count: number): void => {
      for (let i = 0; i < count; i++) {
        script.peerPort = 2000 + (i % 60_000);
        script.inject(SYN);
        script.take();
      }
    };
    flood(100_000);
    expect([...script.tcp.entries()].length).toBe(1 + 17);
    const { ext } = script.tcp.counters;
    expect(ext.SyncookiesSent).toBe(ext.TCPReqQFullDoCookies);
    expect(ext.SyncookiesSent).toBeGreaterThan(99_000);
    script.peerPort = 1999;
    script.inject(SYN);
    expect(script.lines()).toEqual(['SA 0 1 0 tcp.syn-cookie']);
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(listener.accept()?.remote.port).toBe(1999);
    expect(ext).toMatchObject({ SyncookiesRecv: 1, SyncookiesFailed: 0, ListenDrops: 0 });
  });

  test('sends no cookie a second time: nobody knows of it', () => {
    const script = new Script(ALWAYS);
    script.listen();
    script.inject(SYN);
    script.wait(100);
    expect(script.lines()).toEqual(['SA 0 1 0 tcp.syn-cookie']);
    expect([...script.tcp.entries()].map((e) => e.state)).toEqual(['LISTEN']);
  });

  test('gives no cookies with net.ipv4.tcp_syncookies 0, and takes none', () => {
    const script = new Script(ALWAYS);
    script.listen(0);
    script.inject(SYN);
    script.sysctl.set('net.ipv4.tcp_syncookies', 0);
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(script.take().map((s) => s.reason)).toEqual(['tcp.syn-cookie', 'tcp.reset-bad-ack']);
  });

  test('takes data with a SYN no sooner than else: a cookie remembers none', () => {
    const script = new Script({ ...ALWAYS, 'net.ipv4.tcp_fastopen': 0x602 });
    script.listen();
    script.inject({ ...SYN, data: 'early' });
    expect(script.lines()).toEqual(['SA 0 1 0 tcp.syn-cookie']);
  });
});

describe('an acknowledgment that brings a cookie', () => {
  test('opens the connection, and its data is read', () => {
    const script = new Script(ALWAYS);
    const listener = script.listen();
    script.inject(SYN);
    script.inject({ flags: 'A', seq: 1, ack: 1, data: 'hello' });
    const connection = accept(listener);
    expect(readAll(connection)).toBe('hello');
    expect(script.tcp.counters.tcp).toMatchObject({ PassiveOpens: 1, CurrEstab: 1 });
  });

  test('is refused by RST when it is forged; its reason is named', () => {
    const script = new Script(ALWAYS);
    script.listen();
    script.inject(SYN);
    script.take();
    for (const forged of [{ ack: 2 }, { seq: 20 }, { ack: 1 + (3 << 24) }]) {
      script.inject({ flags: 'A', seq: 1, ack: 1, ...forged });
    }
    expect(script.take().map((s) => [s.flags, s.reason])).toEqual(
      Array.from({ length: 3 }, () => ['R', 'tcp.reset-bad-cookie']),
    );
    expect(script.tracer.drops.get('tcp.bad-cookie')).toBe(3);
    expect(script.tcp.counters.ext).toMatchObject({ SyncookiesRecv: 0, SyncookiesFailed: 3 });
  });

  test('is refused after two minutes', () => {
    const script = new Script(ALWAYS);
    const listener = script.listen();
    script.inject(SYN);
    script.wait(119);
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(listener.ready).toBe(1);
    script.peerPort++;
    script.inject(SYN);
    script.take();
    script.wait(121);
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(script.take().map((s) => s.flags)).toEqual(['R']);
    expect(listener.ready).toBe(1);
  });

  test('is dropped while the queue of accept is full', () => {
    const script = new Script(ALWAYS);
    const listener = script.listen(0);
    script.inject(SYN);
    const first = script.iss;
    script.peerPort++;
    script.inject(SYN);
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    script.take();
    script.peerPort--;
    script.iss = first;
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(script.take()).toEqual([]);
    expect(script.tracer.drops.get('tcp.backlog-full')).toBe(1);
    listener.accept();
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(listener.ready).toBe(1);
  });

  test('is refused when what it agreed to is no longer allowed', () => {
    for (const name of [
      'net.ipv4.tcp_timestamps',
      'net.ipv4.tcp_sack',
      'net.ipv4.tcp_window_scaling',
    ] as const) {
      const script = new Script(ALWAYS);
      script.listen();
      script.inject({ ...SYN, ts: [1000, 0], sack: true, scale: 7 });
      const [synAck] = script.take();
      script.sysctl.set(name, 0);
      script.inject({ flags: 'A', seq: 1, ack: 1, ts: [1001, synAck?.ts[0] ?? 0] });
      expect(script.take().map((s) => s.flags)).toEqual(['R']);
    }
  });
});

test('two stacks talk to each other over a cookie as over any connection', () => {
  const pair = new Pair({ delay: 1_000_000 });
  pair.b.network.sysctl.set('net.ipv4.tcp_syncookies', 2);
  const { client, server } = pair.established();
  expect(server.info()).toMatchObject({ sack: true, timestamps: true, scaling: { send: 7, receive: 7 } });
  const long = 'to and fro '.repeat(1000);
  client.send(text(long), 0);
  pair.wait(1);
  expect(readAll(server)).toBe(long);
  server.send(text('back'), 0);
  pair.wait(1);
  expect(readAll(client)).toBe('back');
  client.close();
  server.close();
  pair.wait(120);
  expect([client.state, server.state]).toEqual(['CLOSED', 'CLOSED']);
});
