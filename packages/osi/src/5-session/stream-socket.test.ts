import { describe, expect, test } from 'vitest';
import { twoStacks } from '../../test/two-stacks.ts';
import { milliseconds, seconds } from '../time/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import { ints, readInt } from './option-table.ts';
import type { Socket, SocketAddress } from './socket-types.ts';
import type { Stack } from './stack.ts';

const ROOT = { privileged: true };
const at = (address: string, port: number): SocketAddress => ({ family: 2, address, port });
const stream = (stack: Stack): Socket => stack.socket(linux.AF_INET, linux.SOCK_STREAM, 0) as Socket;

/** A connection over the cable: what `connect` made and what `accept` gave. */
function pair(reuseAddress = 0) {
  const two = twoStacks(1, { delay: milliseconds(1) });
  const listener = stream(two.server);
  listener.setOption(linux.SOL_SOCKET, linux.SO_REUSEADDR, ints(reuseAddress));
  expect(listener.bind(at('0.0.0.0', 80), ROOT)).toBe(0);
  expect(listener.listen(5)).toBe(0);
  const here = stream(two.client);
  expect(here.connect(at('10.0.0.2', 80))).toBe(-ERRNO.EINPROGRESS);
  expect(here.connect(at('10.0.0.2', 80))).toBe(-ERRNO.EALREADY);
  two.sim.run(milliseconds(100));
  expect(here.connect(at('10.0.0.2', 80))).toBe(0);
  const there = listener.accept() as Socket;
  return { ...two, listener, here, there };
}

