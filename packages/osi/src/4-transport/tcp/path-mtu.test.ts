import { describe, expect, test } from 'vitest';
import { routed, type TestHost, type World } from '../../../test/network-world.ts';
import { App, accept, converse, pour, readAll } from '../../../test/tcp-pair.ts';
import { Script, type Scripted } from '../../../test/tcp-script.ts';
import { ANY, parseIpv4, type SysctlName } from '../../3-network/index.ts';
import { seconds } from '../../time/index.ts';
import { TcpLayer } from './layer.ts';

/** TCP on a machine of the test world. */
function tcpOn(world: World, host: TestHost): TcpLayer {
  const { sim, pool } = world;
  const { ip, sysctl } = host.net;
  return new TcpLayer({ sim, tracer: host.tracer, ip, sysctl, pool });
}

/** A client behind one router, a server behind the next cable, which takes packets of `mtu`. */
function called(mtu: number, prepare: (hosts: { a: TestHost }) => void) {
  const { world, a, r, b } = routed();
  const narrow = (size: number): void => r.net.links[2]!.setMtu(size);
  narrow(mtu);
  prepare({ a });
  const [client, server] = [tcpOn(world, a), tcpOn(world, b)];
  const binding = server.bind({ address: ANY, port: 80 }, { reuseAddress: true, reusePort: false });
  if (typeof binding === 'number') throw new Error('bind');
  const listening = new App();
  const listener = server.listen(binding, 5, server.defaultOptions(), listening);
  if (typeof listener === 'number') throw new Error('listen');
  const app = new App();
  const to = { address: parseIpv4('10.0.2.1')!, port: 80 };
  const connection = client.connect(null, to, client.defaultOptions(), app);
  if (typeof connection === 'number') throw new Error('connect');
  const { ext } = client.counters;
  return { world, r, narrow, listening, listener, caller: Object.assign(connection, { app }), counters: ext };
}

