import { Sysctl } from '@netarium/osi/3-network';
import type { ControlMessage, Received, Socket, SocketAddress } from '@netarium/osi/5-session';
import { ERRNO, type EventId } from '@netarium/osi/trace';
import type { Network } from '../src/index.ts';

const { EAGAIN, EALREADY, EINPROGRESS } = ERRNO;

/** A network of sockets that do what the test tells them. */
export class FakeNetwork implements Network {
  readonly sysctl = new Sysctl();
  readonly kernelLog = [];
  readonly sockets: FakeSocket[] = [];
  socket(domain: number, type: number, protocol: number): Socket | number {
    if (domain !== 2) return -ERRNO.EAFNOSUPPORT;
    const socket = new FakeSocket(type, protocol, this.sockets.length);
    this.sockets.push(socket);
    return socket;
  }
  netlink(): number {
    return -ERRNO.EOPNOTSUPP;
  }
  groups() {
    return [];
  }
  groups6() {
    return [];
  }
  tcpEntries() {
    return [];
  }
  udpEntries() {
    return [];
  }
  counters6() {
    return new Map();
  }
  counters() {
    return new Map();
  }
}

export class FakeSocket implements Socket {
  /** Whoever wants to hear of urgent data. */
  urgent: () => void = () => {};
  readonly domain = 2;
  readonly type: number;
  readonly protocol: number;
  readonly id: string;
  receiveTimeout = 0;
  atMark = false;
  sendTimeout = 0;
  closed = false;
  /** How many bytes `send` takes before it is full. */
  room = Number.POSITIVE_INFINITY;
  sent: { text: string; origin: EventId }[] = [];
  /** A negated errno that the next send or receive gives. */
  error = 0;
  pending: FakeSocket[] = [];
  connection: 'none' | 'trying' | 'done' | number = 'none';
  #inbox = new Uint8Array(0);
  #listeners = new Set<() => void>();

  constructor(type: number, protocol: number, number: number) {
    this.type = type;
    this.protocol = protocol;
    this.id = `fake:${number}`;
  }

  /** Bytes come in. */
  arrive(data: string): void {
    const more = new TextEncoder().encode(data);
    const all = new Uint8Array(this.#inbox.length + more.length);
    all.set(this.#inbox);
    all.set(more, this.#inbox.length);
    this.#inbox = all;
    this.changed();
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  get readable(): number {
    return this.#inbox.length;
  }
  bind(): number {
    return 0;
  }
  listen(): number {
    return 0;
  }
  accept(): Socket | number {
    return this.pending.shift() ?? -EAGAIN;
  }
  connect(): number {
    if (this.connection === 'none') {
      this.connection = 'trying';
      return -EINPROGRESS;
    }
    if (this.connection === 'trying') return -EALREADY;
    return this.connection === 'done' ? 0 : this.connection;
  }
  sendWith(_controls: readonly ControlMessage[], _to: unknown, send: () => number): number {
    return send();
  }
  send(data: Uint8Array, _flags: number, _to: SocketAddress | null, origin: EventId): number {
    if (this.error !== 0) return this.error;
    if (this.room === 0) return -EAGAIN;
    const taken = data.subarray(0, this.room);
    this.room -= taken.length;
    this.sent.push({ text: new TextDecoder().decode(taken), origin });
    return taken.length;
  }
  receive(into: Uint8Array): Received | number {
    if (this.error !== 0) return this.error;
    if (this.#inbox.length === 0) return -EAGAIN;
    const part = this.#inbox.subarray(0, into.length);
    into.set(part);
    this.#inbox = this.#inbox.slice(part.length);
    return { length: part.length, address: null, truncated: false, whole: part.length };
  }
  shutdown(): number {
    return 0;
  }
  localAddress(): SocketAddress {
    return { family: 2, address: '10.0.0.1', port: 9000 };
  }
  remoteAddress(): SocketAddress {
    return { family: 2, address: '10.0.0.2', port: 50_000 };
  }
  getOption(): Uint8Array {
    return new Uint8Array(4);
  }
  setOption(): number {
    return 0;
  }
  poll(): number {
    return (this.#inbox.length > 0 || this.pending.length > 0 ? 1 : 0) | (this.room > 0 ? 4 : 0);
  }
  watchUrgent(called: () => void): void {
    this.urgent = called;
  }

  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }
  close(): void {
    this.closed = true;
  }
}
