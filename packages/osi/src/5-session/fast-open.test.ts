import { describe, expect, test } from 'vitest';
import { twoStacks } from '../../test/two-stacks.ts';
import { milliseconds, seconds } from '../time/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import { ints } from './option-table.ts';
import type { Received, Socket, SocketAddress } from './socket-types.ts';
import type { Stack } from './stack.ts';

const ROOT = { privileged: true };
const SERVER: SocketAddress = { family: 2, address: '10.0.0.2', port: 80 };
const NOW = linux.MSG_FASTOPEN | linux.MSG_DONTWAIT;
const stream = (stack: Stack): Socket => stack.socket(linux.AF_INET, linux.SOCK_STREAM, 0) as Socket;
const hello = new TextEncoder().encode('hello');

/** A server that takes part, and a client that has its cookie already; the way takes 5 ms. */
function acquainted(seed = 1) {
  const two = twoStacks(seed, { delay: milliseconds(5) });
  two.server.sysctl.set('net.ipv4.tcp_fastopen', 3);
  const listener = stream(two.server);
  listener.setOption(linux.IPPROTO_TCP, linux.TCP_FASTOPEN, ints(4));
  listener.bind({ ...SERVER, address: '0.0.0.0' }, ROOT);
  listener.listen(5);
  const first = stream(two.client);
  expect(first.send(hello, NOW, SERVER, 0)).toBe(-ERRNO.EINPROGRESS);
  two.sim.run(milliseconds(100));
  first.close();
  (listener.accept() as Socket).close();
  two.sim.run(two.sim.now + seconds(1));
  return { ...two, listener };
}

