import type { Ipv4Address, SendOptions } from '../3-network/index.ts';
import type { EventId } from '../trace/index.ts';

/** An address and a port, 0–65535. */
export interface Endpoint {
  readonly address: Ipv4Address;
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
  /** It ended by an error: positive Linux errno (ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, EPIPE …). */
  failed(errno: number): void;
}

/** What may be set before and during a connection; names after tcp(7) and socket(7). */
export interface TcpOptions {
  /** SO_RCVBUF and SO_SNDBUF in bytes of data that are buffered. */
  receiveBuffer: number;
  sendBuffer: number;
  /** TCP_NODELAY: do not wait to fill a segment (RFC 9293 section 3.7.4). */
  noDelay: boolean;
  /** SO_KEEPALIVE with TCP_KEEPIDLE, TCP_KEEPINTVL in nanoseconds, TCP_KEEPCNT. */
  keepAlive: boolean;
  keepIdle: number;
  keepInterval: number;
  keepCount: number;
  /** SO_LINGER: null when off; nanoseconds otherwise, and 0 means `close` resets the connection. */
  linger: number | null;
  /** TCP_MAXSEG: 0 for what the path allows. */
  maxSegment: number;
  ip: SendOptions;
}

/** One connection (a "TCB", RFC 9293 section 3.3.1). */
export interface TcpConnection {
  /** Unique in its machine: `tcp:3`. */
  readonly id: string;
  readonly state: TcpState;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly options: TcpOptions;
  user: TcpUser | null;
  /** Bytes that `receive` would give now. */
  readonly readable: number;
  /** The peer has sent FIN and everything before it has been read: `receive` gives 0 for good. */
  readonly ended: boolean;
  /** How many bytes `send` would take now. */
  readonly sendSpace: number;
  /** Bytes in the send buffer: not yet sent, or not yet acknowledged (netstat's Send-Q). */
  readonly unacknowledged: number;
  /** Copies bytes into the send buffer. @param origin the system call. @returns how many it took, 0 when it is full; -EPIPE after `shutdown`. */
  send(bytes: Uint8Array, origin: EventId): number;
  /** Copies received bytes out. @returns how many. */
  receive(into: Uint8Array, peek?: boolean): number;
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
  readonly cwnd: number;
  readonly ssthresh: number;
  /** Nanoseconds. */
  readonly srtt: number;
  readonly rttvar: number;
  readonly rto: number;
  readonly sendMss: number;
  readonly receiveMss: number;
  readonly unacked: number;
  readonly retransmits: number;
  readonly totalRetransmits: number;
}

export interface TcpListener {
  readonly id: string;
  readonly local: Endpoint;
  readonly options: TcpOptions;
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
   * @returns -ENETUNREACH, -EADDRNOTAVAIL (ports used up, or the same four-tuple exists), …
   */
  connect(binding: Binding | null, remote: Endpoint, options: TcpOptions, user: TcpUser): TcpConnection | number;
  /** All connections and listeners, in the order in which they were made. */
  entries(): Iterable<TcpEntry>;
  /** Default options from `net.ipv4.tcp_*` and `net.core.*`. */
  defaultOptions(): TcpOptions;
}

/** A datagram that waits to be read. */
export interface Datagram {
  readonly data: Uint8Array;
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

export interface UdpUser {
  readable(): void;
  writable(): void;
  /** An ICMP error came back for a connected socket: positive errno (udp(7)). */
  failed(errno: number): void;
}

export interface UdpOptions {
  receiveBuffer: number;
  sendBuffer: number;
  /** SO_BROADCAST: sending to a broadcast address is EACCES without it. */
  broadcast: boolean;
  ip: SendOptions;
}

/** One UDP socket's end of the transport. */
export interface UdpChannel {
  readonly id: string;
  readonly local: Endpoint;
  readonly remote: Endpoint | null;
  readonly options: UdpOptions;
  /** Receive only from `remote` and send there by default; null dissolves it (connect(2) with AF_UNSPEC). @returns 0 or a negated errno. */
  connect(remote: Endpoint | null): number;
  /** Sends one datagram. @returns its length, or -EMSGSIZE, -EACCES, -ENETUNREACH, -EDESTADDRREQ, -ECONNREFUSED … */
  send(bytes: Uint8Array, remote: Endpoint | null, origin: EventId): number;
  /** The oldest datagram, or null. With `peek` it stays. */
  receive(peek?: boolean): Datagram | null;
  /** How many datagrams, and how many bytes, wait. */
  readonly waiting: number;
  readonly waitingBytes: number;
  close(): void;
}

export interface UdpEntry {
  readonly id: string;
  readonly local: Endpoint;
  readonly remote: Endpoint | null;
  readonly receiveQueue: number;
}

export interface UdpService {
  /** @returns -EADDRINUSE, -EADDRNOTAVAIL. */
  open(local: Endpoint, bind: BindOptions, options: UdpOptions, user: UdpUser): UdpChannel | number;
  entries(): Iterable<UdpEntry>;
  defaultOptions(): UdpOptions;
}
