import { describe, expect, test } from 'vitest';
import { readAll, text } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';
import { ERRNO } from '../../trace/index.ts';
import type { TcpState } from '../services.ts';

type State = Exclude<TcpState, 'LISTEN'>;

/** Brings a connection into a state; what is sent on the way is left out. `next` is the number that is expected of the peer. */
function reach(state: State) {
  const script = new Script();
  const calls = state === 'SYN_SENT' || state === 'SYN_RECV';
  const c = calls ? script.connect() : script.accepted();
  script.take();
  const peer = (flags: string, seq: number, ack: number): void => script.inject({ flags, seq, ack });
  const steps: Record<State, () => void> = {
    SYN_SENT: () => {},
    SYN_RECV: () => script.inject({ flags: 'S', mss: 1460 }),
    ESTABLISHED: () => {},
    FIN_WAIT1: () => c.shutdown(),
    FIN_WAIT2: () => {
      steps.FIN_WAIT1();
      peer('A', 1, 2);
    },
    CLOSE_WAIT: () => peer('FA', 1, 1),
    CLOSING: () => {
      steps.FIN_WAIT1();
      peer('FA', 1, 1);
    },
    LAST_ACK: () => {
      steps.CLOSE_WAIT();
      c.shutdown();
    },
    TIME_WAIT: () => {
      steps.FIN_WAIT1();
      peer('FA', 1, 2);
    },
    CLOSED: () => peer('R', 1, 0),
  };
  steps[state]();
  // For its program a connection in TIME_WAIT is over.
  expect(c.state).toBe(state === 'TIME_WAIT' ? 'CLOSED' : state);
  script.take();
  const next = ['CLOSE_WAIT', 'CLOSING', 'LAST_ACK'].includes(state) ? 2 : 1;
  return { script, c, peer, next };
}

const sent = (script: Script): string[] => script.take().map(({ flags }) => flags);

describe('SEND (RFC 9293 section 3.10.2)', () => {
  test.each<[State, number, string[]]>([
    ['SYN_SENT', 0, []],
    ['SYN_RECV', 0, []],
    ['ESTABLISHED', 1, ['PA']],
    ['FIN_WAIT1', -ERRNO.EPIPE, []],
    ['FIN_WAIT2', -ERRNO.EPIPE, []],
    ['CLOSE_WAIT', 1, ['PA']],
    ['CLOSING', -ERRNO.EPIPE, []],
    ['LAST_ACK', -ERRNO.EPIPE, []],
    ['TIME_WAIT', -ERRNO.EPIPE, []],
    ['CLOSED', -ERRNO.EPIPE, []],
  ])('in %s takes a byte, has to wait, or is an error: %d', (state, result, segments) => {
    const { script, c } = reach(state);
    expect(c.send(text('x'), 0)).toBe(result);
    expect(sent(script)).toEqual(segments);
  });
});

describe('RECEIVE (RFC 9293 section 3.10.3)', () => {
  test.each<[State, string]>([
    ['ESTABLISHED', 'data'],
    ['FIN_WAIT1', 'data'],
    ['FIN_WAIT2', 'data'],
    ['CLOSE_WAIT', ''],
    ['CLOSING', ''],
    ['LAST_ACK', ''],
  ])('in %s gives what comes: %j', (state, data) => {
    const { script, c, next } = reach(state);
    script.inject({ flags: 'PA', seq: next, ack: 1, data: 'data' });
    expect(readAll(c)).toBe(data);
  });

  test('gives what had come when the peer has closed, and when it has reset', () => {
    for (const flags of ['FA', 'RA']) {
      const { script, c, peer } = reach('ESTABLISHED');
      script.inject({ flags: 'PA', seq: 1, ack: 1, data: 'data' });
      peer(flags, 5, 1);
      expect(readAll(c)).toBe('data');
    }
  });
});

