import type { Frame } from '../../1-physical/index.ts';
import {
  type EchoChannel,
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

export interface PingParts {
  readonly tracer: Tracer;
  readonly sysctl: Sysctl;
  readonly ip: IpService;
  readonly echo: Pick<EchoChannels, 'open'>;
}

/**
 * Ping sockets (icmp(7)) of one version of IP: ICMP echo as a datagram transport. What a program sends and gets are whole ICMP messages,
 * the port is the echo identifier, and peers have none.
 */
export class PingLayer implements DatagramService, ChannelHost {
  readonly needsPort = false;
  readonly #parts: PingParts;
  readonly #ip: IpService;
  /** None most of the time. */
  #bound: Set<PingChannel> | null = null;
  readonly #how: SendOptions = {};
  #opened = 0;

  constructor(parts: PingParts) {
    this.#parts = parts;
    this.#ip = parts.ip;
  }

  open(local: Endpoint, bind: BindOptions, options: UdpOptions, user: UdpUser): UdpChannel | number {
    const channel = new PingChannel(
      this.#parts.tracer,
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
    return defaultDatagramOptions(this.#parts.sysctl);
  }

  /** @internal For channels. */
  bind(channel: PingChannel, local: Endpoint): number {
    const echo = this.#parts.echo.open(local.port, channel);
    if (typeof echo === 'number') return echo;
    channel.echo = echo;
    this.#bound ??= new Set();
    this.#bound.add(channel);
    channel.local = { address: local.address, port: echo.identifier };
    return 0;
  }

  /** @internal For channels. */
  unbind(channel: PingChannel): void {
    channel.echo?.close();
    channel.echo = null;
    this.#bound?.delete(channel);
    if (this.#bound?.size === 0) this.#bound = null;
  }

  /** @internal For channels. */
  route(source: IpAddress, destination: IpAddress, options: UdpOptions): IpAddress | number {
    return chooseSource(this.#ip, source, destination, options);
  }

  /** @internal For channels. */
  transmit(channel: PingChannel, bytes: Uint8Array, remote: Endpoint, origin: EventId): number {
    const source = this.route(channel.local.address, remote.address, channel.options);
    if (isRefusal(source)) return source as number;
    const how = fillSendOptions(this.#how, channel.options, remote.address);
    // Linux sends them without extension headers (`ping_v6_sendmsg`).
    how.extensions = undefined;
    return channel.echo?.send(bytes, source as IpAddress, remote.address, origin, how) ?? 0;
  }

  /** @internal For channels. */
  stateChanged(channel: Channel, from: string, to: string): void {
    recordState(this.#parts.tracer, channel, from, to);
  }
}

/** A ping socket's end: it has an echo identifier while it is bound. */
class PingChannel extends Channel implements EchoUser {
  echo: EchoChannel | null = null;
  readonly #tracer: Tracer;

  constructor(tracer: Tracer, ...of: ConstructorParameters<typeof Channel>) {
    super(...of);
    this.#tracer = tracer;
  }

  received(frame: Frame, packet: ReceivedPacket): void {
    const bound = this.local.address;
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
