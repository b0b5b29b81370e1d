import { type Frame, FramePool, HEADROOM } from '../src/1-physical/index.ts';
import {
  type IcmpError,
  type IpService,
  type Ipv4Address,
  PROTOCOL_TCP,
  parseIpv4,
  type ReceivedPacket,
  type SendOptions,
  Sysctl,
  type SysctlName,
  type TransportProtocol,
} from '../src/3-network/index.ts';
import {
  type Endpoint,
  type TcpConnection,
  TcpLayer,
  type TcpListener,
  type TcpOptions,
} from '../src/4-transport/index.ts';
import {
  readSegment,
  Segment,
  writeChecksum,
  writeHeader,
  writeUrgent,
} from '../src/4-transport/tcp/codec.ts';
import {
  sackLength,
  writeMss,
  writeSackBlock,
  writeSackHead,
  writeSackPermitted,
  writeTimestamps,
  writeWindowScale,
} from '../src/4-transport/tcp/options.ts';
import { Simulation } from '../src/time/index.ts';
import { TraceRecord, Tracer } from '../src/trace/index.ts';
import { App } from './tcp-pair.ts';

const US = parseIpv4('192.0.2.1')!;
const THEM = parseIpv4('192.0.2.2')!;
/** Where the scripted peer's numbers begin: near the end, so that every script crosses 2^32. */
const PEER_ISS = 0xffff_fff0;

/** A segment of a script. Numbers are relative: `seq` to the sender's SYN, `ack` to the other's. */
export interface Scripted {
  flags: string;
  seq?: number;
  ack?: number;
  data?: string;
  window?: number;
  urgent?: number;
  mss?: number;
  scale?: number;
  ts?: readonly [value: number, echo: number];
  /** SACK-permitted; and blocks, relative as `ack` is. */
  sack?: boolean;
  sacks?: readonly (readonly [start: number, end: number])[];
  /** The DS field of the packet: ECN bits (RFC 3168). */
  tos?: number;
  /** Spoil the checksum. */
  damaged?: boolean;
  /** The next one arrives in the same instant. */
  followed?: boolean;
  /** It was sent to a broadcast or multicast address. */
  broadcast?: boolean;
}

export interface Seen
  extends Required<Omit<Scripted, 'ts' | 'damaged' | 'followed' | 'broadcast' | 'sacks'>> {
  time: number;
  reason: string;
  hasTs: boolean;
  ts: [number, number];
  sacks: number[][];
  /** The bytes of the options, and of those of the IP header. */
  options: number[];
  ipOptions: number[];
  origins: readonly number[];
}

/** E and W are ECE and CWR, as tcpdump has them. */
const BITS: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64, W: 128 };

/**
 * One TCP whose peer is a script: segments are put in front of it one by one, and what it answers is read.
 * (The idea of packetdrill: Cardwell et al., USENIX ATC 2013.)
 */
export class Script {
  readonly sim = new Simulation(7);
  readonly record = new TraceRecord();
  readonly tracer = new Tracer(this.sim, 'us', this.record);
  readonly sysctl = new Sysctl();
  readonly pool = new FramePool();
  readonly tcp: TcpLayer;
  mtu = 1500;
  /** What the network layer answers to `send`. */
  sendResult = 0;
  #transport: TransportProtocol | null = null;
  #out: Seen[] = [];
  /** Our initial sequence number, as seen. */
  iss = 0;
  ourPort = 80;
  peerPort = 5000;

  constructor(settings: Partial<Record<SysctlName, number>> = {}) {
    // Reno's windows are easier to follow: halves.
    this.sysctl.setText('net.ipv4.tcp_congestion_control', 'reno');
    for (const [name, value] of Object.entries(settings)) this.sysctl.set(name, value);
    const ip: IpService<Ipv4Address> = {
      register: (transport) => {
        this.#transport = transport;
      },
      send: (frame, source, destination, _protocol, options) =>
        this.#sent(frame, source, destination, options ?? {}),
      sourceFor: () => US,
      mtuTo: () => this.mtu,
      roomTo: () => this.mtu - 20,
      isLocal: (address) => address === US,
      isBroadcast: (address) => address === (0xffffffff as Ipv4Address),
      confirm: () => {},
      offloadTo: () => false,
      portUnreachable: () => {},
    };
    this.tcp = new TcpLayer({ sim: this.sim, tracer: this.tracer, ip, sysctl: this.sysctl, pool: this.pool });
  }

