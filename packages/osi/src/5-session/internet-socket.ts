import {
  formatIp,
  type IgmpLayer,
  type IpService,
  type Ipv4Address,
  type Memberships,
  parseIpv4,
  type SendOptions,
  type Sysctl,
} from '../3-network/index.ts';
import type {
  BindOptions,
  Endpoint,
  MulticastOptions,
  RawOptions,
  TcpService,
  UdpService,
} from '../4-transport/index.ts';
import type { Nanoseconds } from '../time/index.ts';
import { ERRNO, type EventId } from '../trace/index.ts';
import { AF_INET, AF_UNSPEC, IPPROTO_IP, SOL_SOCKET } from './constants.ts';
import type { OptionTable } from './option-table.ts';
import { IP_OPTIONS, SOCKET_OPTIONS, type SocketSettings } from './socket-options.ts';
import type { Credentials, Received, Socket, SocketAddress, UnspecifiedAddress } from './socket-types.ts';

/** What a socket needs of the machine's stack. */
export interface SocketParts {
  readonly ip: IpService;
  readonly tcp: TcpService;
  readonly udp: UdpService;
  readonly sysctl: Sysctl;
  readonly igmp: IgmpLayer;
  hasInterface(name: string): boolean;
  interfaceAt(index: number): { readonly name: string } | undefined;
  interfaceWith(address: Ipv4Address): { readonly name: string } | undefined;
  /** A name for a socket that no transport has named yet. */
  nextId(): string;
}

/** What streams and datagrams of AF_INET have in common: addresses, permissions, options. */
export abstract class InternetSocket implements Socket, SocketSettings, BindOptions {
  abstract readonly type: number;
  abstract readonly protocol: number;
  abstract readonly id: string;
  reuseAddress = false;
  reusePort = false;
  receiveTimeout: Nanoseconds = 0;
  sendTimeout: Nanoseconds = 0;
  receiveTtl = false;
  readonly parts: SocketParts;

  constructor(parts: SocketParts) {
    this.parts = parts;
  }

  get domain(): number {
    return AF_INET;
  }

  get atMark(): boolean {
    return false;
  }

  abstract readonly listening: boolean;
  abstract readonly peer: Endpoint | null;
  abstract readonly ip: SendOptions;
  abstract readonly multicast: MulticastOptions | null;
  abstract readonly raw: RawOptions | null;
  abstract readonly memberships: Memberships | null;
  abstract broadcast: boolean;
  abstract keepAlive: boolean;
  abstract urgentInline: boolean;
  abstract sendBuffer: number;
  abstract receiveBuffer: number;
  abstract linger: Nanoseconds | null;
  abstract receiveErrors: boolean;
  abstract readonly readable: number;
  abstract takeError(): number;
  abstract listen(backlog: number): number;
  abstract accept(): Socket | number;
  abstract connect(address: SocketAddress | UnspecifiedAddress): number;
  abstract send(bytes: Uint8Array, flags: number, to: SocketAddress | null, origin: EventId): number;
  abstract receive(into: Uint8Array, flags: number): Received | number;
  abstract shutdown(how: number): number;
  abstract poll(): number;
  abstract subscribe(changed: () => void): () => void;
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

  /** The checks of `__inet_bind`, in their order. */
  bind(address: SocketAddress, by: Credentials): number {
    const { ip, sysctl } = this.parts;
    const endpoint = this.endpointOf(address, true);
    if (typeof endpoint === 'number') return endpoint;
    const { address: own, port } = endpoint;
    if (own !== 0 && !ip.isLocal(own) && !ip.isBroadcast(own)) return -ERRNO.EADDRNOTAVAIL;
    if (port !== 0 && port < sysctl.get('net.ipv4.ip_unprivileged_port_start') && !by.privileged) {
      return -ERRNO.EACCES;
    }
    return this.bound ? -ERRNO.EINVAL : this.claim(endpoint);
  }

  localAddress(): SocketAddress {
    return addressOf(this.local);
  }

  /** With port 0 a peer counts as none (`inet_getname`). */
  remoteAddress(evenIfOver = false): SocketAddress | number {
    const peer = this.peer ?? (evenIfOver ? this.formerPeer : null);
    return peer === null || peer.port === 0 ? -ERRNO.ENOTCONN : addressOf(peer);
  }

  getOption(level: number, name: number, length: number): Uint8Array | number {
    if (length < 0) return -ERRNO.EINVAL;
    const table = this.#options(level);
    // A level that nobody answers for: `ip_getsockopt` has another errno than `ip_setsockopt`.
    if (table === null) return -ERRNO.EOPNOTSUPP;
    return table.get(name)?.read?.(this, length) ?? -ERRNO.ENOPROTOOPT;
  }

  setOption(level: number, name: number, value: Uint8Array): number {
    const result = this.#options(level)?.get(name)?.write?.(this, value) ?? -ERRNO.ENOPROTOOPT;
    if (result === 0) this.optionsChanged();
    return result;
  }

  /**
   * Reads a program's address. @param orUnspecified takes AF_UNSPEC with 0.0.0.0 for AF_INET, as `bind` does.
   * @returns -EAFNOSUPPORT; -EINVAL for what is no address.
   */
  protected endpointOf(address: SocketAddress, orUnspecified = false): Endpoint | number {
    const family: number = address.family;
    const parsed = parseIpv4(address.address ?? '');
    if (family !== AF_INET && !(orUnspecified && family === AF_UNSPEC && parsed === 0))
      return -ERRNO.EAFNOSUPPORT;
    if (parsed === null || !(address.port >= 0 && address.port <= 0xffff)) return -ERRNO.EINVAL;
    return { address: parsed, port: address.port };
  }

  #options(level: number): OptionTable<this> | null {
    if (level === SOL_SOCKET) return SOCKET_OPTIONS;
    if (level === IPPROTO_IP) return IP_OPTIONS;
    return this.transportOptions(level);
  }
}

/** The last one that was formatted: programs ask for one peer's address over and over. */
let latest: Endpoint | null = null;
let latestAddress: SocketAddress | null = null;

/** An endpoint as programs see it. */
export function addressOf(endpoint: Endpoint): SocketAddress {
  if (latestAddress !== null && latest?.address === endpoint.address && latest.port === endpoint.port) {
    return latestAddress;
  }
  latest = endpoint;
  latestAddress = { family: AF_INET, address: formatIp(endpoint.address), port: endpoint.port };
  return latestAddress;
}
