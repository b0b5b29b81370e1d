import { describe, expect, test } from 'vitest';
import { accept, Pair, readAll, segments, text } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';
import { ERRNO } from '../../trace/index.ts';

describe('a listener', () => {
  test('hands connections out in the order in which their handshakes were done', () => {
    const pair = new Pair({ delay: 1000 });
    const listener = pair.listen(80);
    const clients = [pair.connect(80), pair.connect(80), pair.connect(80)];
    pair.wait(1);
    expect(listener.ready).toBe(3);
    expect(clients.map(() => listener.accept()?.remote.port)).toEqual(clients.map((c) => c.local.port));
    expect(listener.accept()).toBe(null);
  });

  test('lets one more than its backlog wait; the next SYN is dropped and comes again', () => {
    const pair = new Pair({ delay: 1000 });
    const listener = pair.listen(80, 1);
    const clients = [pair.connect(80)];
    pair.wait(0.1);
    clients.push(pair.connect(80));
    pair.wait(0.1);
    clients.push(pair.connect(80));
    pair.wait(0.1);
    expect(listener.ready).toBe(2);
    expect(clients.map((c) => c.state)).toEqual(['ESTABLISHED', 'ESTABLISHED', 'SYN_SENT']);
    expect(pair.b.tracer.drops.get('tcp.backlog-full')).toBe(1);
    expect(pair.b.tcp.counters.ext).toMatchObject({ ListenOverflows: 1, ListenDrops: 1 });
    listener.accept();
    pair.wait(2);
    expect(clients.map((c) => c.state)).toEqual(['ESTABLISHED', 'ESTABLISHED', 'ESTABLISHED']);
  });

  test('ignores the last acknowledgment of a handshake while its queue is full; SYN+ACK comes again and it is let in', () => {
    const script = new Script({ 'net.ipv4.tcp_syncookies': 0 });
    const listener = script.listen(0);
    script.inject({ flags: 'S', mss: 1460 });
    const first = script.iss;
    script.peerPort = 5001;
    script.inject({ flags: 'S', mss: 1460 });
    expect(script.take().length).toBe(1);
    listener.backlog = 2;
    script.inject({ flags: 'S', mss: 1460 });
    const second = script.iss;
    listener.backlog = 0;
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(listener.ready).toBe(1);
    script.peerPort = 5000;
    script.iss = first;
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(listener.ready).toBe(1);
    expect([...script.tcp.entries()].map((e) => e.state)).toEqual(['LISTEN', 'SYN_RECV', 'ESTABLISHED']);
    script.take();
    expect(listener.accept()).not.toBe(null);
    script.wait(1.1);
    expect(script.take().map((s) => [s.flags, s.reason])).toEqual([['SA', 'tcp.rto']]);
    script.iss = first;
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(listener.ready).toBe(1);
    expect(second).not.toBe(first);
  });

  test('SYN+ACK is sent again five times, then the half-open connection is forgotten', () => {
    const script = new Script();
    script.listen();
    script.inject({ flags: 'S', mss: 1460 });
    script.wait(100);
    expect(script.take().map((s) => s.time / 1e9)).toEqual([0, 1, 3, 7, 15, 31]);
    expect([...script.tcp.entries()].map((e) => e.state)).toEqual(['LISTEN']);
  });

  test('a second SYN of the same peer is answered again', () => {
    const script = new Script();
    script.listen();
    script.inject({ flags: 'S', mss: 1460 });
    script.inject({ flags: 'S', mss: 1460 });
    expect(script.take().map((s) => s.flags)).toEqual(['SA', 'SA']);
  });

  test('limits its half-open connections too: one more than its backlog, as Linux 6.18', () => {
    const script = new Script({ 'net.ipv4.tcp_syncookies': 0 });
    script.listen(4);
    for (let i = 0; i < 10; i++) {
      script.peerPort = 6000 + i;
      script.inject({ flags: 'S', mss: 1460 });
    }
    expect(script.take().length).toBe(5);
    expect(script.tracer.drops.get('tcp.syn-queue-full')).toBe(5);
    expect(script.tcp.counters.ext).toMatchObject({ TCPReqQFullDrop: 5, ListenDrops: 5 });
  });

  test('without cookies the last quarter of tcp_max_syn_backlog is not for strangers', () => {
    const script = new Script({ 'net.ipv4.tcp_syncookies': 0, 'net.ipv4.tcp_max_syn_backlog': 16 });
    script.listen(100);
    for (let i = 0; i < 50; i++) {
      script.peerPort = 6000 + i;
      script.inject({ flags: 'S', mss: 1460 });
    }
    expect(script.take().length).toBe(13);
    expect(script.tcp.counters.ext).toMatchObject({ TCPReqQFullDrop: 0, ListenDrops: 37 });
  });

  test('answers an acknowledgment of nothing by RST', () => {
    const script = new Script();
    script.listen();
    script.inject({ flags: 'A', seq: 1, ack: 33 });
    expect(script.lines()).toEqual(['R 33 0 0 tcp.reset-bad-ack']);
  });

  test('a peer that takes its call back is forgotten, and another may call', () => {
    const script = new Script({ 'net.ipv4.tcp_syncookies': 0 });
    const listener = script.listen(1);
    for (let i = 0; i < 10; i++) {
      script.peerPort++;
      script.inject({ flags: 'S', mss: 1460 });
      script.inject({ flags: 'R', seq: 1 });
    }
    expect(listener.accept()).toBe(null);
    script.inject({ flags: 'S', mss: 1460 });
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(listener.accept()).not.toBe(null);
  });

  test('passes over RST, whatever else is with it, a SYN that is a FIN too, and what has neither SYN nor ACK', () => {
    const script = new Script();
    script.listen();
    for (const flags of ['R', 'RA', 'SR', 'SRA', 'SF', 'F', 'PU', '']) script.inject({ flags, ack: 1 });
    expect(script.take()).toEqual([]);
    expect([...script.tcp.entries()].length).toBe(1);
    expect(script.tracer.drops.get('tcp.reset')).toBe(4);
    expect(script.tracer.drops.get('tcp.not-syn')).toBe(4);
  });

  test('when closed resets what nobody accepted, and refuses what comes', () => {
    const pair = new Pair({ delay: 1000 });
    const listener = pair.listen(80);
    const early = pair.connect(80);
    pair.wait(0.1);
    listener.close();
    const late = pair.connect(80);
    pair.wait(0.1);
    expect(early.app.errno).toBe(ERRNO.ECONNRESET);
    expect(late.app.errno).toBe(ERRNO.ECONNREFUSED);
    expect(segments(pair).some((s) => s.reason === 'tcp.reset-listener-closed')).toBe(true);
  });

  test('what it accepted outlives it', () => {
    const pair = new Pair({ delay: 1000 });
    const { listener, client, server } = pair.established();
    listener.close();
    client.send(text('still here'), 0);
    pair.wait(0.1);
    expect(readAll(server)).toBe('still here');
  });

  test('a connection that its peer has reset can still be accepted', () => {
    const pair = new Pair({ delay: 1000 });
    const listener = pair.listen(80);
    const client = pair.connect(80);
    pair.wait(0.1);
    client.send(text('bye'), 0);
    pair.wait(0.1);
    client.abort();
    pair.wait(0.1);
    const server = accept(listener);
    expect(server.state).toBe('CLOSED');
    expect(readAll(server)).toBe('bye');
  });

  test('with tcp_abort_on_overflow a full queue answers by RST', () => {
    const script = new Script({ 'net.ipv4.tcp_abort_on_overflow': 1 });
    const listener = script.listen(0);
    script.inject({ flags: 'S', mss: 1460 });
    const first = script.iss;
    listener.backlog = 2;
    script.peerPort = 5001;
    script.inject({ flags: 'S', mss: 1460 });
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    listener.backlog = 0;
    script.take();
    script.peerPort = 5000;
    script.iss = first;
    script.inject({ flags: 'A', seq: 1, ack: 1 });
    expect(script.take().map((s) => [s.flags, s.reason])).toEqual([['RA', 'tcp.reset-backlog']]);
  });
});
