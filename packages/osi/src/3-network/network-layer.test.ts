import { describe, expect, it } from 'vitest';
import { counting, ip, routed, twoHosts, World } from '../../test/network-world.ts';
import { Cable, Hub } from '../1-physical/index.ts';
import { Switch } from '../2-datalink/index.ts';
import { milliseconds, seconds } from '../time/index.ts';
import { ERRNO, type FrameSent, type TraceEvent } from '../trace/index.ts';

describe('two machines on one cable', () => {
  it('find each other by ARP and echo', () => {
    const { world, a, b } = twoHosts();
    const { replies } = a.ping('10.0.0.2', 32);
    world.sim.run(seconds(1));
    expect(replies).toMatchObject([{ from: ip('10.0.0.2'), ttl: 64, data: counting(40).subarray(8) }]);
    expect(world.sent()).toEqual([
      'a eth0 arp.request',
      'b eth0 arp.reply',
      'a eth0 icmp.echo-request',
      'b eth0 icmp.echo-reply',
    ]);
    expect(a.net.icmp.counters).toMatchObject({ OutMsgs: 1, OutEchos: 1, InMsgs: 1, InEchoReps: 1 });
    expect(b.net.icmp.counters).toMatchObject({ OutMsgs: 1, OutEchoReps: 1, InMsgs: 1, InEchos: 1 });
    expect(a.net.ip.counters).toMatchObject({ OutRequests: 1, InReceives: 1, InDelivers: 1 });
  });

  it('each frame leads back to what made the first one', () => {
    const { world, a } = twoHosts();
    a.ping('10.0.0.2');
    world.sim.run(seconds(1));
    const chain: string[] = [];
    let event: TraceEvent | undefined = world.events('frame-sent').at(-1);
    for (; event !== undefined; event = world.record.get(event.cause)) {
      chain.push(`${event.node} ${event.kind}`);
    }
    expect(chain).toEqual(['b frame-sent', 'b frame-received', 'a frame-sent']);
  });

  it('a packet that waited for ARP keeps its cause and its origins', () => {
    const { world, a } = twoHosts();
    const call = (name: string) =>
      a.tracer.write({ kind: 'system-call', pid: 1, tid: 1, program: 'p', name, args: '' });
    const calls = [call('first'), call('second')];
    for (const id of calls) a.tracer.within(id, () => a.send('10.0.0.2', counting(4)));
    world.sim.run(milliseconds(1));
    const sent = world.events('frame-sent').filter(({ reason }: FrameSent) => reason === 'test');
    expect(sent.map(({ cause }) => cause)).toEqual(calls);
  });

  it('the same seed gives the same record, another one other numbers', () => {
    const run = (seed: number) => {
      const { world, a } = twoHosts(seed);
      a.ping('10.0.0.2');
      a.send('10.0.0.2', counting(3000));
      world.sim.run();
      return JSON.stringify([
        world.record.events,
        world.events('frame-sent').map((event) => [...world.record.bytes(event)]),
      ]);
    };
    expect(run(5)).toBe(run(5));
    expect(run(6)).not.toBe(run(5));
  });

  it('a silent address is "host unreachable" said by ourselves over lo, after three seconds', () => {
    const { world, a } = twoHosts();
    const { errors } = a.ping('10.0.0.77');
    world.sim.run(milliseconds(2999));
    expect(errors).toEqual([]);
    world.sim.run(seconds(4));
    expect(errors).toMatchObject([
      { type: 3, code: 1, errno: ERRNO.EHOSTUNREACH, fatal: false, from: ip('10.0.0.1') },
    ]);
    expect(world.sent()).toEqual([
      'a eth0 arp.request',
      'a eth0 arp.request',
      'a eth0 arp.request',
      'a lo icmp.host-unreachable',
    ]);
    expect(a.drops('arp.unresolved')).toBe(1);
  });

  it('without a carrier an address is silent too', () => {
    const { world, a, cable } = twoHosts();
    cable.pull();
    const { errors } = a.ping('10.0.0.2');
    world.sim.run(seconds(4));
    expect(errors).toMatchObject([{ errno: ERRNO.EHOSTUNREACH }]);
  });
});

