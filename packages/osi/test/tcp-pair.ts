import { Cable, type CableOptions, FramePool, Port } from '../src/1-physical/index.ts';
import { parseMac } from '../src/2-datalink/index.ts';
import { type Ipv4Address, NetworkLayer, parseIpv4, parseIpv4Prefix } from '../src/3-network/index.ts';
import {
  type TcpConnection,
  type TcpEntry,
  TcpLayer,
  type TcpListener,
  type TcpOptions,
  type TcpUser,
} from '../src/4-transport/index.ts';
import { Simulation } from '../src/time/index.ts';
import { TraceRecord, Tracer } from '../src/trace/index.ts';

/** A machine with one interface and TCP, nothing above. */
export interface Host {
  readonly name: string;
  readonly address: Ipv4Address;
  readonly tracer: Tracer;
  readonly network: NetworkLayer;
  readonly tcp: TcpLayer;
  readonly port: Port;
}

/** Two machines, `a` 10.0.0.1 and `b` 10.0.0.2, on one cable. */
export class Pair {
  readonly sim: Simulation;
  readonly record: TraceRecord | null;
  readonly pool: FramePool;
  readonly a: Host;
  readonly b: Host;
  readonly cable: Cable;

  constructor(
    options: CableOptions & { seed?: number; record?: boolean; mtu?: number; pool?: FramePool } = {},
  ) {
    const { seed = 1, record = true, mtu = 1500, pool = new FramePool(), ...cable } = options;
    this.pool = pool;
    this.sim = new Simulation(seed);
    this.record = record ? new TraceRecord() : null;
    this.a = this.#host('a', '10.0.0.1', 1, mtu);
    this.b = this.#host('b', '10.0.0.2', 2, mtu);
    this.cable = new Cable(this.sim, this.a.port, this.b.port, cable);
  }

  #host(name: string, address: string, n: number, mtu: number): Host {
    const tracer = new Tracer(this.sim, name, this.record);
    const network = new NetworkLayer({ sim: this.sim, tracer, pool: this.pool });
    const port = new Port('eth0', tracer, this.pool);
    const mac = parseMac(`02:00:00:00:00:0${n}`)!;
    const link = network.addEthernet(port, { mac, mtu });
    network.ip.addAddress(link, parseIpv4Prefix(`${address}/24`)!);
    const { ip, sysctl } = network;
    const tcp = new TcpLayer({ sim: this.sim, tracer, ip, sysctl, pool: this.pool });
    return { name, address: parseIpv4(address)!, tracer, network, tcp, port };
  }

  /** Listens on `b`. */
  listen(
    port: number,
    backlog = 8,
    options: Partial<TcpOptions> = {},
    host = this.b,
  ): TcpListener & { app: App } {
    const binding = host.tcp.bind({ address: 0 as Ipv4Address, port }, REUSE);
    if (typeof binding === 'number') throw new Error(`bind: ${binding}`);
    const app = new App();
    const listener = host.tcp.listen(binding, backlog, { ...host.tcp.defaultOptions(), ...options }, app);
    if (typeof listener === 'number') throw new Error(`listen: ${listener}`);
    binding.release();
    return Object.assign(listener, { app });
  }

  /** Connects from `a` to `b`. */
  connect(
    port: number,
    options: Partial<TcpOptions> = {},
    from = this.a,
    to = this.b,
  ): TcpConnection & { app: App } {
    const app = new App();
    const connection = from.tcp.connect(
      null,
      { address: to.address, port },
      { ...from.tcp.defaultOptions(), ...options },
      app,
    );
    if (typeof connection === 'number') throw new Error(`connect: ${connection}`);
    return Object.assign(connection, { app });
  }

  /** A connection from `a` to `b`, established. */
  established(port = 80, options: Partial<TcpOptions> = {}, serverOptions: Partial<TcpOptions> = {}) {
    const listener = this.listen(port, 8, serverOptions);
    const client = this.connect(port, options);
    this.sim.run(this.sim.now + 1_000_000_000);
    const server = accept(listener);
    return { listener, client, server };
  }

  /** Lets `seconds` of virtual time go by. */
  wait(seconds: number): void {
    this.sim.run(this.sim.now + Math.round(seconds * 1e9));
  }
}

const REUSE = { reuseAddress: true, reusePort: false };

/** Accepts the oldest connection and gives it a user. */
export function accept(listener: TcpListener): TcpConnection & { app: App } {
  const connection = listener.accept();
  if (connection === null) throw new Error('nothing to accept');
  const app = new App();
  connection.user = app;
  return Object.assign(connection, { app });
}

/** A user that notes what it is told. */
export class App implements TcpUser {
  isConnected = false;
  errno = 0;
  onReadable: (() => void) | null = null;
  onWritable: (() => void) | null = null;
  onConnected: (() => void) | null = null;

