import { Cable, type CableOptions, Port } from '@netarium/osi/1-physical';
import { macFromNumber, Switch } from '@netarium/osi/2-datalink';
import { drive, Stack } from '@netarium/osi/5-session';
import { dissect, findField } from '@netarium/osi/dissect';
import { microseconds, Simulation } from '@netarium/osi/time';
import { type FrameSent, TraceRecord } from '@netarium/osi/trace';
import { describe, expect, test } from 'vitest';

const OFFLOAD: CableOptions = { delay: microseconds(5), offload: true };
const ORDINARY: CableOptions = { delay: microseconds(5) };
const SIZE = 400_000;

class World {
  readonly sim = new Simulation(1);
  readonly record = new TraceRecord();
  #cards = 0;

  stack(name: string): Stack {
    return new Stack({ sim: this.sim, name, record: this.record });
  }

  port(stack: Stack, address: string): Port {
    const port = new Port(`eth${stack.interfaces.length - 1}`, stack.tracer, stack.pool);
    stack.addPort(port, { mac: macFromNumber(0x0200_0000_0000 + ++this.#cards), ipv6: true });
    expect(stack.addAddress(port.name, address, false)).toBe(0);
    return port;
  }

  /** Sends bytes to port 9000 there. @returns whether they arrived as they were sent. */
  async transfer(from: Stack, to: Stack, address: string): Promise<boolean> {
    const data = new Uint8Array(SIZE);
    this.sim.randomFor('test').fill(data);
    const work = async () => {
      const listener = to.listen({ address: '::', port: 9000 });
      const socket = await from.connect({ address, port: 9000 });
      const accepted = await listener.accept();
      const all = accepted.readAll();
      await socket.write(data);
      socket.end();
      const arrived = await all;
      for (const each of [socket, accepted, listener]) each.close();
      return arrived;
    };
    return Buffer.compare(await drive(this.sim, work()), data) === 0;
  }

  sentBy(node: string, port?: string): FrameSent[] {
    return this.record.events.filter(
      (event): event is FrameSent =>
        event.kind === 'frame-sent' && event.node === node && (port === undefined || event.port === port),
    );
  }

  /** What the dissector finds of the checksums of TCP segments. */
  checksums(frames: readonly FrameSent[]): string[] {
    const found = frames.flatMap((frame) => {
      const field = findField(dissect(this.record.bytes(frame)).protocols, 'tcp.checksum');
      return field === undefined ? [] : [/correct|partial|incorrect/.exec(field.text)?.[0] ?? field.text];
    });
    return [...new Set(found)];
  }
}

const largest = (frames: readonly FrameSent[]): number => Math.max(...frames.map(({ length }) => length));

describe('TCP over IPv6 on a cable with offload', () => {
  test('goes in frames of up to 64 KiB, whose checksums nobody computed', async () => {
    const world = new World();
    const [client, server] = [world.stack('client'), world.stack('server')];
    new Cable(world.sim, world.port(client, '2001:db8::1/64'), world.port(server, '2001:db8::2/64'), OFFLOAD);
    expect(await world.transfer(client, server, '2001:db8::2')).toBe(true);
    const frames = world.sentBy('client').filter(({ offload }) => offload !== undefined);
    expect(largest(frames)).toBeGreaterThan(30_000);
    expect(largest(frames)).toBeLessThanOrEqual(65_535 + 40 + 14);
    expect(world.checksums(frames)).toEqual(['partial']);
    const { tcp } = client.tcp.counters;
    expect(frames.length).toBeLessThan(tcp.OutSegs / 3);
    expect(server.tcp.counters.tcp.InSegs).toBe(tcp.OutSegs);
    expect(tcp.RetransSegs).toBe(0);
  });

  test('is cut at the port of an ordinary cable, numbers, flags and checksums as they belong', async () => {
    const world = new World();
    const device = new Switch({ sim: world.sim, name: 'switch', record: world.record });
    const [client, server] = [world.stack('client'), world.stack('server')];
    new Cable(world.sim, world.port(client, '2001:db8::1/64'), device.addPort(), OFFLOAD);
    new Cable(world.sim, world.port(server, '2001:db8::2/64'), device.addPort(), ORDINARY);
    expect(await world.transfer(client, server, '2001:db8::2')).toBe(true);
    expect(largest(world.sentBy('client'))).toBeGreaterThan(1514);
    const cut = world.sentBy('switch', '2');
    expect(largest(cut)).toBe(1514);
    expect(world.checksums(cut)).toEqual(['correct']);
    let next: number | null = null;
    for (const frame of cut) {
      const { protocols } = dissect(world.record.bytes(frame));
      const value = (name: string): number => Number(findField(protocols, name)?.value);
      if (findField(protocols, 'tcp.seq_raw') === undefined) continue;
      const length = value('ipv6.plen') - value('tcp.hdr_len');
      if (next !== null) expect(value('tcp.seq_raw')).toBe(next);
      next = (value('tcp.seq_raw') + length + (value('tcp.flags') & 3 ? 1 : 0)) >>> 0;
    }
  });

  test('passes a router whole, and a smaller MTU behind it is told of', async () => {
    const world = new World();
    const [client, router, server] = ['client', 'router', 'server'].map((name) => world.stack(name)) as [
      Stack,
      Stack,
      Stack,
    ];
    router.sysctl.set('net.ipv6.conf.all.forwarding', 1);
    new Cable(
      world.sim,
      world.port(client, '2001:db8:1::2/64'),
      world.port(router, '2001:db8:1::1/64'),
      OFFLOAD,
    );
    new Cable(
      world.sim,
      world.port(router, '2001:db8:2::1/64'),
      world.port(server, '2001:db8:2::2/64'),
      OFFLOAD,
    );
    client.addRoute({ destination: 'default', via: '2001:db8:1::1' });
    server.addRoute({ destination: 'default', via: '2001:db8:2::1' });
    router.setLinkMtu('eth1', 1400);
    expect(await world.transfer(client, server, '2001:db8:2::2')).toBe(true);
    expect(largest(world.sentBy('router', 'eth1'))).toBeGreaterThan(10_000);
    expect(router.tracer.drops.get('ip.fragmentation-needed')).toBeGreaterThan(0);
  });
});