function transfer(mtu: number, length: number, duration: number, prepare: (hosts: { a: TestHost }) => void) {
  const { world, r, listening, listener, caller, counters } = called(mtu, prepare);
  const incoming = new Uint8Array(length);
  let done = { sent: 0, received: 0 };
  listening.onReadable = () => {
    done = converse(accept(listener), new Uint8Array(0), incoming);
  };
  const outgoing = Uint8Array.from({ length }, (_, i) => i % 251);
  converse(caller, outgoing, new Uint8Array(0));
  world.sim.run(seconds(duration));
  const whole = done.received === length && Buffer.compare(incoming, outgoing) === 0;
  return { world, r, whole, received: done.received, info: caller.info(), counters };
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

test('time-outs in a row make segments smaller and smaller: half as large each time, down to tcp_mtu_probe_floor and tcp_min_snd_mss', () => {
  const sizes = (settings: Partial<Record<SysctlName, number>>): number[] => {
    const script = new Script({
      'net.ipv4.tcp_mtu_probing': 1,
      'net.ipv4.tcp_early_retrans': 0,
      ...settings,
    });
    script.accepted().send(new Uint8Array(1460), 0);
    script.wait(900);
    return script.take().map(({ data }) => data.length);
  };
  const first = [1460, 1460, 1460, 1460, 1460, 1024, 512, 256, 128];
  expect(sizes({})).toEqual([...first, 64, 48, 48, 48, 48, 48, 48]);
  expect(sizes({ 'net.ipv4.tcp_mtu_probe_floor': 100 })).toEqual([
    ...first,
    100,
    100,
    100,
    100,
    100,
    100,
    100,
  ]);
  expect(sizes({ 'net.ipv4.tcp_min_snd_mss': 120 })).toEqual([...first, 120, 120, 120, 120, 120, 120, 120]);
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

describe('a probe for the path MTU is sent (RFC 4821 section 7.4)', () => {
  const SIZE = 512;

  /** What is sent when the program writes `bytes` after `segments` were acknowledged, and something has come since. */
  function reasons(segments: number, bytes: number, since: readonly Scripted[] = [], sack = true): string[] {
    const script = new Script({ 'net.ipv4.tcp_mtu_probing': 2, 'net.ipv4.tcp_base_mss': SIZE });
    const c = script.accepted({ sack }, { sendBuffer: 1_000_000, sendBufferLocked: true });
    c.send(new Uint8Array(segments * SIZE), 0);
    script.inject({ flags: 'A', seq: 1, ack: 1 + segments * SIZE });
    c.send(new Uint8Array(2 * SIZE), 0);
    for (const segment of since) script.inject({ ack: 1 + segments * SIZE, ...segment });
    script.take();
    c.send(new Uint8Array(bytes), 0);
    return script.take().map(({ reason }) => reason);
  }

  test('when the window is large enough for its loss to show', () => {
    expect(reasons(0, 10_000)).not.toContain('tcp.mtu-probe');
    expect(reasons(10, 10_000)).toContain('tcp.mtu-probe');
  });

  test('when enough is there to follow it', () => {
    expect(reasons(10, 4 * SIZE)).not.toContain('tcp.mtu-probe');
  });

  test('when nothing is missing, of what we send or of what comes', () => {
    expect(reasons(10, 10_000, [{ flags: 'A', seq: 1 }], false)).not.toContain('tcp.mtu-probe');
    expect(reasons(10, 10_000, [{ flags: 'PA', seq: 9, data: 'x' }])).not.toContain('tcp.mtu-probe');
  });

  test('and says nothing when it had to be sent again (section 7.6.4)', () => {
    const sizeAfter = (seconds: number): number => {
      const script = new Script({ 'net.ipv4.tcp_mtu_probing': 2, 'net.ipv4.tcp_base_mss': SIZE });
      const c = script.accepted({}, { sendBuffer: 1_000_000, sendBufferLocked: true });
      c.send(new Uint8Array(10 * SIZE), 0);
      script.inject({ flags: 'A', seq: 1, ack: 1 + 10 * SIZE });
      c.send(new Uint8Array(10_000), 0);
      script.wait(seconds);
      script.inject({ flags: 'A', seq: 1, ack: 10_001 + 10 * SIZE });
      return c.info().sendMss;
    };
    expect(sizeAfter(0)).toBeGreaterThan(SIZE);
    expect(sizeAfter(1)).toBe(SIZE);
  });
});

describe('the search for what the path takes (RFC 4821 section 7.3)', () => {
  /** A connection that searches from 512 bytes upwards, behind a router that drops packets larger than `mtu`. */
  function searching(mtu: number, settings: Partial<Record<SysctlName, number>> = {}) {
    const { world, narrow, listening, listener, caller } = called(mtu, ({ a }) => {
      const own = {
        'net.ipv4.tcp_mtu_probing': 2,
        'net.ipv4.tcp_base_mss': 512,
        'net.ipv4.route.min_pmtu': 1500,
      };
      for (const [name, value] of Object.entries({ ...own, ...settings })) a.net.sysctl.set(name, value);
    });
    listening.onReadable = () => {
      const server = accept(listener);
      server.app.onReadable = () => readAll(server);
    };
    const wait = (duration: number): void => world.sim.run(world.sim.now + seconds(duration));
    wait(0.1);
    /** The sizes of the packets that were sent for `reason`. */
    const sizes = (reason: string): number[] =>
      world
        .events('frame-sent')
        .filter((sent) => sent.node === 'a' && sent.reason === reason)
        .map((sent) => world.record.bytes(sent).length - 14);
    /** Sends a million bytes. @returns the sizes that are tried. */
    const search = (): number[] => {
      const before = sizes('tcp.mtu-probe').length;
      pour(caller, new Uint8Array(1_000_000), false);
      wait(10);
      return sizes('tcp.mtu-probe').slice(before);
    };
    return { narrow, wait, sizes, search, mss: () => caller.info().sendMss };
  }

  test('ends when less than tcp_probe_threshold is left', () => {
    expect(searching(1500).search()).toEqual([1032, 1266, 1383, 1441, 1470, 1485, 1492, 1496]);
    expect(searching(1500, { 'net.ipv4.tcp_probe_threshold': 100 }).search()).toEqual([
      1032, 1266, 1383, 1441,
    ]);
  });

  test('begins anew tcp_probe_interval after it began, ten minutes: the path may take more by then', () => {
    for (const interval of [600, 100]) {
      const { narrow, wait, search, mss } = searching(1000, { 'net.ipv4.tcp_probe_interval': interval });
      expect(search().length).toBeGreaterThan(4);
      const before = mss();
      expect(before).toBeLessThanOrEqual(1000 - 52);
      narrow(1500);
      wait(interval - 30);
      expect(search()).toEqual([]);
      wait(30);
      expect(search().length).toBeGreaterThan(4);
      expect(mss()).toBeGreaterThanOrEqual(1500 - 52 - 8);
    }
  });

  test('stays below what a router tells', () => {
    const { search, mss } = searching(1000, { 'net.ipv4.route.min_pmtu': 552 });
    expect(search()).toEqual([1032, 797, 898, 949, 974, 987, 993]);
    expect(mss()).toBeGreaterThanOrEqual(1000 - 52 - 8);
  });

  test('goes back to tcp_base_mss when all larger segments get lost', () => {
    const { narrow, search, sizes } = searching(1500, { 'net.ipv4.tcp_base_mss': 300 });
    expect(search().at(-1)).toBeGreaterThan(1480);
    narrow(600);
    search();
    expect(new Set(sizes('tcp.rto'))).toEqual(new Set([1495, 352]));
  });
});
