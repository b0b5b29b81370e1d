import type { Nanoseconds, Simulation } from '../time/index.ts';
import { ERRNO } from '../trace/index.ts';
import { type AsyncTurns, turnsOf } from './async-turns.ts';
import * as linux from './constants.ts';
import { ints } from './option-table.ts';
import type { InternetAddress, Received, Socket, SocketAddress } from './socket-types.ts';
import { type ErrorPlace, SystemError } from './system-error.ts';

const MAYBE_READABLE = linux.POLLIN | linux.POLLHUP | linux.POLLERR;
const MAYBE_WRITABLE = linux.POLLOUT | linux.POLLHUP | linux.POLLERR;

/** How much `read` takes at most when it is not told. */
const READ_SIZE = 64 * 1024;

/** Where to connect to, or to listen on. */
export interface AsyncAddress {
  /** Dotted decimal. To connect: default 127.0.0.1; to listen: any address of the machine. */
  readonly address?: string;
  /** 0–65535; to listen on 0 takes a free one. */
  readonly port: number;
}

export interface ConnectOptions extends AsyncAddress {
  /** Gives up after so many nanoseconds of virtual time: ETIMEDOUT. Default: TCP's own patience. */
  readonly timeout?: Nanoseconds;
  readonly noDelay?: boolean;
}

export interface ListenOptions extends AsyncAddress {
  /** Default 511, Node's. */
  readonly backlog?: number;
  /** SO_REUSEADDR; default true, as Node sets it. */
  readonly reuseAddress?: boolean;
}

/** The calls of a socket that wait, as promises. What goes wrong is thrown as a `SystemError`. */
class AsyncBase {
  /** The socket below: its other calls and its options. */
  readonly socket: Socket;
  protected readonly sim: Simulation;
  readonly #turns: AsyncTurns;

  constructor(sim: Simulation, socket: Socket) {
    this.sim = sim;
    this.socket = socket;
    this.#turns = turnsOf(sim);
  }

  get localAddress(): InternetAddress {
    return this.socket.localAddress();
  }

  /** @returns null without a peer. */
  get remoteAddress(): InternetAddress | null {
    const address = this.socket.remoteAddress();
    return typeof address === 'number' ? null : address;
  }

  /** Sets an option that is a C `int`. @throws SystemError */
  setOption(level: number, name: number, value: number): void {
    check('setsockopt', this.socket.setOption(level, name, ints(value)));
  }

