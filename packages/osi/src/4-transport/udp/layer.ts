import { dropFrame, type Frame, type FramePool, HEADROOM } from '../../1-physical/index.ts';
import {
  ANY,
  type IcmpError,
  type IpService,
  type Ipv4Address,
  isMulticast,
  PROTOCOL_UDP,
  type ReceivedPacket,
  type SendOptions,
  type Sysctl,
  type TransportProtocol,
} from '../../3-network/index.ts';
import type { Random, Simulation } from '../../time/index.ts';
import { ERRNO, type EventId, type Tracer } from '../../trace/index.ts';
import { formatEndpoint } from '../endpoint.ts';
import { chooseEphemeralPort } from '../ports.ts';
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
import { Channel, type ChannelHost, type ChannelState } from './channel.ts';
import {
  checkDatagram,
  readDestinationPort,
  readLength,
  readSourcePort,
  UDP_HEADER,
  UDP_MAX_PAYLOAD,
  writeHeader,
} from './codec.ts';

const NOBODY: readonly Channel[] = [];

/** `ICMP_DEST_UNREACH` with `ICMP_FRAG_NEEDED` (RFC 1191). */
const DESTINATION_UNREACHABLE = 3;
const FRAGMENTATION_NEEDED = 4;
/** A multicast goes no further than the next router unless the program says so (RFC 1112 section 6.1). */
const MULTICAST_TTL = 1;

export interface UdpParts {
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
  readonly counters: Record<UdpCounter, number> = {
    InDatagrams: 0,
    NoPorts: 0,
    InErrors: 0,
    OutDatagrams: 0,
    RcvbufErrors: 0,
    SndbufErrors: 0,
    InCsumErrors: 0,
    IgnoredMulti: 0,
    MemErrors: 0,
  };
  readonly #parts: UdpParts;
  readonly #random: Random;
  /** Spreads flows over SO_REUSEPORT groups. */
  readonly #salt: number;
  /** By local port, in the order of binding. */
  readonly #ports = new Map<number, Channel[]>();
  readonly #channels = new Set<Channel>();
  /** Written anew for each datagram that is sent. */
  readonly #sendOptions: SendOptions = {};
  #opened = 0;

  /** Registers itself with `parts.ip`. */
  constructor(parts: UdpParts) {
    this.#parts = parts;
    this.#random = parts.sim.randomFor(`${parts.tracer.node}/udp.port`);
    this.#salt = parts.sim.randomFor(`${parts.tracer.node}/udp.reuseport`).uint32();
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
    for (const { id, local, remote, waitingBytes } of this.#channels) {
      if (local.port !== 0) yield { id, local, remote, receiveQueue: waitingBytes };
    }
  }

  defaultOptions(): UdpOptions {
    const { sysctl } = this.#parts;
    return {
      receiveBuffer: sysctl.get('net.core.rmem_default'),
      sendBuffer: sysctl.get('net.core.wmem_default'),
      broadcast: false,
      receiveErrors: false,
      ip: {},
    };
  }

