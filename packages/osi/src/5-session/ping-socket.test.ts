import { describe, expect, test } from 'vitest';
import { twoStacks } from '../../test/two-stacks.ts';
import { milliseconds, seconds } from '../time/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import { ints } from './option-table.ts';
import type { Socket, SocketAddress } from './socket-types.ts';
import type { Stack } from './stack.ts';

const IPPROTO_ICMP = 1;
const to = (address: string): SocketAddress => ({ family: 2, address, port: 0 });

/** An echo request: the kernel fills in identifier and checksum. */
const request = (sequence: number, data = 'data'): Uint8Array =>
  Uint8Array.of(8, 0, 0, 0, 0, 0, 0, sequence, ...new TextEncoder().encode(data));

function pingSocket(stack: Stack): Socket {
  const socket = stack.socket(linux.AF_INET, linux.SOCK_DGRAM, IPPROTO_ICMP) as Socket;
  socket.setOption(linux.IPPROTO_IP, linux.IP_RECVERR, ints(1));
  socket.setOption(linux.IPPROTO_IP, linux.IP_RECVTTL, ints(1));
  return socket;
}

function receive(socket: Socket, flags = 0) {
  const into = new Uint8Array(2000);
  const received = socket.receive(into, flags);
  return typeof received === 'number'
    ? received
    : { ...received, data: [...into.subarray(0, received.length)] };
}

describe('a ping socket', () => {
  test('sends echo requests and receives whole echo replies with the TTL they came with', () => {
    const { sim, client } = twoStacks(1, { delay: milliseconds(2) });
    const socket = pingSocket(client);
    expect(socket.protocol).toBe(IPPROTO_ICMP);
    expect(socket.send(request(1), 0, to('10.0.0.2'), 0)).toBe(12);
    expect(socket.poll()).toBe(linux.POLLOUT);
    sim.run(seconds(1));
    expect(socket.poll()).toBe(linux.POLLOUT | linux.POLLIN);
    const reply = receive(socket);
    expect(reply).toMatchObject({ length: 12, ttl: 64, address: to('10.0.0.2') });
    const { data } = reply as { data: number[] };
    expect([data[0], data[1], data[7]]).toEqual([0, 0, 1]);
    expect(((data[4] ?? 0) << 8) | (data[5] ?? 0)).toBe(socket.localAddress().port);
    expect(String.fromCharCode(...data.slice(8))).toBe('data');
  });

  test('two of them tell their replies apart by the identifier', () => {
    const { sim, client } = twoStacks();
    const one = pingSocket(client);
    const two = pingSocket(client);
    one.send(request(1), 0, to('10.0.0.2'), 0);
    two.send(request(2), 0, to('10.0.0.2'), 0);
    sim.run(seconds(1));
    expect((receive(one) as { data: number[] }).data[7]).toBe(1);
    expect((receive(two) as { data: number[] }).data[7]).toBe(2);
    expect(receive(one)).toBe(-ERRNO.EAGAIN);
  });

  test('sends nothing but echo requests', () => {
    const { client } = twoStacks();
    const socket = pingSocket(client);
    const reply = request(1);
    reply[0] = 0;
    expect(socket.send(reply, 0, to('10.0.0.2'), 0)).toBe(-ERRNO.EINVAL);
    expect(socket.send(request(1).subarray(0, 7), 0, to('10.0.0.2'), 0)).toBe(-ERRNO.EINVAL);
    expect(socket.send(request(1), 0, null, 0)).toBe(-ERRNO.EDESTADDRREQ);
    expect(socket.send(request(1), 0, to('192.0.2.1'), 0)).toBe(-ERRNO.ENETUNREACH);
    expect(socket.listen(1)).toBe(-ERRNO.EOPNOTSUPP);
  });

  test('reads from its error queue who let the TTL run out, about which request', () => {
    const { sim, client, server } = twoStacks();
    server.sysctl.set('net.ipv4.ip_forward', 1);
    server.addAddress('lo', '192.0.2.1/32');
    server.addRoute({ destination: 'default', via: '10.0.0.77' });
    client.addRoute({ destination: 'default', via: '10.0.0.2' });
    const socket = pingSocket(client);
    socket.setOption(linux.IPPROTO_IP, linux.IP_TTL, ints(1));
    socket.send(request(3), 0, to('198.51.100.1'), 0);
    sim.run(seconds(1));
    expect(socket.poll() & linux.POLLERR).toBe(linux.POLLERR);
    const report = receive(socket, linux.MSG_ERRQUEUE);
    expect(report).toMatchObject({
      address: to('198.51.100.1'),
      error: { errno: ERRNO.EHOSTUNREACH, origin: 2, type: 11, code: 0, offender: '10.0.0.2' },
    });
    const { data } = report as { data: number[] };
    expect([data[0], data[7]]).toEqual([8, 3]);
    expect(String.fromCharCode(...data.slice(8))).toBe('data');
    expect(receive(socket)).toBe(-ERRNO.EAGAIN);
  });

  test('is told that a neighbour is silent', () => {
    const { sim, client } = twoStacks();
    const socket = pingSocket(client);
    socket.send(request(1), 0, to('10.0.0.99'), 0);
    sim.run(seconds(4));
    expect(receive(socket)).toBe(-ERRNO.EHOSTUNREACH);
    expect(receive(socket, linux.MSG_ERRQUEUE)).toMatchObject({
      error: { errno: ERRNO.EHOSTUNREACH, type: 3, code: 1, offender: '10.0.0.1' },
    });
  });

  test('pings itself by 127.0.0.1', () => {
    const { sim, client } = twoStacks();
    const socket = pingSocket(client);
    expect(socket.connect(to('127.0.0.1'))).toBe(0);
    socket.send(request(1), 0, null, 0);
    sim.run(seconds(1));
    expect(receive(socket)).toMatchObject({ length: 12, address: to('127.0.0.1') });
  });
});
