import { type FramePool, HEADROOM } from '../../1-physical/index.ts';
import {
  type EchoChannel,
  type EchoChannels,
  type EchoUser,
  type IpAddress,
  type IpService,
  isAnyIp,
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
  readonly pool: FramePool;
  readonly sysctl: Sysctl;
  readonly ip: IpService;
  readonly echo: EchoChannels;
}

/**
 * Ping sockets (icmp(7)) of one version of IP: ICMP echo as a datagram transport. What a program sends and gets are whole ICMP messages,
 * the port is the echo identifier, and peers have none.
 */
export class PingLayer implements DatagramService, ChannelHost {
  readonly needsPort = false;
  readonly #parts: PingParts;
  /** None most of the time. */
  #echoes: Map<Channel, EchoChannel> | null = null;
  readonly #how: SendOptions = {};
  #opened = 0;

  constructor(parts: PingParts) {
    this.#parts = parts;
  }

  open(local: Endpoint, bind: BindOptions, options: UdpOptions, user: UdpUser): UdpChannel | number {
    const channel = new Channel(this, `ping:${this.#opened + 1}`, local, bind, options, user);
    const result = channel.bind(local);
    if (result < 0) return result;
    this.#opened++;
    return channel;
  }

  *entries(): Iterable<UdpEntry> {
    for (const { id, local, remote, waitingBytes } of this.#echoes?.keys() ?? []) {
      yield { id, local, remote, receiveQueue: waitingBytes };
    }
  }

  defaultOptions(): UdpOptions {
    return defaultDatagramOptions(this.#parts.sysctl);
  }

  /** @internal For channels. */
  bind(channel: Channel, local: Endpoint): number {
    const echo = this.#parts.echo.open(local.port, this.#userOf(channel));
    if (typeof echo === 'number') return echo;
    this.#echoes ??= new Map();
    this.#echoes.set(channel, echo);
    channel.local = { address: local.address, port: echo.identifier };
    return 0;
  }

  /** @internal For channels. */
  unbind(channel: Channel): void {
    this.#echoes?.get(channel)?.close();
    this.#echoes?.delete(channel);
    if (this.#echoes?.size === 0) this.#echoes = null;
  }

  /** @internal For channels. */
  route(source: IpAddress, destination: IpAddress, options: UdpOptions): IpAddress | number {
    return chooseSource(this.#parts.ip, source, destination, options);
  }

  /** @internal For channels. */
  transmit(channel: Channel, bytes: Uint8Array, remote: Endpoint, origin: EventId): number {
    const source = this.route(channel.local.address, remote.address, channel.options);
    if (isRefusal(source)) return source as number;
    const how = fillSendOptions(this.#how, channel.options, remote.address);
    return this.#echoes?.get(channel)?.send(bytes, source as IpAddress, remote.address, origin, how) ?? 0;
  }

  /** @internal For channels. */
  stateChanged(channel: Channel, from: string, to: string): void {
    recordState(this.#parts.tracer, channel, from, to);
  }

  #userOf(channel: Channel): EchoUser {
    const { pool, tracer } = this.#parts;
    return {
      received: (message, packet) => {
        const bound = channel.local.address;
        if (!isAnyIp(bound) && !sameIp(bound, packet.destination)) return;
        const frame = pool.take(message.length);
        frame.bytes.set(message, HEADROOM);
        frame.end = HEADROOM + message.length;
        if (channel.enqueue(frame, packet, 0)) return;
        tracer.countDrop('ping.buffer-full');
        frame.release();
      },
      failed: (error, original, at) => {
        channel.fail(reportOf(error, 0, original, at, original.byteLength), error.fatal);
      },
    };
  }
}
