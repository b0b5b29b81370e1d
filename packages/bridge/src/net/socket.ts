import { type AddressInfo, isIP, type SocketConstructorOpts, type TcpNetConnectOpts } from 'node:net';
import { Duplex } from 'node:stream';
import type { Socket as StackSocket } from '@netarium/osi/5-session';
import { ERRNO } from '@netarium/osi/trace';
import { type Arguments, connectArguments } from './arguments.ts';
import * as linux from './constants.ts';
import { callError, type Place } from './errors.ts';
import { addressFor, errorOf, openStream, setInt, shown } from './handle.ts';
import { IdleTimer } from './idle-timer.ts';
import { resolve } from './lookup.ts';
import type { World } from './world.ts';

/** How much is read at a time. */
const READ_SIZE = 65_536;

/** poll(2): bytes, the end or an error are to be read; an attempt to connect has come to its end. */
const READABLE = linux.POLLIN | linux.POLLERR | linux.POLLHUP;
const CONNECTED = linux.POLLOUT | linux.POLLERR | linux.POLLHUP;

/** What a socket may be told when it is made, or when it connects. */
export interface SocketSettings extends SocketConstructorOpts {
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
  readonly highWaterMark?: number;
}

/** Who is told of the end of connections that it has accepted. */
export interface Acceptor {
  closed(): void;
}

type Done = (error?: Error | null) => void;

/** Bytes that wait for room in the send buffer. */
interface Waiting {
  readonly bytes: Uint8Array;
  sent: number;
  readonly done: Done;
}

/** `net.Socket` over a TCP socket of a machine: a Duplex with the same events, errors and order of things. */
export class Socket extends Duplex {
  connecting = false;
  bytesRead = 0;
  /** The server that accepted it: code that serves HTTP looks for it. */
  server: unknown = null;
  timeout: number | undefined;
  readonly #world: World;
  readonly #acceptor: Acceptor | null;
  #idle: IdleTimer | null = null;
  #handle: StackSocket | null = null;
  #unsubscribe: (() => void) | null = null;
  /** Where it connects to. */
  #place: Place | null = null;
  #noDelay: boolean | undefined;
  #keepAlive: boolean | undefined;
  #keepAliveDelay: number | undefined;
  #sent = 0;
  #reading = false;
  #ended = false;
  #waiting: Waiting | null = null;
  #finishing: Done | null = null;
  #ownAddress: AddressInfo | null = null;
  #peerAddress: AddressInfo | null = null;

  /** @param accepted a connection that `acceptor` has been handed. */
  constructor(
    world: World,
    settings: SocketSettings = {},
    accepted: StackSocket | null = null,
    acceptor: Acceptor | null = null,
  ) {
    super({
      allowHalfOpen: settings.allowHalfOpen ?? false,
      highWaterMark: settings.highWaterMark,
      signal: settings.signal,
      // `close` says whether there was an error, so it is emitted here.
      emitClose: false,
      autoDestroy: true,
      decodeStrings: true,
    });
    this.#world = world;
    this.#acceptor = acceptor;
    this.server = acceptor;
    this.#want(settings);
    if (accepted !== null) this.#take(accepted);
  }

  /** Nothing has been connected yet. */
  get pending(): boolean {
    return this.#handle === null || this.connecting;
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** Written by the program, whether the stack has taken it or not. */
  get bytesWritten(): number {
    const waiting = this.#waiting === null ? 0 : this.#waiting.bytes.length - this.#waiting.sent;
    return this.#sent + waiting + (this.connecting ? this.writableLength : 0);
  }

  get remoteAddress(): string | undefined {
    return this.#peer()?.address;
  }

  get remoteFamily(): string | undefined {
    return this.#peer()?.family;
  }

  get remotePort(): number | undefined {
    return this.#peer()?.port;
  }

  get localAddress(): string | undefined {
    return this.#own()?.address;
  }

  get localFamily(): string | undefined {
    return this.#own()?.family;
  }

  get localPort(): number | undefined {
    return this.#own()?.port;
  }

  address(): AddressInfo | Record<string, never> {
    return this.#own() ?? {};
  }

  /** As `net.Socket.connect`: `(options)` or `(port, host)`, with a callback that is told of 'connect'. */
  connect(...args: Arguments): this {
    const { options, port, callback } = connectArguments(args);
    if (callback !== null) this.once('connect', callback);
    this.#want(options as SocketSettings);
    this.connecting = true;
    this.#world.noteCall();
    const host = options.host ?? 'localhost';
    const { timeout } = options as { timeout?: number };
    if (timeout !== undefined) this.setTimeout(timeout);
    const found = (error: Error | null, address: string, family: number) => {
      if (isIP(host) === 0) this.emit('lookup', error, address, family, host);
      if (!this.connecting || this.destroyed) return;
      this.#world.noteCall();
      if (error !== null) this.destroy(error);
      else this.#open(address, port, family, options);
    };
    this.#later(() => {
      if (this.connecting) resolve(host, options.lookup, this.#world.names, found);
    });
    return this;
  }

