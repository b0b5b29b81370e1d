import { describe, expect, test } from 'vitest';
import { accept, listedState, Pair } from '../../../test/tcp-pair.ts';
import { ANY, type Ipv4Address, parseIpv4 } from '../../3-network/index.ts';
import { Random } from '../../time/index.ts';
import { ERRNO } from '../../trace/index.ts';
import type { Binding, TcpConnection } from '../services.ts';
import { Secrets } from './isn.ts';
import { PortTable } from './ports.ts';

const user = { connected() {}, readable() {}, writable() {}, failed() {} };
const plain = { reuseAddress: false, reusePort: false };
const reuse = { reuseAddress: true, reusePort: false };
const shared = { reuseAddress: false, reusePort: true };

describe('ports', () => {
  const bindTo = (pair: Pair, port: number, options = plain, address = ANY) =>
    pair.b.tcp.bind({ address, port }, options);

  test('one port belongs to one socket; given back, to the next', () => {
    const pair = new Pair();
    const first = bindTo(pair, 80) as Binding;
    expect(bindTo(pair, 80)).toBe(-ERRNO.EADDRINUSE);
    expect(bindTo(pair, 80, plain, pair.b.address)).toBe(-ERRNO.EADDRINUSE);
    first.release();
    expect(typeof bindTo(pair, 80)).toBe('object');
  });

  test('two different addresses of one machine do not meet', () => {
    const pair = new Pair();
    expect(typeof bindTo(pair, 80, plain, pair.b.address)).toBe('object');
    expect(typeof bindTo(pair, 80, plain, parseIpv4('127.0.0.1')!)).toBe('object');
  });

  test('an address that is not ours is EADDRNOTAVAIL', () => {
    expect(bindTo(new Pair(), 80, plain, parseIpv4('10.9.9.9')!)).toBe(-ERRNO.EADDRNOTAVAIL);
  });

  test('bound to 127.0.0.1 no other machine can be reached: EINVAL', () => {
    const pair = new Pair();
    const { tcp } = pair.a;
    const binding = bindTo(pair, 80, plain, parseIpv4('127.0.0.1')!) as Binding;
    const to = { address: pair.b.address, port: 80 };
    expect(tcp.connect(binding, to, tcp.defaultOptions(), user)).toBe(-ERRNO.EINVAL);
  });

  test.each(['10.0.0.255', '255.255.255.255', '224.0.0.1'])(
    'no connection leads to %s: ENETUNREACH',
    (text) => {
      const { tcp } = new Pair().a;
      const to = { address: parseIpv4(text)!, port: 80 };
      expect(tcp.connect(null, to, tcp.defaultOptions(), user)).toBe(-ERRNO.ENETUNREACH);
    },
  );

  test('port 0 is an ephemeral one', () => {
    const pair = new Pair();
    const ports = Array.from({ length: 50 }, () => (bindTo(pair, 0) as Binding).local.port);
    expect(new Set(ports).size).toBe(50);
    for (const port of ports) expect(port >= 32768 && port <= 60999).toBe(true);
  });

  test('SO_REUSEADDR on both shares a port until one of them listens', () => {
    const pair = new Pair();
    const first = bindTo(pair, 80, reuse) as Binding;
    const second = bindTo(pair, 80, reuse) as Binding;
    expect(typeof second).toBe('object');
    expect(bindTo(pair, 80, plain)).toBe(-ERRNO.EADDRINUSE);
    expect(typeof pair.b.tcp.listen(first, 5, pair.b.tcp.defaultOptions(), user)).toBe('object');
    expect(pair.b.tcp.listen(second, 5, pair.b.tcp.defaultOptions(), user)).toBe(-ERRNO.EADDRINUSE);
    expect(bindTo(pair, 80, reuse)).toBe(-ERRNO.EADDRINUSE);
  });

  test('SO_REUSEPORT on both lets both listen, and spreads connections over them', () => {
    const pair = new Pair();
    const count = [0, 0];
    const listeners = [0, 1].map((i) => {
      const binding = bindTo(pair, 80, shared) as Binding;
      const listener = pair.b.tcp.listen(binding, 100, pair.b.tcp.defaultOptions(), {
        ...user,
        readable: () => void (count[i]! += 1),
      });
      if (typeof listener === 'number') throw new Error('listen');
      return listener;
    });
    for (let i = 0; i < 40; i++) pair.connect(80);
    pair.wait(1);
    expect(listeners.map((l) => l.ready)).toEqual(count);
    expect(count[0]! + count[1]!).toBe(40);
    expect(Math.min(...count)).toBeGreaterThan(5);
  });

  test('who listens at the address itself is asked before one for any', () => {
    const pair = new Pair();
    const [any, own] = [ANY, pair.b.address].map((address) => {
      const binding = bindTo(pair, 80, shared, address) as Binding;
      const listener = pair.b.tcp.listen(binding, 100, pair.b.tcp.defaultOptions(), user);
      if (typeof listener === 'number') throw new Error('listen');
      return listener;
    });
    for (let i = 0; i < 10; i++) pair.connect(80);
    pair.wait(1);
    expect([any!.ready, own!.ready]).toEqual([0, 10]);
  });

  test('a server that starts again meets its own TIME_WAIT: EADDRINUSE without SO_REUSEADDR, fine with it on both', () => {
    for (const [options, expected] of [
      [plain, 'number'],
      [reuse, 'object'],
    ] as const) {
      const pair = new Pair({ delay: 1000 });
      const binding = bindTo(pair, 80, options) as Binding;
      const listener = pair.b.tcp.listen(binding, 5, pair.b.tcp.defaultOptions(), user);
      if (typeof listener === 'number') throw new Error('listen');
      const client = pair.connect(80);
      pair.wait(0.1);
      const server = accept(listener);
      server.close();
      pair.wait(0.1);
      client.close();
      pair.wait(0.1);
      expect(listedState(pair.b, server)).toBe('TIME_WAIT');
      listener.close();
      binding.release();
      expect(typeof bindTo(pair, 80, options)).toBe(expected);
      pair.wait(61);
      expect(typeof bindTo(pair, 81, options)).toBe('object');
    }
  });

  test('connections to different peers may share an ephemeral port, those to one may not', () => {
    const pair = new Pair();
    pair.a.network.sysctl.set('net.ipv4.ip_local_port_range.low', 40000);
    pair.a.network.sysctl.set('net.ipv4.ip_local_port_range.high', 40003);
    pair.listen(80, 20);
    const ports = Array.from({ length: 4 }, () => pair.connect(80).local.port);
    expect(new Set(ports).size).toBe(4);
    const full = pair.a.tcp.connect(
      null,
      { address: pair.b.address, port: 80 },
      pair.a.tcp.defaultOptions(),
      user,
    );
    expect(full).toBe(-ERRNO.EADDRNOTAVAIL);
    expect(pair.connect(81).local.port).toBeGreaterThanOrEqual(40000);
  });

  test('an ephemeral port lies in the range, and is none that a program has bound', () => {
    const pair = new Pair();
    pair.a.network.sysctl.set('net.ipv4.ip_local_port_range.low', 40000);
    pair.a.network.sysctl.set('net.ipv4.ip_local_port_range.high', 40002);
    pair.a.tcp.bind({ address: ANY, port: 40001 }, plain);
    const ports = [pair.connect(80), pair.connect(80)].map(({ local }) => local.port);
    expect(new Set(ports)).toEqual(new Set([40000, 40002]));
    expect(() => pair.connect(80)).toThrow(String(-ERRNO.EADDRNOTAVAIL));
  });

  test('the same four-tuple twice is EADDRNOTAVAIL', () => {
    const pair = new Pair();
    const binding = pair.a.tcp.bind({ address: ANY, port: 5000 }, reuse) as Binding;
    const again = pair.a.tcp.bind({ address: ANY, port: 5000 }, reuse) as Binding;
    const to = { address: pair.b.address, port: 80 };
    expect(typeof pair.a.tcp.connect(binding, to, pair.a.tcp.defaultOptions(), user)).toBe('object');
    expect(pair.a.tcp.connect(again, to, pair.a.tcp.defaultOptions(), user)).toBe(-ERRNO.EADDRNOTAVAIL);
  });

  /** A connection of this machine to itself, by the one ephemeral port that there is, is in TIME_WAIT. */
  function waiting(timestamps: number) {
    const pair = new Pair();
    const { sysctl } = pair.a.network;
    sysctl.set('net.ipv4.tcp_timestamps', timestamps);
    sysctl.set('net.ipv4.ip_local_port_range.low', 40000);
    sysctl.set('net.ipv4.ip_local_port_range.high', 40000);
    const listener = pair.listen(80, 5, {}, pair.a);
    const loopback = { ...pair.a, address: parseIpv4('127.0.0.1')! };
    const first = pair.connect(80, {}, pair.a, loopback);
    pair.wait(0.1);
    first.close();
    pair.wait(0.1);
    accept(listener).close();
    pair.wait(0.1);
    expect(listedState(pair.a, first)).toBe('TIME_WAIT');
    const options = pair.a.tcp.defaultOptions();
    const to = { address: loopback.address, port: 80 };
    const again = () => pair.a.tcp.connect(null, to, options, user);
    expect(again()).toBe(-ERRNO.EADDRNOTAVAIL);
    pair.wait(2);
    return { pair, first, again };
  }

  test('over loopback an ephemeral port in TIME_WAIT is used again after a second (tcp_tw_reuse 2)', () => {
    const { pair, first, again } = waiting(1);
    const second = again();
    pair.wait(0.1);
    expect([first, second].map((c) => listedState(pair.a, c as TcpConnection))).toEqual([
      'CLOSED',
      'ESTABLISHED',
    ]);
  });

  test('but not without timestamps, which tell old segments from new', () => {
    expect(waiting(0).again()).toBe(-ERRNO.EADDRNOTAVAIL);
  });
});