  receive(frame: Frame, packet: ReceivedPacket): void {
    const { view, start } = frame;
    const fault = checkDatagram(view, start, frame.end, packet.source, packet.destination);
    if (fault !== null) {
      this.counters.InErrors++;
      if (fault === 'udp.checksum') this.counters.InCsumErrors++;
      dropFrame(this.#parts.tracer, packet.interface, frame, fault);
      return;
    }
    frame.end = start + readLength(view, start);
    if (packet.broadcast) this.#deliverToAll(frame, packet);
    else this.#deliver(frame, packet);
  }

  receiveError(error: IcmpError, original: DataView, at: number): void {
    const remotePort = readDestinationPort(original, at);
    const channel = this.#find(readSourcePort(original, at), error.destination, remotePort, error.source, '');
    if (channel === null) return;
    const tooBig = error.type === DESTINATION_UNREACHABLE && error.code === FRAGMENTATION_NEEDED;
    // A socket that lets its datagrams be cut takes no notice of the path's MTU: the network layer has noted it.
    if (tooBig && channel.options.ip.dontFragment === false) return;
    const end = Math.min(original.byteLength, at + readLength(original, at));
    channel.fail(
      {
        errno: error.errno,
        origin: 2,
        type: error.type,
        code: error.code,
        info: error.mtu,
        offender: error.from,
        destination: { address: error.destination, port: remotePort },
        data: bytesOf(original, at + UDP_HEADER, end),
      },
      error.fatal || tooBig,
    );
  }

  /** @internal For channels. */
  bind(channel: Channel, local: Endpoint): number {
    const port = local.port === 0 ? this.#choosePort(channel, local.address) : local.port;
    if (port === 0) return -ERRNO.EAGAIN;
    if (local.port !== 0 && this.#conflict(channel, local)) return -ERRNO.EADDRINUSE;
    channel.local = { address: local.address, port };
    const sharers = this.#ports.get(port);
    if (sharers === undefined) this.#ports.set(port, [channel]);
    else sharers.push(channel);
    this.#channels.add(channel);
    return 0;
  }

  /** @internal For channels. */
  unbind(channel: Channel): void {
    const { port } = channel.local;
    const rest = this.#ports.get(port)?.filter((other) => other !== channel) ?? NOBODY;
    if (rest.length === 0) this.#ports.delete(port);
    else this.#ports.set(port, rest as Channel[]);
    this.#channels.delete(channel);
  }

  /** @internal For channels. */
  route(source: Ipv4Address, destination: Ipv4Address, options: UdpOptions): Ipv4Address | number {
    const { ip } = this.#parts;
    if (!options.broadcast && !isMulticast(destination) && ip.isBroadcast(destination)) return -ERRNO.EACCES;
    const chosen = ip.sourceFor(destination);
    if (chosen === null) return -ERRNO.ENETUNREACH;
    // Nothing is sent from a group: a socket bound to one sends from the interface's own address.
    return source === ANY || isMulticast(source) || ip.isBroadcast(source) ? chosen : source;
  }

  /** @internal For channels. */
  transmit(channel: Channel, bytes: Uint8Array, remote: Endpoint, origin: EventId): number {
    const { ip, pool } = this.#parts;
    const { options } = channel;
    const source = this.route(channel.local.address, remote.address, options);
    if (source < 0) return source;
    if (bytes.length > UDP_MAX_PAYLOAD) return -ERRNO.EMSGSIZE;
    const length = UDP_HEADER + bytes.length;

    const frame = pool.take(bytes.length);
    frame.bytes.set(bytes, HEADROOM);
    frame.start = HEADROOM - UDP_HEADER;
    frame.end = HEADROOM + bytes.length;
    frame.reason = 'udp.data';
    if (origin !== 0) frame.origins = [origin];
    writeHeader(
      frame.view,
      frame.start,
      source as Ipv4Address,
      channel.local.port,
      remote.address,
      remote.port,
      length,
    );
    const { ttl, tos, dontFragment, interface: boundTo } = options.ip;
    const how = this.#sendOptions;
    how.ttl = ttl ?? (isMulticast(remote.address) ? MULTICAST_TTL : undefined);
    how.tos = tos;
    how.interface = boundTo;
    how.dontFragment = dontFragment ?? 'if-it-fits';
    const result = ip.send(frame, source as Ipv4Address, remote.address, PROTOCOL_UDP, how);
    if (result < 0) {
      if (result === -ERRNO.EMSGSIZE) this.#reportTooLong(channel, bytes, remote);
      return result;
    }
    this.counters.OutDatagrams++;
    return bytes.length;
  }

  /** @internal For channels. */
  stateChanged(channel: Channel, from: ChannelState, to: ChannelState): void {
    const { tracer } = this.#parts;
    if (!tracer.on) return;
    const local = formatEndpoint(channel.local);
    tracer.write({
      kind: 'socket-state',
      socket: channel.id,
      local,
      remote: formatEndpoint(channel.remote),
      from,
      to,
    });
  }

  #deliver(frame: Frame, packet: ReceivedPacket): void {
    const { view, start } = frame;
    const port = readDestinationPort(view, start);
    const sourcePort = readSourcePort(view, start);
    const channel = this.#find(port, packet.source, sourcePort, packet.destination, packet.interface);
    if (channel !== null) {
      this.#give(channel, frame, packet);
      return;
    }
    this.counters.NoPorts++;
    this.#parts.ip.portUnreachable(frame, packet);
    dropFrame(this.#parts.tracer, packet.interface, frame, 'udp.no-port');
  }

  /** A broadcast or multicast goes to every socket that fits (`__udp4_lib_mcast_deliver`). */
  #deliverToAll(frame: Frame, packet: ReceivedPacket): void {
    const { view, start } = frame;
    const sourcePort = readSourcePort(view, start);
    let last: Channel | null = null;
    for (const channel of [...(this.#ports.get(readDestinationPort(view, start)) ?? NOBODY)]) {
      if (channel.score(packet.source, sourcePort, packet.destination, packet.interface) === 0) continue;
      if (last !== null) this.#give(last, this.#parts.pool.copy(frame), packet);
      last = channel;
    }
    if (last !== null) {
      this.#give(last, frame, packet);
    } else {
      this.counters.IgnoredMulti++;
      dropFrame(this.#parts.tracer, packet.interface, frame, 'udp.no-port');
    }
  }

  #give(channel: Channel, frame: Frame, packet: ReceivedPacket): void {
    if (channel.enqueue(frame, packet)) {
      this.counters.InDatagrams++;
      return;
    }
    this.counters.InErrors++;
    this.counters.RcvbufErrors++;
    dropFrame(this.#parts.tracer, packet.interface, frame, 'udp.buffer-full');
  }

  /** The channel at a local port that fits a peer best; of equals the one bound last, as on Linux. */
  #find(
    port: number,
    remote: Ipv4Address,
    remotePort: number,
    local: Ipv4Address,
    inInterface: string,
  ): Channel | null {
    const candidates = this.#ports.get(port) ?? NOBODY;
    let best: Channel | null = null;
    let highest = 0;
    for (let i = candidates.length - 1; i >= 0; i--) {
      const channel = candidates[i] as Channel;
      const score = channel.score(
        remote,
        remotePort,
        local,
        inInterface || (channel.options.ip.interface ?? ''),
      );
      if (score > highest) {
        highest = score;
        best = channel;
      }
    }
    if (best === null || candidates.length === 1 || !best.sharing.reusePort || best.remote !== null)
      return best;
    const group = candidates.filter(
      (channel) =>
        channel.sharing.reusePort && channel.score(remote, remotePort, local, inInterface) === highest,
    );
    const flow = Math.imul(
      Math.imul(remote ^ this.#salt, 0x9e3779b1) ^ (remotePort << 16) ^ port,
      0x85ebca6b,
    );
    return group[((flow ^ (flow >>> 15)) >>> 0) % group.length] ?? best;
  }

  #choosePort(channel: Channel, address: Ipv4Address): number {
    return chooseEphemeralPort(this.#random, (port) => !this.#conflict(channel, { address, port }));
  }

  /** Whether another channel keeps this one from an address and port (`inet_rcv_saddr_equal`, `udp_lib_lport_inuse`). */
  #conflict(channel: Channel, { address, port }: Endpoint): boolean {
    for (const other of this.#ports.get(port) ?? NOBODY) {
      if (other.sharing.reuseAddress && channel.sharing.reuseAddress) continue;
      if (other.sharing.reusePort && channel.sharing.reusePort) continue;
      const mine = channel.options.ip.interface;
      const its = other.options.ip.interface;
      if (mine !== undefined && its !== undefined && mine !== its) continue;
      if (address === ANY || other.local.address === ANY || address === other.local.address) return true;
    }
    return false;
  }

  /** Tells a socket with IP_RECVERR that the path's MTU was too small (`ip_local_error`). */
  #reportTooLong(channel: Channel, bytes: Uint8Array, remote: Endpoint): void {
    if (!channel.options.receiveErrors) return;
    channel.user.reported({
      errno: ERRNO.EMSGSIZE,
      origin: 1,
      type: 0,
      code: 0,
      info: this.#parts.ip.mtuTo(remote.address),
      offender: channel.local.address,
      destination: remote,
      data: bytes.slice(),
    });
  }
}

function bytesOf(view: DataView, from: number, to: number): Uint8Array {
  if (to <= from) return new Uint8Array(0);
  return new Uint8Array(view.buffer, view.byteOffset + from, to - from).slice();
}
