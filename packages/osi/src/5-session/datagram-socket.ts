import {
  echoedOptions,
  formatIp,
  type Ipv4Address,
  type Ipv6Address,
  Memberships,
  type SendOptions,
} from '../3-network/index.ts';
import {
  copyOptions,
  type DatagramService,
  type Endpoint,
  type ErrorReport,
  type Multicast6,
  type MulticastOptions,
  type RawOptions,
  type UdpChannel,
  type UdpOptions,
  type UdpUser,
} from '../4-transport/index.ts';
import type { Nanoseconds } from '../time/index.ts';
import { ERRNO, type EventId } from '../trace/index.ts';
import { addressOf, nowhere } from './addresses.ts';
import * as linux from './constants.ts';
import type { ControlMessage } from './control-message.ts';
import { PRIVILEGED } from './credentials.ts';
import { ErrorQueue } from './error-queue.ts';
import { RECEIVED, toldExtensions } from './extension-options.ts';
import { InternetSocket, type SocketParts } from './internet-socket.ts';
import { infoAddress } from './ipv6-options.ts';
import type { OptionTable } from './option-table.ts';
import { packetControls } from './packet-controls.ts';
import type { Received, Socket, SocketAddress, UnspecifiedAddress } from './socket-types.ts';

const RECEIVE = 1;
const SEND = 2;
const BOTH = 3;

/**
 * SOCK_DGRAM of AF_INET and AF_INET6: udp(7) with IPPROTO_UDP; with IPPROTO_ICMP or IPPROTO_ICMPV6 a "ping socket", whose datagrams are ICMP echo
 * messages and whose port is their identifier (icmp(7)).
 */
export class DatagramSocket extends InternetSocket implements UdpUser {
  #channel: UdpChannel | null = null;
  /** SO_ERROR: positive, or 0. */
  error = 0;
  #shutdown = 0;
  /** Those of every new socket, until it changes one. */
  #options: UdpOptions;
  #ownOptions = false;
  readonly protocol: number;
  keepAlive = false;
  /** Only a queue discipline that knows of rates (fq) would heed it, as in Linux. */
  maxPacingRate = Number.POSITIVE_INFINITY;
  urgentInline = false;
  linger: Nanoseconds | null = null;
  readonly #service: DatagramService;
  #ownId = '';
  /** What MSG_ERRQUEUE reads: made with the first report. */
  #reports: ErrorQueue | null = null;
  /** What a path was found to take (IPV6_RECVPATHMTU): the latest. Nobody is woken for it, as on Linux. */
  #path: { readonly destination: Endpoint; readonly mtu: number } | null = null;

  /** @param service the transport of `protocol`. */
  constructor(parts: SocketParts, protocol: number, service: DatagramService, domain: number) {
    super(parts, domain);
    this.protocol = protocol;
    this.#service = service;
    this.#options = service.defaultOptions();
  }

  get type(): number {
    return linux.SOCK_DGRAM;
  }

