import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import {
  type IcmpError,
  type IpAddress,
  type IpService,
  type Ipv4Address,
  type Ipv4Layer,
  PROTOCOL_ICMP,
  type RawUpcalls,
  type ReceivedPacket,
  type SendOptions,
  type Sysctl,
} from '../../3-network/index.ts';
import { ERRNO, type EventId, type Tracer } from '../../trace/index.ts';
import { Channel, type ChannelHost } from '../datagram/channel.ts';
import { chooseSource, fillSendOptions, isRefusal } from '../datagram/output.ts';
import { reportOf } from '../datagram/report.ts';
import { defaultDatagramOptions, recordState } from '../datagram/state.ts';
import type {
  BindOptions,
  DatagramService,
  Endpoint,
  UdpChannel,
  UdpEntry,
  UdpOptions,
  UdpUser,
} from '../services.ts';

export interface RawParts {
  readonly tracer: Tracer;
  readonly pool: FramePool;
  readonly sysctl: Sysctl;
  readonly ip: Ipv4Layer;
}

/** Types of ICMP that a filter can name. */
const FILTERED_TYPES = 32;

/**
 * Raw sockets over IPv4 (raw(7)): programs that speak a protocol on IP themselves. Each gets a copy of every packet of
 * its protocol, IP header included, besides what the machine does with it.
 */
export class RawLayer implements RawUpcalls {
  readonly #parts: RawParts;
  readonly #protocols = new Map<number, RawProtocol>();
  #opened = 0;

  constructor(parts: RawParts) {
    this.#parts = parts;
  }

  /** The service for sockets of a protocol, 1–255. */
  protocol(protocol: number): DatagramService {
    const known = this.#protocols.get(protocol);
    if (known !== undefined) return known;
    const service = new RawProtocol(this.#parts, protocol, () => ++this.#opened);
    this.#protocols.set(protocol, service);
    // From now on there is somebody to ask.
    this.#parts.ip.raw = this;
    return service;
  }

  *entries(): Iterable<UdpEntry> {
    for (const service of this.#protocols.values()) yield* service.entries();
  }

  received(frame: Frame, packet: ReceivedPacket<Ipv4Address>, header: number): boolean {
    return this.#protocols.get(packet.protocol)?.received(frame, packet, header) ?? false;
  }

  failed(protocol: number, error: IcmpError, original: DataView, header: number, payload: number): void {
    this.#protocols.get(protocol)?.failed(error, original, header, payload);
  }
}

/** The raw sockets of one protocol. */
class RawProtocol implements DatagramService, ChannelHost {
  readonly needsPort = false;
  readonly #parts: RawParts;
  readonly #protocol: number;
  readonly #number: () => number;
  readonly #channels = new Set<Channel>();
  readonly #how: SendOptions = {};

  constructor(parts: RawParts, protocol: number, number: () => number) {
    this.#parts = parts;
    this.#protocol = protocol;
    this.#number = number;
  }

  open(local: Endpoint, bind: BindOptions, options: UdpOptions, user: UdpUser): UdpChannel {
    const channel = new Channel(this, `raw:${this.#number()}`, local, bind, options, user);
    channel.bind(local);
    return channel;
  }

  *entries(): Iterable<UdpEntry> {
    for (const { id, local, remote, waitingBytes } of this.#channels) {
      yield { id, local, remote, receiveQueue: waitingBytes };
    }
  }

  defaultOptions(): UdpOptions {
    return {
      ...defaultDatagramOptions(this.#parts.sysctl),
      raw: { headerIncluded: this.#protocol === PROTOCOL_RAW, icmpFilter: 0 },
    };
  }

  /** Gives each socket that fits a copy. @returns whether one did. */
  received(frame: Frame, packet: ReceivedPacket<Ipv4Address>, header: number): boolean {
    let taken = false;
    for (const channel of this.#channels) {
      const { options } = channel;
      if (channel.score(packet.source, 0, packet.destination, packet.interface) === 0) continue;
      if (options.memberships?.allow(packet.destination, packet.source, packet.interface) === false) continue;
      if (packet.protocol === PROTOCOL_ICMP && isFiltered(frame, options.raw?.icmpFilter ?? 0)) continue;
      taken = true;
      const copy = copyFrom(this.#parts.pool, frame, header);
      if (channel.enqueue(copy, packet, 0)) continue;
      dropFrame(this.#parts.tracer, packet.interface, copy, 'raw.buffer-full');
    }
    return taken;
  }

  failed(error: IcmpError, original: DataView, header: number, payload: number): void {
    for (const channel of this.#channels) {
      if (channel.score(error.destination, 0, error.source, null) === 0) continue;
      const { raw, ip } = channel.options;
      const from = raw?.headerIncluded === true ? header : payload;
      const hard = error.fatal || (error.tooLarge && ip.dontFragment !== false);
      channel.fail(reportOf(error, 0, original, from, original.byteLength), hard);
    }
  }

  /** @internal For channels. */
  bind(channel: Channel, local: Endpoint): number {
    channel.local = { address: local.address, port: this.#protocol };
    this.#channels.add(channel);
    return 0;
  }

  /** @internal For channels. */
  unbind(channel: Channel): void {
    this.#channels.delete(channel);
  }

  /** @internal For channels. */
  route(source: IpAddress, destination: IpAddress, options: UdpOptions): IpAddress | number {
    return chooseSource(this.#parts.ip as IpService, source, destination, options);
  }

  /** @internal For channels. */
  transmit(channel: Channel, bytes: Uint8Array, remote: Endpoint, origin: EventId): number {
    const { ip, pool } = this.#parts;
    const { options } = channel;
    const source = this.route(channel.local.address, remote.address, options);
    if (isRefusal(source)) return source as number;
    const destination = remote.address as Ipv4Address;
    const whole = options.raw?.headerIncluded === true;
    if (whole && (bytes.length < LEAST_HEADER || ((bytes[0] ?? 0) & 15) * 4 > bytes.length)) {
      return -ERRNO.EINVAL;
    }
    const frame = pool.take(bytes.length);
    frame.bytes.set(bytes, HEADROOM);
    frame.end = HEADROOM + bytes.length;
    frame.reason = 'raw.data';
    if (origin !== 0) frame.origins = [origin];
    const how = fillSendOptions(this.#how, options, destination);
    const from = source as Ipv4Address;
    const result = whole
      ? ip.sendWhole(frame, from, destination, how)
      : ip.send(frame, from, destination, this.#protocol, how);
    if (result === 0) return bytes.length;
    if (result === -ERRNO.EMSGSIZE) channel.tooLong(bytes, remote, ip.mtuTo(destination));
    return result;
  }

  /** @internal For channels. */
  stateChanged(channel: Channel, from: string, to: string): void {
    recordState(this.#parts.tracer, channel, from, to);
  }
}

/** A copy of a packet from its header on, which stands in front of `frame.start`. */
function copyFrom(pool: FramePool, frame: Frame, header: number): Frame {
  const { start } = frame;
  frame.start = header;
  const copy = pool.copy(frame);
  frame.start = start;
  return copy;
}

/** IPPROTO_RAW: sends packets of any protocol, whose headers the program writes. */
const PROTOCOL_RAW = 255;
const LEAST_HEADER = 20;

/** ICMP_FILTER: one bit for each type that is not wanted (icmp(7) of raw sockets, `icmp_filter`). @param frame `start` at the message. */
function isFiltered(frame: Frame, filter: number): boolean {
  const type = frame.bytes[frame.start] ?? 0;
  return type < FILTERED_TYPES && ((filter >>> type) & 1) === 1;
}
