import { Cable, type CableOptions, type Frame, FramePool, HEADROOM, Port } from '../src/1-physical/index.ts';
import { type EthernetInterface, macFromNumber } from '../src/2-datalink/index.ts';
import {
  ANY,
  type EchoUser,
  type IcmpError,
  type Ipv4Address,
  NetworkLayer,
  parseIpv4,
  parseIpv4Prefix,
  type ReceivedPacket,
  type SendOptions,
  type TransportProtocol,
} from '../src/3-network/index.ts';
import { Simulation } from '../src/time/index.ts';
import { type FrameSent, type TraceEvent, TraceRecord, Tracer } from '../src/trace/index.ts';

/** A protocol number that nobody else uses: for experiments (RFC 3692). */
export const PROTOCOL_TEST = 253;

/** Reads an address that is known to be one. */
export function ip(text: string): Ipv4Address {
  const address = parseIpv4(text);
  if (address === null) throw new Error(`${text} is no address`);
  return address;
}

export interface Delivered {
  packet: ReceivedPacket;
  data: Uint8Array;
  at: number;
}

/** A transport that keeps what it is given. */
export class TestTransport implements TransportProtocol {
  readonly protocol = PROTOCOL_TEST;
  readonly received: Delivered[] = [];
  readonly errors: { error: IcmpError; original: number[] }[] = [];
  /** Answers each packet with "port unreachable". */
  refuse = false;
  readonly #host: TestHost;

  constructor(host: TestHost) {
    this.#host = host;
  }

