import { describe, expect, test } from 'vitest';
import { readAll, text } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';
import { seconds } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';
import type { TcpOptions } from '../services.ts';

describe('a segment arrives', () => {
  test('with a wrong checksum: it is dropped and counted', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello', damaged: true });
    expect(c.readable).toBe(0);
    expect(script.tracer.drops.get('tcp.checksum')).toBe(1);
    expect(script.tcp.counters.tcp).toMatchObject({ InErrs: 1, InCsumErrors: 1 });
    expect(script.take()).toEqual([]);
  });

  test('that was sent to a broadcast or multicast address: it is dropped without an answer (RFC 9293 MUST-57)', () => {
    const script = new Script();
    script.listen();
    script.inject({ flags: 'S', mss: 1460, broadcast: true });
    script.inject({ flags: 'A', seq: 1, ack: 1, broadcast: true });
    expect(script.take()).toEqual([]);
    expect(script.tracer.drops.get('tcp.broadcast')).toBe(2);
  });

  test('for nobody: RST with the number that it acknowledges, or else an acknowledgment of it', () => {
    const script = new Script();
    script.inject({ flags: 'A', seq: 5, ack: 77 });
    script.inject({ flags: 'S', seq: 0 });
    script.inject({ flags: 'PF', seq: 0, data: 'abc' });
    script.inject({ flags: 'R', seq: 0 });
    const sent = script.take();
    expect(sent.map((s) => [s.flags, s.reason])).toEqual([
      ['R', 'tcp.reset-no-socket'],
      ['RA', 'tcp.reset-no-socket'],
      ['RA', 'tcp.reset-no-socket'],
    ]);
    expect(sent[0]?.seq).toBe(77);
    expect([sent[1]?.ack, sent[2]?.ack]).toEqual([1, 4]);
  });

  test('RST with exactly the next number ends the connection: ECONNRESET', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'R', seq: 1 });
    expect(c.app.errno).toBe(ERRNO.ECONNRESET);
    expect(script.take()).toEqual([]);
  });

  test('from before what has come, but not before what was acknowledged: it is taken', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(text('hello'), 0);
    script.inject({ flags: 'FA', seq: 1, ack: 1 });
    script.inject({ flags: 'A', seq: 1, ack: 6 });
    expect(c.unacknowledged).toBe(0);
    expect(script.take().map(({ reason }) => reason)).toEqual(['tcp.data']);
  });

  test('RST with data, too', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'R', seq: 1, data: 'go away' });
    expect(c.app.errno).toBe(ERRNO.ECONNRESET);
    expect(c.readable).toBe(0);
  });

  test('RST elsewhere in the window is challenged, and outside of it ignored (RFC 5961)', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'R', seq: 100 });
    expect(script.lines()).toEqual(['A 1 1 0 tcp.challenge-ack']);
    script.inject({ flags: 'R', seq: 100_000 });
    script.inject({ flags: 'R', seq: -50 });
    expect(script.take()).toEqual([]);
    expect(c.state).toBe('ESTABLISHED');
    expect(script.tcp.counters.ext.TCPChallengeACK).toBe(1);
  });

  test('challenges are rare: one in half a second', () => {
    const script = new Script();
    script.accepted();
    for (let i = 0; i < 5; i++) script.inject({ flags: 'S', seq: 1 });
    expect(script.lines()).toEqual(['A 1 1 0 tcp.challenge-ack']);
    script.wait(0.6);
    script.inject({ flags: 'S', seq: 1 });
    expect(script.lines()).toEqual(['A 1 1 0 tcp.challenge-ack']);
  });

  test('all of it old: it is answered, and what is there stays', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello' });
    script.take();
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'HELLO' });
    expect(script.lines()).toEqual(['A 1 6 0 tcp.duplicate-ack']);
    expect(readAll(c)).toBe('hello');
  });

  test('partly old: only what is new is taken', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello' });
    script.inject({ flags: 'PA', seq: 4, ack: 1, data: 'LO world' });
    expect(readAll(c)).toBe('hello world');
  });

  test('after a gap: it is kept, what is missing is asked for at once, and delivered when it comes', () => {
    const script = new Script();
    const c = script.accepted();
    script.inject({ flags: 'PA', seq: 6, ack: 1, data: 'world' });
    script.inject({ flags: 'PA', seq: 11, ack: 1, data: '!' });
    expect(script.lines()).toEqual(['A 1 1 0 tcp.out-of-order-ack', 'A 1 1 0 tcp.out-of-order-ack']);
    expect(c.readable).toBe(0);
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'hello' });
    expect(readAll(c)).toBe('helloworld!');
    expect(script.take()[0]).toMatchObject({ ack: 12, flags: 'A', reason: 'tcp.gap-filled-ack' });
  });

  test('with an older timestamp: PAWS drops and answers it (RFC 7323)', () => {
    const script = new Script();
    const c = script.accepted({ ts: [1000, 0], sack: true });
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'new', ts: [2000, 0] });
    script.take();
    script.inject({ flags: 'PA', seq: 2, ack: 1, data: 'old', ts: [1500, 0] });
    expect(readAll(c)).toBe('new');
    expect(script.take()).toMatchObject([{ ack: 4, sacks: [[2, 4]], reason: 'tcp.duplicate-ack' }]);
    expect(script.tracer.drops.get('tcp.paws')).toBe(1);
    expect(script.tcp.counters.ext.PAWSEstab).toBe(1);
  });

  test('an acknowledgment echoes the timestamp of the segment that it is about', () => {
    const script = new Script();
    script.accepted({ ts: [1000, 0] });
    script.inject({ flags: 'PA', seq: 5, ack: 1, data: 'b', ts: [1200, 0] });
    script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'aaaa', ts: [1100, 0] });
    expect(script.take().map((s) => s.ts[1])).toEqual([1000, 1100]);
  });

  test('an acknowledgment of what was never sent is challenged (RFC 9293 section 3.10.7.4)', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(text('abc'), 0);
    script.take();
    script.inject({ flags: 'A', seq: 1, ack: 100 });
    expect(script.lines()).toEqual(['A 4 1 0 tcp.challenge-ack']);
    expect(c.unacknowledged).toBe(3);
  });

  test('a very old acknowledgment is challenged (RFC 5961 section 5.2)', () => {
    const script = new Script();
    script.accepted({ window: 1000 });
    script.inject({ flags: 'A', seq: 1, ack: -2000, window: 1000 });
    expect(script.lines()).toEqual(['A 1 1 0 tcp.challenge-ack']);
    expect(script.tracer.drops.get('tcp.old-ack')).toBe(1);
  });

  test('an acknowledgment may lie one window back, the largest that the peer has offered, and no further', () => {
    const script = new Script();
    const c = script.accepted({ window: 1000 });
    c.send(new Uint8Array(3000), 0);
    for (const ack of [1001, 2001, 3001]) script.inject({ flags: 'A', seq: 1, ack, window: 1000 });
    script.inject({ flags: 'A', seq: 1, ack: 3001, window: 1500 });
    script.take();
    script.inject({ flags: 'A', seq: 1, ack: 1501, window: 1000 });
    expect(script.take()).toEqual([]);
    script.inject({ flags: 'A', seq: 1, ack: 1500, window: 1000 });
    expect(script.lines()).toEqual(['A 3001 1 0 tcp.challenge-ack']);
  });

  test('an ICMP error does not end an established connection, but explains its time-out', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(text('abc'), 0);
    script.icmp({ errno: ERRNO.EHOSTUNREACH, fatal: true }, 1);
    expect(c.state).toBe('ESTABLISHED');
    script.wait(2000);
    expect(c.app.errno).toBe(ERRNO.EHOSTUNREACH);
  });

  test('an ICMP error about nothing that is in flight is ignored', () => {
    const script = new Script();
    const c = script.connect();
    script.icmp({ errno: ERRNO.EHOSTUNREACH }, 5000);
    expect(c.state).toBe('SYN_SENT');
    expect(script.tcp.counters.ext.OutOfWindowIcmps).toBe(1);
  });

  test('what is in flight goes from the first number not acknowledged up to the next one to be sent (RFC 5927 section 4.1)', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(new Uint8Array(20), 0);
    script.inject({ flags: 'A', seq: 1, ack: 11 });
    const ignored = [10, 11, 21, 22].map((seq) => {
      const before = script.tcp.counters.ext.OutOfWindowIcmps;
      script.icmp({ errno: ERRNO.EHOSTUNREACH }, seq);
      return script.tcp.counters.ext.OutOfWindowIcmps > before;
    });
    expect(ignored).toEqual([true, false, false, true]);
  });

  test('an ICMP error about a SYN+ACK: a peer that is not there is forgotten (as Linux)', () => {
    const script = new Script();
    script.listen();
    script.inject({ flags: 'S', mss: 1460 });
    const states = (): string[] => [...script.tcp.entries()].map(({ state }) => state);
    script.icmp({ errno: ERRNO.ECONNREFUSED }, 0);
    expect(states()).toEqual(['LISTEN', 'SYN_RECV']);
    script.icmp({ errno: ERRNO.EHOSTUNREACH }, 0);
    expect(states()).toEqual(['LISTEN']);
  });

  test('an ICMP error about the SYN+ACK of Fast Open counts, though what it announces is in flight already', () => {
    const script = new Script({ 'net.ipv4.tcp_fastopen': 3 });
    script.listen(8, { fastOpen: { queue: 1, key: null, withoutCookie: true, onConnect: false } });
    script.inject({ flags: 'S', mss: 1460, data: 'hello' });
    const states = (): string[] => [...script.tcp.entries()].map(({ state }) => state);
    script.icmp({ errno: ERRNO.EHOSTUNREACH }, -1);
    expect(states()).toEqual(['LISTEN', 'SYN_RECV']);
    script.icmp({ errno: ERRNO.EHOSTUNREACH }, 0);
    expect(states()).toEqual(['LISTEN']);
  });

  test('fragmentation needed: smaller segments from now on, and what was in flight is sent again in such', () => {
    const script = new Script();
    const c = script.accepted();
    c.send(new Uint8Array(3000), 0);
    expect(script.take().map((s) => s.data.length)).toEqual([1460, 1460, 80]);
    script.mtu = 1000;
    script.icmp({ code: 4, errno: ERRNO.EMSGSIZE, mtu: 1000 }, 1);
    const again = script.take();
    expect(again[0]).toMatchObject({ seq: 1, reason: 'tcp.path-mtu' });
    expect(again.every((s) => s.data.length <= 960)).toBe(true);
    expect(again.reduce((sum, s) => sum + s.data.length, 0)).toBe(3000);
    expect(c.info().sendMss).toBe(960);
  });

  test('a path MTU that became smaller unnoticed is found at the next time-out', () => {
    const script = new Script();
    const c = script.accepted();
    script.mtu = 576;
    c.send(new Uint8Array(1460), 0);
    script.take();
    script.wait(0.25);
    expect(script.take()).toMatchObject([{ seq: 1, reason: 'tcp.rto' }]);
    expect(c.info().sendMss).toBe(536);
  });

  test('garbage of any kind is survived', () => {
    const script = new Script();
    const c = script.accepted();
    for (const flags of ['', 'F', 'U', 'SF', 'SR', 'FSRPAU', 'P', 'SA'])
      script.inject({ flags, seq: 1, data: 'x' });
    expect(['ESTABLISHED', 'CLOSED']).toContain(c.state);
  });
});

