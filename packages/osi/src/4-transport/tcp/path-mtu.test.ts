import { describe, expect, test } from 'vitest';
import { routed, type TestHost, type World } from '../../../test/network-world.ts';
import { App, accept, converse } from '../../../test/tcp-pair.ts';
import { Script } from '../../../test/tcp-script.ts';
import { ANY, parseIpv4 } from '../../3-network/index.ts';
import { seconds } from '../../time/index.ts';
import { TcpLayer } from './layer.ts';

/** TCP on a machine of the test world. */
function tcpOn(world: World, host: TestHost): TcpLayer {
  const { sim, pool } = world;
  const { ip, sysctl } = host.net;
  return new TcpLayer({ sim, tracer: host.tracer, ip, sysctl, pool });
}

/** A client behind one router, a server behind the next cable, which takes packets of `mtu`. */
function transfer(mtu: number, length: number, duration: number, prepare: (hosts: { a: TestHost }) => void) {
  const { world, a, r, b } = routed();
  r.net.links[2]!.setMtu(mtu);
  prepare({ a });
  const [client, server] = [tcpOn(world, a), tcpOn(world, b)];
  const binding = server.bind({ address: ANY, port: 80 }, { reuseAddress: true, reusePort: false });
  if (typeof binding === 'number') throw new Error('bind');
  const app = new App();
  const listener = server.listen(binding, 5, server.defaultOptions(), app);
  if (typeof listener === 'number') throw new Error('listen');
  const incoming = new Uint8Array(length);
  let done = { sent: 0, received: 0 };
  app.onReadable = () => {
    done = converse(accept(listener), new Uint8Array(0), incoming);
  };
  const user = new App();
  const to = { address: parseIpv4('10.0.2.1')!, port: 80 };
  const connection = client.connect(null, to, client.defaultOptions(), user);
  if (typeof connection === 'number') throw new Error('connect');
  const outgoing = Uint8Array.from({ length }, (_, i) => i % 251);
  converse(Object.assign(connection, { app: user }), outgoing, new Uint8Array(0));
  world.sim.run(seconds(duration));
  const whole = done.received === length && Buffer.compare(incoming, outgoing) === 0;
  return { world, r, whole, received: done.received, info: connection.info(), counters: client.counters.ext };
}

test('behind a router with a smaller MTU the bytes arrive, in segments that fit, after its first message', () => {
  const { world, r, whole, info } = transfer(600, 100_000, 1, () => {});
  expect(whole).toBe(true);
  expect(info.sendMss).toBe(600 - 40 - 12);
  expect(r.drops('ip.fragmentation-needed')).toBeGreaterThan(0);
  expect(world.sent().filter((line) => line.includes('tcp.path-mtu')).length).toBeGreaterThan(0);
});

test('only what was too large is sent again, in pieces, and the window stays', () => {
  const script = new Script();
  const c = script.accepted();
  c.send(new Uint8Array(500), 0);
  c.send(new Uint8Array(2 * 1460), 0);
  script.take();
  const { ssthresh } = c.info();
  script.mtu = 1000;
  script.icmp({ code: 4, errno: 90, tooLarge: true, mtu: 1000 }, 1);
  expect(script.take().map(({ seq, data }) => [seq, data.length])).toEqual([
    [501, 960],
    [1461, 500],
    [1961, 960],
    [2921, 500],
  ]);
  expect(c.info()).toMatchObject({ cwnd: 10 * c.info().sendMss, ssthresh });
});

test('with net.ipv4.tcp_mtu_probing 1 the path is suspected after net.ipv4.tcp_retries1 time-outs, three', () => {
  const script = new Script({ 'net.ipv4.tcp_mtu_probing': 1 });
  script.accepted().send(new Uint8Array(5 * 1460), 0);
  script.take();
  script.wait(8);
  expect(script.take().map(({ data }) => data.length)).toEqual([1460, 1460, 1460, 1460, 1024]);
});

describe('behind a router that drops large packets and is not heard (RFC 4821)', () => {
  /** A host that does not believe in small MTUs is as one whose routers say nothing. */
  const deaf = (a: TestHost): void => {
    a.net.sysctl.set('net.ipv4.route.min_pmtu', 1500);
  };

  test('a connection stands still for ever with net.ipv4.tcp_mtu_probing 0, Linux’s default', () => {
    const { whole, received } = transfer(600, 100_000, 120, ({ a }) => deaf(a));
    expect([whole, received]).toEqual([false, 0]);
  });

  test('with 1 it tries smaller segments after some time-outs, tcp_base_mss first, then half of it, and goes on', () => {
    const { whole, info } = transfer(600, 100_000, 120, ({ a }) => {
      deaf(a);
      a.net.sysctl.set('net.ipv4.tcp_mtu_probing', 1);
    });
    expect(whole).toBe(true);
    expect(info.sendMss).toBeGreaterThanOrEqual(512);
    expect(info.sendMss).toBeLessThanOrEqual(600 - 40 - 12);
  });

  test('with 2 it begins with tcp_base_mss and searches upwards; what it loses in doing so costs no time-out', () => {
    const { world, whole, info, counters } = transfer(1000, 1_000_000, 10, ({ a }) => {
      deaf(a);
      a.net.sysctl.set('net.ipv4.tcp_mtu_probing', 2);
      a.net.sysctl.set('net.ipv4.tcp_base_mss', 512);
    });
    expect(whole).toBe(true);
    expect(info.sendMss).toBeGreaterThan(1000 - 40 - 12 - 2 * 8);
    expect(info.sendMss).toBeLessThanOrEqual(1000 - 40 - 12);
    expect(counters.TCPMTUPSuccess).toBeGreaterThan(0);
    expect(counters.TCPMTUPFail).toBeGreaterThan(0);
    expect(counters.TCPTimeouts).toBe(0);
    expect(world.sent().filter((line) => line.includes('tcp.mtu-probe')).length).toBeGreaterThan(1);
  });
});

test('net.ipv4.tcp_mtu_probing 2 finds what the path takes where nothing is in the way', () => {
  const { whole, info } = transfer(1500, 1_000_000, 10, ({ a }) => {
    a.net.sysctl.set('net.ipv4.tcp_mtu_probing', 2);
    a.net.sysctl.set('net.ipv4.tcp_base_mss', 512);
  });
  expect(whole).toBe(true);
  expect(info.sendMss).toBeGreaterThan(1448 - 2 * 8);
});
