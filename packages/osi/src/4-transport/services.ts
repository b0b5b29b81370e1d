import type {
  ExtensionHeader,
  IpAddress,
  Ipv4Address,
  Ipv6Address,
  Memberships,
  SendOptions,
} from '../3-network/index.ts';
import type { Nanoseconds } from '../time/index.ts';
import type { EventId } from '../trace/index.ts';

/** An address of either version and a port, 0–65535. */
export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** TCP's states (RFC 9293 section 3.3.2) by the names that `netstat` prints. */
export type TcpState =
  | 'CLOSED'
  | 'LISTEN'
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'ESTABLISHED'
  | 'FIN_WAIT1'
  | 'FIN_WAIT2'
  | 'CLOSE_WAIT'
  | 'CLOSING'
  | 'LAST_ACK'
  | 'TIME_WAIT';

/** How a port may be shared (socket(7) SO_REUSEADDR, SO_REUSEPORT). */
export interface BindOptions {
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  /** IPV6_V6ONLY: `::` leaves IPv4 to others (ipv6(7)). */
  readonly v6Only?: boolean;
}

/** A claim on a local address and port. A connection or listener keeps it; `release` gives it back. */
export interface Binding {
  readonly local: Endpoint;
  release(): void;
}

/** What a connection tells the socket that uses it. Called inside the stack: do not block, do not throw. */
export interface TcpUser {
  /** The handshake is done. */
  connected(): void;
  /** There is something to read: data, the end of the stream, or (on a listener) a connection to accept. */
  readable(): void;
  /** There is room in the send buffer again, or sending is over. */
  writable(): void;
  /** The peer has something urgent to say: told when its pointer comes, the byte itself may follow later. */
  urgent?(): void;
  /** All that was written up to a `tellWhenAcknowledged(call)` is acknowledged. */
  acknowledged?(call: number): void;
  /** It ended by an error: positive Linux errno (ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, EPIPE …). */
  failed(errno: number): void;
}

/**
 * What may be set before and during a connection; names after tcp(7) and socket(7). Sockets share it as long as
 * nothing is set on them: it is never changed in place, but replaced as a whole.
 */
export interface TcpOptions {
  /**
   * SO_RCVBUF and SO_SNDBUF in bytes, as `getsockopt` shows them (Linux doubles what a program sets): what a connection
   * begins with. Half of the receive buffer is window (Linux's tcp_adv_win_scale 1); the send buffer holds as many
   * bytes of data.
   */
  readonly receiveBuffer: number;
  readonly sendBuffer: number;
  /** A program has set the size, so the stack no longer fits it to the path (SOCK_RCVBUF_LOCK, SOCK_SNDBUF_LOCK). */
  readonly receiveBufferLocked: boolean;
  readonly sendBufferLocked: boolean;
  /** TCP_NODELAY: do not wait to fill a segment (RFC 9293 section 3.7.4). */
  readonly noDelay: boolean;
  /** TCP_CONGESTION: congestion control by Linux's name; net.ipv4.tcp_congestion_control when the socket was made. */
  readonly congestion: string;
  /** TCP_CORK: send only full segments, for up to a retransmission timeout (at least 200 ms). */
  readonly cork: boolean;
  /** SO_KEEPALIVE with TCP_KEEPIDLE, TCP_KEEPINTVL in nanoseconds, TCP_KEEPCNT. */
  readonly keepAlive: boolean;
  readonly keepIdle: number;
  readonly keepInterval: number;
  readonly keepCount: number;
  /** SO_LINGER: null when off; nanoseconds otherwise, and 0 means `close` resets the connection. */
  readonly linger: number | null;
  /** TCP_USER_TIMEOUT in nanoseconds: how long what was sent may stay unacknowledged; 0 for tcp_retries2. */
  readonly userTimeout: number;
  /** TCP_NOTSENT_LOWAT: so much written and not sent is enough, in bytes; 0 for net.ipv4.tcp_notsent_lowat. */
  readonly notSentLow: number;
  /** TCP_MAXSEG: 0 for what the path allows. */
  readonly maxSegment: number;
  /** SO_OOBINLINE: the urgent byte is read in the stream, not apart. */
  readonly urgentInline: boolean;
  /** TCP_QUICKACK was set to 0 before there was a connection. */
  readonly delaysAcks: boolean;
  /** TCP_SYNCNT: how often a SYN is sent again; 0 for net.ipv4.tcp_syn_retries. */
  readonly synRetries: number;
  /** TCP_DEFER_ACCEPT, as a number of timeouts (`timeoutsIn`): a listener waits so long for data before it accepts; 0 for not. */
  readonly deferAccept: number;
  /** TCP_LINGER2 in nanoseconds: how long FIN_WAIT2 lasts without a program; 0 for net.ipv4.tcp_fin_timeout, below 0 for not at all. */
  readonly linger2: number;
  /** TCP_WINDOW_CLAMP: the largest window that is offered, in bytes; 0 for what the buffer allows. */
  readonly windowClamp: number;
  /** SO_MAX_PACING_RATE in bytes a second: what is sent is spread evenly, and no faster; `Infinity` for as it comes. */
  readonly maxPacingRate: number;
  readonly fastOpen: FastOpenOptions | null;
  readonly ip: Readonly<SendOptions>;
}