describe('ephemeral ports are hard to guess (RFC 6056 section 3.3.4)', () => {
  const { network } = new Pair().a;
  const table = (secret: number, counters: number) =>
    new PortTable(
      network.ip,
      network.sysctl,
      new Secrets(new Random(secret, 'secret')),
      new Random(counters, 'counters'),
    );
  /** The port for a connection to this peer, of which there is no other. */
  const choose = (ports: PortTable, peer: number): number => {
    const claim = ports.choose(
      parseIpv4('10.0.0.1')!,
      { address: peer as Ipv4Address, port: 80 },
      () => true,
    );
    if (typeof claim === 'number') throw new Error(`choose ${claim}`);
    claim.drop();
    return claim.local.port;
  };

  test('where they begin is a secret of two parts, other ones after each start', () => {
    const first = (secret: number, counters: number) => choose(table(secret, counters), 7);
    expect(first(1, 1)).toBe(first(1, 1));
    expect(first(2, 1)).not.toBe(first(1, 1));
    expect(first(1, 2)).not.toBe(first(1, 1));
  });

  test('to one peer each is another one', () => {
    const ports = table(1, 1);
    expect(new Set(Array.from({ length: 100 }, () => choose(ports, 7))).size).toBe(100);
  });

  test('those to one peer tell nothing of those to others', () => {
    const ports = table(1, 1);
    const chosen = Array.from({ length: 1000 }, (_, peer) => choose(ports, peer));
    const all = new Set(chosen);
    const next = chosen.filter((port) => all.has(port + 2));
    // A thousand of 14116 even ones by chance: a fourteenth of them has its neighbour among the others.
    expect(next.length).toBeLessThan(150);
  });

  test('one for a socket that is bound to port 0 comes of the seed', () => {
    const bound = (seed: number) =>
      (new Pair({ seed }).b.tcp.bind({ address: ANY, port: 0 }, plain) as Binding).local.port;
    expect(bound(1)).toBe(bound(1));
    expect(bound(1)).not.toBe(bound(2));
  });
});