describe('TCP Fast Open between two machines', () => {
  test('hands data over half a round trip after it was sent, where a handshake comes first otherwise', () => {
    const { sim, client, server, listener } = acquainted();
    const start = sim.now;
    let came = 0;
    listener.subscribe(() => (came ||= sim.now));
    const here = stream(client);
    expect(here.send(hello, NOW, SERVER, 0)).toBe(5);
    sim.run(start + milliseconds(6));
    expect(came - start).toBeLessThan(milliseconds(6));
    const there = listener.accept() as Socket;
    const into = new Uint8Array(10);
    expect((there.receive(into, 0) as Received).length).toBe(5);
    expect(there.poll() & linux.POLLOUT).toBe(linux.POLLOUT);
    expect(there.send(hello, 0, null, 0)).toBe(5);
    sim.run(sim.now + milliseconds(6));
    expect((here.receive(into, 0) as Received).length).toBe(5);
    expect(client.tcp.counters.ext.TCPFastOpenActive).toBe(1);
    expect(server.tcp.counters.ext.TCPFastOpenPassive).toBe(1);
  });

  test('each frame says why: the request, the data in the SYN, the answer before the handshake is done', () => {
    const { sim, client, record } = acquainted();
    stream(client).send(hello, NOW, SERVER, 0);
    sim.run(sim.now + seconds(1));
    const reasons = record.events.flatMap((event) =>
      event.kind === 'frame-sent' && event.reason.startsWith('tcp.syn') ? [event.reason] : [],
    );
    expect(reasons).toEqual(['tcp.syn-cookie-request', 'tcp.syn-ack', 'tcp.syn-data', 'tcp.syn-ack-early']);
  });

  test('cookies come from the seed: the same ones for the same, others for another', () => {
    const cookie = (seed: number): string =>
      String(
        acquainted(seed).client.tcp.fastOpen.cache.cookieFor(0x0a000002 as never, 0x0a000001 as never).bytes,
      );
    expect(cookie(1)).toBe(cookie(1));
    expect(cookie(1)).not.toBe(cookie(2));
  });

  test('a program that has not asked for it gets nothing out of a SYN, though the cookie is good', () => {
    const { sim, client, server } = acquainted();
    const listener = stream(server);
    listener.bind({ ...SERVER, address: '0.0.0.0', port: 81 }, ROOT);
    listener.listen(5);
    expect(stream(client).send(hello, NOW, { ...SERVER, port: 81 }, 0)).toBe(5);
    sim.run(sim.now + milliseconds(6));
    expect(listener.accept()).toBe(-ERRNO.EAGAIN);
    sim.run(sim.now + milliseconds(100));
    expect(((listener.accept() as Socket).receive(new Uint8Array(10), 0) as Received).length).toBe(5);
  });

  test('a call that waits sends everything, and its first bytes only once', () => {
    const { sim, client, listener } = acquainted();
    const here = stream(client);
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i);
    expect(here.send(bytes, linux.MSG_FASTOPEN, SERVER, 0)).toBe(-ERRNO.EAGAIN);
    sim.run(sim.now + milliseconds(50));
    expect(here.send(bytes, linux.MSG_FASTOPEN, SERVER, 0)).toBe(5000);
    sim.run(sim.now + seconds(1));
    const into = new Uint8Array(6000);
    const there = listener.accept() as Socket;
    expect((there.receive(into, 0) as Received).length).toBe(5000);
    expect(into.subarray(0, 5000)).toEqual(bytes);
  });

  test('a key of its own makes other cookies, and is shown; the former one is good beside it', () => {
    const { sim, client, server, listener } = acquainted();
    const old = listener.getOption(linux.IPPROTO_TCP, linux.TCP_FASTOPEN_KEY, 32) as Uint8Array;
    expect(old.length).toBe(16);
    const key = Uint8Array.from({ length: 16 }, (_, i) => i);
    expect(listener.setOption(linux.IPPROTO_TCP, linux.TCP_FASTOPEN_KEY, key.subarray(1))).toBe(
      -ERRNO.EINVAL,
    );
    const both = new Uint8Array([...key, ...old]);
    expect(listener.setOption(linux.IPPROTO_TCP, linux.TCP_FASTOPEN_KEY, both)).toBe(0);
    stream(client).send(hello, NOW, SERVER, 0);
    sim.run(sim.now + milliseconds(100));
    expect(server.tcp.counters.ext.TCPFastOpenPassiveAltKey).toBe(1);
    expect(client.tcp.counters.ext.TCPFastOpenActive).toBe(1);
    // The answer brought the cookie of the new key: the old one is needed no more.
    listener.setOption(linux.IPPROTO_TCP, linux.TCP_FASTOPEN_KEY, key);
    stream(client).send(hello, NOW, SERVER, 0);
    sim.run(sim.now + milliseconds(100));
    expect(client.tcp.counters.ext.TCPFastOpenActive).toBe(2);
    expect(server.tcp.counters.ext.TCPFastOpenPassiveAltKey).toBe(1);
  });

  test('a connection closed before its handshake is done ends in order', () => {
    const { sim, client, listener } = acquainted();
    const here = stream(client);
    here.send(hello, NOW, SERVER, 0);
    sim.run(sim.now + milliseconds(6));
    const there = listener.accept() as Socket;
    there.receive(new Uint8Array(10), 0);
    there.close();
    sim.run(sim.now + milliseconds(50));
    expect((here.receive(new Uint8Array(10), 0) as Received).length).toBe(0);
    here.close();
    sim.run(sim.now + seconds(70));
    expect([...client.tcp.entries()].map(({ state }) => state)).toEqual([]);
  });

  test('a SYN with data that was lost is remembered of its server', () => {
    const { sim, client, server, cable } = acquainted();
    const drops = () => [...client.tcp.fastOpen.cache.entries()].map(({ synDrops }) => synDrops);
    expect(drops()).toEqual([0]);
    cable.set({ impairments: { loss: 1 } });
    stream(client).send(hello, NOW, SERVER, 0);
    sim.run(sim.now + milliseconds(500));
    cable.set({ impairments: { loss: 0 } });
    server.sysctl.set('net.ipv4.tcp_fastopen', 0);
    sim.run(sim.now + seconds(2));
    expect(drops()).toEqual([1]);
  });

  test('where the server does not take part the data goes after the handshake', () => {
    const { sim, client, server, listener } = acquainted();
    server.sysctl.set('net.ipv4.tcp_fastopen', 1);
    const here = stream(client);
    expect(here.send(hello, NOW, SERVER, 0)).toBe(5);
    sim.run(sim.now + milliseconds(100));
    const there = listener.accept() as Socket;
    expect((there.receive(new Uint8Array(10), 0) as Received).length).toBe(5);
    expect(client.tcp.counters.ext.TCPFastOpenActiveFail).toBe(1);
  });
});