/** TCP Fast Open (RFC 7413, tcp(7)). Not changed in place: sockets share it. */
export interface FastOpenOptions {
  /** TCP_FASTOPEN: how many connections of a listener may wait that a SYN alone has opened; 0 for none. */
  readonly queue: number;
  /** TCP_FASTOPEN_KEY: 16 bytes, or 32 for two keys; null for the machine's. */
  readonly key: Uint8Array | null;
  /** TCP_FASTOPEN_NO_COOKIE: data goes, and is taken, without a cookie. */
  readonly withoutCookie: boolean;
  /** TCP_FASTOPEN_CONNECT: `connect` waits for the first bytes, where a SYN can carry them. */
  readonly onConnect: boolean;
}

/** One connection (a "TCB", RFC 9293 section 3.3.1). */
export interface TcpConnection {
  /** Unique in its machine: `tcp:3`. */
  readonly id: string;
  readonly state: TcpState;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  options: TcpOptions;
  /** SO_RCVBUF and SO_SNDBUF as they are now: unless a program has set them they are fitted to the path. */
  readonly receiveBuffer: number;
  readonly sendBuffer: number;
  /** TCP_WINDOW_CLAMP as it is now; a changed one takes effect by `clampWindow`, which is told the former. */
  readonly windowClamp: number;
  clampWindow(before: number): void;
  user: TcpUser | null;
  /** Bytes that can be read now. */
  readonly readable: number;
  /** Those before the urgent mark, if there is one ahead (SIOCINQ). */
  readonly waiting: number;
  /** The urgent byte is there to be read (POLLPRI); the next byte of the stream is the urgent one (sockatmark(3)). */
  readonly urgentReady: boolean;
  readonly atMark: boolean;
  /** What TCP_INQ tells: bytes to read, and one for the end of the stream. */
  readonly inQueue: number;
  /** The peer has sent FIN and everything before it has been read: `receive` gives 0 for good. */
  readonly ended: boolean;
  /** Why it ended before it had a user, while it waited to be accepted: positive errno, or 0. */
  readonly endedBy: number;
  /** Whether a third of the send buffer is free (poll(2)); if not, the user is told when it is. */
  readonly writable: boolean;
  /** Bytes in the send buffer: not yet sent, or not yet acknowledged (netstat's Send-Q). */
  readonly unacknowledged: number;
  /**
   * Copies bytes into the send buffer. @param origin the system call. @param how bits `WRITE_…`.
   * @returns how many it took, 0 when it is full; -EPIPE after `shutdown`.
   */
  send(bytes: Uint8Array, origin: EventId, how?: number): number;
  /** `connect` has only prepared it: no SYN has been sent. */
  readonly prepared: boolean;
  /** Whether its SYN may carry data: a cookie is known, or none is needed (RFC 7413 section 4.2.1). */
  mayCarryData(): boolean;
  /**
   * Sends the SYN of a connection that is only prepared, with as many bytes as it takes; or with a request for a cookie.
   * @returns how many it took, or a negated errno of the network layer, and then it has ended.
   */
  openFast(bytes: Uint8Array, origin: EventId): number;
  /** Opened by the peer's SYN alone, and its handshake is not done: data may be sent all the same. */
  readonly early: boolean;
  /** A program waits to write: what it writes will carry the acknowledgment of the peer's SYN. */
  writePending: boolean;
  /** The user is told when all that was written so far is acknowledged. @param call what to tell it. */
  tellWhenAcknowledged(call: number): void;
  /** Sends what waits to fill a segment: TCP_NODELAY was switched on. */
  push(): void;
  /** TCP_QUICKACK: whether what comes need not wait for data that the acknowledgment could ride on. */
  readonly acksQuickly: boolean;
  /** Sets TCP_QUICKACK, which does not last; an even number but 0 only sends what waits (tcp(7)). */
  acknowledgeQuickly(value: number): void;
  /** Copies received bytes out, in one call none beyond the urgent mark. @returns how many. */
  receive(into: Uint8Array, peek?: boolean): number;
  /** @returns the urgent byte; -1 when there is none, it was read already or is in the stream; -2 when it is still to come. */
  receiveUrgent(peek: boolean): number;
  /** The program will read no more (shutdown(2) SHUT_RD): when it has also finished, new data of the peer resets, as in Linux. */
  stopReading(): void;
  /** No more sending: FIN follows what is buffered (shutdown(2) SHUT_WR). */
  shutdown(): void;
  /** The program is done with it: FIN, or RST when unread data is lost (RFC 9293 section 3.10.4) or linger is 0. It goes on without a user. */
  close(): void;
  /** RST now (RFC 9293 section 3.10.5). */
  abort(): void;
  /** An option was changed: what waits may be sent now. */
  optionsChanged(): void;
  /** The numbers of TCP_INFO (tcp(7)). */
  info(): TcpInfo;
}