describe('a stream socket', () => {
  test('below port 1024 is for the privileged, unless the sysctl says otherwise', () => {
    const { client } = twoStacks();
    const socket = stream(client);
    expect(socket.bind(at('0.0.0.0', 80), { privileged: false })).toBe(-ERRNO.EACCES);
    expect(socket.bind(at('192.0.2.1', 80), { privileged: false })).toBe(-ERRNO.EADDRNOTAVAIL);
    client.sysctl.set('net.ipv4.ip_unprivileged_port_start', 80);
    expect(socket.bind(at('0.0.0.0', 80), { privileged: false })).toBe(0);
  });

  test('refuses addresses of another family and ports that cannot be', () => {
    const { client } = twoStacks();
    const socket = stream(client);
    const six = { family: 10, address: '::1', port: 9 } as unknown as SocketAddress;
    expect(socket.bind(six, ROOT)).toBe(-ERRNO.EAFNOSUPPORT);
    expect(socket.connect(six)).toBe(-ERRNO.EAFNOSUPPORT);
    expect(socket.bind(at('10.0.0.1', 65_536), ROOT)).toBe(-ERRNO.EINVAL);
    expect(socket.bind(at('10.0.0', 80), ROOT)).toBe(-ERRNO.EINVAL);
  });

  test('while it connects is EALREADY to another connect and neither readable nor writable', () => {
    const { sim, client } = twoStacks(1, { delay: seconds(1) });
    const socket = stream(client);
    expect(socket.connect(at('10.0.0.2', 80))).toBe(-ERRNO.EINPROGRESS);
    sim.run(milliseconds(500));
    expect(socket.connect(at('10.0.0.2', 80))).toBe(-ERRNO.EALREADY);
    expect(socket.poll()).toBe(0);
    expect(socket.send(Uint8Array.of(1), 0, null, 0)).toBe(-ERRNO.EAGAIN);
    expect(socket.receive(new Uint8Array(1), 0)).toBe(-ERRNO.EAGAIN);
    expect(socket.remoteAddress()).toBe(-ERRNO.ENOTCONN);
    expect(socket.localAddress()).toMatchObject({ address: '10.0.0.1' });
  });

  test('wakes who waits when it is connected, readable, writable again, and at its end', () => {
    const { sim, client, server } = twoStacks(1, { delay: milliseconds(1) });
    const listener = stream(server);
    listener.bind(at('0.0.0.0', 80), ROOT);
    listener.listen(5);
    const here = stream(client);
    const masks: number[] = [];
    here.connect(at('10.0.0.2', 80));
    const leave = here.subscribe(() => {
      if (masks.at(-1) !== here.poll()) masks.push(here.poll());
    });
    sim.run(seconds(1));
    expect(masks).toEqual([linux.POLLOUT]);
    const there = listener.accept() as Socket;
    let written = 0;
    for (;;) {
      const count = here.send(new Uint8Array(10_000), 0, null, 0);
      if (count < 0) {
        expect(count).toBe(-ERRNO.EAGAIN);
        break;
      }
      written += count;
    }
    expect(here.poll()).toBe(0);
    there.send(Uint8Array.of(1), 0, null, 0);
    sim.run(seconds(2));
    expect(here.poll() & linux.POLLIN).toBe(linux.POLLIN);
    const into = new Uint8Array(65_536);
    let read = 0;
    while (read < written) {
      const received = there.receive(into, 0);
      if (typeof received === 'number') sim.run(sim.now + seconds(1));
      else read += received.length;
    }
    expect(read).toBe(written);
    expect(here.poll()).toBe(linux.POLLIN | linux.POLLOUT);
    expect(masks).toContain(linux.POLLIN | linux.POLLOUT);
    there.close();
    sim.run(sim.now + seconds(1));
    expect(masks.at(-1)).toBe(linux.POLLIN | linux.POLLOUT | linux.POLLRDHUP);
    leave();
    const told = masks.length;
    here.close();
    expect(masks).toHaveLength(told);
  });

  test('a small receive buffer keeps the sender waiting', () => {
    const { sim, client, server } = twoStacks(1, { delay: milliseconds(1) });
    const listener = stream(server);
    listener.setOption(linux.SOL_SOCKET, linux.SO_RCVBUF, ints(4000));
    listener.bind(at('0.0.0.0', 80), ROOT);
    listener.listen(5);
    const here = stream(client);
    here.setOption(linux.SOL_SOCKET, linux.SO_SNDBUF, ints(10_000));
    here.connect(at('10.0.0.2', 80));
    sim.run(seconds(1));
    const there = listener.accept() as Socket;
    let written = 0;
    for (let i = 0; i < 20; i++) {
      const count = here.send(new Uint8Array(5_000), 0, null, 0);
      if (count > 0) written += count;
      sim.run(sim.now + seconds(1));
    }
    expect(there.readable).toBeGreaterThan(1000);
    expect(there.readable).toBeLessThanOrEqual(8000);
    expect(written).toBeLessThanOrEqual(28_000);
    expect(written - there.readable).toBeGreaterThan(1000);
  });

  test('tells of its connection by TCP_INFO', () => {
    const { sim, here, there } = pair();
    there.send(new Uint8Array(3000), 0, null, 0);
    sim.run(seconds(1));
    const info = here.getOption(linux.IPPROTO_TCP, linux.TCP_INFO, 256) as Uint8Array;
    expect(info.length).toBe(236);
    expect(info[0]).toBe(1);
    // The handshake took two milliseconds, and ARP before it as long.
    expect(readInt(info, 68)).toBe(4000);
    expect(readInt(info, 16)).toBe(1448);
    expect(readInt(info, 80)).toBe(10);
    const segment = here.getOption(linux.IPPROTO_TCP, linux.TCP_MAXSEG, 4) as Uint8Array;
    expect(readInt(segment, 0)).toBe(1448);
  });

  test('has the name of its connection in the record', () => {
    const { record, here, there } = pair();
    const established = record.events
      .filter((event) => event.kind === 'socket-state' && event.to === 'ESTABLISHED')
      .map((event) => event.kind === 'socket-state' && `${event.node} ${event.socket}`);
    expect(established).toContain(`client ${here.id}`);
    expect(established).toContain(`server ${there.id}`);
  });

  test('a port is free again when its listener and all its connections are gone', () => {
    const { sim, server, listener, here, there } = pair();
    listener.close();
    const next = stream(server);
    expect(next.bind(at('0.0.0.0', 80), ROOT)).toBe(-ERRNO.EADDRINUSE);
    here.close();
    sim.run(sim.now + seconds(1));
    there.close();
    sim.run(sim.now + seconds(1));
    expect(next.bind(at('0.0.0.0', 80), ROOT)).toBe(0);
  });

  test('a server may start again while an old connection is in TIME_WAIT if both had SO_REUSEADDR', () => {
    for (const before of [0, 1]) {
      const { sim, server, listener, here, there } = pair(before);
      listener.close();
      there.close();
      sim.run(sim.now + seconds(1));
      here.close();
      sim.run(sim.now + seconds(1));
      expect([...server.tcp.entries()].map(({ state }) => state)).toEqual(['TIME_WAIT']);
      const next = stream(server);
      expect(next.bind(at('0.0.0.0', 80), ROOT)).toBe(-ERRNO.EADDRINUSE);
      next.setOption(linux.SOL_SOCKET, linux.SO_REUSEADDR, ints(1));
      expect(next.bind(at('0.0.0.0', 80), ROOT)).toBe(before === 1 ? 0 : -ERRNO.EADDRINUSE);
      next.close();
      sim.run(sim.now + seconds(60));
      expect(stream(server).bind(at('0.0.0.0', 80), ROOT)).toBe(0);
    }
  });

  test('closing it twice, or with nobody at the other end, does no harm', () => {
    const { sim, here, there, cable } = pair();
    cable.pull();
    here.close();
    here.close();
    there.close();
    sim.run();
    expect(here.receive(new Uint8Array(1), 0)).toBe(-ERRNO.ENOTCONN);
  });
});