  /** What was sent since the last time. */
  take(): Seen[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** The same, as lines `flags seq ack length reason`. */
  lines(): string[] {
    return this.take().map((s) => `${s.flags} ${s.seq} ${s.ack} ${s.data.length} ${s.reason}`);
  }

  wait(seconds: number): void {
    this.sim.run(this.sim.now + Math.round(seconds * 1e9));
  }

  /** Puts a segment of the peer in front of us. */
  inject(s: Scripted): void {
    const data = new TextEncoder().encode(s.data ?? '');
    const frame = this.pool.take(data.length);
    frame.bytes.set(data, HEADROOM);
    frame.end = HEADROOM + data.length;
    const { sacks = [] } = s;
    const options =
      (s.mss ? 4 : 0) +
      (s.ts ? 12 : s.sack ? 4 : 0) +
      (s.scale !== undefined ? 4 : 0) +
      sackLength(sacks.length);
    frame.start = HEADROOM - 20 - options;
    let flags = 0;
    for (const c of s.flags) flags |= BITS[c] ?? 0;
    const { view } = frame;
    const seq = (PEER_ISS + (s.seq ?? 0)) | 0;
    const ack = s.ack === undefined ? 0 : (this.iss + s.ack) | 0;
    writeHeader(
      view,
      frame.start,
      this.peerPort,
      this.ourPort,
      seq,
      ack,
      20 + options,
      flags,
      s.window ?? 65535,
    );
    if (s.urgent !== undefined) writeUrgent(view, frame.start, s.urgent);
    let at = frame.start + 20;
    if (s.mss) at = writeMss(view, at, s.mss);
    if (s.ts) at = writeTimestamps(view, at, s.ts[0], s.ts[1], s.sack);
    else if (s.sack) at = writeSackPermitted(view, at);
    if (s.scale !== undefined) at = writeWindowScale(view, at, s.scale);
    if (sacks.length > 0) at = writeSackHead(view, at, sacks.length);
    for (const [start, end] of sacks) {
      at = writeSackBlock(view, at, (this.iss + start) | 0, (this.iss + end) | 0);
    }
    writeChecksum(frame, THEM, US);
    frame.followed = s.followed === true;
    if (s.damaged) frame.bytes[frame.end - 1]! ^= 1;
    this.#transport!.receive(frame, {
      source: THEM,
      destination: US,
      protocol: PROTOCOL_TCP,
      ttl: 64,
      tos: s.tos ?? 0,
      interface: 'eth0',
      options: null,
      extensions: null,
      broadcast: s.broadcast === true,
    } satisfies ReceivedPacket);
  }

  /** An ICMP error about our segment with this sequence number. */
  icmp(error: Partial<IcmpError>, seq: number): void {
    const view = new DataView(new ArrayBuffer(8));
    view.setUint16(0, this.ourPort);
    view.setUint16(2, this.peerPort);
    view.setInt32(4, (this.iss + seq) | 0);
    const whole = {
      type: 3,
      code: 1,
      errno: 113,
      fatal: false,
      tooLarge: false,
      mtu: 0,
      from: THEM,
      source: US,
      destination: THEM,
    };
    this.#transport!.judge!({ ...whole, ...error }, view, 0)?.();
  }

  listen(backlog = 8, options: Partial<TcpOptions> = {}): TcpListener & { app: App } {
    const binding = this.tcp.bind(
      { address: 0 as Ipv4Address, port: this.ourPort },
      { reuseAddress: true, reusePort: false },
    );
    if (typeof binding === 'number') throw new Error(`bind ${binding}`);
    const app = new App();
    const listener = this.tcp.listen(binding, backlog, { ...this.tcp.defaultOptions(), ...options }, app);
    if (typeof listener === 'number') throw new Error(`listen ${listener}`);
    return Object.assign(listener, { app });
  }

  connect(options: Partial<TcpOptions> = {}): TcpConnection & { app: App } {
    const app = new App();
    const remote: Endpoint = { address: THEM, port: this.peerPort };
    const c = this.tcp.connect(null, remote, { ...this.tcp.defaultOptions(), ...options }, app);
    if (typeof c === 'number') throw new Error(`connect ${c}`);
    this.ourPort = c.local.port;
    return Object.assign(c, { app });
  }

  /** A connection that the peer opened; no timestamps and no scaling unless given. */
  accepted(syn: Partial<Scripted> = {}, options: Partial<TcpOptions> = {}): TcpConnection & { app: App } {
    const listener = this.listen(8, options);
    this.inject({ flags: 'S', mss: 1460, ...syn });
    const window = syn.window ?? 65535 >> (syn.scale ?? 0);
    this.inject({ flags: 'A', seq: 1, ack: 1, window, ...(syn.ts ? { ts: syn.ts } : {}) });
    const app = new App();
    const c = listener.accept()!;
    c.user = app;
    this.take();
    return Object.assign(c, { app });
  }

  #sent(
    frame: Frame,
    source: Ipv4Address,
    destination: Ipv4Address,
    { tos = 0, headerOptions }: SendOptions,
  ): number {
    const segment = new Segment();
    const fault = readSegment(frame, source, destination, segment);
    if (fault !== null) throw new Error(`we sent a bad segment: ${fault}`);
    if ((segment.flags & 2) !== 0) this.iss = segment.seq;
    const flags = Object.keys(BITS)
      .filter((c) => (segment.flags & BITS[c]!) !== 0)
      .join('');
    this.#out.push({
      time: this.sim.now,
      flags,
      seq: (segment.seq - this.iss) | 0,
      ack: (segment.flags & 16) !== 0 ? (segment.ack - PEER_ISS) | 0 : 0,
      data: new TextDecoder().decode(frame.bytes.subarray(segment.dataStart, segment.dataEnd)),
      window: segment.window,
      urgent: segment.urgentPointer,
      mss: segment.mss,
      scale: segment.windowScale,
      hasTs: segment.hasTimestamps,
      sack: segment.sackPermitted,
      sacks: Array.from({ length: segment.sacks }, (_, i) => [
        (segment.sackEdges[2 * i]! - PEER_ISS) | 0,
        (segment.sackEdges[2 * i + 1]! - PEER_ISS) | 0,
      ]),
      options: [...frame.bytes.subarray(frame.start + 20, segment.dataStart)],
      tos,
      ipOptions: [...(headerOptions ?? [])],
      ts: [segment.timestamp, segment.timestampEcho],
      reason: frame.reason,
      origins: frame.origins,
    });
    frame.release();
    return this.sendResult;
  }
}