export interface TcpInfo {
  readonly state: TcpState;
  /** How loss recovery stands, by Linux's names (`enum tcp_ca_state`). */
  readonly recovery: 'Open' | 'Disorder' | 'CWR' | 'Recovery' | 'Loss';
  /** Zero-window or keepalive probes, and expiries of the retransmission timer, since the peer was last heard. */
  readonly probes: number;
  readonly backoff: number;
  /** Agreed on: timestamps, selective acknowledgment, explicit congestion notification; window scaling with both shifts, or null. */
  readonly timestamps: boolean;
  readonly sack: boolean;
  readonly ecn: boolean;
  /** Data in a SYN was taken; the peer's SYN alone has opened it; why the data in our SYN was not taken, as Linux numbers it. */
  readonly synData: boolean;
  readonly fastOpenChild: boolean;
  readonly fastOpenFailure: number;
  /** The peer's packets say that it takes part in that. */
  readonly ecnSeen: boolean;
  readonly scaling: { readonly send: number; readonly receive: number } | null;
  /** How long acknowledgments are delayed, in nanoseconds. */
  readonly ackTimeout: number;
  /** Nanoseconds since data was sent, data came, and anything came that was acknowledged; 0 before. */
  readonly sinceSent: number;
  readonly sinceReceived: number;
  readonly sinceHeard: number;
  /** The largest packet the path takes, and the segment size that the peer was told. */
  readonly pathMtu: number;
  readonly advertisedMss: number;
  /** The largest window that is offered at present, and what the program reads per round trip as the receiver measures it. */
  readonly windowLimit: number;
  readonly receiveRtt: number;
  readonly receiveSpace: number;
  /** How many duplicates show a loss; segments acknowledged selectively, taken as lost, sent again and under way. */
  readonly reordering: number;
  readonly sacked: number;
  readonly lost: number;
  readonly resent: number;
  readonly cwnd: number;
  readonly ssthresh: number;
  /** Nanoseconds. */
  readonly srtt: number;
  readonly rttvar: number;
  readonly rto: number;
  readonly sendMss: number;
  readonly receiveMss: number;
  /** Segments in flight; the sizes above are bytes. */
  readonly unacked: number;
  readonly retransmits: number;
  readonly totalRetransmits: number;
  /** Segments that were delivered marked by ECN; D-SACKed segments; how often segments were seen to overtake each other. */
  readonly deliveredMarked: number;
  readonly duplicates: number;
  readonly reorderingSeen: number;
  /** Bytes written and never sent; the windows of both sides as they are. */
  readonly unsent: number;
  readonly sendWindow: number;
  readonly receiveWindow: number;
  /** `Infinity` before one was measured. */
  readonly shortestRtt: number;
  /** How long there was something to send, and of that, how long the peer's window or the send buffer held it back. */
  readonly busy: number;
  readonly windowLimited: number;
  readonly bufferLimited: number;
  /** Segments that are known to have arrived, the SYN included. */
  readonly delivered: number;
  /** In bytes a second: what the connection may send, what a program has bound that to (`Infinity` for nothing). */
  readonly pacingRate: number;
  readonly maxPacingRate: number;
  /** How fast the network delivered of late, in bytes a second; and whether the program had too little to send to tell. */
  readonly deliveryRate: number;
  readonly deliveryRateLimited: boolean;
  /** Segments both ways, those with data, those that came behind a gap. */
  readonly segmentsOut: number;
  readonly segmentsIn: number;
  readonly dataSegmentsOut: number;
  readonly dataSegmentsIn: number;
  readonly outOfOrder: number;
  /** Bytes of data sent, sent again; bytes acknowledged and received, with SYN (of one that has called) and FIN. */
  readonly bytesSent: number;
  readonly bytesResent: number;
  readonly bytesAcknowledged: number;
  readonly bytesReceived: number;
}

