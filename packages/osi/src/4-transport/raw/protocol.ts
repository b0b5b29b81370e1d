import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import type {
  IcmpError,
  IpAddress,
  IpService,
  ReceivedPacket,
  SendOptions,
  Sysctl,
} from '../../3-network/index.ts';
import { ERRNO, type EventId, type Tracer } from '../../trace/index.ts';
import { Channel, type ChannelHost } from '../datagram/channel.ts';
import { defaultDatagramOptions } from '../datagram/options.ts';
import { chooseSource, fillSendOptions, isRefusal } from '../datagram/output.ts';
import { reportOf } from '../datagram/report.ts';
import { recordState } from '../datagram/state.ts';
import type {
  BindOptions,
  DatagramService,
  Endpoint,
  RawOptions,
  UdpChannel,
  UdpEntry,
  UdpOptions,
  UdpUser,
} from '../services.ts';

/** IPPROTO_RAW: sends packets of any protocol, whose headers the program writes. */
export const PROTOCOL_RAW = 255;

/** What a raw protocol of either version of IP is made of. */
export interface RawProtocolParts {
  readonly tracer: Tracer;
  readonly pool: FramePool;
  readonly sysctl: Sysctl;
}

/** The raw sockets of one protocol over one version of IP. */
export abstract class RawProtocol<A extends IpAddress> implements DatagramService, ChannelHost {
  readonly needsPort = false;
  protected readonly parts: RawProtocolParts;
  protected readonly protocol: number;
  readonly #ip: IpService<A>;
  readonly #number: () => number;
  readonly #how: SendOptions = {};
  readonly #channels = new Set<Channel>();

  /** @param number gives each socket that is opened one. */
  constructor(ip: IpService<A>, parts: RawProtocolParts, protocol: number, number: () => number) {
    this.#ip = ip;
    this.parts = parts;
    this.protocol = protocol;
    this.#number = number;
  }

  /** What a socket has before it sets anything. */
  protected abstract rawOptions(): RawOptions;
  /** Whether a socket that the packet's addresses fit has not declined it. @param frame `start` at the payload. */
  protected abstract wants(options: UdpOptions, frame: Frame, packet: ReceivedPacket<A>): boolean;
  /** What the program gets of a packet. */
  protected abstract copyOf(frame: Frame, header: number): Frame;
  /** From where on an error's quote is what the program sent, and whether one about the MTU is more than a hint. */
  protected abstract quoteFrom(options: UdpOptions, header: number, payload: number): number;
  protected abstract heedsMtu(options: UdpOptions): boolean;
  /** Whether what a program wants to send can be. */
  protected abstract isSendable(options: UdpOptions, bytes: Uint8Array): boolean;
  /** Sends it; takes the frame over. @returns 0 or a negated errno, as `IpService.send`. */
  protected abstract send(
    frame: Frame,
    source: A,
    destination: A,
    options: UdpOptions,
    how: SendOptions,
  ): number;

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
    return { ...defaultDatagramOptions(this.parts.sysctl), raw: this.rawOptions() };
  }

  /** Gives each socket that fits a copy. @returns whether one did. */
  received(frame: Frame, packet: ReceivedPacket<A>, header: number): boolean {
    let taken = false;
    for (const channel of this.#channels) {
      if (channel.score(packet.source, 0, packet.destination, packet.interface) === 0) continue;
      if (!this.wants(channel.options, frame, packet)) continue;
      taken = true;
      const copy = this.copyOf(frame, header);
      if (channel.enqueue(copy, packet, 0)) continue;
      dropFrame(this.parts.tracer, packet.interface, copy, 'raw.buffer-full');
    }
    return taken;
  }

  failed(error: IcmpError, original: DataView, header: number, payload: number): void {
    for (const channel of this.#channels) {
      if (channel.score(error.destination, 0, error.source, null) === 0) continue;
      const { options } = channel;
      const from = this.quoteFrom(options, header, payload);
      const hard = error.fatal || (error.tooLarge && this.heedsMtu(options));
      channel.fail(reportOf(error, 0, original, from, original.byteLength), hard);
    }
  }

  /** @internal For channels. */
  bind(channel: Channel, local: Endpoint): number {
    channel.localAddress = local.address;
    channel.localPort = this.protocol;
    this.#channels.add(channel);
    return 0;
  }

  /** @internal For channels. */
  unbind(channel: Channel): void {
    this.#channels.delete(channel);
  }

  /** @internal For channels. */
  route(source: IpAddress, destination: IpAddress, options: UdpOptions): IpAddress | number {
    return chooseSource(this.#ip as IpService, source, destination, options);
  }

  /** @internal For channels. */
  transmit(channel: Channel, bytes: Uint8Array, remote: Endpoint, origin: EventId): number {
    const { options } = channel;
    const source = this.route(channel.localAddress, remote.address, options);
    if (isRefusal(source)) return source as number;
    if (!this.isSendable(options, bytes)) return -ERRNO.EINVAL;
    const destination = remote.address as A;
    const how = fillSendOptions(this.#how, options, destination);
    const result = this.send(this.#frameOf(bytes, origin), source as A, destination, options, how);
    if (result === 0) return bytes.length;
    if (result === -ERRNO.EMSGSIZE) channel.tooLong(bytes, remote, this.#ip.mtuTo(destination));
    return result;
  }

  /** @internal For channels. */
  stateChanged(channel: Channel, from: string, to: string): void {
    recordState(this.parts.tracer, channel, from, to);
  }

  /** A frame with what a program sends. */
  #frameOf(bytes: Uint8Array, origin: EventId): Frame {
    const frame = this.parts.pool.take(bytes.length);
    frame.bytes.set(bytes, HEADROOM);
    frame.end = HEADROOM + bytes.length;
    frame.reason = 'raw.data';
    if (origin !== 0) frame.origins = [origin];
    return frame;
  }
}
