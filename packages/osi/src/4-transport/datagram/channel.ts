import type { Frame } from '../../1-physical/index.ts';
import {
  extensionsLength,
  type IpAddress,
  isAnyIp,
  isIpv6,
  isMulticastIp,
  LOOPBACK,
  LOOPBACK6,
  type ReceivedPacket,
  sameIp,
} from '../../3-network/index.ts';
import { ERRNO, type EventId } from '../../trace/index.ts';
import { hears } from '../overlap.ts';
import type {
  BindOptions,
  Endpoint,
  ErrorReport,
  ReceivedDatagram,
  UdpChannel,
  UdpOptions,
  UdpUser,
} from '../services.ts';
import { isRefusal } from './output.ts';

/** What a channel asks of the transport it belongs to. */
export interface ChannelHost {
  /** Whether a destination without a port is refused. */
  readonly needsPort: boolean;
  bind(channel: Channel, local: Endpoint): number;
  unbind(channel: Channel): void;
  /** The address that packets from `source` (or any) to `destination` bear, or a negated errno. */
  route(source: IpAddress, destination: IpAddress, options: UdpOptions): IpAddress | number;
  transmit(channel: Channel, bytes: Uint8Array, remote: Endpoint, origin: EventId): number;
  stateChanged(channel: Channel, from: ChannelState, to: ChannelState): void;
}

export type ChannelState = 'OPEN' | 'CONNECTED' | 'CLOSED';

interface Waiting extends ReceivedDatagram {
  readonly frame: Frame;
  readonly memory: number;
  /** The one that came after it. */
  next: Waiting | null;
}

/** One datagram socket's end: where it is bound, whom it talks to, and the datagrams that wait to be read. */
export class Channel implements UdpChannel {
  options: UdpOptions;
  readonly user: UdpUser;
  localAddress: IpAddress;
  localPort = 0;
  remote: Endpoint | null = null;
  waitingBytes = 0;
  waiting = 0;
  readonly #host: ChannelHost;
  #first: Waiting | null = null;
  #last: Waiting | null = null;
  #state: ChannelState = 'CLOSED';
  readonly id: string;
  readonly sharing: BindOptions;
  /** Whether the program named the address and the port itself: what it named outlives a disconnection. */
  #named: Endpoint;

  constructor(
    host: ChannelHost,
    id: string,
    named: Endpoint,
    sharing: BindOptions,
    options: UdpOptions,
    user: UdpUser,
  ) {
    this.#host = host;
    this.id = id;
    this.#named = named;
    this.localAddress = named.address;
    this.sharing = sharing;
    this.options = options;
    this.user = user;
  }

  get local(): Endpoint {
    return { address: this.localAddress, port: this.localPort };
  }

  get nextLength(): number {
    return this.#first?.length ?? 0;
  }

