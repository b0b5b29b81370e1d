import { type Frame, type FramePool, type Port, poolOf } from '../1-physical/index.ts';
import type { EthernetInterface, FrameWatcher, Link, MacAddress, Neighbour } from '../2-datalink/index.ts';
import {
  type AddressDetails,
  type AddressTable,
  type Configuration,
  type IcmpLayer,
  type Icmpv6Layer,
  type IgmpLayer,
  type InterfaceOptions,
  type Internet,
  type Ipv4Address,
  type Ipv4Layer,
  type Ipv4Prefix,
  type Ipv6Address,
  type Ipv6Layer,
  type LocalAddress6,
  type Loopback,
  NetworkLayer,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  parseIpv4Prefix,
  parseIpv6Prefix,
  type Route,
  type Route6,
  type Sysctl,
} from '../3-network/index.ts';
import {
  PingLayer,
  provideTcpTunables,
  RawLayer,
  RawProtocol4,
  RawProtocol6,
  TcpLayer,
  UdpLayer,
} from '../4-transport/index.ts';
import type { Simulation } from '../time/index.ts';
import { ERRNO, type KernelMessage, type TraceRecord, Tracer } from '../trace/index.ts';
import { type AsyncAddress, bindSocket, domainOf } from './async-base.ts';
import { AsyncDatagramSocket } from './async-datagram-socket.ts';
import {
  type AsyncListener,
  type AsyncSocket,
  type ConnectOptions,
  connectStream,
  type ListenOptions,
  listenStream,
} from './async-socket.ts';
import {
  AF_INET,
  AF_INET6,
  IPPROTO_ICMPV6,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  SOCK_TYPE_MASK,
} from './constants.ts';
import { type Credentials, PRIVILEGED } from './credentials.ts';
import { DatagramSocket } from './datagram-socket.ts';
import type { SocketParts } from './internet-socket.ts';
import { LateTransport } from './late-transport.ts';
import { PacketSocket } from './packet-socket.ts';
import { RawSocket } from './raw-socket.ts';
import { addRoute, type RouteRequest, removeRoute } from './route-request.ts';
import { addRoute6, isRequest6, removeRoute6 } from './route6-request.ts';
import type { Socket } from './socket-types.ts';
import { StreamSocket } from './stream-socket.ts';

export interface StackOptions {
  readonly sim: Simulation;
  /** The machine's name: it is in the record, and names its random streams. */
  readonly name: string;
  /** Where everything is written that happens; default nowhere. */
  readonly record?: TraceRecord | null;
  /** Instead of `record`: the pen that the rest of the machine writes with. */
  readonly tracer?: Tracer;
  /** Default: one that all stacks of the simulation share. */
  readonly pool?: FramePool;
}

/**
 * The network stack of one machine: layers 2 to 5 put together. `lo` is there from the start; ports make further
 * interfaces. What changes something returns 0 or a negated errno, as rtnetlink(7) answers.
 */
export class Stack implements SocketParts, FrameWatcher {
  readonly name: string;
  readonly sim: Simulation;
  readonly tracer: Tracer;
  readonly pool: FramePool;
  readonly sysctl: Sysctl;
  /** IPv4, and both versions as one. */
  readonly ip: Ipv4Layer;
  readonly internet: Internet;
  readonly icmp: IcmpLayer;
  readonly igmp: IgmpLayer;
  readonly lo: Loopback;
  readonly #network: NetworkLayer;
  /** The packet sockets. */
  #watchers: Set<FrameWatcher> | null = null;
  // Made when first used: see LateTransport.
  #tcp: TcpLayer | null = null;
  #udp: UdpLayer | null = null;
  #ping: PingLayer | null = null;
  #ping6: PingLayer | null = null;
  #raw: RawLayer<Ipv4Address> | null = null;
  #raw6: RawLayer<Ipv6Address> | null = null;
  #sockets = 0;