export interface TcpListener {
  readonly id: string;
  readonly local: Endpoint;
  options: TcpOptions;
  user: TcpUser | null;
  /** Connections ready to be accepted (netstat's Recv-Q), and the limit of that queue (Send-Q). */
  readonly ready: number;
  backlog: number;
  /** The oldest connection that is ready, or null. It may be closed or reset by the peer already. */
  accept(): TcpConnection | null;
  /** Stops listening; connections not accepted are reset. */
  close(): void;
}

/** A line of `netstat -t`: also half-open connections, and those in TIME_WAIT that no socket has any more. */
export interface TcpEntry {
  readonly id: string;
  readonly state: TcpState;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly receiveQueue: number;
  readonly sendQueue: number;
  /** For `netstat -o`: what runs (`on` retransmission, `keepalive`, `timewait`, `probe`, `off`) and nanoseconds left. */
  readonly timer: { readonly kind: 'on' | 'keepalive' | 'timewait' | 'probe' | 'off'; readonly left: number };
}

/** TCP of one machine as the socket layer sees it. */
export interface TcpService {
  /** Claims a local address and port; port 0 takes an ephemeral one. @returns -EADDRINUSE, -EADDRNOTAVAIL. */
  bind(local: Endpoint, options: BindOptions): Binding | number;
  /** Waits for connections. @returns -EADDRINUSE when another socket listens there. */
  listen(binding: Binding, backlog: number, options: TcpOptions, user: TcpUser): TcpListener | number;
  /**
   * Opens a connection and sends SYN. Without a binding it chooses the source address and an ephemeral port.
   * @param prepare sends no SYN yet: `openFast` does.
   * @returns -ENETUNREACH, -EADDRNOTAVAIL (ports used up, or the same four-tuple exists), …
   */
  connect(
    binding: Binding | null,
    remote: Endpoint,
    options: TcpOptions,
    user: TcpUser,
    prepare?: boolean,
  ): TcpConnection | number;
  /** Fast Open of the machine: whether programs may use it to connect, and its keys. */
  readonly fastOpen: { readonly forClients: boolean; readonly keys: { readonly bytes: Uint8Array } };
  /** All connections and listeners, in the order in which they were made. */
  entries(): Iterable<TcpEntry>;
  /** Default options from `net.ipv4.tcp_*` and `net.core.*`. */
  defaultOptions(): TcpOptions;
  /** Options of which some are others: the same object for the same change to the same ones, mostly. */
  changeOptions(before: TcpOptions, changes: Partial<TcpOptions>): TcpOptions;
}

