import { isAnyIp, isIpv6, LOOPBACK } from '../3-network/index.ts';
import type {
  Binding,
  Endpoint,
  TcpConnection,
  TcpListener,
  TcpOptions,
  TcpState,
} from '../4-transport/index.ts';
import { WRITE_MORE, WRITE_RECORD_END, WRITE_URGENT } from '../4-transport/index.ts';
import { ERRNO, type EventId } from '../trace/index.ts';
import { nowhere } from './addresses.ts';
import * as linux from './constants.ts';
import type { ControlMessage } from './control-message.ts';
import type { SocketParts } from './internet-socket.ts';
import type { Received, Socket, SocketAddress, UnspecifiedAddress } from './socket-types.ts';
import { StreamEvents } from './stream-events.ts';
import { StreamSettings } from './stream-settings.ts';

const NOTHING = new Uint8Array(0);
const RECEIVE = 1;
const SEND = 2;
const BOTH = 3;

/** How a conversation stands for the program (Linux's `socket_state`), apart from TCP's own state. */
type Phase = 'unconnected' | 'connecting' | 'connected' | 'disconnecting';

/** SOCK_STREAM of AF_INET and AF_INET6: tcp(7), with the answers of Linux's `af_inet.c` and `tcp.c` in each state. */
export class StreamSocket extends StreamSettings {
  readonly #events = new StreamEvents(this);
  /** The number of the next call with MSG_ZEROCOPY (Linux: sk_zckey). */
  #zeroCopies = 0;
  #phase: Phase = 'unconnected';
  #shutdown = 0;
  #own: TcpOptions | null = null;
  #ownId = '';
  /** The address and port that the program named: they outlive a connection that failed. */
  #named: Endpoint;
  #binding: Binding | null = null;
  #listener: TcpListener | null = null;
  #connection: TcpConnection | null = null;
  /** A call with MSG_FASTOPEN waits for the handshake: how many of its bytes went with the SYN. */
  #synTook: number | null = null;

  /** @param accepted a connection that a listener has handed out. */
  constructor(parts: SocketParts, domain: number, accepted?: TcpConnection) {
    super(parts, domain);
    this.#named = nowhere(domain);
    if (accepted === undefined) return;
    this.#connection = accepted;
    this.#phase = 'connected';
    accepted.user = this.#events;
    this.#events.error = accepted.endedBy;
    this.#events.over = accepted.state === 'CLOSED';
  }