  connected(): void {
    this.isConnected = true;
    this.onConnected?.();
  }
  readable(): void {
    this.onReadable?.();
  }
  writable(): void {
    this.onWritable?.();
  }
  failed(errno: number): void {
    this.errno = errno;
    this.onReadable?.();
    this.onWritable?.();
  }
}

/** Its state as `netstat` lists it: also when all that is left of it is what waits in TIME_WAIT. */
export const listedState = (
  { tcp }: { readonly tcp: TcpLayer },
  { id }: { readonly id: string },
): TcpEntry['state'] => [...tcp.entries()].find((entry) => entry.id === id)?.state ?? 'CLOSED';

export const text = (s: string): Uint8Array => new TextEncoder().encode(s);

/** Everything that can be read now, as text. */
export function readAll(connection: TcpConnection): string {
  const into = new Uint8Array(connection.readable);
  connection.receive(into);
  return new TextDecoder().decode(into);
}

/**
 * Writes all of `outgoing` as room allows and then shuts down, reads all that comes into `incoming`, and closes when
 * both are done or an error is told.
 */
export function converse(
  connection: TcpConnection & { app: App },
  outgoing: Uint8Array,
  incoming: Uint8Array,
): { sent: number; received: number } {
  const { app } = connection;
  const done = { sent: 0, received: 0 };
  const scratch = new Uint8Array(65536);
  let open = true;
  let finished = false;
  const step = (): void => {
    if (!open) return;
    for (let count = connection.receive(scratch); count > 0; count = connection.receive(scratch)) {
      incoming.set(scratch.subarray(0, count), done.received);
      done.received += count;
    }
    while (done.sent < outgoing.length) {
      const count = connection.send(outgoing.subarray(done.sent, done.sent + 65536), 0);
      if (count <= 0) break;
      done.sent += count;
    }
    if (done.sent === outgoing.length && !finished && connection.state !== 'SYN_SENT') {
      finished = true;
      connection.shutdown();
    }
    if ((finished && connection.ended) || app.errno !== 0) {
      open = false;
      connection.close();
    }
  };
  app.onReadable = step;
  app.onWritable = step;
  app.onConnected = step;
  if (connection.state !== 'SYN_SENT') step();
  return done;
}

/** Writes all of `bytes` as room allows, then shuts down. */
export function pour(connection: TcpConnection & { app: App }, bytes: Uint8Array, finish = true): void {
  let at = 0;
  const go = (): void => {
    if (at > bytes.length) return;
    while (at < bytes.length) {
      const count = connection.send(bytes.subarray(at, at + 65536), 0);
      if (count <= 0) return;
      at += count;
    }
    at = bytes.length + 1;
    if (finish) connection.shutdown();
  };
  connection.app.onWritable = go;
  go();
}

/** The frames a host sent, as `reason flags seq ack length window`, numbers relative to each side's first. */
export interface Sent {
  readonly time: number;
  readonly from: string;
  readonly reason: string;
  readonly flags: string;
  readonly seq: number;
  readonly ack: number;
  readonly length: number;
  readonly window: number;
}

const NAMES = ['F', 'S', 'R', 'P', 'A', 'U'];

/** All TCP segments put on the cable, in order. */
export function segments(pair: Pair): Sent[] {
  const record = pair.record!;
  const first = new Map<string, number>();
  const list: Sent[] = [];
  for (const event of record.events) {
    if (event.kind !== 'frame-sent') continue;
    const bytes = record.bytes(event);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint16(12) !== 0x0800 || view.getUint8(23) !== 6) continue;
    const at = 14 + (view.getUint8(14) & 15) * 4;
    const ports = `${view.getUint16(at)}-${view.getUint16(at + 2)}`;
    const back = `${view.getUint16(at + 2)}-${view.getUint16(at)}`;
    const seq = view.getUint32(at + 4);
    const ack = view.getUint32(at + 8);
    const bits = view.getUint8(at + 13);
    if (!first.has(ports) || (bits & 2) !== 0) first.set(ports, seq);
    const header = (view.getUint8(at + 12) >> 4) * 4;
    const end = 14 + view.getUint16(16);
    list.push({
      time: event.time,
      from: event.node,
      reason: event.reason,
      flags: NAMES.filter((_, i) => (bits & (1 << i)) !== 0).join(''),
      seq: (seq - first.get(ports)!) >>> 0,
      ack: (bits & 16) !== 0 ? (ack - (first.get(back) ?? 0)) >>> 0 : 0,
      length: end - at - header,
      window: view.getUint16(at + 14),
    });
  }
  return list;
}

/** Segments as short lines: `a S 0 0 0 tcp.syn`. */
export const lines = (list: readonly Sent[]): string[] =>
  list.map((s) => `${s.from} ${s.flags} ${s.seq} ${s.ack} ${s.length} ${s.reason}`);