  bind(local: Endpoint): number {
    const result = this.#host.bind(this, local);
    if (result === 0) this.#named = local;
    if (result === 0 && this.#state === 'CLOSED') this.#enter('OPEN');
    return result;
  }

  connect(remote: Endpoint | null): number {
    if (remote === null) {
      this.#disconnect();
      return 0;
    }
    const destination = reachable(remote.address, this.localAddress);
    const source = this.#host.route(this.localAddress, destination, this.options);
    if (isRefusal(source)) return source as number;
    this.remote = { address: destination, port: remote.port };
    if (isAnyIp(this.localAddress)) this.localAddress = source as IpAddress;
    this.#enter('CONNECTED');
    return 0;
  }

  send(bytes: Uint8Array, remote: Endpoint | null, origin: EventId): number {
    if (bytes.length > 0xffff) return -ERRNO.EMSGSIZE;
    if (remote === null) {
      if (this.remote === null) return -ERRNO.EDESTADDRREQ;
      return this.#host.transmit(this, bytes, this.remote, origin);
    }
    if (remote.port === 0 && this.#host.needsPort) return -ERRNO.EINVAL;
    const address = reachable(remote.address, this.localAddress);
    const to = address === remote.address ? remote : { address, port: remote.port };
    return this.#host.transmit(this, bytes, to, origin);
  }

  receive(into: Uint8Array, peek = false): ReceivedDatagram | null {
    const next = this.#first;
    if (next === null) return null;
    const { frame, length } = next;
    const count = Math.min(length, into.length);
    into.set(frame.bytes.subarray(frame.start, frame.start + count));
    if (!peek) {
      this.#first = next.next;
      if (next.next === null) this.#last = null;
      this.waiting--;
      this.waitingBytes -= next.memory;
      frame.release();
    }
    return next;
  }

  close(): void {
    if (this.#state === 'CLOSED') return;
    this.#host.unbind(this);
    for (let next = this.#first; next !== null; next = next.next) next.frame.release();
    this.#first = null;
    this.#last = null;
    this.waiting = 0;
    this.waitingBytes = 0;
    this.#enter('CLOSED');
  }

  /**
   * How well it fits a packet that came to its port: 0 not at all. A bound address counts more than a peer,
   * a peer more than a bound interface (Linux looks for the address first, then `compute_score`).
   */
  score(source: IpAddress, sourcePort: number, destination: IpAddress, inInterface: string | null): number {
    const { localAddress, remote, options } = this;
    let score = 1;
    if (!hears(localAddress, this.sharing.v6Only, destination)) return 0;
    if (!isAnyIp(localAddress)) score += 8;
    if (remote !== null) {
      if (remote.port !== sourcePort || !sameIp(remote.address, source)) return 0;
      score += 4;
    }
    if (options.ip.interface !== undefined) {
      if (inInterface !== null && options.ip.interface !== inInterface) return 0;
      score += 2;
    }
    return score;
  }

  /**
   * Queues a datagram, what the program gets between `frame.start` and `frame.end`; takes the frame over.
   * @returns false, and the frame stays the caller's, when the receive buffer is full; an empty one takes a datagram
   * of whatever size (`__udp_enqueue_schedule_skb`).
   */
  enqueue(frame: Frame, packet: ReceivedPacket, sourcePort: number): boolean {
    const memory = bufferMemory(frame.length);
    const full = this.waitingBytes + memory > this.options.receiveBuffer;
    if (full && this.waitingBytes > 0) return false;
    this.waitingBytes += memory;
    this.waiting++;
    const waiting: Waiting = {
      next: null,
      frame,
      memory,
      length: frame.length,
      source: { address: packet.source, port: sourcePort },
      destination: { address: packet.destination, port: this.localPort },
      ttl: packet.ttl,
      tos: packet.tos,
      interface: packet.interface,
      options: packet.options === null ? null : packet.options.slice(),
      extensions: packet.extensions,
    };
    if (this.#last === null) this.#first = waiting;
    else this.#last.next = waiting;
    this.#last = waiting;
    this.user.arrived();
    return true;
  }

  /** An ICMP error about one of its datagrams (`__udp4_lib_err`, `ping_err`). @param hard the errno is for connected sockets too. */
  fail(report: ErrorReport, hard: boolean): void {
    if (this.options.receiveErrors) this.user.reported(report);
    else if (!hard || this.remote === null) return;
    this.user.failed(report.errno);
  }

  /** A datagram was longer than the path takes: told to a socket that asks for errors (`ip_local_error`). */
  tooLong(bytes: Uint8Array, remote: Endpoint, mtu: number): void {
    const { receiveErrors, receivePathMtu, dontFragment6, fragmentSize = mtu, ip } = this.options;
    const six = isIpv6(remote.address);
    const info = six ? Math.min(mtu, fragmentSize) - extensionsLength(ip.extensions) : mtu;
    if (six && receivePathMtu && dontFragment6) {
      this.user.pathTold({ address: remote.address, port: 0 }, info);
    }
    if (!receiveErrors) return;
    this.user.reported({
      errno: ERRNO.EMSGSIZE,
      origin: 1,
      type: 0,
      code: 0,
      info,
      offender: this.localAddress,
      destination: remote,
      data: bytes.slice(),
    });
  }

  /** Keeps what the program had named, gives the rest back (`__udp_disconnect`). */
  #disconnect(): void {
    if (this.remote === null) return;
    this.remote = null;
    const { address, port } = this.#named;
    if (port === 0) {
      this.#host.unbind(this);
      this.localPort = 0;
    }
    this.localAddress = address;
    this.#enter('OPEN');
  }

  #enter(state: ChannelState): void {
    const from = this.#state;
    if (from === state) return;
    this.#state = state;
    this.#host.stateChanged(this, from, state);
  }
}

/** Sending to 0.0.0.0 or :: means this machine (`ip_route_output_key`, `__ip6_datagram_connect`): the bound address, or else loopback. */
function reachable(destination: IpAddress, local: IpAddress): IpAddress {
  if (!isAnyIp(destination)) return destination;
  if (isIpv6(destination)) return LOOPBACK6;
  return isIpv6(local) || isAnyIp(local) || isMulticastIp(local) ? LOOPBACK : local;
}

/** Linux 6.18's `struct sk_buff`, its smallest block (`SKB_SMALL_HEAD_CACHE_SIZE`), and what a block holds besides the payload. */
const DESCRIPTOR = 256;
const SMALLEST_BLOCK = 576;
const OVERHEAD = 379;

/**
 * What a datagram counts against SO_RCVBUF: not its length but the memory Linux keeps it in (`skb->truesize`), a
 * descriptor and a block, of a power of two unless it is small. So the default buffer of 212992 bytes holds 256
 * small datagrams, as there.
 */
function bufferMemory(payload: number): number {
  const block = payload + OVERHEAD;
  return DESCRIPTOR + (block <= SMALLEST_BLOCK ? SMALLEST_BLOCK : 2 ** Math.ceil(Math.log2(block)));
}
