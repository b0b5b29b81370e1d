import { describe, expect, it } from 'vitest';
import { Cable, FramePool, Port } from '../1-physical/index.ts';
import { type EthernetInterface, macFromNumber, Switch } from '../2-datalink/index.ts';
import { microseconds, milliseconds, Simulation, seconds } from '../time/index.ts';
import { ERRNO, type FrameSent, type TraceEvent, TraceRecord, Tracer } from '../trace/index.ts';
import { ANY, type Ipv4Address, parseIpv4, parseIpv4Prefix } from './address.ts';
import { type EchoUser, type IcmpError, NetworkLayer } from './index.ts';

interface Host {
  net: NetworkLayer;
  eth: EthernetInterface;
  tracer: Tracer;
}

const address = (text: string): Ipv4Address => parseIpv4(text)!;

class World {
  readonly sim: Simulation;
  readonly record = new TraceRecord();
  readonly pool = new FramePool();
  #macs = 0x020000000001;

  constructor(seed = 1) {
    this.sim = new Simulation(seed);
  }

  host(name: string, ...prefixes: string[]): Host {
    const tracer = new Tracer(this.sim, name, this.record);
    const net = new NetworkLayer({ sim: this.sim, tracer, pool: this.pool });
    const eth = this.interface(net, tracer, 'eth0', prefixes);
    return { net, eth, tracer };
  }

  interface(net: NetworkLayer, tracer: Tracer, name: string, prefixes: string[]): EthernetInterface {
    const eth = net.addEthernet(new Port(name, tracer, this.pool), { mac: macFromNumber(this.#macs++) });
    for (const text of prefixes) expect(net.ip.addAddress(eth, parseIpv4Prefix(text)!)).toBe(0);
    return eth;
  }

  events<K extends TraceEvent['kind']>(kind: K): Extract<TraceEvent, { kind: K }>[] {
    return this.record.events.filter((e) => e.kind === kind) as Extract<TraceEvent, { kind: K }>[];
  }

  sent(): string[] {
    return this.events('frame-sent').map((e: FrameSent) => `${e.node} ${e.reason}`);
  }
}

interface Heard extends EchoUser {
  replies: { from: Ipv4Address; ttl: number; at: number; data: number[] }[];
  errors: IcmpError[];
}

function listener(sim: Simulation): Heard {
  const heard: Heard = {
    replies: [],
    errors: [],
    received: (message, packet) =>
      heard.replies.push({
        from: packet.source,
        ttl: packet.ttl,
        at: sim.now,
        data: [...message.subarray(8)],
      }),
    failed: (error) => heard.errors.push(error),
  };
  return heard;
}

function echoRequest(sequence: number, size = 8): Uint8Array {
  const message = new Uint8Array(8 + size);
  message[0] = 8;
  message[7] = sequence;
  for (let i = 8; i < message.length; i++) message[i] = i;
  return message;
}

function ping(host: Host, destination: string, sequence = 1, size = 8): { heard: Heard; result: number } {
  const heard = listener(host.tracer.record === null ? new Simulation() : simOf(host));
  const channel = host.net.icmp.echo.open(0, heard);
  if (typeof channel === 'number') throw new Error(`open: ${channel}`);
  return { heard, result: channel.send(echoRequest(sequence, size), ANY, address(destination), 0) };
}

const sims = new WeakMap<Host, Simulation>();
const simOf = (host: Host): Simulation => sims.get(host)!;

function pair(world: World): [Host, Host] {
  const a = world.host('a', '10.0.0.1/24');
  const b = world.host('b', '10.0.0.2/24');
  sims.set(a, world.sim);
  sims.set(b, world.sim);
  return [a, b];
}

describe('two machines on one cable', () => {
  it('find each other by ARP and echo', () => {
    const world = new World();
    const [a, b] = pair(world);
    new Cable(world.sim, a.eth.port, b.eth.port, { bandwidth: 1e9, delay: microseconds(5) });
    const { heard, result } = ping(a, '10.0.0.2');
    expect(result).toBe(16);
    world.sim.run(seconds(1));
    expect(heard.replies).toMatchObject([{ from: address('10.0.0.2'), ttl: 64 }]);
    expect(heard.replies[0]!.data).toEqual([...echoRequest(1)].slice(8));
    expect(world.sent()).toEqual([
      'a arp.request',
      'b arp.reply',
      'a icmp.echo-request',
      'b icmp.echo-reply',
    ]);
    expect(a.net.icmp.counters).toMatchObject({ OutEchos: 1, InEchoReps: 1 });
    expect(b.net.icmp.counters).toMatchObject({ InEchos: 1, OutEchoReps: 1 });
    expect(a.net.ip.counters).toMatchObject({ OutRequests: 1, InReceives: 1, InDelivers: 1 });
  });

  it('echo through a switch, which floods the question and forwards the answers', () => {
    const world = new World();
    const [a, b] = pair(world);
    const sw = new Switch({ sim: world.sim, name: 'sw', record: world.record, pool: world.pool });
    new Cable(world.sim, a.eth.port, sw.addPort(), { delay: microseconds(1) });
    new Cable(world.sim, b.eth.port, sw.addPort(), { delay: microseconds(1) });
    const { heard } = ping(a, '10.0.0.2');
    world.sim.run(milliseconds(1));
    expect(heard.replies).toHaveLength(1);
    expect(world.sent().filter((line) => line.startsWith('sw'))).toEqual([
      'sw switch.flood',
      'sw switch.forward',
      'sw switch.forward',
      'sw switch.forward',
    ]);
  });

  it('a silent address is host unreachable from ourselves after three seconds', () => {
    const world = new World();
    const [a, b] = pair(world);
    new Cable(world.sim, a.eth.port, b.eth.port);
    const { heard } = ping(a, '10.0.0.77');
    world.sim.run(milliseconds(2999));
    expect(heard.errors).toEqual([]);
    world.sim.run(seconds(4));
    expect(heard.errors).toMatchObject([
      { type: 3, code: 1, errno: ERRNO.EHOSTUNREACH, fatal: false, from: address('10.0.0.1') },
    ]);
    expect(world.sent().filter((line) => line === 'a arp.request')).toHaveLength(3);
  });
});
