import type { EventId } from '../trace/index.ts';
import type { ControlMessage } from './control-message.ts';
import type { Credentials } from './credentials.ts';

/** A socket address of AF_INET, with dotted-decimal text. */
export interface InternetAddress {
  readonly family: 2;
  readonly address: string;
  readonly port: number;
}
/** A socket address of AF_INET6, with text as RFC 5952 writes it; IPv4 addresses are mapped ones. */
export interface Internet6Address {
  readonly family: 10;
  readonly address: string;
  readonly port: number;
  readonly flowInfo: number;
  /** The number of the interface that a link-local address is on; 0 for none. */
  readonly scopeId: number;
}
export type SocketAddress = InternetAddress | Internet6Address;

/** AF_PACKET (`struct sockaddr_ll` of packet(7)): where a frame came from, or where to send it. */
export interface PacketAddress {
  readonly family: 17;
  /** The interface's number; 0 for any. */
  readonly interface: number;
  /** EtherType, in host order. */
  readonly protocol: number;
  /** PACKET_HOST 0, _BROADCAST 1, _MULTICAST 2, _OTHERHOST 3, _OUTGOING 4. */
  readonly packetType: number;
  /** ARPHRD_ETHER 1, ARPHRD_LOOPBACK 772. */
  readonly hardwareType: number;
  /** A MAC address, or empty. */
  readonly address: string;
}

/** AF_UNSPEC: in `connect` it dissolves a connection (connect(2)). */
export interface UnspecifiedAddress {
  readonly family: 0;
}

/** An error about a sent packet, read with MSG_ERRQUEUE (ip(7) IP_RECVERR, `struct sock_extended_err`). */
export interface ExtendedError {
  readonly errno: number;
  /** SO_EE_ORIGIN_LOCAL 1, SO_EE_ORIGIN_ICMP 2, SO_EE_ORIGIN_TIMESTAMPING 4, SO_EE_ORIGIN_ZEROCOPY 5. */
  readonly origin: number;
  readonly type: number;
  readonly code: number;
  /** The MTU that was too small, with EMSGSIZE; the first of the completed calls; which timestamp it is. */
  readonly info: number;
  /** The last of the completed calls; the byte that the timestamp is about. Otherwise 0. */
  readonly data: number;
  /** Who sent the ICMP message, dotted decimal; null when it was no packet. */
  readonly offender: string | null;
}

/** What a receive call brought. `length` bytes were copied; `truncated`: the datagram had more (MSG_TRUNC). */
export interface Received {
  readonly length: number;
  readonly address: SocketAddress | null;
  readonly truncated: boolean;
  /** The datagram's whole length, `length` or more (what recvfrom(2) returns with MSG_TRUNC). */
  readonly whole: number;
  /** The packet's time to live, where the socket asked for it (IP_RECVTTL, IPV6_RECVHOPLIMIT). */
  readonly ttl?: number;
  /** Of a packet socket, instead of `address`: where the frame came from. */
  readonly packet?: PacketAddress;
  /** Its traffic class, and where it was sent to and came in, where the socket asked for them (IPV6_RECVTCLASS, IPV6_RECVPKTINFO). */
  readonly trafficClass?: number;
  readonly packetInfo?: { readonly address: string; readonly interface: number };
  /** The options of its IPv4 header (IP_RECVOPTS), and those that an answer would bear (IP_RETOPTS). */
  readonly options?: Uint8Array;
  readonly returnOptions?: Uint8Array;
  /** Its extension headers that the socket asked for, as control messages (IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS, IPV6_RECVRTHDR). */
  readonly extensions?: readonly ControlMessage[];
  /** Instead of a datagram: the path to `address` takes no more (IPV6_RECVPATHMTU); in bytes. */
  readonly pathMtu?: number;
  /** How much is left to read (TCP_INQ). */
  readonly inQueue?: number;
  /** What recvmsg(2) has in `msg_flags` beside MSG_TRUNC. */
  readonly flags?: number;
  /** When what the report is about happened, in nanoseconds of virtual time (SCM_TIMESTAMPING). */
  readonly stamp?: number;
  /** With MSG_ERRQUEUE: what happened; the data is then the packet's own, and `address` where it was to go. */
  readonly error?: ExtendedError;
}