  get id(): string {
    if (this.#channel !== null) return this.#channel.id;
    if (this.#ownId === '') this.#ownId = this.parts.nextId();
    return this.#ownId;
  }

  listen(): number {
    return -ERRNO.EOPNOTSUPP;
  }

  accept(): Socket | number {
    return -ERRNO.EOPNOTSUPP;
  }

  /** Never waits: it only names the peer (udp(7)). AF_UNSPEC forgets it. */
  connect(address: SocketAddress | UnspecifiedAddress): number {
    if (address.family === linux.AF_UNSPEC) {
      this.#channel?.connect(null);
      if (this.ip.interface !== undefined) this.#changed.ip.interface = undefined;
      return 0;
    }
    const channel = this.#channelOrAny();
    if (typeof channel === 'number') return channel;
    const remote = this.endpointOf(address);
    return typeof remote === 'number' ? remote : channel.connect(remote);
  }

  send(bytes: Uint8Array, flags: number, to: SocketAddress | null, origin: EventId): number {
    if ((flags & linux.MSG_OOB) !== 0) return -ERRNO.EOPNOTSUPP;
    const remote = to === null ? null : this.endpointOf(to, true);
    if (typeof remote === 'number') return remote;
    if (remote === null && this.peer === null) return -ERRNO.EDESTADDRREQ;
    const channel = this.#channelOrAny();
    if (typeof channel === 'number') return channel;
    if (this.error !== 0) return -this.takeError();
    if ((this.#shutdown & SEND) !== 0) return -ERRNO.EPIPE;
    return channel.send(bytes, remote, origin);
  }

  sendWith(
    controls: readonly ControlMessage[],
    to: SocketAddress | null,
    send: () => number,
    by = PRIVILEGED,
  ): number {
    const remote = to === null ? this.peer : this.endpointOf(to, true);
    if (typeof remote === 'number') return remote;
    const options = this.#changed;
    const { ip, multicast, multicast6, dontFragment6 } = options;
    const known = { parts: this.parts, options, six: this.domain === linux.AF_INET6, caller: by };
    const read = packetControls(controls, remote?.address ?? null, known);
    if (typeof read === 'number') return read;
    const { ttl = ip.ttl, tos = ip.tos, extensions = ip.extensions } = read;
    options.ip = { ...ip, ttl, tos, extensions, interface: read.interface ?? ip.interface };
    options.dontFragment6 = read.dontFragment ?? dontFragment6;
    options.from = read.source;
    options.multicast = { ...multicast, ttl: read.ttl ?? multicast.ttl };
    options.multicast6 = { ...multicast6, hops: read.ttl ?? multicast6.hops };
    const result = send();
    Object.assign(options, { ip, multicast, multicast6, dontFragment6, from: undefined });
    return result;
  }

  /** What is known of a path comes before a pending error (`udpv6_recvmsg`), and that before data (`__skb_recv_udp`). */
  receive(into: Uint8Array, flags: number): Received | number {
    if ((flags & linux.MSG_ERRQUEUE) !== 0) {
      return this.#reports === null ? -ERRNO.EAGAIN : this.#reports.receive(into, this, this.domain);
    }
    const path = this.#path;
    if (path !== null) {
      this.#path = null;
      return { ...NOTHING, address: addressOf(path.destination, this.domain), pathMtu: path.mtu };
    }
    if (this.error !== 0) return -this.takeError();
    const datagram = this.#channel?.receive(into, (flags & linux.MSG_PEEK) !== 0) ?? null;
    if (datagram === null) {
      const waits = (flags & linux.MSG_DONTWAIT) === 0;
      return waits && (this.#shutdown & RECEIVE) !== 0 ? NOTHING : -ERRNO.EAGAIN;
    }
    const { length: whole, source, destination, ttl, tos } = datagram;
    const length = Math.min(whole, into.length);
    const received = { length, whole, address: addressOf(source, this.domain), truncated: whole > length };
    const { receiveOptions } = this;
    if (!this.receiveTtl && !this.receiveClass && !this.receiveInfo && receiveOptions === 0) return received;
    const { options, extensions } = datagram;
    const told = extensions === null ? undefined : toldExtensions(extensions, receiveOptions);
    const returned =
      options === null || (receiveOptions & RECEIVED.returnOptions) === 0
        ? undefined
        : echoedOptions(options, source.address);
    return {
      ...received,
      ...(options !== null && (receiveOptions & RECEIVED.options) !== 0 && { options }),
      ...(returned !== undefined && { returnOptions: returned }),
      ...(told !== undefined && { extensions: told }),
      ...(this.receiveTtl && { ttl }),
      ...(this.receiveClass && { trafficClass: tos }),
      ...(this.receiveInfo && {
        packetInfo: {
          address: this.domain === linux.AF_INET ? formatIp(destination.address) : infoAddress(destination),
          interface: this.parts.interface(datagram.interface)?.index ?? 0,
        },
      }),
    };
  }

  /** Without a peer it is ENOTCONN, and yet takes effect (`inet_shutdown`). */
  shutdown(how: number): number {
    if (how !== linux.SHUT_RD && how !== linux.SHUT_WR && how !== linux.SHUT_RDWR) return -ERRNO.EINVAL;
    this.#shutdown |= how + 1;
    this.wake();
    return this.peer === null ? -ERRNO.ENOTCONN : 0;
  }

  /** `datagram_poll`. Sending never waits, so there is always room. */
  poll(): number {
    let mask = linux.POLLOUT;
    if (this.error !== 0 || (this.#reports !== null && this.#reports.length > 0)) mask |= linux.POLLERR;
    if ((this.#shutdown & RECEIVE) !== 0) mask |= linux.POLLIN | linux.POLLRDHUP;
    if (this.#shutdown === BOTH) mask |= linux.POLLHUP;
    if (this.#channel !== null && this.#channel.waiting > 0) mask |= linux.POLLIN;
    return mask;
  }

  get readable(): number {
    return this.#channel?.nextLength ?? 0;
  }

  /** @internal A datagram has arrived. */
  arrived(): void {
    this.wake();
  }

  /** @internal */
  failed(errno: number): void {
    this.error = errno;
    this.wake();
  }

  /** @internal */
  pathTold(destination: Endpoint, mtu: number): void {
    this.#path = { destination, mtu };
  }

  /** @internal */
  reported(report: ErrorReport): void {
    this.#reports ??= new ErrorQueue();
    this.#reports.add(report);
    this.wake();
  }

  /** Its options, to be changed: others have theirs. */
  get #changed(): UdpOptions {
    if (!this.#ownOptions) {
      this.#ownOptions = true;
      this.#options = copyOptions(this.#options);
      if (this.#channel !== null) this.#channel.options = this.#options;
    }
    return this.#options;
  }

  get multicast(): MulticastOptions {
    return this.#changed.multicast;
  }

  get raw(): RawOptions | null {
    return this.#changed.raw ?? null;
  }

  /** What it is in, made when first asked for. */
  get memberships(): Memberships<Ipv4Address> {
    const options = this.#changed;
    options.memberships ??= new Memberships(this.parts.igmp);
    return options.memberships;
  }

  /** The same of IPv6. */
  get memberships6(): Memberships<Ipv6Address> {
    const options = this.#changed;
    options.memberships6 ??= new Memberships(this.parts.config6.groups);
    return options.memberships6;
  }

  get multicast6(): Multicast6 {
    return this.#changed.multicast6;
  }

  get stickyInterface(): number {
    return this.#options.stickyInterface?.index ?? 0;
  }

  set stickyInterface(index: number) {
    const name = this.parts.interfaceAt(index)?.name ?? null;
    this.#changed.stickyInterface = index === 0 ? undefined : { index, name };
  }

  get fragmentSize(): number {
    return this.#options.fragmentSize ?? 0;
  }

  set fragmentSize(bytes: number) {
    this.#changed.fragmentSize = bytes === 0 ? undefined : bytes;
  }

  override get dontFragment6(): boolean {
    return this.#options.dontFragment6 === true;
  }

  override set dontFragment6(on: boolean) {
    this.#changed.dontFragment6 = on;
  }

  override get receivePathMtu(): boolean {
    return this.#options.receivePathMtu === true;
  }

  override set receivePathMtu(on: boolean) {
    this.#changed.receivePathMtu = on;
  }

  close(): void {
    this.#options.memberships?.leaveAll();
    this.#options.memberships6?.leaveAll();
    this.#channel?.close();
    this.#channel = null;
  }

  takeError(): number {
    const { error } = this;
    this.error = 0;
    return error;
  }

  get listening(): boolean {
    return false;
  }

  get peer(): Endpoint | null {
    return this.#channel?.remote ?? null;
  }

  get ip(): SendOptions {
    return this.#options.ip;
  }

  changeIp(changes: SendOptions): void {
    Object.assign(this.#changed.ip, changes);
  }

  override get broadcast(): boolean {
    return this.#options.broadcast;
  }

  override set broadcast(on: boolean) {
    this.#changed.broadcast = on;
  }

  get sendBuffer(): number {
    return this.#options.sendBuffer;
  }

  set sendBuffer(bytes: number) {
    this.#changed.sendBuffer = bytes;
  }

  get receiveBuffer(): number {
    return this.#options.receiveBuffer;
  }

  set receiveBuffer(bytes: number) {
    this.#changed.receiveBuffer = bytes;
  }

  override get receiveErrors(): boolean {
    return this.#options.receiveErrors;
  }

  override set receiveErrors(on: boolean) {
    this.#changed.receiveErrors = on;
    if (!on) this.#reports?.clear();
  }

  protected get local(): Endpoint {
    return this.#channel?.local ?? nowhere(this.domain);
  }

  protected get bound(): boolean {
    return this.local.port !== 0;
  }

  protected get formerPeer(): Endpoint | null {
    return null;
  }

  protected claim(local: Endpoint): number {
    if (this.#channel !== null) return asBindError(this.#channel.bind(local));
    const channel = this.#service.open(local, this, this.#options, this);
    if (typeof channel === 'number') return asBindError(channel);
    this.#channel = channel;
    return 0;
  }

  protected transportOptions(_level: number): OptionTable<this> | null {
    return null;
  }

  #channelOrAny(): UdpChannel | number {
    const channel = this.#channel;
    if (channel === null) {
      const opened = this.#service.open(nowhere(this.domain), this, this.#options, this);
      if (typeof opened !== 'number') this.#channel = opened;
      return opened;
    }
    if (channel.localPort !== 0) return channel;
    const result = channel.bind({ address: channel.local.address, port: 0 });
    return result < 0 ? result : channel;
  }
}

const NOTHING: Received = { length: 0, whole: 0, address: null, truncated: false };

/** `bind` has one answer for a port that is taken and for no port left (`__inet_bind`). */
const asBindError = (result: number): number => (result < 0 ? -ERRNO.EADDRINUSE : 0);