/** One datagram that was read. Written anew by each `receive` of its channel: read what you need, keep nothing. */
export interface ReceivedDatagram {
  /** The length of its whole payload, which may be more than was asked for. */
  length: number;
  source: Endpoint;
  destination: Endpoint;
  ttl: number;
  tos: number;
  /** The name of the interface it came in by. */
  interface: string;
  /** The options of its IPv4 header; null for none. */
  options: Uint8Array | null;
  /** Its extension headers; null for none. */
  extensions: readonly ExtensionHeader[] | null;
}

/**
 * What is known about a packet of ours that did not arrive: the errors a program reads with MSG_ERRQUEUE
 * (ip(7) IP_RECVERR, `struct sock_extended_err`).
 */
export interface ErrorReport {
  readonly errno: number;
  /**
   * SO_EE_ORIGIN_LOCAL 1: this machine did not send it; _ICMP 2, _ICMP6 3: an ICMP message came back;
   * SO_EE_ORIGIN_TIMESTAMPING 4 and SO_EE_ORIGIN_ZEROCOPY 5 are no errors.
   */
  readonly origin: 1 | 2 | 3 | 4 | 5;
  /** Of the ICMP message; 0 for a local error. */
  readonly type: number;
  readonly code: number;
  /** EMSGSIZE: the MTU that was too small. For what is no error, with `value`, what it is about. Otherwise 0. */
  readonly info: number;
  readonly value?: number;
  /** When it happened, for a timestamp. */
  readonly stamp?: Nanoseconds;
  /** Who sent the ICMP message, and where the packet was to go; null when it was no packet. */
  readonly offender: IpAddress | null;
  readonly destination: Endpoint | null;
  /** As much of the packet's payload as came back: a copy. */
  readonly data: Uint8Array;
}

/** How a socket sends to groups (ip(7)). */
export interface MulticastOptions {
  /** IP_MULTICAST_IF: the interface, and the address to send from; undefined leaves it to the routes. */
  interface?: string;
  source?: Ipv4Address;
  /** IP_MULTICAST_TTL. */
  ttl: number;
  /** IP_MULTICAST_LOOP: sockets of this machine that are in the group hear it too. */
  loop: boolean;
}

/** What only raw sockets have (raw(7)). */
export interface RawOptions {
  /** IP_HDRINCL: what is sent begins with the IP header. */
  headerIncluded: boolean;
  /** ICMP_FILTER: a bit for each type that is not wanted. */
  icmpFilter: number;
  /** ICMPV6_FILTER: 256 bits, in words of 32; undefined: every type is wanted. */
  icmpv6Filter?: Uint32Array;
  /** IPV6_CHECKSUM: where in the payload the machine writes and checks a checksum; -1 for nowhere. */
  checksumAt: number;
}

/** How a socket sends to IPv6 groups (ipv6(7)). */
export interface Multicast6 {
  /** IPV6_MULTICAST_IF: null leaves it to the routes. */
  interface: { readonly name: string; readonly index: number } | null;
  /** IPV6_MULTICAST_HOPS. */
  hops: number;
  /** IPV6_MULTICAST_LOOP: this machine hears it too, if it is in the group. */
  loop: boolean;
}

export interface UdpUser {
  /** A datagram came. */
  arrived(): void;
  /** An error is pending on the socket: positive errno (udp(7)). Only connected sockets and those with `receiveErrors` are told. */
  failed(errno: number): void;
  /** With `receiveErrors`: what happened to one packet. Told before `failed`. */
  reported(report: ErrorReport): void;
  /** With `receivePathMtu`: a packet that may not be cut was larger than the path takes. @param destination with port 0. */
  pathTold(destination: Endpoint, mtu: number): void;
}