  /** @param milliseconds of virtual time in which nothing is sent or received; 0 takes it away. */
  setTimeout(milliseconds: number, callback?: () => void): this {
    this.timeout = milliseconds;
    if (milliseconds > 0 && !this.destroyed) {
      this.#idle ??= new IdleTimer(this.#world, () => this.emit('timeout'));
      this.#idle.set(milliseconds);
    } else {
      this.#idle?.set(0);
    }
    if (callback !== undefined) {
      if (milliseconds === 0) this.removeListener('timeout', callback);
      else this.once('timeout', callback);
    }
    return this;
  }

  setNoDelay(on = true): this {
    this.#noDelay = on;
    if (this.#handle !== null) setInt(this.#handle, linux.IPPROTO_TCP, linux.TCP_NODELAY, on ? 1 : 0);
    return this;
  }

  /** @param initialDelay in milliseconds; 0 leaves it as it is. */
  setKeepAlive(on = false, initialDelay = 0): this {
    this.#keepAlive = on;
    this.#keepAliveDelay = initialDelay;
    const handle = this.#handle;
    if (handle === null) return this;
    setInt(handle, linux.SOL_SOCKET, linux.SO_KEEPALIVE, on ? 1 : 0);
    const delay = Math.floor(initialDelay / 1000);
    if (on && delay > 0) setInt(handle, linux.IPPROTO_TCP, linux.TCP_KEEPIDLE, delay);
    return this;
  }

  /** A lab goes on as long as somebody drives it: nothing here holds a process. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  /** Ends it, and destroys it when everything is written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Closes by RST. */
  resetAndDestroy(): this {
    const linger = new Uint8Array(Int32Array.of(1, 0).buffer);
    this.#handle?.setOption(linux.SOL_SOCKET, linux.SO_LINGER, linger);
    return this.destroy();
  }

  /** After the peer's FIN a socket that is not half open ends too; who writes after that is told so. */
  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    if (!this.readableEnded || !this.writableEnded || this.allowHalfOpen) {
      return super.write(chunk, encoding as BufferEncoding, callback as () => void);
    }
    const error = Object.assign(new Error('This socket has been ended by the other party'), {
      code: 'EPIPE',
    });
    const told = typeof encoding === 'function' ? encoding : callback;
    if (typeof told === 'function') process.nextTick(told as (error: Error) => void, error);
    this.destroy(error);
    return false;
  }

  override _read(): void {
    this.#reading = true;
    if (this.#handle !== null && !this.connecting) this.#receive(this.#handle);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#waiting = { bytes: chunk, sent: 0, done };
    if (this.#handle === null || this.connecting) this.#world.noteCall();
    else this.#send(this.#handle, this.#waiting);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }

  override _final(done: Done): void {
    const handle = this.#handle;
    if (handle === null && !this.connecting) {
      done();
      return;
    }
    if (handle === null || this.connecting) {
      this.#world.noteCall();
      this.#finishing = done;
      return;
    }
    this.#finish(handle, done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.connecting = false;
    this.#idle?.set(0);
    this.#unsubscribe?.();
    const handle = this.#handle;
    this.#handle = null;
    if (handle !== null) this.#world.call('close', '', () => handle.close());
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.done(error ?? callError('write', ERRNO.ECANCELED));
    done(error);
    this.#later(() => {
      this.#acceptor?.closed();
      this.emit('close', error !== null);
    });
  }

  #want({ noDelay, keepAlive, keepAliveInitialDelay }: SocketSettings): void {
    if (noDelay !== undefined) this.#noDelay = noDelay;
    if (keepAlive !== undefined) this.#keepAlive = keepAlive;
    if (keepAliveInitialDelay !== undefined) this.#keepAliveDelay = keepAliveInitialDelay;
  }

  #open(address: string, port: number, family: number, options: TcpNetConnectOpts): void {
    this.#place = { address, port };
    const handle = openStream(this.#world.stack, family);
    if (typeof handle === 'number') {
      this.destroy(callError('connect', handle, this.#place));
      return;
    }
    this.#hold(handle);
    const { localAddress, localPort = 0 } = options;
    if (localAddress !== undefined || localPort > 0) {
      const own = addressFor(localAddress ?? (family === 6 ? '::' : '0.0.0.0'), localPort, family);
      const bound = handle.bind(own, { privileged: true });
      if (bound < 0) {
        this.destroy(callError('bind', bound, own));
        return;
      }
    }
    const result = this.#world.call('connect', `${address}:${port}`, () =>
      handle.connect(addressFor(address, port, family)),
    );
    if (result !== -ERRNO.EINPROGRESS) this.#connected(handle, -result);
  }

  /** A connection that a listener has handed out. */
  #take(handle: StackSocket): void {
    this.#hold(handle);
    this.#applyOptions();
    // As Node: bytes are asked for at once, and the stream holds them until somebody listens.
    this.read(0);
  }