describe('machines on a switch', () => {
  it('echo; the switch floods the question and forwards the rest', () => {
    const world = new World();
    const sw = new Switch({ sim: world.sim, name: 'sw', record: world.record, pool: world.pool });
    const [a] = [1, 2, 3].map((n) => {
      const host = world.host(`h${n}`);
      new Cable(world.sim, host.port(`10.0.0.${n}/24`).port, sw.addPort());
      return host;
    });
    const { replies } = a!.ping('10.0.0.3');
    world.sim.run(milliseconds(1));
    expect(replies).toHaveLength(1);
    expect(world.sent().filter((line) => line.startsWith('sw'))).toEqual([
      'sw 2 switch.flood',
      'sw 3 switch.flood',
      'sw 1 switch.forward',
      'sw 3 switch.forward',
      'sw 1 switch.forward',
    ]);
  });

  it('on a hub, what is for others is counted and not recorded as dropped', () => {
    const world = new World();
    const hub = new Hub({ sim: world.sim, name: 'hub', record: world.record, pool: world.pool });
    const hosts = [1, 2, 3].map((n) => {
      const host = world.host(`h${n}`);
      new Cable(world.sim, host.port(`10.0.0.${n}/24`).port, hub.addPort());
      return host;
    });
    const { replies } = hosts[0]!.ping('10.0.0.3');
    world.sim.run(milliseconds(1));
    expect(replies).toHaveLength(1);
    expect(hosts[1]!.drops('ethernet.not-for-us')).toBe(3);
    expect(world.events('frame-dropped')).toEqual([]);
  });
});

describe('two networks and a router', () => {
  it('echo across it; each way the TTL is one less', () => {
    const { world, a, r } = routed();
    const { replies } = a.ping('10.0.2.1');
    world.sim.run(seconds(1));
    expect(replies).toMatchObject([{ from: ip('10.0.2.1'), ttl: 63 }]);
    expect(world.sent().filter((line) => line.endsWith('ip.forward'))).toEqual([
      'r eth1 ip.forward',
      'r eth0 ip.forward',
    ]);
    expect(r.net.ip.counters.ForwDatagrams).toBe(2);
  });

  it('the far address of the router answers as well', () => {
    const { world, a } = routed();
    const { replies } = a.ping('10.0.2.254');
    world.sim.run(seconds(1));
    expect(replies).toMatchObject([{ from: ip('10.0.2.254'), ttl: 64 }]);
  });
});

describe('the loopback interface', () => {
  it('is there from the start: 127.0.0.1 and all of 127.0.0.0/8 answer', () => {
    const world = new World();
    const a = world.host('a');
    const first = a.ping('127.0.0.1');
    const other = a.ping('127.8.9.10');
    world.sim.run();
    expect(first.replies).toMatchObject([{ from: ip('127.0.0.1'), at: 0 }]);
    expect(other.replies).toMatchObject([{ from: ip('127.8.9.10') }]);
  });

  it('carries what is for our own address, with zero MACs and without padding', () => {
    const { world, a } = twoHosts();
    a.ping('10.0.0.1', 0);
    world.sim.run();
    expect(world.sent()).toEqual(['a lo icmp.echo-request', 'a lo icmp.echo-reply']);
    const bytes = world.latest('a', 'icmp.echo-request');
    expect([...bytes.subarray(0, 14)]).toEqual([...new Uint8Array(12), 8, 0]);
    expect(bytes).toHaveLength(14 + 20 + 8);
  });

  it('delivers after the call that sends, not inside it', () => {
    const world = new World();
    const a = world.host('a');
    expect(a.send('127.0.0.1', counting(8))).toBe(0);
    expect(a.transport.received).toEqual([]);
    world.sim.run();
    expect(a.transport.received).toMatchObject([{ at: 0, packet: { interface: 'lo' } }]);
  });

  it('takes packets of 64 KiB whole', () => {
    const world = new World();
    const a = world.host('a');
    a.send('127.0.0.1', counting(65_515));
    world.sim.run();
    expect(a.transport.received[0]!.data).toEqual(counting(65_515));
    expect(world.sent()).toHaveLength(1);
  });

  it('switched off, its network is unreachable and what is for our other addresses is lost', () => {
    const { world, a } = twoHosts();
    a.net.lo.setUp(false);
    expect(a.send('127.0.0.1', counting(8), { from: '127.0.0.1' })).toBe(-ERRNO.ENETUNREACH);
    expect(a.send('10.0.0.1', counting(8))).toBe(0);
    world.sim.run();
    expect(a.transport.received).toEqual([]);
    expect(a.drops('port.no-carrier')).toBe(1);
  });
});
