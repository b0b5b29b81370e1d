import { describe, expect, test } from 'vitest';
import { listedState, text } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';
import { seconds } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';

const MOST = 'net.ipv4.tcp_max_orphans';
const RETRIES = 'net.ipv4.tcp_orphan_retries';

/** A router calls the peer of `script` unreachable. */
const unreachable = (script: Script): void => script.icmp({ errno: ERRNO.EHOSTUNREACH }, 1);

/** Lets time go by, the peer answering what comes with a closed window. @returns the second in which it is over, or `most`. */
function endOf(script: Script, c: { readonly state: string }, most: number, ack = 0): number {
  const from = script.sim.now;
  const elapsed = (): number => (script.sim.now - from) / seconds(1);
  while (c.state !== 'CLOSED' && elapsed() < most) {
    script.wait(0.1);
    if (ack > 0 && script.take().length > 0) script.inject({ flags: 'A', seq: 1, ack, window: 0 });
  }
  return Math.round(elapsed());
}

describe('a connection that its program has left', () => {
  test('is asked about eight times without an answer, or as often as net.ipv4.tcp_orphan_retries says', () => {
    const lasts = (settings: ConstructorParameters<typeof Script>[0]): number => {
      const script = new Script(settings);
      const c = script.accepted();
      c.close();
      return endOf(script, c, 1000);
    };
    expect(lasts({})).toBe(205);
    expect(lasts({ [RETRIES]: 2 })).toBe(3);
  });

  test('is given up when its timeout has grown to two minutes and a router calls the peer unreachable', () => {
    const lasts = (happens: (script: Script) => void): number => {
      const script = new Script({ [RETRIES]: 15 });
      const c = script.accepted();
      c.send(text('x'), 0);
      c.close();
      happens(script);
      return endOf(script, c, 1000);
    };
    expect(lasts(() => {})).toBeGreaterThan(900);
    expect(lasts(unreachable)).toBeLessThan(400);
  });

  test('is given up, though the peer answers with a closed window, where a program would wait for ever', () => {
    for (const ack of [1, 11]) {
      const lasts = (closes: boolean, retries = 0): number => {
        const script = new Script({ [RETRIES]: retries });
        const c = script.accepted({ window: 10 });
        c.send(new Uint8Array(20), 0);
        if (closes) c.close();
        return endOf(script, c, 1000, ack);
      };
      expect(lasts(false)).toBe(1000);
      expect(lasts(true)).toBeLessThan(400);
      expect(lasts(true, 12)).toBeLessThan(900);
    }
  });
});

describe('more connections without a program than net.ipv4.tcp_max_orphans', () => {
  /** One that is left, with something in flight, which does not get through. */
  function left(
    most: number,
    before: (script: Script, c: ReturnType<Script['accepted']>) => void = () => {},
  ) {
    const script = new Script({ [MOST]: most, [RETRIES]: 15 });
    const c = script.accepted();
    before(script, c);
    c.send(text('x'), 0);
    c.close();
    script.take();
    const memory = (): number => script.tcp.counters.ext.TCPAbortOnMemory;
    const resets = (): number => script.take().filter(({ flags }) => flags.includes('R')).length;
    return { script, c, memory, resets };
  }

  test('one whose timer expires is reset', () => {
    const { script, c, memory, resets } = left(1);
    script.sysctl.set(MOST, 0);
    script.wait(1);
    expect([c.state, memory(), resets()]).toEqual(['CLOSED', 1, 1]);
  });

  test('one that waits for the window of its peer is reset', () => {
    const { script, c, memory, resets } = left(1, (script) =>
      script.inject({ flags: 'PA', seq: 1, ack: 1, window: 0 }),
    );
    script.sysctl.set(MOST, 0);
    script.wait(1);
    expect([c.state, memory(), resets()]).toEqual(['CLOSED', 1, 1]);
  });

  test('one that a router calls unreachable counts double', () => {
    const { script, c, memory } = left(1);
    script.wait(1);
    expect(memory()).toBe(0);
    unreachable(script);
    script.wait(2);
    expect([c.state, memory()]).toEqual(['CLOSED', 1]);
  });

  test('one that has sent nothing for four minutes counts double', () => {
    for (const [pause, given] of [
      [239, 0],
      [241, 1],
    ] as const) {
      const script = new Script({ [MOST]: 1 });
      const c = script.accepted();
      c.send(text('x'), 0);
      script.inject({ flags: 'A', seq: 1, ack: 2 });
      script.wait(pause);
      script.take();
      c.close();
      script.wait(0.3);
      expect(script.tcp.counters.ext.TCPAbortOnMemory).toBe(given);
      expect(script.take().map(({ flags }) => flags)).toEqual(['FA', given === 1 ? 'RA' : 'FA']);
    }
  });

  test('one that has been tried for long enough counts double, and ends without a word', () => {
    const { script, c, memory, resets } = left(1);
    script.wait(1100);
    expect([c.state, memory(), resets()]).toEqual(['CLOSED', 1, 0]);
  });

  test('but with one when it was tried within the last minute', () => {
    const script = new Script({ [MOST]: 1 });
    const c = script.accepted({}, { userTimeout: seconds(250) });
    c.send(text('x'), 0);
    script.wait(210);
    c.close();
    script.take();
    script.wait(45);
    expect(script.take().map(({ flags, reason }) => [flags, reason])).toEqual([['RA', 'tcp.reset-orphan']]);
  });

  test('one that only waits for a FIN is not among them', () => {
    const script = new Script();
    const c = script.accepted();
    c.shutdown();
    script.inject({ flags: 'A', seq: 1, ack: 2 });
    script.peerPort++;
    script.ourPort++;
    script.accepted().close();
    script.sysctl.set(MOST, 0);
    script.take();
    c.close();
    expect([c.state, script.take()]).toEqual(['FIN_WAIT2', []]);
  });
});