describe('CLOSE (RFC 9293 section 3.10.4)', () => {
  test.each<[State, State, string[]]>([
    ['SYN_SENT', 'CLOSED', []],
    ['SYN_RECV', 'SYN_RECV', []],
    ['ESTABLISHED', 'FIN_WAIT1', ['FA']],
    ['FIN_WAIT1', 'FIN_WAIT1', []],
    ['FIN_WAIT2', 'FIN_WAIT2', []],
    ['CLOSE_WAIT', 'LAST_ACK', ['FA']],
    ['CLOSING', 'CLOSING', []],
    ['LAST_ACK', 'LAST_ACK', []],
    ['TIME_WAIT', 'CLOSED', []],
    ['CLOSED', 'CLOSED', []],
  ])('in %s leads to %s and sends %j', (state, next, segments) => {
    const { script, c } = reach(state);
    c.shutdown();
    expect(c.state).toBe(next);
    expect(sent(script)).toEqual(segments);
  });

  test('in SYN_RECV waits for the end of the handshake', () => {
    const { script, c, peer } = reach('SYN_RECV');
    c.shutdown();
    peer('A', 1, 1);
    expect(c.state).toBe('FIN_WAIT1');
    expect(sent(script)).toEqual(['FA']);
  });
});

describe('ABORT (RFC 9293 section 3.10.5)', () => {
  test.each<[State, string[]]>([
    ['SYN_SENT', []],
    ['SYN_RECV', ['RA']],
    ['ESTABLISHED', ['RA']],
    ['FIN_WAIT1', ['RA']],
    ['FIN_WAIT2', ['RA']],
    ['CLOSE_WAIT', ['RA']],
    ['CLOSING', []],
    ['LAST_ACK', []],
    ['TIME_WAIT', []],
    ['CLOSED', []],
  ])('in %s sends %j, and that is the end', (state, segments) => {
    const { script, c } = reach(state);
    c.abort();
    expect(sent(script)).toEqual(segments);
    expect(c.state).toBe('CLOSED');
    script.wait(300);
    expect(sent(script)).toEqual([]);
  });

  test('in LAST_ACK tells the peer by RST when something is left to send (as Linux)', () => {
    const { script, c, peer } = reach('CLOSE_WAIT');
    c.send(new Uint8Array(100_000), 0);
    c.shutdown();
    script.take();
    c.abort();
    expect(sent(script)).toEqual(['RA']);
    peer('A', 2, 1461);
    expect(sent(script)).toEqual(['R']);
  });
});

describe('a RST of the peer (RFC 9293 section 3.10.7.4)', () => {
  test.each<[State]>([['CLOSE_WAIT'], ['CLOSING'], ['LAST_ACK']])(
    'may have the number of the FIN that came, too, in %s (as Linux)',
    (state) => {
      const { c, peer } = reach(state);
      peer('R', 1, 0);
      expect(c.state).toBe('CLOSED');
    },
  );

  test.each<[State, number]>([
    ['SYN_RECV', ERRNO.ECONNREFUSED],
    ['ESTABLISHED', ERRNO.ECONNRESET],
    ['FIN_WAIT1', ERRNO.ECONNRESET],
    ['FIN_WAIT2', ERRNO.ECONNRESET],
    ['CLOSE_WAIT', ERRNO.EPIPE],
    ['CLOSING', ERRNO.ECONNRESET],
    ['LAST_ACK', ERRNO.ECONNRESET],
  ])('in %s ends it, and the program gets errno %d', (state, errno) => {
    const { script, c, peer, next } = reach(state);
    peer('R', next, 0);
    expect([c.state, c.app.errno]).toEqual(['CLOSED', errno]);
    expect(sent(script)).toEqual([]);
    const established = state === 'ESTABLISHED' || state === 'CLOSE_WAIT';
    expect(script.tcp.counters.tcp).toMatchObject({
      AttemptFails: state === 'SYN_RECV' ? 1 : 0,
      EstabResets: established ? 1 : 0,
    });
  });
});