  receive(frame: Frame, packet: ReceivedPacket): void {
    this.received.push({ packet: { ...packet }, data: frame.data().slice(), at: this.#host.sim.now });
    if (this.refuse) this.#host.net.ip.portUnreachable(frame, packet);
    frame.release();
  }

  receiveError(error: IcmpError, original: DataView, at: number): void {
    const first = Array.from({ length: 8 }, (_, i) => original.getUint8(at + i));
    this.errors.push({ error, original: first });
  }
}

/** What an echo socket heard. */
export class Echoes implements EchoUser {
  readonly replies: { from: Ipv4Address; ttl: number; data: Uint8Array; at: number }[] = [];
  readonly errors: IcmpError[] = [];
  readonly #sim: Simulation;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  received(frame: Frame, packet: ReceivedPacket<Ipv4Address>): void {
    const data = frame.data().slice(8);
    this.replies.push({ from: packet.source, ttl: packet.ttl, data, at: this.#sim.now });
    frame.release();
  }

  failed(error: IcmpError): void {
    this.errors.push(error);
  }
}

/** A machine with layers 1 to 3, and a transport for tests. */
export class TestHost {
  readonly sim: Simulation;
  readonly tracer: Tracer;
  readonly net: NetworkLayer;
  readonly transport: TestTransport;
  readonly #world: World;

  constructor(world: World, name: string) {
    this.#world = world;
    this.sim = world.sim;
    this.tracer = new Tracer(world.sim, name, world.record);
    this.net = new NetworkLayer({ sim: world.sim, tracer: this.tracer, pool: world.pool });
    this.transport = new TestTransport(this);
    this.net.ip.register(this.transport);
  }

  /** Adds `eth0`, `eth1` … with addresses like `10.0.0.1/24`. */
  port(...addresses: string[]): EthernetInterface {
    const port = new Port(`eth${this.net.links.length - 1}`, this.tracer, this.#world.pool);
    const link = this.net.addEthernet(port, { mac: macFromNumber(this.#world.nextMac++) });
    for (const text of addresses) {
      const prefix = parseIpv4Prefix(text);
      if (prefix === null || this.net.ip.addAddress(link, prefix) !== 0) throw new Error(`${text}: refused`);
    }
    return link;
  }

  /** `ip route add <prefix> via <gateway>`; the prefix 0.0.0.0/0 is the default route. */
  route(prefix: string, gateway: string): void {
    const parsed = parseIpv4Prefix(prefix);
    const via = ip(gateway);
    const link = this.net.ip.routes.lookup(via)?.link;
    if (parsed === null || link === undefined) throw new Error(`${prefix} via ${gateway}: refused`);
    const { address: destination, length } = parsed;
    const error = this.net.ip.routes.add({
      destination,
      length,
      gateway: via,
      link,
      metric: 0,
      source: null,
      protocol: 'boot',
    });
    if (error !== 0) throw new Error(`${prefix} via ${gateway}: ${error}`);
  }

  /** Sends bytes as a packet of the test protocol. @returns what `send` returns. */
  send(to: string, data: Uint8Array, options: SendOptions & { from?: string } = {}): number {
    const frame = this.#world.pool.take(data.length);
    frame.bytes.set(data, HEADROOM);
    frame.end = HEADROOM + data.length;
    frame.reason = 'test';
    const source = options.from === undefined ? (this.net.ip.sourceFor(ip(to)) ?? ANY) : ip(options.from);
    return this.net.ip.send(frame, source, ip(to), PROTOCOL_TEST, options);
  }

  /** Sends an echo request with `size` bytes of data. */
  ping(to: string, size = 8, options: SendOptions = {}): Echoes {
    const echoes = new Echoes(this.sim);
    const { icmp } = this.net;
    const identifier = icmp.openEcho(0, echoes);
    if (identifier < 0) throw new Error(`no echo identifier: ${identifier}`);
    const sent = icmp.sendEcho(identifier, echoRequest(size), ANY, ip(to), 0, options);
    if (sent < 0) throw new Error(`echo not sent: ${sent}`);
    return echoes;
  }

  drops(reason: string): number {
    return this.tracer.drops.get(reason) ?? 0;
  }
}

function echoRequest(size: number): Uint8Array {
  const message = counting(8 + size);
  message.fill(0, 0, 8);
  message[0] = 8;
  return message;
}

/** Bytes that count up, with a period that is no power of two. */
export const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

/** A pool that knows which frames are out, and does not let one come back twice. */
export class AuditedPool extends FramePool {
  readonly out = new Set<Frame>();
  readonly #known = new WeakSet<Frame>();

  override take(capacity: number): Frame {
    const frame = super.take(capacity);
    this.out.add(frame);
    if (this.#known.has(frame)) return frame;
    this.#known.add(frame);
    const release = frame.release.bind(frame);
    frame.release = () => {
      if (!this.out.delete(frame)) throw new Error(`a frame was released twice: ${frame.reason}`);
      release();
    };
    return frame;
  }
}

/** Machines, cables and one record. */
export class World {
  readonly sim: Simulation;
  readonly record = new TraceRecord();
  readonly pool = new AuditedPool();
  nextMac = 0x020000000001;

  constructor(seed = 1) {
    this.sim = new Simulation(seed);
  }

  host(name: string): TestHost {
    return new TestHost(this, name);
  }

  link(a: EthernetInterface, b: EthernetInterface, options: CableOptions = {}): Cable {
    return new Cable(this.sim, a.port, b.port, options);
  }

  events<K extends TraceEvent['kind']>(kind: K): Extract<TraceEvent, { kind: K }>[] {
    return this.record.events.filter((event) => event.kind === kind) as Extract<TraceEvent, { kind: K }>[];
  }

  /** What was sent, as `node port reason`. */
  sent(): string[] {
    return this.events('frame-sent').map((event: FrameSent) => `${event.node} ${event.port} ${event.reason}`);
  }

  /** The bytes of the latest frame that `node` sent for `reason`. */
  latest(node: string, reason: string): Uint8Array {
    const event = this.events('frame-sent').findLast((sent) => sent.node === node && sent.reason === reason);
    if (event === undefined) throw new Error(`${node} sent no ${reason}`);
    return this.record.bytes(event);
  }
}

/** Two machines on one cable: 10.0.0.1 and 10.0.0.2. */
export function twoHosts(seed = 1): { world: World; a: TestHost; b: TestHost; cable: Cable } {
  const world = new World(seed);
  const a = world.host('a');
  const b = world.host('b');
  const cable = world.link(a.port('10.0.0.1/24'), b.port('10.0.0.2/24'));
  return { world, a, b, cable };
}

/** a (10.0.1.1) – r (10.0.1.254, 10.0.2.254) – b (10.0.2.1), with default routes; r forwards. */
export function routed(seed = 1): { world: World; a: TestHost; r: TestHost; b: TestHost } {
  const world = new World(seed);
  const a = world.host('a');
  const r = world.host('r');
  const b = world.host('b');
  r.net.sysctl.set('net.ipv4.ip_forward', 1);
  world.link(a.port('10.0.1.1/24'), r.port('10.0.1.254/24'));
  world.link(b.port('10.0.2.1/24'), r.port('10.0.2.254/24'));
  a.route('0.0.0.0/0', '10.0.1.254');
  b.route('0.0.0.0/0', '10.0.2.254');
  return { world, a, r, b };
}
