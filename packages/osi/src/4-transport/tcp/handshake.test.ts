import { describe, expect, test } from 'vitest';
import { accept, lines, Pair, readAll, segments, text } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';
import { ERRNO } from '../../trace/index.ts';

describe('the three-way handshake', () => {
  test('is SYN, SYN+ACK, ACK', () => {
    const pair = new Pair({ delay: 1_000_000 });
    const { client, server } = pair.established();
    expect(lines(segments(pair))).toEqual([
      'a S 0 0 0 tcp.syn',
      'b SA 0 1 0 tcp.syn-ack',
      'a A 1 1 0 tcp.handshake-ack',
    ]);
    expect([client.state, server.state]).toEqual(['ESTABLISHED', 'ESTABLISHED']);
    expect(client.app.isConnected).toBe(true);
    expect([server.remote, server.local]).toEqual([client.local, client.remote]);
  });

  test('offers what Linux offers: MSS, timestamps, window scale 7, and a window of whole segments', () => {
    const script = new Script();
    script.connect();
    const [syn] = script.take();
    expect(syn).toMatchObject({ flags: 'S', mss: 1460, scale: 7, hasTs: true, window: 64240 });
    expect(syn?.ts[1]).toBe(0);
  });

  test('MSS announces what the path is known to take by then, as in Linux', () => {
    const script = new Script();
    script.mtu = 1000;
    script.connect();
    script.mtu = 600;
    script.wait(1.5);
    expect(script.take().map(({ mss, window }) => [mss, window % 960])).toEqual([
      [960, 0],
      [560, 0],
    ]);
  });

  test('a SYN+ACK offers only what the SYN offered', () => {
    const script = new Script();
    script.listen();
    script.inject({ flags: 'S', mss: 1000 });
    expect(script.take()).toMatchObject([{ flags: 'SA', mss: 1460, scale: -1, hasTs: false, window: 64240 }]);
    script.peerPort++;
    script.inject({ flags: 'S', mss: 1000, scale: 3, ts: [77, 0] });
    const [answer] = script.take();
    expect(answer).toMatchObject({ flags: 'SA', scale: 7, hasTs: true, window: 65160 });
    expect(answer?.ts[1]).toBe(77);
  });

  test('a SYN without answer is sent again after 1 s four times, then after 1, 2, 4 … s; connect fails with ETIMEDOUT at 131 s', () => {
    const script = new Script();
    const c = script.connect();
    script.wait(200);
    const sent = script.take();
    expect(sent.map((s) => s.time / 1e9)).toEqual([0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67]);
    expect(new Set(sent.map((s) => s.seq))).toEqual(new Set([0]));
    expect(c.app.errno).toBe(ERRNO.ETIMEDOUT);
    expect(c.state).toBe('CLOSED');
    const closed = script.record.events.find((e) => e.kind === 'socket-state' && e.to === 'CLOSED');
    expect(closed?.time).toBe(131e9);
  });

  test('a SYN to a port without listener is answered by RST: ECONNREFUSED', () => {
    const pair = new Pair();
    const client = pair.connect(81);
    pair.wait(0.1);
    expect(client.app.errno).toBe(ERRNO.ECONNREFUSED);
    expect(lines(segments(pair))).toEqual(['a S 0 0 0 tcp.syn', 'b RA 0 1 0 tcp.reset-no-socket']);
    expect(pair.b.tracer.drops.get('tcp.no-socket')).toBe(1);
  });

  test('timestamps in SYN+ACK that were not offered are passed over', () => {
    const script = new Script({ 'net.ipv4.tcp_timestamps': 0 });
    const c = script.connect();
    script.take();
    script.inject({ flags: 'SA', seq: 0, ack: 1, mss: 1460, ts: [700, 4711] });
    expect(script.take()).toMatchObject([{ flags: 'A', seq: 1, ack: 1, hasTs: false }]);
    expect(c.state).toBe('ESTABLISHED');
  });

  test('a RST that does not acknowledge our SYN is ignored', () => {
    const script = new Script();
    const c = script.connect();
    script.inject({ flags: 'R', seq: 0 });
    script.inject({ flags: 'RA', seq: 0, ack: 5 });
    expect(c.state).toBe('SYN_SENT');
    script.inject({ flags: 'RA', seq: 0, ack: 1 });
    expect(c.app.errno).toBe(ERRNO.ECONNREFUSED);
  });

  test('a RST to a call that has crossed one of the peer refuses it', () => {
    const script = new Script();
    const c = script.connect();
    script.inject({ flags: 'S', seq: 0, mss: 1460 });
    expect(c.state).toBe('SYN_RECV');
    script.inject({ flags: 'R', seq: 1 });
    expect([c.state, c.app.errno]).toEqual(['CLOSED', ERRNO.ECONNREFUSED]);
  });

  test('an acknowledgment of something else in SYN_SENT is answered by RST', () => {
    const script = new Script();
    const c = script.connect();
    script.take();
    script.inject({ flags: 'SA', seq: 0, ack: 500 });
    expect(script.lines()).toEqual(['R 500 0 0 tcp.reset-bad-ack']);
    expect(c.state).toBe('SYN_SENT');
  });

  test('when both call at once each answers SYN with SYN+ACK, and one connection comes of it', () => {
    const script = new Script();
    const c = script.connect();
    script.take();
    script.inject({ flags: 'S', mss: 1460 });
    expect(c.state).toBe('SYN_RECV');
    expect(script.lines()).toEqual(['SA 0 1 0 tcp.syn-ack']);
    script.inject({ flags: 'SA', seq: 0, ack: 1, mss: 1460 });
    expect(c.state).toBe('ESTABLISHED');
    expect(c.app.isConnected).toBe(true);
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hi' });
    expect(readAll(c)).toBe('hi');
  });

  test('what the SYN of a peer that calls at once seems to echo is passed over (RFC 7323 section 3.2)', () => {
    const script = new Script();
    const c = script.connect();
    const [syn] = script.take();
    script.inject({ flags: 'S', mss: 1460, ts: [700, syn!.ts[0] + 1] });
    expect(script.take()).toMatchObject([{ flags: 'SA', ts: [expect.any(Number), 700] }]);
    expect(c.state).toBe('SYN_RECV');
  });

  test.each([-5, 0, 2])(
    'a call that has crossed one of the peer is answered by RST when %d is acknowledged',
    (ack) => {
      const script = new Script();
      const c = script.connect();
      script.inject({ flags: 'S', mss: 1460 });
      script.take();
      script.inject({ flags: 'A', seq: 1, ack });
      expect(script.lines()).toEqual([`R ${ack} 0 0 tcp.reset-bad-ack`]);
      expect(c.state).toBe('SYN_RECV');
    },
  );

  test('a call that has crossed one of the peer is repeated when its SYN was due, and given up as a call', () => {
    const script = new Script();
    const c = script.connect();
    script.wait(0.6);
    script.take();
    script.inject({ flags: 'S', mss: 1460 });
    script.wait(200);
    expect(script.take().map(({ flags, time }) => [flags, time / 1e9])).toEqual(
      [0.6, 1, 3, 7, 15, 31, 63].map((time) => ['SA', time]),
    );
    expect([c.state, c.app.errno]).toEqual(['CLOSED', ERRNO.ETIMEDOUT]);
  });

  test('two stacks that connect to each other at once share one connection', () => {
    const pair = new Pair({ delay: 1_000_000 });
    const bind = (host: typeof pair.a, port: number) =>
      host.tcp.bind({ address: host.address, port }, { reuseAddress: false, reusePort: false });
    const [x, y] = [bind(pair.a, 1000), bind(pair.b, 2000)];
    if (typeof x === 'number' || typeof y === 'number') throw new Error('bind');
    const options = pair.a.tcp.defaultOptions();
    const user = { connected() {}, readable() {}, writable() {}, failed() {} };
    const warm = pair.connect(1);
    pair.wait(1);
    expect(warm.state).toBe('CLOSED');
    const c = pair.a.tcp.connect(x, { address: pair.b.address, port: 2000 }, options, user);
    const d = pair.b.tcp.connect(y, { address: pair.a.address, port: 1000 }, { ...options }, user);
    if (typeof c === 'number' || typeof d === 'number') throw new Error('connect');
    pair.wait(5);
    expect([c.state, d.state]).toEqual(['ESTABLISHED', 'ESTABLISHED']);
    c.send(text('over'), 0);
    pair.wait(1);
    expect(readAll(d)).toBe('over');
    expect(segments(pair).some((s) => s.flags.includes('R') && s.reason !== 'tcp.reset-no-socket')).toBe(
      false,
    );
  });

  test('a socket can connect to itself', () => {
    const pair = new Pair();
    const binding = pair.a.tcp.bind(
      { address: pair.a.address, port: 4000 },
      { reuseAddress: false, reusePort: false },
    );
    if (typeof binding === 'number') throw new Error('bind');
    const user = { connected() {}, readable() {}, writable() {}, failed() {} };
    const c = pair.a.tcp.connect(
      binding,
      { address: pair.a.address, port: 4000 },
      pair.a.tcp.defaultOptions(),
      user,
    );
    if (typeof c === 'number') throw new Error('connect');
    pair.wait(1);
    expect(c.state).toBe('ESTABLISHED');
    c.send(text('echo'), 0);
    pair.wait(1);
    expect(readAll(c)).toBe('echo');
  });

  test('an ICMP error about the SYN ends the attempt with its errno', () => {
    const script = new Script();
    const c = script.connect();
    script.icmp({ code: 1, errno: ERRNO.EHOSTUNREACH }, 0);
    expect(c.app.errno).toBe(ERRNO.EHOSTUNREACH);
    expect(c.state).toBe('CLOSED');
  });

  test('a machine that does not answer ARP is unreachable: EHOSTUNREACH', () => {
    const pair = new Pair();
    pair.cable.pull();
    pair.cable.plugIn();
    pair.b.network.ip.links.at(-1);
    const c = pair.connect(80, {}, pair.a, {
      ...pair.b,
      address: (pair.b.address + 7) as typeof pair.b.address,
    });
    pair.wait(10);
    expect(c.app.errno).toBe(ERRNO.EHOSTUNREACH);
  });

  test('data that comes with the last acknowledgment of the handshake is delivered', () => {
    const script = new Script();
    const listener = script.listen();
    script.inject({ flags: 'S', mss: 1460 });
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'early' });
    expect(readAll(accept(listener))).toBe('early');
  });

  test('initial sequence numbers and ports are a function of the seed, and not the same twice', () => {
    const opening = (seed: number) => {
      const pair = new Pair({ seed });
      pair.listen(80);
      const one = pair.connect(80);
      const two = pair.connect(80);
      pair.wait(1);
      return pair
        .record!.events.filter((e) => e.kind === 'frame-sent')
        .map((e) =>
          [one.local.port, two.local.port, Buffer.from(pair.record!.bytes(e.id)).toString('hex')].join(),
        );
    };
    expect(opening(3)).toEqual(opening(3));
    expect(opening(3)).not.toEqual(opening(4));
  });
});
