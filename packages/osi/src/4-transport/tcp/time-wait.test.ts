import { describe, expect, test } from 'vitest';
import { listedState, readAll } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';

/** A connection in TIME_WAIT; our numbers are at 2, the peer's at 2. */
function waiting(ts?: readonly [number, number]) {
  const script = new Script();
  const c = script.accepted(ts ? { ts } : {});
  c.close();
  script.inject({ flags: 'FA', seq: 1, ack: 2, ...(ts ? { ts } : {}) });
  const state = () => listedState(script, c);
  expect(state()).toBe('TIME_WAIT');
  script.take();
  return { script, c, state };
}

describe('TIME_WAIT', () => {
  test('is for no more connections than net.ipv4.tcp_max_tw_buckets: another one ends at once', () => {
    const script = new Script({ 'net.ipv4.tcp_max_tw_buckets': 2 });
    const listener = script.listen();
    const close = (peerPort: number): string => {
      script.peerPort = peerPort;
      script.inject({ flags: 'S', mss: 1460 });
      script.inject({ flags: 'A', seq: 1, ack: 1 });
      const c = listener.accept()!;
      c.close();
      script.inject({ flags: 'FA', seq: 1, ack: 2 });
      return listedState(script, c);
    };
    expect([5000, 5001, 5002].map(close)).toEqual(['TIME_WAIT', 'TIME_WAIT', 'CLOSED']);
    expect(script.tcp.counters.ext).toMatchObject({ TW: 2, TCPTimeWaitOverflow: 1 });
    script.wait(61);
    expect(close(5003)).toBe('TIME_WAIT');
  });

  test('acknowledges a FIN that comes again, and begins its minute anew', () => {
    const { script, state } = waiting();
    script.wait(30);
    script.inject({ flags: 'FA', seq: 1, ack: 2 });
    expect(script.lines()).toEqual(['A 2 2 0 tcp.time-wait-ack']);
    script.wait(59);
    expect(state()).toBe('TIME_WAIT');
    script.wait(2);
    expect(state()).toBe('CLOSED');
  });

  test('answers in the class of its connection, and without its IP options: those answer the packet', () => {
    const script = new Script();
    const headerOptions = Uint8Array.of(148, 4, 0, 0);
    const c = script.accepted();
    Object.assign(c.options, { ip: { headerOptions, tos: 8 } });
    c.close();
    expect(script.take()).toMatchObject([{ flags: 'FA', tos: 8, ipOptions: [...headerOptions] }]);
    script.inject({ flags: 'FA', seq: 1, ack: 2 });
    script.take();
    script.inject({ flags: 'FA', seq: 1, ack: 2 });
    expect(script.take()).toMatchObject([{ reason: 'tcp.time-wait-ack', tos: 8, ipOptions: [] }]);
  });

  test('a SYN with a higher sequence number opens a new connection at once', () => {
    const { script, state } = waiting();
    const before = script.iss;
    script.inject({ flags: 'S', seq: 1000, mss: 1460 });
    expect(state()).toBe('CLOSED');
    expect(script.take()).toMatchObject([{ flags: 'SA', reason: 'tcp.syn-ack', ack: 1001 }]);
    expect((script.iss - before) | 0).toBe(2 + 65537);
    expect(script.tcp.counters.ext.TWRecycled).toBe(1);
  });

  test('a SYN with an older number is answered by an acknowledgment, unless its timestamp is newer', () => {
    const { script, state } = waiting([1000, 0]);
    script.inject({ flags: 'S', seq: -5000, ts: [1000, 0] });
    expect(state()).toBe('TIME_WAIT');
    expect(script.lines()).toEqual(['A 2 2 0 tcp.time-wait-ack']);
    script.inject({ flags: 'S', seq: -5000, ts: [1001, 0] });
    expect(state()).toBe('CLOSED');
    expect(script.lines()).toEqual(['SA 0 -4999 0 tcp.syn-ack']);
  });

  test('an older timestamp makes a SYN an old one whatever its number; the same, or none, leaves it to the number', () => {
    const answered = (ts: { ts?: readonly [number, number] }) => {
      const { script, state } = waiting([1000, 0]);
      script.inject({ flags: 'S', seq: 5000, ...ts });
      return [state(), script.take()[0]?.reason];
    };
    expect(answered({ ts: [999, 0] })).toEqual(['TIME_WAIT', 'tcp.time-wait-ack']);
    expect(answered({ ts: [1000, 0] })).toEqual(['CLOSED', 'tcp.syn-ack']);
    expect(answered({})).toEqual(['CLOSED', 'tcp.syn-ack']);
  });

  test('where the connection had no timestamps those of a SYN say nothing (as Linux)', () => {
    const { script, state } = waiting();
    script.inject({ flags: 'S', seq: -5000, ts: [1000, 0] });
    expect([state(), script.take()[0]?.reason]).toEqual(['TIME_WAIT', 'tcp.time-wait-ack']);
  });

  test('a SYN without a timestamp is none that is newer', () => {
    const { script, state } = waiting([0x9000_0000, 0]);
    script.inject({ flags: 'S', seq: -5000 });
    expect(state()).toBe('TIME_WAIT');
  });

  test('what is refused by its timestamp begins the minute anew, an old SYN without one does not', () => {
    const after = (ts: { ts?: readonly [number, number] }) => {
      const { script, state } = waiting([1000, 0]);
      script.wait(30);
      script.inject({ flags: 'S', seq: -5000, ...ts });
      script.wait(59);
      return [state(), script.tcp.counters.ext.PAWSEstab];
    };
    expect(after({ ts: [999, 0] })).toEqual(['TIME_WAIT', 1]);
    expect(after({})).toEqual(['CLOSED', 0]);
  });

  test('an acknowledgment begins its minute anew, too, and its timestamp is remembered', () => {
    const { script, state } = waiting([1000, 0]);
    script.wait(30);
    script.inject({ flags: 'A', seq: 2, ack: 2, ts: [1005, 0] });
    expect(script.take()).toEqual([]);
    script.wait(59);
    script.inject({ flags: 'S', seq: -5000, ts: [1003, 0] });
    expect(state()).toBe('TIME_WAIT');
    script.inject({ flags: 'S', seq: -5000, ts: [1006, 0] });
    expect(state()).toBe('CLOSED');
  });

  test('a SYN that is an acknowledgment or a RST, too, opens nothing', () => {
    const { script, state } = waiting();
    script.inject({ flags: 'SR', seq: 1000 });
    expect([state(), script.take()]).toEqual(['TIME_WAIT', []]);
    script.inject({ flags: 'SA', seq: 1000, ack: 2 });
    expect([state(), script.lines()]).toEqual(['TIME_WAIT', ['A 2 2 0 tcp.time-wait-ack']]);
  });

  test('a RST with the right number ends it, but not with net.ipv4.tcp_rfc1337', () => {
    const one = waiting();
    one.script.inject({ flags: 'R', seq: 2 });
    expect(one.state()).toBe('CLOSED');
    const withData = waiting();
    withData.script.inject({ flags: 'R', seq: 2, data: 'x' });
    expect(withData.state()).toBe('CLOSED');
    const two = waiting();
    two.script.sysctl.set('net.ipv4.tcp_rfc1337', 1);
    two.script.wait(30);
    two.script.inject({ flags: 'R', seq: 2 });
    expect(two.state()).toBe('TIME_WAIT');
    two.script.wait(31);
    expect(two.state()).toBe('CLOSED');
  });

  test('is over for the program, which is told, and may still read what came before', () => {
    const script = new Script();
    const c = script.accepted();
    c.shutdown();
    let told = 0;
    c.app.onReadable = () => told++;
    script.inject({ flags: 'FPA', seq: 1, ack: 2, data: 'last words' });
    expect([c.state, listedState(script, c)]).toEqual(['CLOSED', 'TIME_WAIT']);
    expect(told).toBe(1);
    expect([readAll(c), c.ended]).toEqual(['last words', true]);
    script.wait(61);
    expect(told).toBe(1);
  });

  test('of many is over in the order in which it began, or began anew', () => {
    const script = new Script();
    const listener = script.listen();
    const begin = (peerPort: number) => {
      script.peerPort = peerPort;
      script.inject({ flags: 'S', mss: 1460 });
      script.inject({ flags: 'A', seq: 1, ack: 1 });
      const c = listener.accept()!;
      c.close();
      script.inject({ flags: 'FA', seq: 1, ack: 2 });
      return c;
    };
    const [first, second, third] = [5000, 5001, 5002].map((port) => {
      script.wait(10);
      return begin(port);
    });
    const left = () => [first, second, third].filter((c) => listedState(script, c!) === 'TIME_WAIT');
    script.wait(10);
    script.peerPort = 5000;
    script.inject({ flags: 'FA', seq: 1, ack: 2 });
    script.wait(39);
    expect(left()).toEqual([first, second, third]);
    script.wait(2);
    expect(left()).toEqual([first, third]);
    script.wait(10);
    expect(left()).toEqual([first]);
    script.wait(10);
    expect(left()).toEqual([]);
  });

  test('is listed with its timer, and its four-tuple is taken', () => {
    const { script, c } = waiting();
    script.wait(10);
    const entry = [...script.tcp.entries()].find((e) => e.id === c.id);
    expect(entry).toMatchObject({ state: 'TIME_WAIT', timer: { kind: 'timewait', left: 50e9 } });
  });
});
