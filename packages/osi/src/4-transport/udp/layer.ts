import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import {
  type IcmpError,
  type IpAddress,
  type IpService,
  isIpv6,
  PROTOCOL_UDP,
  type ReceivedPacket,
  type SendOptions,
  type Sysctl,
  type TransportProtocol,
} from '../../3-network/index.ts';
import type { Simulation } from '../../time/index.ts';
import { ERRNO, type EventId, type Tracer } from '../../trace/index.ts';
import { Channel, type ChannelHost } from '../datagram/channel.ts';
import { ChannelTable } from '../datagram/channel-table.ts';
import { allowsGroup, defaultDatagramOptions } from '../datagram/options.ts';
import { chooseSource, fillSendOptions, isRefusal } from '../datagram/output.ts';
import { reportOf } from '../datagram/report.ts';
import { recordState } from '../datagram/state.ts';
import type {
  BindOptions,
  Endpoint,
  UdpChannel,
  UdpCounter,
  UdpEntry,
  UdpOptions,
  UdpService,
  UdpUser,
} from '../services.ts';
import {
  checkDatagram,
  readDestinationPort,
  readLength,
  readSourcePort,
  UDP_HEADER,
  writeHeader,
} from './codec.ts';

export interface DatagramParts {
  readonly sim: Simulation;
  readonly tracer: Tracer;
  readonly pool: FramePool;
  readonly sysctl: Sysctl;
  readonly ip: IpService;
}

/**
 * UDP of one machine (RFC 768, RFC 1122 section 4.1): gives each datagram to the socket that fits it best,
 * a broadcast or multicast to every socket that fits, and says "port unreachable" for the rest.
 */
export class UdpLayer implements UdpService, TransportProtocol, ChannelHost {
  readonly protocol = PROTOCOL_UDP;
  readonly needsPort = true;
  readonly counters = noDatagrams();
  readonly counters6 = noDatagrams();
  readonly #parts: DatagramParts;
  readonly #table: ChannelTable;
  /** Written anew for each datagram that is sent. */
  readonly #how: SendOptions = {};
  #opened = 0;

  /** Registers itself with `parts.ip`. */
  constructor(parts: DatagramParts) {
    this.#parts = parts;
    this.#table = new ChannelTable(parts.sim.randomFor(`${parts.tracer.node}/udp.port`), parts.sysctl);
    parts.ip.register(this);
  }

  open(local: Endpoint, bind: BindOptions, options: UdpOptions, user: UdpUser): UdpChannel | number {
    const channel = new Channel(this, `udp:${this.#opened + 1}`, local, bind, options, user);
    const result = channel.bind(local);
    if (result < 0) return result;
    this.#opened++;
    return channel;
  }

  *entries(): Iterable<UdpEntry> {
    for (const { id, local, remote, waitingBytes } of this.#table.entries()) {
      yield { id, local, remote, receiveQueue: waitingBytes };
    }
  }