describe('a connection that Fast Open has opened before its handshake is done', () => {
  /** Our numbers are at 1, the peer's at 6. */
  function early(options: Partial<TcpOptions> = {}) {
    const script = new Script({ 'net.ipv4.tcp_fastopen': 3 });
    const fastOpen = { queue: 1, key: null, withoutCookie: true, onConnect: false };
    const listener = script.listen(8, { fastOpen, ...options });
    script.inject({ flags: 'S', mss: 1460, data: 'hello' });
    const c = listener.accept()!;
    script.take();
    expect([c.state, readAll(c)]).toEqual(['SYN_RECV', 'hello']);
    return { script, c };
  }

  test('is established by the acknowledgment of our SYN, whose window counts from now on', () => {
    const { script, c } = early();
    script.wait(0.5);
    script.inject({ flags: 'A', seq: 6, ack: 1, window: 1460 });
    expect([c.state, c.info().sinceHeard]).toEqual(['ESTABLISHED', 0]);
    script.take();
    c.send(new Uint8Array(5000), 0);
    expect(script.take().map(({ data }) => data.length)).toEqual([1460]);
  });

  test.each([0, 2])('answers an acknowledgment of %i, which is not our SYN, by RST', (ack) => {
    const { script, c } = early();
    script.inject({ flags: 'A', seq: 6, ack });
    expect([c.state, script.take().map(({ reason }) => reason)]).toEqual(['SYN_RECV', ['tcp.reset-bad-ack']]);
  });

  test('that its program has shut down sends FIN then, one that it has closed has sent it before', () => {
    const shut = early();
    shut.c.shutdown();
    expect([shut.c.state, shut.script.take()]).toEqual(['SYN_RECV', []]);
    const closed = early();
    closed.c.close();
    expect([closed.c.state, closed.script.take().map(({ flags }) => flags)]).toEqual(['FIN_WAIT1', ['FA']]);
    for (const { script, c } of [shut, closed]) {
      script.inject({ flags: 'A', seq: 6, ack: 1 });
      expect(c.state).toBe('FIN_WAIT1');
      script.inject({ flags: 'A', seq: 6, ack: 2 });
      expect(c.state).toBe('FIN_WAIT2');
    }
  });

  test('asks an idle peer only from then on', () => {
    const { script } = early({ keepAlive: true, keepIdle: seconds(2) });
    script.wait(0.1);
    script.inject({ flags: 'A', seq: 6, ack: 1 });
    script.take();
    script.wait(2.1);
    expect(script.take().map(({ reason }) => reason)).toEqual(['tcp.keepalive']);
  });
});
