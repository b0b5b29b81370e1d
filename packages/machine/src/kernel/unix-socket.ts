import type { Received, Socket } from '@netarium/osi/5-session';
import { ERRNO } from '@netarium/osi/trace';
import type { UnixAddress } from '../system-calls.ts';
import { AF_UNIX, MSG_PEEK, POLLHUP, POLLIN, POLLOUT, SOCK_STREAM } from './constants.ts';
import { WaitQueue } from './wait.ts';

const { EAGAIN, ECONNREFUSED, EINVAL, EISCONN, EMSGSIZE, ENOPROTOOPT, ENOTCONN, EOPNOTSUPP, EPIPE } = ERRNO;

/** Bytes on the way to one of the two (net.core.wmem_default). */
const CAPACITY = 212_992;
const SOL_SOCKET = 1;
/** SO_TYPE, SO_ERROR, SO_SNDBUF, SO_RCVBUF, SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN (asm-generic/socket.h). */
const SO = {
  type: 3,
  error: 4,
  sendBuffer: 7,
  receiveBuffer: 8,
  accepts: 30,
  protocol: 38,
  domain: 39,
} as const;
const SHUT_RD = 0;
const SHUT_WR = 1;
const SHUT_RDWR = 2;
const POLLRDHUP = 0x2000;
const UNNAMED: UnixAddress = { family: AF_UNIX, path: '' };

/** One of two sockets that socketpair(2) connects to each other: unix(7), without names. */
export class UnixSocket implements Omit<Socket, 'localAddress' | 'remoteAddress'> {
  readonly domain = AF_UNIX;
  readonly type: number;
  readonly protocol = 0;
  readonly id: string;
  readonly receiveTimeout = 0;
  readonly atMark = false;
  readonly sendTimeout = 0;
  readonly #queue: Uint8Array[] = [];
  readonly #changed = new WaitQueue();
  #peer: UnixSocket | null = null;
  #size = 0;
  /** Nothing more is read; nothing more will come. */
  #readShut = false;
  #ended = false;
  #writeShut = false;

  private constructor(type: number, id: string) {
    this.type = type;
    this.id = id;
  }

  /** @param id of the pair, unique in its machine. */
  static pair(type: number, id: string): [UnixSocket, UnixSocket] {
    const [first, second] = [new UnixSocket(type, `${id}a`), new UnixSocket(type, `${id}b`)];
    first.#peer = second;
    second.#peer = first;
    return [first, second];
  }

  get readable(): number {
    return this.type === SOCK_STREAM ? this.#size : (this.#queue[0]?.length ?? 0);
  }

  bind(): number {
    return -EINVAL;
  }

  listen(): number {
    return -EINVAL;
  }

  accept(): number {
    return -EINVAL;
  }

  connect(): number {
    return -EISCONN;
  }

  send(bytes: Uint8Array, _flags: number, to: unknown): number {
    const stream = this.type === SOCK_STREAM;
    if (to !== null) return stream ? -EISCONN : -EOPNOTSUPP;
    const peer = this.#peer;
    if (this.#writeShut || peer === null || peer.#readShut)
      return stream || peer !== null ? -EPIPE : -ECONNREFUSED;
    const room = CAPACITY - peer.#size;
    if (!stream && bytes.length > CAPACITY) return -EMSGSIZE;
    if (stream ? room === 0 && bytes.length > 0 : room < bytes.length) return -EAGAIN;
    const taken = bytes.slice(0, stream ? room : undefined);
    if (stream && taken.length === 0) return 0;
    peer.#queue.push(taken);
    peer.#size += taken.length;
    peer.#changed.wake();
    return taken.length;
  }

  receive(into: Uint8Array, flags: number): Received | number {
    const first = this.#queue[0];
    if (first === undefined) {
      if (!this.#ended && !this.#readShut) return -EAGAIN;
      return { length: 0, address: null, truncated: false, whole: 0 };
    }
    const peek = (flags & MSG_PEEK) !== 0;
    if (this.type !== SOCK_STREAM) {
      into.set(first.subarray(0, into.length));
      if (!peek) this.#taken(first.length, 1);
      const length = Math.min(first.length, into.length);
      return { length, address: null, truncated: first.length > length, whole: first.length };
    }
    let length = 0;
    let whole = 0;
    for (const part of this.#queue) {
      const piece = part.subarray(0, into.length - length);
      into.set(piece, length);
      length += piece.length;
      if (piece.length < part.length) break;
      whole++;
    }
    if (!peek) {
      const rest = this.#queue.slice(0, whole).reduce((left, part) => left - part.length, length);
      const cut = this.#queue[whole];
      if (rest > 0 && cut !== undefined) this.#queue[whole] = cut.subarray(rest);
      this.#taken(length, whole);
    }
    return { length, address: null, truncated: false, whole: length };
  }

  #taken(bytes: number, parts: number): void {
    this.#queue.splice(0, parts);
    this.#size -= bytes;
    if (this.#peer !== null) this.#peer.#changed.wake();
  }

  shutdown(how: number): number {
    if (how < SHUT_RD || how > SHUT_RDWR) return -EINVAL;
    const peer = this.#peer;
    if (peer === null) return -ENOTCONN;
    if (how !== SHUT_WR) this.#readShut = true;
    if (how !== SHUT_RD) {
      this.#writeShut = true;
      peer.#ended = true;
    }
    this.#changed.wake();
    peer.#changed.wake();
    return 0;
  }

  localAddress(): UnixAddress {
    return UNNAMED;
  }

  remoteAddress(): UnixAddress | number {
    return this.#peer === null ? -ENOTCONN : UNNAMED;
  }

  getOption(level: number, name: number, length: number): Uint8Array | number {
    const value = level === SOL_SOCKET ? this.#option(name) : undefined;
    if (value === undefined) return -ENOPROTOOPT;
    return new Uint8Array(Int32Array.of(value).buffer).slice(0, length);
  }

  #option(name: number): number | undefined {
    switch (name) {
      case SO.type:
        return this.type;
      case SO.domain:
        return AF_UNIX;
      case SO.sendBuffer:
      case SO.receiveBuffer:
        return CAPACITY;
      case SO.error:
      case SO.accepts:
      case SO.protocol:
        return 0;
      default:
        return undefined;
    }
  }

  setOption(): number {
    return -ENOPROTOOPT;
  }

  poll(): number {
    const peer = this.#peer;
    const over = this.#ended || this.#readShut;
    let ready = this.#queue.length > 0 || over ? POLLIN : 0;
    if (over) ready |= POLLRDHUP;
    if (over && this.#writeShut) ready |= POLLHUP;
    if (peer === null) return this.type === SOCK_STREAM ? ready | POLLHUP | POLLOUT : ready | POLLOUT;
    return peer.#size < CAPACITY ? ready | POLLOUT : ready;
  }

  subscribe(changed: () => void): () => void {
    return this.#changed.subscribe(changed);
  }

  close(): void {
    const peer = this.#peer;
    this.#peer = null;
    this.#readShut = true;
    if (peer === null) return;
    peer.#peer = null;
    if (this.type === SOCK_STREAM) peer.#ended = true;
    peer.#changed.wake();
  }
}