  constructor(options: StackOptions) {
    const { sim, name } = options;
    const tracer = options.tracer ?? new Tracer(sim, name, options.record ?? null);
    const pool = options.pool ?? poolOf(sim);
    this.name = name;
    this.sim = sim;
    this.tracer = tracer;
    this.pool = pool;
    this.#network = new NetworkLayer({ sim, tracer, pool });
    const { sysctl, ip, internet, icmp, igmp, lo } = this.#network;
    this.sysctl = sysctl;
    this.ip = ip;
    this.internet = internet;
    this.icmp = icmp;
    this.igmp = igmp;
    this.lo = lo;
    internet.register(new LateTransport(PROTOCOL_TCP, () => this.tcp));
    provideTcpTunables(sysctl, () => this.tcp);
    internet.register(new LateTransport(PROTOCOL_UDP, () => this.udp));
  }

  // IPv6 is made when it is first needed.
  get ip6(): Ipv6Layer {
    return this.#network.ip6;
  }

  get icmp6(): Icmpv6Layer {
    return this.#network.icmp6;
  }

  get config6(): Configuration {
    return this.#network.config6;
  }

  get tcp(): TcpLayer {
    this.#tcp ??= new TcpLayer(this.#parts);
    return this.#tcp;
  }

  get udp(): UdpLayer {
    this.#udp ??= new UdpLayer(this.#parts);
    return this.#udp;
  }

  get ping(): PingLayer {
    this.#ping ??= new PingLayer({ ...this.#parts, ip: this.ip, icmp: this.icmp });
    return this.#ping;
  }

  get ping6(): PingLayer {
    this.#ping6 ??= new PingLayer({ ...this.#parts, ip: this.ip6, icmp: this.icmp6 });
    return this.#ping6;
  }

  get raw(): RawLayer<Ipv4Address> {
    const { ip } = this;
    this.#raw ??= new RawLayer(ip, (protocol, number) => new RawProtocol4(ip, this.#parts, protocol, number));
    return this.#raw;
  }

  get raw6(): RawLayer<Ipv6Address> {
    const { ip6 } = this;
    this.#raw6 ??= new RawLayer(
      ip6,
      (protocol, number) => new RawProtocol6(ip6, this.#parts, protocol, number),
    );
    return this.#raw6;
  }

