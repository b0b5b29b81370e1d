import {
  type Configuration,
  type IgmpLayer,
  type IpService,
  type Ipv4Address,
  type Ipv6Address,
  isAnyIp,
  isIpv6,
  isLinkLocal6,
  isMulticastIp,
  type Memberships,
  type SendOptions,
  type Sysctl,
} from '../3-network/index.ts';
import type {
  BindOptions,
  Endpoint,
  Multicast6,
  MulticastOptions,
  RawOptions,
  TcpService,
  UdpService,
} from '../4-transport/index.ts';
import type { Nanoseconds } from '../time/index.ts';
import { ERRNO, type EventId } from '../trace/index.ts';
import { addressOf, readEndpoint4, readEndpoint6 } from './addresses.ts';
import { AF_INET6, IPPROTO_IP, IPPROTO_IPV6, SOCK_STREAM, SOL_SOCKET } from './constants.ts';
import type { ControlMessage } from './control-message.ts';
import { type Credentials, PRIVILEGED } from './credentials.ts';
import { IPV6_OPTIONS, type Ipv6Settings } from './ipv6-options.ts';
import type { OptionTable } from './option-table.ts';
import { SocketFlags } from './socket-flags.ts';
import { IP_OPTIONS, SOCKET_OPTIONS, type SocketSettings } from './socket-options.ts';
import type { Received, Socket, SocketAddress, UnspecifiedAddress } from './socket-types.ts';

/** What a socket needs of the machine's stack. */
export interface SocketParts {
  /** Both versions of IP. */
  readonly internet: IpService;
  readonly config6: Configuration;
  readonly tcp: TcpService;
  readonly udp: UdpService;
  readonly sysctl: Sysctl;
  readonly igmp: IgmpLayer;
  hasInterface(name: string): boolean;
  /** @returns undefined for a number that none has. */
  interfaceAt(index: number): { readonly name: string; readonly index: number } | undefined;
  /** @returns undefined for a name that none has. */
  interface(name: string): { readonly name: string; readonly index: number } | undefined;
  interfaceWith(address: Ipv4Address): { readonly name: string } | undefined;
  /** A name for a socket that no transport has named yet. */
  nextId(): string;
}

