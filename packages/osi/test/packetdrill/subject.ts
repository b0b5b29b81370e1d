import { ANY, type IpAddress, isIpv6, sameIp } from '../../src/3-network/index.ts';
import type { Socket } from '../../src/5-session/index.ts';
import {
  ACK,
  FIN,
  flagBits,
  type Packet,
  SYN,
  type TcpPacket,
  type UdpPacket,
  writePacket,
} from './packet.ts';
import { Mismatch } from './problems.ts';
import type { IcmpSpec, PacketSpec, TcpOption, TcpSpec } from './script.ts';
import type { Settings } from './settings.ts';

interface End {
  address: IpAddress;
  port: number;
}

/** How far the script has come with a conversation. */
type Stage =
  | 'new'
  | 'listening'
  /** Passive: SYN injected; SYN+ACK seen; acknowledged. */
  | 'called'
  | 'answered'
  | 'open'
  /** Active: connect() called; SYN expected; SYN+ACK injected. */
  | 'connecting'
  | 'calling'
  | 'accepted';

/** Sequence numbers are counted modulo 2^32. */
const wrap = (n: number): number => ((n % 2 ** 32) + 2 ** 32) % 2 ** 32;

/**
 * The conversation that a script is about, and how its numbers map to those on the wire: scripts begin each
 * direction at 0 with SYN and go on at 1, call both ends by nothing at all, and choose our timestamps.
 */
export class Subject {
  stage: Stage = 'new';
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly local: End;
  readonly remote: End;
  /** null before it was accepted, and after it was closed. */
  socket: Socket | null;
  #localIsn = 0;
  #remoteIsn = 0;
  #scriptIsn = 0;
  readonly #timestamps = new Map<number, number>();
  #firstTimestamp: { readonly script: number; readonly live: number } | null = null;
  readonly #settings: Settings;

  constructor(settings: Settings, protocol: Subject['protocol'], socket: Socket | null) {
    this.#settings = settings;
    this.protocol = protocol;
    this.socket = socket;
    this.local = { address: settings.localAddress, port: 0 };
    this.remote = { address: settings.remoteAddress, port: 0 };
  }

  /** The script injects a SYN for a listener: `port` is where it shall come from. */
  call(port: number, spec: TcpSpec): void {
    this.stage = 'called';
    this.remote.port = spec.sourcePort || port;
    this.local.port = spec.destinationPort || this.#settings.bindPort;
    this.#remoteIsn = spec.seq;
  }

  /** connect() was called. */
  connecting(): void {
    this.stage = 'connecting';
    this.remote.port = this.#settings.connectPort;
  }

  /** The script expects this packet next. */
  expecting(spec: PacketSpec): void {
    if (spec.protocol !== 'tcp') return;
    const bits = flagBits(spec.flags) & (SYN | ACK);
    if (this.stage === 'connecting' && bits === SYN) {
      this.stage = 'calling';
      this.#scriptIsn = spec.seq;
    } else if (this.stage === 'called' && bits === (SYN | ACK)) {
      this.#scriptIsn = spec.seq;
    }
  }

  /** Whether the stack sent this packet from one of its ends, as they are known, to the other. */
  names(packet: Packet): boolean {
    const { local, remote } = this;
    return (
      packet.protocol === this.protocol &&
      packet.protocol !== 'icmp' &&
      sameIp(packet.source, local.address) &&
      packet.sourcePort === local.port &&
      sameIp(packet.destination, remote.address) &&
      packet.destinationPort === remote.port
    );
  }

  /** Whether the stack sent this packet in this conversation; learns our end's name from the first one. */
  owns(packet: Packet): boolean {
    const { local, remote } = this;
    if (this.names(packet)) return true;
    if (!sameIp(packet.destination, remote.address)) return false;
    if (packet.protocol === 'icmp') return this.protocol === 'icmp' || sameIp(packet.source, local.address);
    if (packet.protocol !== this.protocol || packet.destinationPort !== remote.port) return false;
    const first =
      packet.protocol === 'tcp'
        ? this.stage === 'calling' && (packet.flags & (SYN | ACK)) === SYN
        : this.stage === 'connecting';
    if (!first) return false;
    local.address = packet.source;
    local.port = packet.sourcePort;
    if (packet.protocol === 'tcp') this.#localIsn = packet.seq;
    return true;
  }