  /** What a transport is made of. */
  get #parts() {
    const { sim, tracer, pool, sysctl, internet: ip } = this;
    return { sim, tracer, pool, sysctl, ip };
  }

  /** Makes a port, with this stack's tracer, a network interface of the port's name, switched on. */
  addPort(port: Port, options: InterfaceOptions): EthernetInterface {
    const link = this.#network.addEthernet(port, options);
    if (this.#watchers !== null) link.watcher = this;
    return link;
  }

  /** `lo` and the others, in the order of their numbers. */
  get interfaces(): readonly Link[] {
    return this.#network.links;
  }

  /** @returns undefined for a name that none has. */
  interface(name: string): Link | undefined {
    return this.#network.links.find((link) => link.name === name);
  }

  hasInterface(name: string): boolean {
    return this.interface(name) !== undefined;
  }

  /** @returns undefined for a number that none has. */
  interfaceAt(index: number): Link | undefined {
    return this.#network.links.find((link) => link.index === index);
  }

  /** The interface that has an address. */
  interfaceWith(address: Ipv4Address): Link | undefined {
    return this.ip.addresses.find(address)?.link;
  }

  /** What the kernel has to say of the network. */
  get kernelLog(): readonly KernelMessage[] {
    return this.ip.log.entries();
  }

  get addresses(): ReturnType<AddressTable['entries']> {
    return this.ip.addresses.entries();
  }

  get addresses6(): readonly LocalAddress6[] {
    return this.ip6.addresses.entries();
  }

  get routes6(): readonly Route6[] {
    return this.ip6.routes.entries();
  }

  get routes(): readonly Route[] {
    return [...this.ip.routes.entries()];
  }

  /** What ARP knows on each interface. */
  *neighbours(): Iterable<{ readonly link: Link; readonly neighbour: Readonly<Neighbour> }> {
    for (const link of this.interfaces) {
      if (link.neighbours === null) continue;
      for (const neighbour of link.neighbours.entries()) yield { link, neighbour };
    }
  }

  /**
   * Gives an interface an address, and with it the route to its network.
   * @param prefix `10.0.0.1/24`, `2001:db8::1/64`. @param dad false: nobody is asked whether he has the IPv6 address.
   * @param details of an IPv4 address.
   * @returns 0, -ENODEV, -EINVAL, -EEXIST; -EACCES where IPv6 is disabled, -EINVAL where the MTU is too small for it.
   */
  addAddress(link: Link | string, prefix: Ipv4Prefix | string, dad = true, details?: AddressDetails): number {
    const prefix6 = typeof prefix === 'string' ? parseIpv6Prefix(prefix) : null;
    const on = typeof link === 'string' ? this.interface(link) : link;
    if (prefix6 !== null) return on === undefined ? -ERRNO.ENODEV : this.config6.addAddress(on, prefix6, dad);
    return this.#withAddress(link, prefix, (found, parsed) => this.ip.addAddress(found, parsed, details));
  }

  /** @returns 0, -ENODEV, -EINVAL, -EADDRNOTAVAIL. */
  removeAddress(link: Link | string, prefix: Ipv4Prefix | string): number {
    const prefix6 = typeof prefix === 'string' ? parseIpv6Prefix(prefix) : null;
    const on = typeof link === 'string' ? this.interface(link) : link;
    if (prefix6 !== null) return on === undefined ? -ERRNO.ENODEV : this.config6.removeAddress(on, prefix6);
    return this.#withAddress(link, prefix, (found, parsed) =>
      this.ip.removeAddress(found, parsed, this.sysctl.ipv4(found.name, 'promote_secondaries') !== 0),
    );
  }

  /** @returns 0; -EINVAL, -ENODEV, -ENETDOWN, -ENETUNREACH for a router that is on no network of ours, -EEXIST. */
  addRoute(request: RouteRequest): number {
    return isRequest6(request) ? addRoute6(this.ip6, request) : addRoute(this.ip, request);
  }

  /** @returns 0; -ESRCH when there is none like that. */
  removeRoute(request: RouteRequest): number {
    return isRequest6(request) ? removeRoute6(this.ip6, request) : removeRoute(this.ip, request);
  }

  /** Switches an interface on or off. @returns 0, -ENODEV. */
  setLinkUp(name: string, up: boolean): number {
    const link = this.interface(name);
    if (link === undefined) return -ERRNO.ENODEV;
    link.setUp(up);
    return 0;
  }

  /** @param mtu in bytes. @returns 0, -ENODEV, -EINVAL. */
  setLinkMtu(name: string, mtu: number): number {
    const link = this.interface(name);
    if (link === undefined) return -ERRNO.ENODEV;
    try {
      link.setMtu(mtu);
    } catch (error) {
      if (error instanceof RangeError) return -ERRNO.EINVAL;
      throw error;
    }
    this.#network.mtuChanged(link);
    return 0;
  }

  /**
   * socket(2). @param type may carry SOCK_NONBLOCK and SOCK_CLOEXEC, which are the descriptor's matter.
   * @param protocol 0 for the usual one. @returns -EAFNOSUPPORT, -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -EINVAL.
   */
  socket(domain: number, type: number, protocol: number, by: Credentials = PRIVILEGED): Socket | number {
    if (domain !== AF_INET && domain !== AF_INET6) return -ERRNO.EAFNOSUPPORT;
    if (protocol < 0 || protocol > 0xff) return -ERRNO.EINVAL;
    const kind = type & SOCK_TYPE_MASK;
    if (kind === SOCK_STREAM) {
      if (protocol !== 0 && protocol !== PROTOCOL_TCP) return -ERRNO.EPROTONOSUPPORT;
      return new StreamSocket(this, domain);
    }
    if (kind === SOCK_DGRAM) {
      if (protocol === 0 || protocol === PROTOCOL_UDP)
        return new DatagramSocket(this, PROTOCOL_UDP, this.udp, domain);
      const six = domain === AF_INET6;
      if (protocol === PROTOCOL_ICMP && !six) return new DatagramSocket(this, protocol, this.ping, domain);
      if (protocol === IPPROTO_ICMPV6 && six) return new DatagramSocket(this, protocol, this.ping6, domain);
      return -ERRNO.EPROTONOSUPPORT;
    }
    if (kind === SOCK_RAW) {
      if (protocol === 0) return -ERRNO.EPROTONOSUPPORT;
      if (!by.privileged) return -ERRNO.EPERM;
      const six = domain === AF_INET6;
      return new RawSocket(this, protocol, (six ? this.raw6 : this.raw).protocol(protocol), domain);
    }
    return -ERRNO.ESOCKTNOSUPPORT;
  }

  /**
   * socket(2) of AF_PACKET. @param protocol an EtherType in network order, as packet(7) wants it.
   * @returns -EPERM, -ESOCKTNOSUPPORT.
   */
  packetSocket(type: number, protocol: number, by: Credentials): PacketSocket | number {
    if (!by.privileged) return -ERRNO.EPERM;
    const kind = type & SOCK_TYPE_MASK;
    if (kind !== SOCK_RAW && kind !== SOCK_DGRAM) return -ERRNO.ESOCKTNOSUPPORT;
    return new PacketSocket(this, kind, ((protocol & 0xff) << 8) | ((protocol >> 8) & 0xff));
  }

  /** Connects a stream. @throws SystemError: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH … */
  connect(options: ConnectOptions): Promise<AsyncSocket> {
    return connectStream(this.sim, new StreamSocket(this, domainOf(options.address)), options);
  }

  /** Listens for streams. @throws SystemError: EADDRINUSE, EADDRNOTAVAIL */
  listen(options: ListenOptions): AsyncListener {
    return listenStream(this.sim, new StreamSocket(this, domainOf(options.address)), options);
  }

  /** A UDP socket. @param local where to bind it; default not yet. @throws SystemError: EADDRINUSE, EADDRNOTAVAIL */
  datagram(local?: AsyncAddress): AsyncDatagramSocket {
    const socket = new DatagramSocket(this, PROTOCOL_UDP, this.udp, domainOf(local?.address));
    if (local !== undefined) bindSocket(socket, local);
    return new AsyncDatagramSocket(this.sim, socket);
  }

  /** @internal For packet sockets: shows `watcher` the frames of every interface. @returns what ends it. */
  watchLinks(watcher: FrameWatcher): () => void {
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
    for (const link of this.interfaces) link.watcher = this;
    return () => {
      this.#watchers?.delete(watcher);
      if (this.#watchers?.size !== 0) return;
      this.#watchers = null;
      for (const link of this.interfaces) link.watcher = null;
    };
  }

  /** @internal For links. */
  watch(link: Link, frame: Frame, type: number, source: MacAddress): void {
    for (const watcher of this.#watchers ?? []) watcher.watch(link, frame, type, source);
  }

  /** @internal For sockets that no transport has named yet. */
  nextId(): string {
    this.#sockets++;
    return `socket:${this.#sockets}`;
  }

  #withAddress(
    link: Link | string,
    prefix: Ipv4Prefix | string,
    work: (link: Link, prefix: Ipv4Prefix) => number,
  ): number {
    const found = typeof link === 'string' ? this.interface(link) : link;
    if (found === undefined) return -ERRNO.ENODEV;
    const parsed = typeof prefix === 'string' ? parseIpv4Prefix(prefix) : prefix;
    return parsed === null ? -ERRNO.EINVAL : work(found, parsed);
  }
}
