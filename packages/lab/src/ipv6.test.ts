import { SOCK_DGRAM } from '@netarium/osi/5-session';
import { seconds } from '@netarium/osi/time';
import { describe, expect, test } from 'vitest';
import { Lab } from './lab.ts';

describe('IPv6 in a lab', () => {
  test('is there where a lab asks for it: two machines talk across a router', () => {
    const lab = new Lab({ seed: 1 });
    const a = lab.host('a', {
      ipv6: { addresses: { eth0: '2001:db8:1::a/64' }, gateway: '2001:db8:1::1' },
    });
    lab.router('r', {
      ipv6: { addresses: { eth0: '2001:db8:1::1/64', eth1: '2001:db8:2::1/64' } },
    });
    const b = lab.host('b', {
      ipv6: { addresses: { eth0: '2001:db8:2::b/64' }, gateway: '2001:db8:2::1' },
    });
    lab.link('a:eth0', 'r:eth0');
    lab.link('r:eth1', 'b:eth0');
    const server = b.stack.socket(10, SOCK_DGRAM, 0);
    const client = a.stack.socket(10, SOCK_DGRAM, 0);
    if (typeof server === 'number' || typeof client === 'number') throw new Error('socket');
    const at = (address: string) => ({ family: 10 as const, address, port: 9, flowInfo: 0, scopeId: 0 });
    expect(server.bind(at('::'), { privileged: true })).toBe(0);
    expect(client.send(Uint8Array.of(42), 0, at('2001:db8:2::b'), 0)).toBe(1);
    lab.sim.run(seconds(3));
    const into = new Uint8Array(9);
    expect(server.receive(into, 0)).toMatchObject({ length: 1, address: { address: '2001:db8:1::a' } });
    expect(into[0]).toBe(42);
    expect(new TextDecoder().decode(a.machine.files.content('/etc/hosts'))).toContain('2001:db8:2::b\tb\n');
  });

  test('machines with "auto" take addresses and their default route from a router that advertises', () => {
    const lab = new Lab({ seed: 1 });
    const a = lab.host('a', { ipv6: { addresses: { eth0: 'auto' } } });
    lab.router('r', { ipv6: { addresses: { eth0: '2001:db8:1::1/64' }, advertise: { eth0: {} } } });
    lab.link('a:eth0', 'r:eth0');
    lab.sim.run(seconds(5));
    expect(a.stack.addresses6.filter(({ dynamic }) => dynamic)).toHaveLength(1);
    expect(a.stack.routes6.find(({ length }) => length === 0)).toMatchObject({ protocol: 'ra' });
  });
});