  get id(): string {
    const named = this.#connection?.id ?? this.#listener?.id;
    if (named !== undefined) return named;
    if (this.#ownId === '') this.#ownId = this.parts.nextId();
    return this.#ownId;
  }

  listen(backlog: number): number {
    if (this.#phase !== 'unconnected' || this.#connection !== null) return -ERRNO.EINVAL;
    const most = this.parts.sysctl.values['net.core.somaxconn'];
    const limit = Math.min(backlog >>> 0, most);
    if (this.#listener !== null) {
      this.#listener.backlog = limit;
      return 0;
    }
    const binding = this.#bindingOrAny();
    if (typeof binding === 'number') return binding;
    const listener = this.parts.tcp.listen(binding, limit, this.options, this.#events);
    if (typeof listener === 'number') return listener;
    this.#listener = listener;
    this.#shutdown = 0;
    return 0;
  }

  accept(): Socket | number {
    if (this.#listener === null) return -ERRNO.EINVAL;
    const connection = this.#listener.accept();
    if (connection === null) return -ERRNO.EAGAIN;
    const socket = new StreamSocket(this.parts, this.domain, connection);
    socket.reuseAddress = this.reuseAddress;
    socket.reusePort = this.reusePort;
    socket.zeroCopy = this.zeroCopy;
    socket.receiveTimeout = this.receiveTimeout;
    socket.sendTimeout = this.sendTimeout;
    return socket;
  }

  connect(address: SocketAddress | UnspecifiedAddress): number {
    if (address.family === linux.AF_UNSPEC) {
      this.#disconnect();
      return 0;
    }
    let pending: number = -ERRNO.EALREADY;
    if (this.#phase === 'connected' || this.#listener !== null) return -ERRNO.EISCONN;
    if (this.#phase === 'disconnecting') return -ERRNO.EINVAL;
    if (this.#phase === 'unconnected') {
      const remote = this.endpointOf(address);
      if (typeof remote === 'number') return remote;
      const fast = this.options.fastOpen?.onConnect === true;
      const result = this.#open(remote, fast);
      if (result < 0) return result;
      if (fast) {
        if (this.#connection?.mayCarryData() === true) return 0;
        const asked = this.#begin(NOTHING, 0);
        if (asked < 0) return asked;
      }
      pending = -ERRNO.EINPROGRESS;
    } else if (this.#connection?.prepared === true) {
      return -ERRNO.EISCONN;
    }
    return this.#settle(pending);
  }

  /** How an attempt to connect stands: `pending`, 0, or why it failed (`__inet_stream_connect`). */
  #settle(pending: number): number {
    const state = this.state;
    if (state === 'SYN_SENT' || (state === 'SYN_RECV' && !this.#early)) return pending;
    if (state === 'CLOSED') {
      const error = this.takeError() || ERRNO.ECONNABORTED;
      this.#disconnect();
      return -error;
    }
    this.#phase = 'connected';
    return 0;
  }

  send(bytes: Uint8Array, flags: number, to: SocketAddress | null, origin: EventId): number {
    if ((flags & linux.MSG_FASTOPEN) !== 0 || this.#synTook !== null || this.#connection?.prepared === true) {
      return this.#sendFast(bytes, flags, to, origin);
    }
    return this.#write(bytes, flags, origin);
  }

  /** It has no packets of the program's: control messages say nothing. */
  sendWith(_controls: readonly ControlMessage[], _to: SocketAddress | null, send: () => number): number {
    return send();
  }

  #write(bytes: Uint8Array, flags: number, origin: EventId): number {
    if (this.#events.error !== 0) return -this.takeError();
    const connection = this.#connection;
    if (connection === null || (this.#shutdown & SEND) !== 0 || this.#events.over) return -ERRNO.EPIPE;
    const { state } = connection;
    if (state !== 'ESTABLISHED' && state !== 'CLOSE_WAIT' && !connection.early) {
      if (state !== 'SYN_SENT' && state !== 'SYN_RECV') return -ERRNO.EPIPE;
      if ((flags & linux.MSG_DONTWAIT) === 0) connection.writePending = true;
      return -ERRNO.EAGAIN;
    }
    if (bytes.length === 0) return 0;
    const count = connection.send(bytes, origin, howToWrite(flags));
    if (count > 0 && this.zeroCopy && (flags & linux.MSG_ZEROCOPY) !== 0) {
      connection.tellWhenAcknowledged(this.#zeroCopies++);
    }
    return count || -ERRNO.EAGAIN;
  }

  /** Connects and sends in one (`tcp_sendmsg_fastopen`). */
  #sendFast(bytes: Uint8Array, flags: number, to: SocketAddress | null, origin: EventId): number {
    const waits = (flags & linux.MSG_DONTWAIT) === 0;
    if (this.#synTook !== null && waits) return this.#goOn(bytes, flags, origin);
    const family: number = to?.family ?? linux.AF_INET;
    if (!this.parts.tcp.fastOpen.forClients || family === linux.AF_UNSPEC) return -ERRNO.EOPNOTSUPP;
    if (this.#synTook !== null) return -ERRNO.EALREADY;
    if (this.#phase === 'connected' || this.#listener !== null) return -ERRNO.EISCONN;
    if (this.#phase === 'disconnecting') return -ERRNO.EINVAL;
    if (this.#phase === 'unconnected') {
      if (to === null) return -ERRNO.EINVAL;
      const remote = this.endpointOf(to);
      if (typeof remote === 'number') return remote;
      const result = this.#open(remote, true);
      if (result < 0) return result;
    } else if (this.#connection?.prepared !== true) {
      return this.#settle(-ERRNO.EALREADY) || this.#write(bytes, flags, origin);
    }
    const took = this.#begin(bytes, origin);
    if (took < 0) return took;
    if (!waits) return took > 0 ? took : this.#settle(-ERRNO.EINPROGRESS);
    this.#synTook = took;
    if (this.#connection !== null && took < bytes.length) this.#connection.writePending = true;
    return this.#goOn(bytes, flags, origin);
  }

  /** The call waits for the handshake; then what did not go with the SYN follows. */
  #goOn(bytes: Uint8Array, flags: number, origin: EventId): number {
    const took = this.#synTook ?? 0;
    const result = this.#settle(-ERRNO.EAGAIN);
    if (result === -ERRNO.EAGAIN) return result;
    this.#synTook = null;
    if (result < 0) return result;
    if (took >= bytes.length) return took;
    const more = this.#write(bytes.subarray(took), flags, origin);
    return took > 0 ? took + Math.max(0, more) : more;
  }

  /** Sends the SYN of a connection that was only prepared. @returns how many bytes went with it. */
  #begin(bytes: Uint8Array, origin: EventId): number {
    const took = this.#connection?.openFast(bytes, origin) ?? -ERRNO.EPIPE;
    if (took < 0) {
      this.#connection = null;
      this.#phase = 'unconnected';
    }
    return took;
  }

  /** The order of `tcp_recvmsg_locked`: data, the end, an error, a shutdown, no connection. */
  receive(into: Uint8Array, flags: number): Received | number {
    if ((flags & linux.MSG_ERRQUEUE) !== 0)
      return this.#events.errors?.receive(into, this.#events) ?? -ERRNO.EAGAIN;
    if (this.#listener !== null) return -ERRNO.ENOTCONN;
    if ((flags & linux.MSG_OOB) !== 0) return this.#receiveUrgent(into, flags);
    const connection = this.#connection;
    if (connection !== null && (connection.readable > 0 || connection.atMark)) {
      // MSG_TRUNC on a stream throws the bytes away (tcp(7)).
      const target = (flags & linux.MSG_TRUNC) !== 0 ? new Uint8Array(into.length) : into;
      const count = connection.receive(target, (flags & linux.MSG_PEEK) !== 0);
      // What was there may have been the urgent byte alone, which is not read here.
      if (count > 0 || connection.readable > 0) {
        const received = receivedStream(count);
        return this.tellsInQueue ? { ...received, inQueue: connection.inQueue } : received;
      }
    }
    if (this.#finished) return receivedStream(0);
    if (this.#events.error !== 0) return -this.takeError();
    if ((this.#shutdownNow & RECEIVE) !== 0) return receivedStream(0);
    return this.state === 'CLOSED' ? -ERRNO.ENOTCONN : -ERRNO.EAGAIN;
  }

  shutdown(how: number): number {
    if (how !== linux.SHUT_RD && how !== linux.SHUT_WR && how !== linux.SHUT_RDWR) return -ERRNO.EINVAL;
    const what = how + 1;
    const state = this.state;
    let result = 0;
    if (this.#listener !== null) {
      if ((what & RECEIVE) !== 0) this.#disconnect();
    } else if (state === 'SYN_SENT') {
      this.#disconnect();
    } else {
      if (this.#phase === 'connecting') this.#phase = state === 'CLOSED' ? 'disconnecting' : 'connected';
      if (state === 'CLOSED') result = -ERRNO.ENOTCONN;
      if ((what & SEND) !== 0 && (this.#shutdown & SEND) === 0 && state !== 'CLOSED')
        this.#connection?.shutdown();
      if ((what & RECEIVE) !== 0) this.#connection?.stopReading();
      this.#shutdown |= what;
    }
    this.wake();
    return result;
  }

  /** `tcp_poll`. */
  poll(): number {
    if (this.#listener !== null) return this.#listener.ready > 0 ? linux.POLLIN : 0;
    const connection = this.#connection;
    const state = this.state;
    const shut = this.#shutdownNow;
    let mask = 0;
    if (shut === BOTH || state === 'CLOSED') mask |= linux.POLLHUP;
    if ((shut & RECEIVE) !== 0) mask |= linux.POLLIN | linux.POLLRDHUP;
    if (state !== 'SYN_SENT' && (state !== 'SYN_RECV' || this.#early)) {
      if (connection !== null && connection.readable > 0) mask |= linux.POLLIN;
      if ((shut & SEND) !== 0 || connection === null || connection.writable) mask |= linux.POLLOUT;
      if (connection?.urgentReady) mask |= linux.POLLPRI;
    } else if (connection?.prepared === true) {
      mask |= linux.POLLOUT;
    }
    if (this.#events.error !== 0 || (this.#events.errors?.length ?? 0) > 0) mask |= linux.POLLERR;
    return mask;
  }

  get readable(): number {
    return this.#connection?.waiting ?? 0;
  }

  override get atMark(): boolean {
    return this.#connection?.atMark ?? false;
  }

  override watchUrgent(called: () => void): void {
    this.#events.onUrgent = called;
  }

  close(): void {
    const listener = this.#listener;
    const connection = this.#connection;
    const binding = this.#binding;
    this.#listener = null;
    this.#connection = null;
    this.#binding = null;
    this.#phase = 'disconnecting';
    if (listener !== null) {
      listener.user = null;
      listener.close();
    }
    if (connection !== null) {
      connection.user = null;
      connection.close();
    }
    binding?.release();
  }

  takeError(): number {
    const { error } = this.#events;
    this.#events.error = 0;
    return error;
  }

  /** TCP's state as the socket has it: what waits in TIME_WAIT is no connection any more. */
  get state(): TcpState {
    if (this.#listener !== null) return 'LISTEN';
    if (this.#connection === null || this.#events.over) return 'CLOSED';
    return this.#connection.state;
  }

  get connection(): TcpConnection | null {
    return this.#connection;
  }

  /** Options of the connection or listener; before there is one, what it will begin with. */
  get options(): TcpOptions {
    const active = this.#connection ?? this.#listener;
    if (active !== null) return active.options;
    this.#own ??= this.parts.tcp.defaultOptions();
    return this.#own;
  }

  change(changes: Partial<TcpOptions>): void {
    const next = this.parts.tcp.changeOptions(this.options, changes);
    const active = this.#connection ?? this.#listener;
    if (active === null) this.#own = next;
    else active.options = next;
  }

  /** A stream has one peer, and no groups. */
  get multicast(): null {
    return null;
  }

  /** Connections do not heed it (`tcp_v6_connect`). */
  get stickyInterface(): number {
    return 0;
  }

  set stickyInterface(_index: number) {}

  get fragmentSize(): number {
    return 0;
  }

  set fragmentSize(_bytes: number) {}

  get memberships(): null {
    return null;
  }

  get raw(): null {
    return null;
  }

  get listening(): boolean {
    return this.#listener !== null;
  }

  get peer(): Endpoint | null {
    const state = this.state;
    return state === 'CLOSED' || state === 'SYN_SENT' ? null : (this.#connection?.remote ?? null);
  }

  protected get local(): Endpoint {
    return (this.#connection ?? this.#listener ?? this.#binding)?.local ?? this.#named;
  }

  protected get bound(): boolean {
    return this.#binding !== null || this.#connection !== null || this.#listener !== null;
  }

  protected get formerPeer(): Endpoint | null {
    return this.#connection?.remote ?? null;
  }

  protected claim(local: Endpoint): number {
    const binding = this.parts.tcp.bind(local, this);
    if (typeof binding === 'number') return binding;
    this.#binding = binding;
    this.#named = local;
    return 0;
  }

  protected override optionsChanged(): void {
    this.#connection?.optionsChanged();
  }

  /** Whether the peer's FIN is in (`SOCK_DONE`), however much is still to be read before it. */
  get #finished(): boolean {
    const connection = this.#connection;
    if (connection === null) return false;
    const { state } = connection;
    return connection.ended || state === 'CLOSE_WAIT' || state === 'LAST_ACK' || state === 'CLOSING';
  }

  /** What is shut, by the program, by the peer's FIN or by the connection's end (`tcp_done`). */
  get #shutdownNow(): number {
    const connection = this.#connection;
    if (connection === null) return this.#shutdown;
    const { state } = connection;
    if (this.#events.over || state === 'CLOSED') return BOTH;
    return this.#finished ? this.#shutdown | RECEIVE : this.#shutdown;
  }

  /** The urgent byte (`tcp_recv_urg`). */
  #receiveUrgent(into: Uint8Array, flags: number): Received | number {
    const connection = this.#connection;
    if (connection === null) return -ERRNO.EINVAL;
    const keeps = (flags & linux.MSG_PEEK) !== 0;
    const byte = connection.receiveUrgent(true);
    if (byte === -1) return -ERRNO.EINVAL;
    if (this.state === 'CLOSED' && !this.#finished) return -ERRNO.ENOTCONN;
    if (byte === -2) return (this.#shutdownNow & RECEIVE) !== 0 ? receivedStream(0) : -ERRNO.EAGAIN;
    if (!keeps) connection.receiveUrgent(false);
    if (into.length > 0 && (flags & linux.MSG_TRUNC) === 0) into[0] = byte;
    return { ...receivedStream(Math.min(into.length, 1)), truncated: into.length === 0 };
  }

  get #early(): boolean {
    return this.#connection?.early === true;
  }

  #open(remote: Endpoint, prepare: boolean): number {
    const own = this.#binding?.local.address ?? remote.address;
    let { address } = remote;
    // Nowhere in particular is this machine: the address it is bound to, or loopback (`tcp_v4_connect`).
    if (isAnyIp(address) && !isIpv6(address)) address = isAnyIp(own) ? LOOPBACK : own;
    const before = this.#events.error;
    this.#events.error = 0;
    this.#shutdown = 0;
    const to = { address, port: remote.port };
    const connection = this.parts.tcp.connect(this.#binding, to, this.options, this.#events, prepare);
    if (typeof connection === 'number') {
      this.#events.error = before;
      return connection;
    }
    this.#connection = connection;
    this.#phase = 'connecting';
    return 0;
  }

  /** `tcp_disconnect`: what there was is reset, the socket may be used again, on the port that the program named. */
  #disconnect(): void {
    const active = this.#connection ?? this.#listener;
    this.#phase = 'unconnected';
    this.#shutdown = 0;
    this.#synTook = null;
    this.#events.over = false;
    if (active === null) return;
    const { receiveBuffer, sendBuffer } = this;
    this.#own = { ...active.options, receiveBuffer, sendBuffer };
    this.#listener?.close();
    if (this.#connection !== null) {
      this.#connection.user = null;
      if (this.#connection.state !== 'CLOSED') this.#connection.abort();
    }
    this.#listener = null;
    this.#connection = null;
    if (this.#named.port !== 0) return;
    this.#binding?.release();
    this.#binding = null;
  }

  #bindingOrAny(): Binding | number {
    if (this.#binding !== null) return this.#binding;
    const result = this.claim(this.#named);
    return this.#binding ?? result;
  }
}

const howToWrite = (flags: number): number =>
  ((flags & linux.MSG_MORE) !== 0 ? WRITE_MORE : 0) |
  ((flags & linux.MSG_OOB) !== 0 ? WRITE_URGENT : 0) |
  ((flags & linux.MSG_EOR) !== 0 ? WRITE_RECORD_END : 0);

const receivedStream = (length: number): Received => ({
  length,
  address: null,
  truncated: false,
  whole: length,
});