  /** Gives the socket back; what waits fails with EBADF. For a stream FIN follows what was written. */
  close(): void {
    this.socket.close();
    for (const giveUp of [...this.#waiting]) giveUp(ERRNO.EBADF);
  }

  readonly #waiting = new Set<(errno: number) => void>();

  /**
   * Tries a call until it does not say that it would block.
   * @param ready the poll bits that make another attempt worth it.
   * @param timeout in nanoseconds, 0 for ever; then it is `late`.
   */
  protected attempt<T>(
    call: string,
    ready: number,
    timeout: Nanoseconds,
    late: number,
    place: ErrorPlace,
    attempt: () => T | number,
    isDone: (result: T | number) => boolean,
  ): Promise<T> {
    this.#turns.asked();
    return new Promise<T>((resolve, reject) => {
      const first = attempt();
      if (isDone(first)) {
        this.#turns.answered();
        if (typeof first === 'number' && first < 0) reject(new SystemError(call, first, place));
        else resolve(first as T);
        return;
      }
      const settle = (result: T | number) => {
        leave();
        timer?.stop();
        this.#waiting.delete(giveUp);
        this.#turns.answered();
        if (typeof result === 'number' && result < 0) reject(new SystemError(call, result, place));
        else resolve(result as T);
      };
      const giveUp = (errno: number) => settle(-errno);
      const leave = this.socket.subscribe(() => {
        if ((this.socket.poll() & ready) === 0) return;
        const result = attempt();
        if (isDone(result)) settle(result);
      });
      const timer = timeout > 0 ? this.sim.timer(() => giveUp(late)) : null;
      timer?.start(timeout);
      this.#waiting.add(giveUp);
    });
  }
}

const wouldNotBlock = (result: unknown): boolean =>
  result !== -ERRNO.EAGAIN && result !== -ERRNO.EINPROGRESS && result !== -ERRNO.EALREADY;

/** A stream: bytes both ways, in order. */
export class AsyncSocket extends AsyncBase {
  /** @internal Use `stack.connect`. */
  connect(to: InternetAddress, timeout: Nanoseconds): Promise<this> {
    const { address, port } = to;
    return this.attempt<number>(
      'connect',
      MAYBE_WRITABLE,
      timeout,
      ERRNO.ETIMEDOUT,
      { address, port },
      () => this.socket.connect(to),
      wouldNotBlock,
    ).then(
      () => this,
      (error) => {
        this.socket.close();
        throw error;
      },
    );
  }

  /**
   * Waits for bytes.
   * @param most how many at most; default 64 KiB. @returns what came, or null at the end of the stream.
   * @throws SystemError: ECONNRESET, ETIMEDOUT …; EAGAIN after SO_RCVTIMEO.
   */
  async read(most = READ_SIZE): Promise<Uint8Array | null> {
    const received = await this.attempt<Uint8Array>(
      'read',
      MAYBE_READABLE,
      this.socket.receiveTimeout,
      ERRNO.EAGAIN,
      {},
      () => receiveBytes(this.socket, most),
      wouldNotBlock,
    );
    return received.length === 0 && most > 0 ? null : received;
  }

  /** Reads to the end of the stream. */
  async readAll(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  /**
   * Writes all of it, waiting for room; fulfilled when the stack has taken the last byte.
   * @param data text goes as UTF-8. The bytes must stay as they are meanwhile.
   * @throws SystemError: EPIPE, ECONNRESET …
   */
  async write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    let at = 0;
    do {
      const rest = at === 0 ? bytes : bytes.subarray(at);
      at += await this.attempt<number>(
        'write',
        MAYBE_WRITABLE,
        this.socket.sendTimeout,
        ERRNO.EAGAIN,
        {},
        () => this.socket.send(rest, linux.MSG_NOSIGNAL, null, 0),
        wouldNotBlock,
      );
    } while (at < bytes.length);
  }

  /** Says that nothing more will be written; reading goes on. @throws SystemError: ENOTCONN */
  end(): void {
    check('shutdown', this.socket.shutdown(linux.SHUT_WR));
  }

  /** Chunks as they come, to the end of the stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (let chunk = await this.read(); chunk !== null; chunk = await this.read()) yield chunk;
  }
}

/** A socket that listens. */
export class AsyncListener extends AsyncBase {
  /** Waits for a connection. */
  async accept(): Promise<AsyncSocket> {
    const socket = await this.attempt<Socket>(
      'accept',
      MAYBE_READABLE,
      this.socket.receiveTimeout,
      ERRNO.EAGAIN,
      {},
      () => this.socket.accept(),
      wouldNotBlock,
    );
    return new AsyncSocket(this.sim, socket);
  }

  /** Connections as they come, until it is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<AsyncSocket, void> {
    for (;;) {
      try {
        yield await this.accept();
      } catch (error) {
        if (error instanceof SystemError && error.code === 'EBADF') return;
        throw error;
      }
    }
  }
}

/** A datagram with where it came from. */
export interface AsyncDatagram {
  readonly data: Uint8Array;
  readonly from: InternetAddress;
}

/** A datagram socket. */
export class AsyncDatagramSocket extends AsyncBase {
  /** @returns how many bytes were sent. @throws SystemError: EMSGSIZE, ENETUNREACH, ECONNREFUSED … */
  send(data: Uint8Array | string, to?: Required<AsyncAddress>): number {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    const address = to === undefined ? null : { family: linux.AF_INET as 2, ...to };
    return check('send', this.socket.send(bytes, linux.MSG_NOSIGNAL, address, 0), to);
  }

  /** Waits for a datagram. @param timeout in nanoseconds; default SO_RCVTIMEO, for ever. */
  receive(timeout: Nanoseconds = this.socket.receiveTimeout): Promise<AsyncDatagram> {
    return this.attempt<AsyncDatagram>(
      'recvmsg',
      MAYBE_READABLE,
      timeout,
      ERRNO.EAGAIN,
      {},
      () => {
        const into = new Uint8Array(this.socket.readable);
        const received = this.socket.receive(into, 0);
        if (typeof received === 'number') return received;
        return { data: into, from: received.address ?? NOWHERE };
      },
      wouldNotBlock,
    );
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AsyncDatagram, void> {
    for (;;) yield await this.receive();
  }
}

const NOWHERE: SocketAddress = { family: linux.AF_INET, address: '0.0.0.0', port: 0 };

/** Connects a new stream. */
export function connectStream(
  sim: Simulation,
  socket: Socket,
  options: ConnectOptions,
): Promise<AsyncSocket> {
  const stream = new AsyncSocket(sim, socket);
  if (options.noDelay === true) stream.setOption(linux.IPPROTO_TCP, linux.TCP_NODELAY, 1);
  const to: InternetAddress = {
    family: linux.AF_INET,
    address: options.address ?? '127.0.0.1',
    port: options.port,
  };
  return stream.connect(to, options.timeout ?? 0);
}

/** Binds and listens. @throws SystemError: EADDRINUSE, EADDRNOTAVAIL */
export function listenStream(sim: Simulation, socket: Socket, options: ListenOptions): AsyncListener {
  const listener = new AsyncListener(sim, socket);
  if (options.reuseAddress !== false) listener.setOption(linux.SOL_SOCKET, linux.SO_REUSEADDR, 1);
  bindSocket(socket, options);
  const { address, port } = options;
  check('listen', socket.listen(options.backlog ?? 511), { address, port });
  return listener;
}

/** Binds a socket for a privileged caller. @throws SystemError */
export function bindSocket(socket: Socket, { address = '0.0.0.0', port }: AsyncAddress): void {
  const result = socket.bind({ family: linux.AF_INET, address, port }, { privileged: true });
  if (result < 0) {
    socket.close();
    throw new SystemError('bind', result, { address, port });
  }
}

/** A result as it is, or thrown. */
function check(call: string, result: number, place: ErrorPlace = {}): number {
  if (result < 0) throw new SystemError(call, result, place);
  return result;
}

function receiveBytes(socket: Socket, most: number): Uint8Array | number {
  const into = new Uint8Array(Math.min(most, Math.max(socket.readable, 1)));
  const received: Received | number = socket.receive(into, 0);
  if (typeof received === 'number') return received;
  return received.length === into.length ? into : into.subarray(0, received.length);
}