/**
 * A BSD socket without blocking: each call does what it can do now. Results are Linux's, errors negated errno
 * numbers; what would block is -EAGAIN (-EINPROGRESS for `connect`). Whoever wants to wait subscribes,
 * tries again when told, and looks at `poll()`.
 */
export interface Socket {
  /** AF_INET 2, AF_INET6 10. */
  readonly domain: number;
  /** SOCK_STREAM 1, SOCK_DGRAM 2. */
  readonly type: number;
  readonly protocol: number;
  /** Unique in its machine, as in the record: `tcp:3`. */
  readonly id: string;
  bind(address: SocketAddress | PacketAddress, by: Credentials): number;
  listen(backlog: number): number;
  accept(): Socket | number;
  /** @returns 0, -EINPROGRESS (first call), -EALREADY, -EISCONN, or the error the attempt ended with. */
  connect(address: SocketAddress | PacketAddress | UnspecifiedAddress): number;
  /**
   * @param flags MSG_OOB, MSG_MORE, MSG_FASTOPEN; MSG_DONTWAIT 0x40 says that nobody will wait and call again.
   * @param origin the system call, for the record. @returns how many bytes were taken.
   */
  send(bytes: Uint8Array, flags: number, to: SocketAddress | PacketAddress | null, origin: EventId): number;
  /**
   * Sends with what control messages say of this packet alone (cmsg(3)). @param to where `send` sends it.
   * @returns -EINVAL for one that is not known.
   */
  sendWith(
    controls: readonly ControlMessage[],
    to: SocketAddress | PacketAddress | null,
    send: () => number,
    by?: Credentials,
  ): number;
  /**
   * A stream gives length 0 at its end.
   * @param flags MSG_PEEK 2, MSG_TRUNC 0x20, MSG_ERRQUEUE 0x2000 change what it does. MSG_DONTWAIT 0x40 and
   * MSG_WAITALL 0x100 are for the one who waits: on a stream it calls again until the buffer is full or `length` is 0.
   */
  receive(into: Uint8Array, flags: number): Received | number;
  shutdown(how: number): number;
  localAddress(): SocketAddress;
  /** @param evenIfOver also of a connection that has ended: what accept(2) still tells of it. @returns -ENOTCONN. */
  remoteAddress(evenIfOver?: boolean): SocketAddress | number;
  getOption(level: number, name: number, length: number): Uint8Array | number;
  /** @param by who calls; a privileged program of the lab itself without. */
  setOption(level: number, name: number, value: Uint8Array, by?: Credentials): number;
  /** SO_RCVTIMEO and SO_SNDTIMEO in nanoseconds, 0 for ever: the one who waits keeps them. */
  readonly receiveTimeout: number;
  readonly sendTimeout: number;
  /** What is ready now: POLLIN 1, POLLPRI 2, POLLOUT 4, POLLERR 8, POLLHUP 16, POLLRDHUP 0x2000 (poll(2)). */
  poll(): number;
  /** Bytes a read would give without waiting (FIONREAD, tcp(7) SIOCINQ). */
  readonly readable: number;
  /** `called` is told from now on when the peer announces urgent data (SIGURG). */
  watchUrgent(called: () => void): void;
  /** Whether the next byte of a stream is the urgent one (sockatmark(3), tcp(7) SIOCATMARK). */
  readonly atMark: boolean;
  /** Calls `changed` whenever what `poll()` says may have changed. @returns what ends it. */
  subscribe(changed: () => void): () => void;
  /** The last descriptor of it was closed. */
  close(): void;
}
