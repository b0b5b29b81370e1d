import { describe, expect, test } from 'vitest';
import { twoStacks } from '../../test/two-stacks.ts';
import { formatIpv4 } from '../3-network/index.ts';
import { Simulation, seconds } from '../time/index.ts';
import { ERRNO, TraceRecord } from '../trace/index.ts';
import { drive } from './async-turns.ts';
import { Stack } from './stack.ts';

const routesOf = (stack: Stack): string[] =>
  stack.routes.map(({ destination, length, gateway, link, protocol }) => {
    const via = gateway === null ? '' : ` via ${formatIpv4(gateway)}`;
    return `${formatIpv4(destination)}/${length}${via} dev ${link.name} proto ${protocol}`;
  });

describe('a stack', () => {
  test('has lo with 127.0.0.1/8 from the start, and nothing else', () => {
    const stack = new Stack({ sim: new Simulation(), name: 'alone' });
    expect(stack.interfaces.map(({ name, index }) => [name, index])).toEqual([['lo', 1]]);
    expect(stack.addresses.map(({ address, length }) => `${formatIpv4(address)}/${length}`)).toEqual([
      '127.0.0.1/8',
    ]);
    expect(routesOf(stack)).toEqual([]);
  });

  test('an address brings the route to its network, and takes it away again', () => {
    const { client } = twoStacks();
    expect(routesOf(client)).toEqual(['10.0.0.0/24 dev eth0 proto kernel']);
    expect(client.addAddress('eth0', '10.0.0.1/24')).toBe(-ERRNO.EEXIST);
    expect(client.addAddress('eth9', '10.0.9.1/24')).toBe(-ERRNO.ENODEV);
    expect(client.addAddress('eth0', '10.0.0.300/24')).toBe(-ERRNO.EINVAL);
    expect(client.removeAddress('eth0', '10.0.0.1/24')).toBe(0);
    expect(client.removeAddress('eth0', '10.0.0.1/24')).toBe(-ERRNO.EADDRNOTAVAIL);
    expect(routesOf(client)).toEqual([]);
  });

  test('a route needs a router on a network of ours, an interface, and may be there once', () => {
    const { client } = twoStacks();
    expect(client.addRoute({ destination: 'default', via: '192.0.2.1' })).toBe(-ERRNO.ENETUNREACH);
    expect(client.addRoute({ destination: 'default', via: '10.0.0.1' })).toBe(-ERRNO.EINVAL);
    expect(client.addRoute({ destination: 'default' })).toBe(-ERRNO.ENODEV);
    expect(client.addRoute({ destination: 'default', interface: 'eth7' })).toBe(-ERRNO.ENODEV);
    expect(client.addRoute({ destination: '10.1.0.1/16', interface: 'eth0' })).toBe(-ERRNO.EINVAL);
    expect(client.addRoute({ destination: 'nowhere', interface: 'eth0' })).toBe(-ERRNO.EINVAL);
    expect(client.addRoute({ destination: 'default', via: '10.0.0.2' })).toBe(0);
    expect(client.addRoute({ destination: 'default', via: '10.0.0.2' })).toBe(-ERRNO.EEXIST);
    expect(client.addRoute({ destination: '10.9.9.9', interface: 'eth0', protocol: 'static' })).toBe(0);
    expect(routesOf(client)).toEqual([
      '10.0.0.0/24 dev eth0 proto kernel',
      '0.0.0.0/0 via 10.0.0.2 dev eth0 proto boot',
      '10.9.9.9/32 dev eth0 proto static',
    ]);
    expect(client.removeRoute({ destination: 'default', via: '10.0.0.3' })).toBe(-ERRNO.ESRCH);
    expect(client.removeRoute({ destination: 'default' })).toBe(0);
    expect(client.removeRoute({ destination: 'default' })).toBe(-ERRNO.ESRCH);
  });

  test('switching an interface off takes its routes and neighbours, and switching it on brings back those of its addresses', async () => {
    const { sim, client, server } = twoStacks();
    const ping = async () => {
      const socket = client.datagram();
      socket.send('x', { address: '10.0.0.2', port: 9 });
    };
    await drive(sim, ping());
    sim.run(seconds(1));
    client.addRoute({ destination: 'default', via: '10.0.0.2' });
    expect([...client.neighbours()]).toHaveLength(1);
    expect(client.setLinkUp('eth0', false)).toBe(0);
    expect(routesOf(client)).toEqual([]);
    expect([...client.neighbours()]).toEqual([]);
    expect(server.interface('eth0')?.carrier).toBe(false);
    expect(client.addRoute({ destination: 'default', interface: 'eth0' })).toBe(-ERRNO.ENETDOWN);
    await expect(drive(sim, ping())).rejects.toThrow('ENETUNREACH');
    expect(client.setLinkUp('eth0', true)).toBe(0);
    expect(routesOf(client)).toEqual(['10.0.0.0/24 dev eth0 proto kernel']);
    expect(client.setLinkUp('eth9', true)).toBe(-ERRNO.ENODEV);
  });

  test('records each change of addresses, routes and links', () => {
    const { record, client } = twoStacks();
    const from = record.size;
    client.addAddress('eth0', '10.7.0.1/16');
    client.setLinkUp('eth0', false);
    const changes = record.events
      .slice(from)
      .map((event) =>
        event.kind === 'table' && event.node === 'client'
          ? `${event.table} ${event.change} ${event.key}`
          : '',
      );
    expect(changes).toContain('address add 10.7.0.1/16');
    expect(changes).toContain('route add 10.7.0.0/16');
    expect(changes).toContain('link update eth0');
    expect(changes).toContain('route remove 10.7.0.0/16');
  });

  test('sets an MTU, and refuses one that the interface cannot carry', () => {
    const { client } = twoStacks();
    expect(client.setLinkMtu('eth0', 1280)).toBe(0);
    expect(client.interface('eth0')?.mtu).toBe(1280);
    expect(client.setLinkMtu('eth0', 20)).toBe(-ERRNO.EINVAL);
    expect(client.setLinkMtu('eth9', 1500)).toBe(-ERRNO.ENODEV);
  });

  test('makes the sockets that socket(2) knows and refuses the others by Linux’s errors', () => {
    const stack = new Stack({ sim: new Simulation(), name: 'alone', record: new TraceRecord() });
    const SOCK_NONBLOCK_CLOEXEC = 0x80800;
    expect(stack.socket(2, 1 | SOCK_NONBLOCK_CLOEXEC, 0)).toMatchObject({ type: 1, protocol: 6 });
    expect(stack.socket(2, 2, 17)).toMatchObject({ type: 2, protocol: 17 });
    expect(stack.socket(2, 2, 1)).toMatchObject({ type: 2, protocol: 1 });
    expect(stack.socket(10, 1, 0)).toMatchObject({ domain: 10, type: 1, protocol: 6 });
    expect(stack.socket(10, 2, 58)).toMatchObject({ domain: 10, type: 2, protocol: 58 });
    expect(stack.socket(10, 2, 1)).toBe(-ERRNO.EPROTONOSUPPORT);
    expect(stack.socket(16, 3, 0)).toBe(-ERRNO.EAFNOSUPPORT);
    expect(stack.socket(2, 1, 17)).toBe(-ERRNO.EPROTONOSUPPORT);
    expect(stack.socket(2, 2, 6)).toBe(-ERRNO.EPROTONOSUPPORT);
    expect(stack.socket(2, 5, 0)).toBe(-ERRNO.ESOCKTNOSUPPORT);
    expect(stack.socket(2, 1, -1)).toBe(-ERRNO.EINVAL);
  });
});
