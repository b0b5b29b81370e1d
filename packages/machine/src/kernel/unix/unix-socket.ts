import { ERRNO } from '@netarium/osi/trace';
import type { UnixAddress } from '../../system-calls.ts';
import {
  AF_UNIX,
  MSG_OOB,
  MSG_PEEK,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  SOCK_DGRAM,
  SOCK_STREAM,
} from '../constants.ts';
import { WaitQueue } from '../wait.ts';
import { type Message, type Passenger, UnixQueue, type UnixReceived } from './queue.ts';
import { type Credentials, UnixOptions } from './unix-options.ts';

const {
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  EINVAL,
  EISCONN,
  EMSGSIZE,
  ENOTCONN,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
  EPROTOTYPE,
} = ERRNO;

const RECEIVE = 1;
const SEND = 2;
const BOTH = 3;
/** Datagrams that wait for one receiver at most (net.unix.max_dgram_qlen). */
const MAX_DATAGRAMS = 10;
/** What a message costs of the send buffer beside its bytes: a kernel's bookkeeping (`SKB_TRUESIZE`). */
const OVERHEAD = 576;
/** net.core.somaxconn. */
const MOST_PENDING = 4096;
/** What getsockname(2) says of a socket without a name. */
const UNNAMED: UnixAddress = { family: AF_UNIX, path: '' };

/**
 * A socket of AF_UNIX (unix(7)), with the answers of Linux's `net/unix/af_unix.c`: bytes go from one socket of the
 * machine to another, without any packet. Who is meant by a name is `UnixNames`' matter.
 */
export class UnixSocket extends UnixOptions {
  readonly id: string;
  /** What it is bound to (`UnixNames`). */
  name: UnixAddress | null = null;
  closed = false;
  readonly #queue = new UnixQueue();
  readonly #changed = new WaitQueue();
  /** Those who wait for room in the queue of a listener. */
  readonly #room = new WaitQueue();
  #peer: UnixSocket | null = null;
  #shutdown = 0;
  /** Bytes under way from here, with what they cost. */
  #underWay = 0;
  /** How many connections may wait, once it listens; those that do. */
  #backlog: number | null = null;
  readonly #pending: UnixSocket[] = [];
  #error = 0;

  /** @param type SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET. @param id unique in its machine. */
  constructor(type: number, id: string) {
    super(type);
    this.id = id;
  }

  /** Two that are connected to each other (socketpair(2)). */
  static pair(type: number, id: string, maker: Credentials): [UnixSocket, UnixSocket] {
    const [first, second] = [new UnixSocket(type, `${id}a`), new UnixSocket(type, `${id}b`)];
    first.#peer = second;
    second.#peer = first;
    first.peerCredentials = second.peerCredentials = maker;
    return [first, second];
  }

  get listening(): boolean {
    return this.#backlog !== null;
  }

  get readable(): number {
    return this.type === SOCK_STREAM ? this.#queue.size : this.#queue.firstLength;
  }

  takeError(): number {
    const error = this.#error;
    this.#error = 0;
    return error;
  }