  #hold(handle: StackSocket): void {
    this.#handle = handle;
    const changed = () => this.#changed(handle);
    this.#unsubscribe = handle.subscribe(() => this.#world.tell(changed));
  }

  #applyOptions(): void {
    if (this.#noDelay !== undefined) this.setNoDelay(this.#noDelay);
    if (this.#keepAlive === true) this.setKeepAlive(true, this.#keepAliveDelay);
  }

  /** The stack says that something is ready, or over. */
  #changed(handle: StackSocket): void {
    if (this.connecting) {
      // As libuv: once it is writable or over, the socket's error says what has become of it (connect(2), EINPROGRESS).
      const ready = handle.poll();
      if ((ready & CONNECTED) !== 0) this.#connected(handle, errorOf(handle, ready));
      return;
    }
    const waiting = this.#waiting;
    if (waiting !== null) this.#send(handle, waiting);
    if (this.#reading && !this.destroyed) this.#receive(handle);
    // Nobody reads: a reset is told all the same, as by libuv's poll.
    else if (!this.destroyed) {
      const errno = errorOf(handle, handle.poll());
      if (errno > 0) this.destroy(callError('read', errno));
    }
  }

  #connected(handle: StackSocket, errno: number): void {
    if (!this.connecting || this.destroyed) return;
    if (errno > 0) {
      this.destroy(callError('connect', errno, this.#place ?? undefined));
      return;
    }
    this.connecting = false;
    this.#applyOptions();
    this.#idle?.active();
    this.emit('connect');
    this.emit('ready');
    if (this.destroyed) return;
    const waiting = this.#waiting;
    if (waiting !== null) this.#send(handle, waiting);
    const finishing = this.#finishing;
    if (finishing !== null && this.#waiting === null) {
      this.#finishing = null;
      this.#finish(handle, finishing);
    }
    if (!this.destroyed && !this.isPaused()) this.read(0);
  }

  #receive(handle: StackSocket): void {
    while (this.#reading && !this.#ended && !this.destroyed) {
      const ready = handle.readable;
      if (ready === 0 && (handle.poll() & READABLE) === 0) return;
      const into = Buffer.allocUnsafe(Math.min(READ_SIZE, Math.max(ready, 1)));
      const got = handle.receive(into, 0);
      if (typeof got === 'number') {
        if (got !== -ERRNO.EAGAIN) this.destroy(callError('read', got));
        return;
      }
      this.#idle?.active();
      if (got.length === 0) {
        this.#ended = true;
        this.#world.noteCall();
        this.push(null);
        // A stream that nobody reads ends all the same (Node: onStreamRead).
        if (this.readableLength === 0) this.read(0);
        return;
      }
      this.bytesRead += got.length;
      this.#reading = this.push(got.length === into.length ? into : into.subarray(0, got.length));
    }
  }

  #send(handle: StackSocket, waiting: Waiting): void {
    const { bytes } = waiting;
    while (waiting.sent < bytes.length) {
      const rest = waiting.sent === 0 ? bytes : bytes.subarray(waiting.sent);
      const taken = this.#world.call('write', String(rest.length), (origin) =>
        handle.send(rest, linux.MSG_NOSIGNAL, null, origin),
      );
      if (taken === -ERRNO.EAGAIN) return;
      if (taken < 0) {
        this.#waiting = null;
        waiting.done(callError('write', taken));
        return;
      }
      waiting.sent += taken;
      this.#sent += taken;
      this.#idle?.active();
    }
    this.#waiting = null;
    waiting.done();
  }

  #finish(handle: StackSocket, done: Done): void {
    const result = this.#world.call('shutdown', 'SHUT_WR', () => handle.shutdown(linux.SHUT_WR));
    done(result < 0 && result !== -ERRNO.ENOTCONN ? callError('shutdown', result) : null);
  }

  #later(work: () => void): void {
    this.#world.noteCall();
    process.nextTick(work);
  }

  #peer(): AddressInfo | null {
    if (this.#peerAddress !== null || this.#handle === null || this.connecting) return this.#peerAddress;
    const address = this.#handle.remoteAddress(true);
    if (typeof address === 'number') return null;
    this.#own();
    this.#peerAddress = shown(address);
    return this.#peerAddress;
  }

  #own(): AddressInfo | null {
    if (this.#handle === null || this.connecting) return this.#ownAddress;
    this.#ownAddress ??= shown(this.#handle.localAddress());
    return this.#ownAddress;
  }
}
