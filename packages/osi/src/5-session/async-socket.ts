import type { Nanoseconds, Simulation } from '../time/index.ts';
import { ERRNO } from '../trace/index.ts';
import {
  type AsyncAddress,
  AsyncBase,
  bindSocket,
  check,
  MAYBE_READABLE,
  MAYBE_WRITABLE,
  socketAddress,
} from './async-base.ts';
import * as linux from './constants.ts';
import type { Received, Socket, SocketAddress } from './socket-types.ts';
import { SystemError } from './system-error.ts';

/** How much `read` takes at most when it is not told. */
const READ_SIZE = 64 * 1024;

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

/** A stream: bytes both ways, in order. */
export class AsyncSocket extends AsyncBase {
  /** @internal Use `stack.connect`. */
  connect(to: SocketAddress, timeout: Nanoseconds): Promise<this> {
    const { address, port } = to;
    return this.attempt<number>('connect', MAYBE_WRITABLE, timeout, ERRNO.ETIMEDOUT, { address, port }, () =>
      this.socket.connect(to),
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
    );
    return received.length === 0 && most > 0 ? null : received;
  }

  /**
   * Waits for bytes, and copies them into memory of the program's own: for transfers in which new memory for each read
   * would cost more than the read.
   * @returns how many came, or null at the end of the stream. @throws SystemError as `read`.
   */
  async readInto(into: Uint8Array): Promise<number | null> {
    const { socket } = this;
    const count = await this.attempt<number>(
      'read',
      MAYBE_READABLE,
      socket.receiveTimeout,
      ERRNO.EAGAIN,
      {},
      () => {
        const received = socket.receive(into, 0);
        return typeof received === 'number' ? received : received.length;
      },
    );
    return count === 0 && into.length > 0 ? null : count;
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

/** Connects a new stream. */
export function connectStream(
  sim: Simulation,
  socket: Socket,
  options: ConnectOptions,
): Promise<AsyncSocket> {
  const stream = new AsyncSocket(sim, socket);
  if (options.noDelay === true) stream.setOption(linux.IPPROTO_TCP, linux.TCP_NODELAY, 1);
  const to = socketAddress(options.address ?? '127.0.0.1', options.port);
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

function receiveBytes(socket: Socket, most: number): Uint8Array | number {
  const into = new Uint8Array(Math.min(most, Math.max(socket.readable, 1)));
  const received: Received | number = socket.receive(into, 0);
  if (typeof received === 'number') return received;
  return received.length === into.length ? into : into.subarray(0, received.length);
}