  /** A packet of the stack in the script's numbers. Timestamps stay as they are: see `fitTimestamp`. */
  toScript(packet: Packet, spec: PacketSpec): Packet {
    if (packet.protocol !== 'tcp') return packet;
    const isSyn = (packet.flags & SYN) !== 0;
    if (
      this.stage === 'called' &&
      spec.protocol === 'tcp' &&
      (flagBits(spec.flags) & (SYN | ACK)) === (SYN | ACK)
    ) {
      this.stage = 'answered';
      this.#localIsn = packet.seq;
    }
    const seq = wrap(packet.seq - this.#localOffset(isSyn));
    const back = isSyn ? 0 : this.#remoteIsn;
    return {
      ...packet,
      seq,
      ack: (packet.flags & ACK) === 0 ? packet.ack : wrap(packet.ack - back),
      options: shiftBlocks(packet.options, -back),
    };
  }

  /** Our timestamp in the script's numbers, and remembers which of ours the script's stands for. */
  fitTimestamp(packet: TcpPacket, spec: TcpSpec): TcpPacket {
    const scripted = spec.options?.find((option) => option.kind === 'TS');
    const live = packet.options.find((option) => option.kind === 'TS');
    if (scripted?.kind !== 'TS' || live?.kind !== 'TS') return packet;
    this.#timestamps.set(scripted.value, live.value);
    this.#firstTimestamp ??= { script: scripted.value, live: live.value };
    const value = wrap(this.#firstTimestamp.script + live.value - this.#firstTimestamp.live);
    return {
      ...packet,
      options: packet.options.map((option) => (option.kind === 'TS' ? { ...option, value } : option)),
    };
  }

  /** The bytes of an inbound packet of the script. @throws Mismatch when it echoes a timestamp that was never sent. */
  toWire(spec: PacketSpec, line: number): Uint8Array {
    const ip = {
      source: this.remote.address,
      destination: this.local.address,
      tos: spec.ip.tos ?? (typeof spec.ip.ecn === 'number' ? spec.ip.ecn : 0),
      ttl: spec.ip.ttl ?? 0,
    };
    switch (spec.protocol) {
      case 'tcp':
        return writePacket({ protocol: 'tcp', ...ip, ...this.#segment(spec, line) });
      case 'udp': {
        const { length } = spec;
        const { sourcePort, destinationPort } = this.#ports(spec);
        const payload = new Uint8Array(length);
        return writePacket({ protocol: 'udp', ...ip, sourcePort, destinationPort, payload });
      }
      case 'icmp': {
        const { type, code, mtu, id } = spec;
        const rest = mtu ?? id * 2 ** 16;
        return writePacket({ protocol: 'icmp', ...ip, type, code, rest, payload: this.#echoed(spec) });
      }
    }
  }

  #ports(spec: TcpSpec | Extract<PacketSpec, { protocol: 'udp' }>) {
    return {
      sourcePort: spec.sourcePort || this.remote.port,
      destinationPort: spec.destinationPort || this.local.port,
    };
  }

  #segment(spec: TcpSpec, line: number): Omit<TcpPacket, 'protocol' | keyof typeof NO_IP> {
    const flags = flagBits(spec.flags);
    const isSyn = (flags & SYN) !== 0;
    const acks = (flags & ACK) !== 0;
    if (this.stage === 'answered' && acks) {
      this.stage = 'open';
    } else if (this.stage === 'calling' && isSyn && acks) {
      this.stage = 'accepted';
      this.#remoteIsn = spec.seq;
    }
    const offset = this.#localOffset(isSyn);
    return {
      ...this.#ports(spec),
      flags,
      seq: wrap(spec.seq + (isSyn ? 0 : this.#remoteIsn)),
      ack: acks ? wrap(spec.ack + offset) : 0,
      window: spec.window ?? 0,
      urgent: spec.urgent,
      options: shiftBlocks(this.#echo(spec, acks, line), offset),
      payload: new Uint8Array(spec.length),
    };
  }

  #echo(spec: TcpSpec, acks: boolean, line: number): readonly TcpOption[] {
    return (spec.options ?? []).map((option) => {
      if (option.kind !== 'TS' || !acks) return option;
      const { echo: scripted } = option;
      const first = this.#firstTimestamp;
      const scaled =
        this.#settings.scaledEcho && first !== null ? wrap(scripted - first.script + first.live) : undefined;
      const echo = this.#timestamps.get(scripted) ?? scaled;
      if (echo === undefined)
        throw new Mismatch(line, `the script echoes the timestamp ${scripted}, which was never sent`);
      return { ...option, echo };
    });
  }

  /** Header and first 8 bytes of the packet of ours that an ICMP message is about (RFC 792). */
  #echoed(spec: IcmpSpec): Uint8Array {
    const { local, remote } = this;
    const { protocol, seq, length } = spec.about;
    const base = {
      source: local.address,
      destination: remote.address,
      tos: 0,
      ttl: 0,
      sourcePort: local.port,
      destinationPort: remote.port,
      payload: new Uint8Array(length),
    };
    const original: TcpPacket | UdpPacket =
      protocol === 'udp'
        ? { protocol, ...base }
        : {
            protocol,
            ...base,
            flags: ACK,
            seq: wrap(seq + this.#localOffset(false)),
            ack: 0,
            window: 0,
            urgent: 0,
            options: [],
          };
    return writePacket(original).slice(0, (isIpv6(local.address) ? 40 : 20) + 8);
  }

  #localOffset(isSyn: boolean): number {
    return isSyn ? this.#localIsn - this.#scriptIsn : this.#localIsn;
  }
}

/** The fields of the IP header, for a type. */
const NO_IP = { source: ANY, destination: ANY, tos: 0, ttl: 0 };

const shiftBlocks = (options: readonly TcpOption[], by: number): TcpOption[] =>
  options.map((option) =>
    option.kind === 'sack'
      ? {
          kind: 'sack',
          blocks: option.blocks.map(([left, right]) => [wrap(left + by), wrap(right + by)] as const),
        }
      : option,
  );

/** Several segments in a row as the one that a stack with segmentation offload would have sent: the last one's header. */
export function join(segments: readonly TcpPacket[]): TcpPacket {
  const last = segments.at(-1) as TcpPacket;
  const first = segments[0] as TcpPacket;
  const payload = new Uint8Array(segments.reduce((sum, segment) => sum + segment.payload.length, 0));
  let at = 0;
  for (const segment of segments) {
    payload.set(segment.payload, at);
    at += segment.payload.length;
  }
  return { ...last, seq: first.seq, flags: (last.flags & ~CWR) | (first.flags & CWR), payload };
}

const CWR = flagBits('W');

/** Whether `next` continues `before` as a part of one larger segment: both have data, and all but FIN, PSH and CWR is the same. */
export function continues(before: TcpPacket, next: TcpPacket): boolean {
  if (before.payload.length === 0 || next.payload.length === 0) return false;
  const ignored = FIN | flagBits('PW');
  return (
    next.seq === wrap(before.seq + before.payload.length) &&
    (next.flags & ~ignored) === (before.flags & ~ignored) &&
    next.ack === before.ack &&
    next.window === before.window &&
    next.tos === before.tos
  );
}