/** What streams and datagrams of AF_INET and AF_INET6 have in common: addresses, permissions, options. */
export abstract class InternetSocket
  extends SocketFlags
  implements Socket, SocketSettings, Ipv6Settings, BindOptions
{
  abstract readonly type: number;
  abstract readonly protocol: number;
  abstract readonly id: string;
  readonly domain: number;
  receiveOptions = 0;
  readonly parts: SocketParts;
  receiveTimeout: Nanoseconds = 0;
  sendTimeout: Nanoseconds = 0;

  constructor(parts: SocketParts, domain: number) {
    super();
    this.parts = parts;
    this.domain = domain;
    this.v6Only = parts.sysctl.values['net.ipv6.bindv6only'] !== 0;
  }

  get settled(): boolean {
    return this.bound;
  }

  get atMark(): boolean {
    return false;
  }

  abstract readonly listening: boolean;
  abstract readonly peer: Endpoint | null;
  abstract readonly ip: Readonly<SendOptions>;
  abstract readonly multicast: MulticastOptions | null;
  abstract readonly raw: RawOptions | null;
  abstract readonly memberships: Memberships<Ipv4Address> | null;
  abstract readonly memberships6: Memberships<Ipv6Address> | null;
  abstract readonly multicast6: Multicast6 | null;
  abstract stickyInterface: number;
  abstract fragmentSize: number;
  abstract keepAlive: boolean;
  abstract maxPacingRate: number;
  abstract urgentInline: boolean;
  abstract sendBuffer: number;
  abstract receiveBuffer: number;
  abstract linger: Nanoseconds | null;
  abstract readonly readable: number;
  /** An option of its packets was set. */
  abstract changeIp(changes: SendOptions): void;
  abstract takeError(): number;
  abstract listen(backlog: number): number;
  abstract accept(): Socket | number;
  abstract connect(address: SocketAddress | UnspecifiedAddress): number;
  abstract send(bytes: Uint8Array, flags: number, to: SocketAddress | null, origin: EventId): number;
  abstract sendWith(
    controls: readonly ControlMessage[],
    to: SocketAddress | null,
    send: () => number,
    by?: Credentials,
  ): number;
  abstract receive(into: Uint8Array, flags: number): Received | number;
  abstract shutdown(how: number): number;
  abstract poll(): number;
  abstract close(): void;

  /** Its own end; what is not decided yet is 0. */
  protected abstract readonly local: Endpoint;
  protected abstract readonly bound: boolean;
  /** Whom a connection was to that has ended. */
  protected abstract readonly formerPeer: Endpoint | null;
  protected abstract claim(local: Endpoint): number;
  /** Options at the transport's level, or null for a level that this socket does not have. */
  protected abstract transportOptions(level: number): OptionTable<this> | null;
  /** An option was written: what depends on it may have to be done anew. */
  protected optionsChanged(): void {}

  /** The checks of `__inet_bind`, in their order; `__inet6_bind` asks first whether the socket is bound already. */
  bind(address: SocketAddress, by: Credentials): number {
    const { internet, sysctl } = this.parts;
    const endpoint = this.endpointOf(address, true);
    // A mapped address with IPV6_V6ONLY cannot be bound; when sending it is merely out of reach.
    if (typeof endpoint === 'number') return endpoint === -ERRNO.ENETUNREACH ? -ERRNO.EINVAL : endpoint;
    const { address: own, port } = endpoint;
    if (this.domain === AF_INET6 && this.bound) return -ERRNO.EINVAL;
    if (isIpv6(own) && isMulticastIp(own) && this.type === SOCK_STREAM) return -ERRNO.EINVAL;
    if (isIpv6(own) && isLinkLocal6(own) && own.zone === 0) return -ERRNO.EINVAL;
    if (!isAnyIp(own) && !internet.isLocal(own) && !internet.isBroadcast(own)) return -ERRNO.EADDRNOTAVAIL;
    if (port !== 0 && port < sysctl.values['net.ipv4.ip_unprivileged_port_start'] && !by.privileged) {
      return -ERRNO.EACCES;
    }
    return this.bound ? -ERRNO.EINVAL : this.claim(endpoint);
  }

  localAddress(): SocketAddress {
    return addressOf(this.local, this.domain);
  }

  /** With port 0 a peer counts as none (`inet_getname`). */
  remoteAddress(evenIfOver = false): SocketAddress | number {
    const peer = this.peer ?? (evenIfOver ? this.formerPeer : null);
    return peer === null || peer.port === 0 ? -ERRNO.ENOTCONN : addressOf(peer, this.domain);
  }

  /** Only streams have urgent data. */
  watchUrgent(_called: () => void): void {}

  getOption(level: number, name: number, length: number): Uint8Array | number {
    if (length < 0) return -ERRNO.EINVAL;
    const table = this.#options(level);
    // A level that nobody answers for: `ip_getsockopt` has another errno than `ip_setsockopt`.
    if (table === null) return -ERRNO.EOPNOTSUPP;
    return table.get(name)?.read?.(this, length) ?? -ERRNO.ENOPROTOOPT;
  }

  setOption(level: number, name: number, value: Uint8Array, by = PRIVILEGED): number {
    const result = this.#options(level)?.get(name)?.write?.(this, value, by) ?? -ERRNO.ENOPROTOOPT;
    if (result === 0) this.optionsChanged();
    return result;
  }

  /** Reads a program's address. @param loosely as `bind` and sending do, which take other families for some addresses. */
  protected endpointOf(address: SocketAddress, loosely = false): Endpoint | number {
    if (this.domain !== AF_INET6) return readEndpoint4(address, loosely);
    const { interface: name } = this.ip;
    const zone = name === undefined ? 0 : (this.parts.interface(name)?.index ?? 0);
    return readEndpoint6(address, { v6Only: this.v6Only, zone }, loosely);
  }

  #options(level: number): OptionTable<this> | null {
    if (level === SOL_SOCKET) return SOCKET_OPTIONS;
    if (level === IPPROTO_IP) return IP_OPTIONS;
    if (level === IPPROTO_IPV6 && this.domain === AF_INET6) return IPV6_OPTIONS;
    return this.transportOptions(level);
  }
}
