import type { Frame } from '../../1-physical/index.ts';
import {
  type EchoChannels,
  type EchoUser,
  type IcmpError,
  type IpAddress,
  type IpService,
  isAnyIp,
  type ReceivedPacket,
  type SendOptions,
  type Sysctl,
  sameIp,
} from '../../3-network/index.ts';
import type { EventId, Tracer } from '../../trace/index.ts';
import { Channel, type ChannelHost } from '../datagram/channel.ts';
import { defaultDatagramOptions } from '../datagram/options.ts';
import { chooseSource, fillSendOptions, isRefusal } from '../datagram/output.ts';
import { reportOf } from '../datagram/report.ts';
import { recordState } from '../datagram/state.ts';
import type {
  BindOptions,
  DatagramService,
  Endpoint,
  UdpChannel,
  UdpEntry,
  UdpOptions,
  UdpUser,
} from '../services.ts';

/** How a datagram is sent: written anew for each, of whatever machine. */
const HOW: SendOptions = {};

export interface PingParts {
  readonly tracer: Tracer;
  readonly sysctl: Sysctl;
  readonly ip: IpService;
  readonly icmp: Pick<EchoChannels, 'openEcho' | 'sendEcho' | 'closeEcho'>;
}

/**
 * Ping sockets (icmp(7)) of one version of IP: ICMP echo as a datagram transport. What a program sends and gets are whole ICMP messages,
 * the port is the echo identifier, and peers have none.
 */
export class PingLayer implements DatagramService, ChannelHost {
  readonly #ip: IpService;
  readonly #icmp: PingParts['icmp'];
  readonly #tracer: Tracer;
  readonly #sysctl: Sysctl;
  /** None most of the time. */
  #bound: Set<PingChannel> | null = null;
  #opened = 0;

  constructor(parts: PingParts) {
    this.#ip = parts.ip;
    this.#icmp = parts.icmp;
    this.#tracer = parts.tracer;
    this.#sysctl = parts.sysctl;
  }

  get needsPort(): boolean {
    return false;
  }

  open(local: Endpoint, bind: BindOptions, options: UdpOptions, user: UdpUser): UdpChannel | number {
    const channel = new PingChannel(
      this.#tracer,
      this,
      `ping:${this.#opened + 1}`,
      local,
      bind,
      options,
      user,
    );
    const result = channel.bind(local);
    if (result < 0) return result;
    this.#opened++;
    return channel;
  }

  *entries(): Iterable<UdpEntry> {
    for (const { id, local, remote, waitingBytes } of this.#bound ?? []) {
      yield { id, local, remote, receiveQueue: waitingBytes };
    }
  }

  defaultOptions(): UdpOptions {
    return defaultDatagramOptions(this.#sysctl);
  }

  /** @internal For channels. */
  bind(channel: PingChannel, local: Endpoint): number {
    const identifier = this.#icmp.openEcho(local.port, channel);
    if (identifier < 0) return identifier;
    this.#bound ??= new Set();
    this.#bound.add(channel);
    channel.localAddress = local.address;
    channel.localPort = identifier;
    return 0;
  }

  /** @internal For channels. */
  unbind(channel: PingChannel): void {
    this.#icmp.closeEcho(channel.localPort);
    this.#bound?.delete(channel);
    if (this.#bound?.size === 0) this.#bound = null;
  }

  /** @internal For channels. */
  route(source: IpAddress, destination: IpAddress, options: UdpOptions): IpAddress | number {
    return chooseSource(this.#ip, source, destination, options);
  }

  /** @internal For channels. */
  transmit(channel: PingChannel, bytes: Uint8Array, remote: Endpoint, origin: EventId): number {
    const source = this.route(channel.localAddress, remote.address, channel.options);
    if (isRefusal(source)) return source as number;
    const how = fillSendOptions(HOW, channel.options, remote.address);
    // Linux sends them without extension headers (`ping_v6_sendmsg`).
    how.extensions = undefined;
    return this.#icmp.sendEcho(channel.localPort, bytes, source as IpAddress, remote.address, origin, how);
  }

  /** @internal For channels. */
  stateChanged(channel: Channel, from: string, to: string): void {
    recordState(this.#tracer, channel, from, to);
  }
}

/** A ping socket's end: it has an echo identifier while it is bound. */
class PingChannel extends Channel implements EchoUser {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer, ...of: ConstructorParameters<typeof Channel>) {
    super(...of);
    this.#tracer = tracer;
  }

  received(frame: Frame, packet: ReceivedPacket): void {
    const bound = this.localAddress;
    if (isAnyIp(bound) || sameIp(bound, packet.destination)) {
      if (this.enqueue(frame, packet, 0)) return;
      this.#tracer.countDrop('ping.buffer-full');
    }
    frame.release();
  }

  failed(error: IcmpError, original: DataView, at: number): void {
    this.fail(reportOf(error, 0, original, at, original.byteLength), error.fatal);
  }
}