export interface UdpOptions {
  /** SO_RCVBUF: how much memory waiting datagrams may take, as Linux counts it (payload and bookkeeping). */
  receiveBuffer: number;
  /** SO_SNDBUF. Datagrams go to the interface at once, so nothing waits in it. */
  sendBuffer: number;
  /** SO_BROADCAST: sending to a broadcast address is EACCES without it. */
  broadcast: boolean;
  /** IP_RECVERR: report every ICMP error, also to a socket that is not connected. */
  receiveErrors: boolean;
  /** The groups that the socket is in, by version of IP; null as long as it has asked for none. */
  memberships: Memberships<Ipv4Address> | null;
  memberships6: Memberships<Ipv6Address> | null;
  multicast: MulticastOptions;
  /** Of raw sockets only. */
  raw?: RawOptions;
  multicast6: Multicast6;
  /** IPV6_PKTINFO: packets over IPv6 leave by this interface unless another is named; its name is null when there is none. */
  stickyInterface?: { readonly index: number; readonly name: string | null };
  /** Of the packet that is being sent alone: the address to send from; 0.0.0.0 leaves it to the routes. */
  from?: IpAddress;
  /** IPV6_DONTFRAG: over IPv6 what does not fit is refused. */
  dontFragment6?: boolean;
  /** IPV6_RECVPATHMTU: and the program told what does. */
  receivePathMtu?: boolean;
  /** IPV6_MTU. */
  fragmentSize?: number;
  /** `dontFragment` is 'if-it-fits' by default (IP_PMTUDISC_WANT). */
  ip: SendOptions;
}

/** One UDP socket's end of the transport. */
export interface UdpChannel {
  readonly id: string;
  /** Port 0 after a disconnection gave back a port that had been chosen for it. */
  readonly local: Endpoint;
  readonly localPort: number;
  readonly remote: Endpoint | null;
  options: UdpOptions;
  /** Claims an address and a port for a channel that has none (port 0). @returns 0, -EADDRINUSE; -EAGAIN without a free ephemeral port. */
  bind(local: Endpoint): number;
  /**
   * Receive only from `remote` and send there by default; null dissolves it (connect(2) with AF_UNSPEC) and gives
   * back what had been chosen for the channel: its address, its port. @returns 0, -ENETUNREACH, -EACCES.
   */
  connect(remote: Endpoint | null): number;
  /** Sends one datagram. @returns its length, or -EMSGSIZE, -EACCES, -ENETUNREACH, -EDESTADDRREQ, -EINVAL for port 0 … */
  send(bytes: Uint8Array, remote: Endpoint | null, origin: EventId): number;
  /** Copies the oldest datagram out, as much as fits; the rest is lost. With `peek` it stays. @returns null when none waits. */
  receive(into: Uint8Array, peek?: boolean): ReceivedDatagram | null;
  /** How many datagrams wait, the payload bytes of the first (FIONREAD), and the memory all take (netstat's Recv-Q). */
  readonly waiting: number;
  readonly nextLength: number;
  readonly waitingBytes: number;
  close(): void;
}

export interface UdpEntry {
  readonly id: string;
  readonly local: Endpoint;
  readonly remote: Endpoint | null;
  readonly receiveQueue: number;
}

/** A transport of datagrams as the socket layer sees it: UDP, or ICMP echo. */
export interface DatagramService {
  /**
   * Claims a local address and port; port 0 takes an ephemeral one.
   * @param bind read again whenever another socket wants the same port.
   * @returns -EADDRINUSE; -EAGAIN without a free ephemeral port.
   */
  open(local: Endpoint, bind: BindOptions, options: UdpOptions, user: UdpUser): UdpChannel | number;
  /** All channels that have a port, in the order in which they were opened. */
  entries(): Iterable<UdpEntry>;
  /** Default options from `net.core.*`. Sockets share them: to be copied before one is changed. */
  defaultOptions(): UdpOptions;
}

/** UDP of one machine as the socket layer sees it. */
export interface UdpService extends DatagramService {
  /** `/proc/net/snmp`'s counters by their names there, and those of `/proc/net/snmp6`. */
  readonly counters: Readonly<Record<UdpCounter, number>>;
  readonly counters6: Readonly<Record<UdpCounter, number>>;
}

/** Names from RFC 4113 and Linux. */
export type UdpCounter =
  | 'InDatagrams'
  | 'NoPorts'
  | 'InErrors'
  | 'OutDatagrams'
  | 'RcvbufErrors'
  | 'SndbufErrors'
  | 'InCsumErrors'
  | 'IgnoredMulti'
  | 'MemErrors';