  defaultOptions(): UdpOptions {
    return defaultDatagramOptions(this.#parts.sysctl);
  }

  receive(frame: Frame, packet: ReceivedPacket): void {
    const { view, start } = frame;
    const fault = checkDatagram(view, start, frame.end, packet.source, packet.destination);
    if (fault !== null) {
      const counters = this.#of(packet.source);
      counters.InErrors++;
      if (fault === 'udp.checksum') counters.InCsumErrors++;
      dropFrame(this.#parts.tracer, packet.interface, frame, fault);
      return;
    }
    frame.end = start + readLength(view, start);
    if (packet.broadcast) this.#deliverToAll(frame, packet);
    else this.#deliver(frame, packet);
  }

  receiveError(error: IcmpError, original: DataView, at: number): void {
    const remotePort = readDestinationPort(original, at);
    const channel = this.#table.find(
      readSourcePort(original, at),
      error.destination,
      remotePort,
      error.source,
      null,
    );
    if (channel === null) return;
    // A socket that lets its datagrams be cut takes no notice of the path's MTU: the network layer has noted it.
    if (error.tooLarge && channel.options.ip.dontFragment === false) return;
    const end = Math.min(original.byteLength, at + readLength(original, at));
    channel.fail(reportOf(error, remotePort, original, at + UDP_HEADER, end), error.fatal || error.tooLarge);
  }

  /** @internal For channels. */
  bind(channel: Channel, local: Endpoint): number {
    return this.#table.bind(channel, local);
  }

  /** @internal For channels. */
  unbind(channel: Channel): void {
    this.#table.unbind(channel);
  }

  /** @internal For channels. */
  route(source: IpAddress, destination: IpAddress, options: UdpOptions): IpAddress | number {
    return chooseSource(this.#parts.ip, source, destination, options);
  }

  /** @internal For channels. */
  transmit(channel: Channel, bytes: Uint8Array, remote: Endpoint, origin: EventId): number {
    const { ip, pool } = this.#parts;
    const source = this.route(channel.localAddress, remote.address, channel.options);
    if (isRefusal(source)) return source as number;

    const frame = pool.take(bytes.length);
    frame.bytes.set(bytes, HEADROOM);
    frame.start = HEADROOM - UDP_HEADER;
    frame.end = HEADROOM + bytes.length;
    frame.reason = 'udp.data';
    if (origin !== 0) frame.origins = [origin];
    const from = source as IpAddress;
    writeHeader(frame.view, frame.start, from, channel.localPort, remote.address, remote.port, frame.length);
    const how = fillSendOptions(this.#how, channel.options, remote.address);
    const result = ip.send(frame, from, remote.address, PROTOCOL_UDP, how);
    if (result < 0) {
      if (result === -ERRNO.EMSGSIZE) channel.tooLong(bytes, remote, ip.mtuTo(remote.address));
      return result;
    }
    this.#of(from).OutDatagrams++;
    return bytes.length;
  }

  /** @internal For channels. */
  stateChanged(channel: Channel, from: string, to: string): void {
    recordState(this.#parts.tracer, channel, from, to);
  }

  /** The counters of an address's version of IP. */
  #of(address: IpAddress): Record<UdpCounter, number> {
    return isIpv6(address) ? this.counters6 : this.counters;
  }

  #deliver(frame: Frame, packet: ReceivedPacket): void {
    const { view, start } = frame;
    const port = readDestinationPort(view, start);
    const sourcePort = readSourcePort(view, start);
    const channel = this.#table.find(port, packet.source, sourcePort, packet.destination, packet.interface);
    if (channel !== null) {
      this.#give(channel, frame, packet);
      return;
    }
    this.#of(packet.source).NoPorts++;
    this.#parts.ip.portUnreachable(frame, packet);
    dropFrame(this.#parts.tracer, packet.interface, frame, 'udp.no-port');
  }

  /** A broadcast or multicast goes to every socket that fits (`__udp4_lib_mcast_deliver`). */
  #deliverToAll(frame: Frame, packet: ReceivedPacket): void {
    const { view, start } = frame;
    const sourcePort = readSourcePort(view, start);
    let last: Channel | null = null;
    for (const channel of this.#table.at(readDestinationPort(view, start))) {
      if (channel.score(packet.source, sourcePort, packet.destination, packet.interface) === 0) continue;
      if (!allowsGroup(channel.options, packet)) continue;
      if (last !== null) this.#give(last, this.#parts.pool.copy(frame), packet);
      last = channel;
    }
    if (last !== null) {
      this.#give(last, frame, packet);
    } else {
      this.#of(packet.source).IgnoredMulti++;
      dropFrame(this.#parts.tracer, packet.interface, frame, 'udp.no-port');
    }
  }

  #give(channel: Channel, frame: Frame, packet: ReceivedPacket): void {
    const sourcePort = readSourcePort(frame.view, frame.start);
    frame.start += UDP_HEADER;
    const counters = this.#of(packet.source);
    if (channel.enqueue(frame, packet, sourcePort)) {
      counters.InDatagrams++;
      return;
    }
    counters.InErrors++;
    counters.RcvbufErrors++;
    dropFrame(this.#parts.tracer, packet.interface, frame, 'udp.buffer-full');
  }
}

const noDatagrams = (): Record<UdpCounter, number> => ({
  InDatagrams: 0,
  NoPorts: 0,
  InErrors: 0,
  OutDatagrams: 0,
  RcvbufErrors: 0,
  SndbufErrors: 0,
  InCsumErrors: 0,
  IgnoredMulti: 0,
  MemErrors: 0,
});