  /** @param listener who answers for it to those that connect. */
  listen(backlog: number, listener: Credentials): number {
    if (this.type === SOCK_DGRAM) return -EOPNOTSUPP;
    if (this.name === null || this.#peer !== null) return -EINVAL;
    this.#backlog = Math.min(backlog >>> 0, MOST_PENDING);
    this.peerCredentials = listener;
    this.#room.wake();
    return 0;
  }

  accept(): UnixSocket | number {
    if (this.type === SOCK_DGRAM) return -EOPNOTSUPP;
    if (this.#backlog === null) return -EINVAL;
    const accepted = this.#pending.shift();
    if (accepted === undefined) return this.#shutdown & RECEIVE ? -EINVAL : -EAGAIN;
    this.#room.wake();
    return accepted;
  }

  /** @param target null dissolves what connection there is. @param id for the socket that the other end accepts. @param by who connects. */
  connect(target: UnixSocket | null, id: string, by: Credentials): number {
    if (this.type === SOCK_DGRAM) return this.#connectDatagrams(target);
    if (target === null) return -EINVAL;
    if (target.type !== this.type) return -EPROTOTYPE;
    if (target.closed || target.#backlog === null || target.#shutdown & RECEIVE) return -ECONNREFUSED;
    if (this.#backlog !== null) return -EINVAL;
    if (this.#peer !== null) return -EISCONN;
    if (target.#pending.length > target.#backlog) return -EAGAIN;
    const accepted = new UnixSocket(this.type, id);
    accepted.name = target.name;
    accepted.#peer = this;
    accepted.peerCredentials = by;
    this.peerCredentials = target.peerCredentials;
    this.#peer = accepted;
    target.#pending.push(accepted);
    target.#changed.wake();
    this.#changed.wake();
    return 0;
  }

  /** Tells when a listener may take one more connection. @returns what ends it. */
  whenRoom(target: UnixSocket, wake: () => void): () => void {
    return target.#room.subscribe(wake);
  }

  /**
   * @param to whom, of a datagram that does not go to the peer. @param passengers open files that go with the bytes.
   * @returns how many bytes were taken.
   */
  send(
    bytes: Uint8Array,
    flags: number,
    to: UnixSocket | null,
    passengers: readonly Passenger[] = [],
  ): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (this.type !== SOCK_STREAM) return this.#sendPacket(bytes, to, passengers);
    if (to !== null) return this.#peer === null ? -EOPNOTSUPP : -EISCONN;
    const peer = this.#peer;
    if (peer === null) return -ENOTCONN;
    if (this.#shutdown & SEND || peer.closed || peer.#shutdown & RECEIVE) return -EPIPE;
    const most = (this.sendBuffer >> 1) - 64;
    let sent = 0;
    while (sent < bytes.length && this.#underWay < this.sendBuffer) {
      const part = bytes.slice(sent, sent + most);
      this.#post(peer, part, sent === 0 ? passengers : []);
      sent += part.length;
    }
    return sent > 0 || bytes.length === 0 ? sent : -EAGAIN;
  }

  receive(into: Uint8Array, flags: number): UnixReceived | number {
    const stream = this.type === SOCK_STREAM;
    if ((flags & MSG_OOB) !== 0) return stream ? -EINVAL : -EOPNOTSUPP;
    if (this.type !== SOCK_DGRAM && this.#peer === null) return stream ? -EINVAL : -ENOTCONN;
    if (this.#queue.empty) {
      if (this.#error !== 0) return -this.takeError();
      if (this.#shutdown & RECEIVE) return NOTHING;
      return -EAGAIN;
    }
    const peek = (flags & MSG_PEEK) !== 0;
    return (stream ? this.#queue.readStream(into, peek) : this.#queue.readPacket(into, peek)) ?? NOTHING;
  }

  shutdown(how: number): number {
    if (!(how >= 0 && how <= 2)) return -EINVAL;
    const what = how + 1;
    this.#shutdown |= what;
    const peer = this.#peer;
    if (peer !== null && this.type !== SOCK_DGRAM)
      peer.#shutdown |= (what & RECEIVE ? SEND : 0) | (what & SEND ? RECEIVE : 0);
    this.#changed.wake();
    if (peer !== null) peer.#changed.wake();
    return 0;
  }

  localAddress(): UnixAddress {
    return this.name ?? UNNAMED;
  }

  remoteAddress(): UnixAddress | number {
    return this.#peer === null ? -ENOTCONN : (this.#peer.name ?? UNNAMED);
  }

  /** `unix_poll`, `unix_dgram_poll`. */
  poll(): number {
    let ready = this.#error !== 0 ? POLLERR : 0;
    if (this.#shutdown === BOTH) ready |= POLLHUP;
    if (this.#shutdown & RECEIVE) ready |= POLLRDHUP | POLLIN;
    if (!this.#queue.empty || this.#pending.length > 0) ready |= POLLIN;
    if (this.type !== SOCK_DGRAM && this.#peer === null && !this.listening) ready |= POLLHUP;
    if (!this.listening && 4 * this.#underWay <= this.sendBuffer) ready |= POLLOUT;
    return ready;
  }

  subscribe(changed: () => void): () => void {
    return this.#changed.subscribe(changed);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const peer = this.#peer;
    if (peer !== null && this.type !== SOCK_DGRAM) {
      peer.#shutdown = BOTH;
      if (!this.#queue.empty) peer.#error = ECONNRESET;
    }
    this.#queue.clear();
    for (const waiting of this.#pending.splice(0)) {
      waiting.close();
      const client = waiting.#peer;
      if (client !== null) client.#error = ECONNRESET;
    }
    if (peer !== null) peer.#changed.wake();
    this.#room.wake();
  }

  #connectDatagrams(target: UnixSocket | null): number {
    if (target !== null) {
      if (target.type !== SOCK_DGRAM) return -EPROTOTYPE;
      if (target.closed) return -ECONNREFUSED;
      if (target.#peer !== null && target.#peer !== this) return -EPERM;
    }
    this.#peer = target;
    return 0;
  }

  #sendPacket(bytes: Uint8Array, to: UnixSocket | null, passengers: readonly Passenger[]): number {
    const datagram = this.type === SOCK_DGRAM;
    const target = (datagram ? to : null) ?? this.#peer;
    if (target === null) return -ENOTCONN;
    if (!datagram && (target.closed || this.#shutdown & SEND)) return -EPIPE;
    if (target.closed) {
      if (to === null) this.#peer = null;
      return -ECONNREFUSED;
    }
    if (target.type !== this.type) return -EPROTOTYPE;
    if (this.#shutdown & SEND || target.#shutdown & RECEIVE) return -EPIPE;
    if (bytes.length > this.sendBuffer - 32) return -EMSGSIZE;
    if (target.#peer !== null && target.#peer !== this) return datagram ? -EPERM : -EPIPE;
    const full = target.#peer !== this && target.#queue.count > MAX_DATAGRAMS;
    if (full || this.#underWay >= this.sendBuffer) return -EAGAIN;
    this.#post(target, bytes.slice(), passengers);
    return bytes.length;
  }

  #post(to: UnixSocket, bytes: Uint8Array, passengers: readonly Passenger[]): void {
    const cost = bytes.length + OVERHEAD;
    this.#underWay += cost;
    const message: Message = {
      bytes,
      from: this.type === SOCK_DGRAM ? this.name : null,
      passengers,
      received: () => {
        this.#underWay -= cost;
        this.#changed.wake();
      },
    };
    to.#queue.push(message);
    to.#changed.wake();
  }
}

const NOTHING: UnixReceived = { length: 0, address: null, truncated: false, whole: 0, passengers: [] };