describe('FIN_WAIT2 without a program', () => {
  /** Our numbers are at 2, the peer's at 1. */
  function awaiting(ts?: readonly [number, number]) {
    const script = new Script();
    const stamps = ts === undefined ? {} : { ts };
    const c = script.accepted(stamps);
    c.close();
    script.inject({ flags: 'A', seq: 1, ack: 2, ...stamps });
    script.take();
    expect(c.state).toBe('FIN_WAIT2');
    return { script, c, state: () => listedState(script, c) };
  }

  test('takes a FIN by itself, whose timestamp it echoes, and begins TIME_WAIT', () => {
    const { script, state } = awaiting([1000, 0]);
    script.inject({ flags: 'FA', seq: 1, ack: 2, ts: [1005, 0] });
    expect(script.take()).toMatchObject([{ flags: 'A', ack: 2, ts: [expect.any(Number), 1005] }]);
    expect(state()).toBe('TIME_WAIT');
  });

  test('is reset by a FIN with data, which nobody will read', () => {
    const { script, state } = awaiting();
    script.inject({ flags: 'FPA', seq: 1, ack: 2, data: 'x' });
    expect([state(), script.take().map(({ flags }) => flags)]).toEqual(['CLOSED', ['R']]);
  });

  test('passes over what acknowledges nothing, though it has data', () => {
    const { script, state } = awaiting();
    script.inject({ flags: 'P', seq: 1, data: 'x' });
    script.inject({ flags: 'F', seq: 1 });
    // A SYN of before, too, with data that reaches into the window.
    script.inject({ flags: 'S', seq: 0, data: 'xy' });
    expect([state(), script.take()]).toEqual(['FIN_WAIT2', []]);
  });

  test('answers what lies outside the window or has an older timestamp, and not too often', () => {
    const { script, state } = awaiting([1000, 0]);
    for (let i = 0; i < 3; i++) script.inject({ flags: 'A', seq: 1, ack: 2, ts: [999, 0] });
    expect([state(), script.lines()]).toEqual(['FIN_WAIT2', ['A 2 1 0 tcp.duplicate-ack']]);
    expect(script.tcp.counters.ext).toMatchObject({ PAWSEstab: 3, TCPACKSkippedFinWait2: 2 });
    script.wait(1);
    script.inject({ flags: 'A', seq: 2_000_000, ack: 2, ts: [1000, 0] });
    script.inject({ flags: 'A', seq: 2_000_000, ack: 2, ts: [1000, 0] });
    expect([state(), script.lines()]).toEqual(['FIN_WAIT2', ['A 2 1 0 tcp.duplicate-ack']]);
    expect(script.tcp.counters.ext).toMatchObject({ PAWSEstab: 3, TCPACKSkippedFinWait2: 3 });
    script.inject({ flags: 'FA', seq: 1, ack: 2, ts: [999, 0] });
    expect(state()).toBe('FIN_WAIT2');
  });

  /** How long, on a path that takes so many seconds there and back: three and a half timeouts are 10.5 times as much. */
  function lasts(finTimeout: number, path: number): number {
    const script = new Script({ 'net.ipv4.tcp_fin_timeout': finTimeout });
    const listener = script.listen();
    script.inject({ flags: 'S', mss: 1460, ts: [1, 0] });
    const ts = [1, script.take()[0]!.ts[0]] as const;
    script.wait(path);
    script.inject({ flags: 'A', seq: 1, ack: 1, ts });
    const c = listener.accept()!;
    c.close();
    script.inject({ flags: 'A', seq: 1, ack: 2, ts });
    return endOf(script, c, 200);
  }

  test('lasts three and a half retransmission timeouts at least, also where Linux waits twice', () => {
    expect(lasts(1, 0.9)).toBe(9);
    expect(lasts(61, 0.9)).toBe(10);
    expect(lasts(75, 0.9)).toBe(30);
    expect(lasts(60, 10)).toBe(146);
  });

  test('is for no more connections than net.ipv4.tcp_max_tw_buckets: another one ends at once', () => {
    const script = new Script({ 'net.ipv4.tcp_max_tw_buckets': 0 });
    const c = script.accepted();
    c.close();
    script.inject({ flags: 'A', seq: 1, ack: 2 });
    expect(c.state).toBe('CLOSED');
    expect(script.tcp.counters.ext.TCPTimeWaitOverflow).toBe(1);
  });
});
