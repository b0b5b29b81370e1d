import { type AddressInfo, isIP, type SocketConstructorOpts, type TcpNetConnectOpts } from 'node:net';
import { Duplex } from 'node:stream';
import type { Socket as StackSocket } from '@netarium/osi/5-session';
import { ERRNO } from '@netarium/osi/trace';
import { type Arguments, connectArguments } from './arguments.ts';
import * as linux from './constants.ts';
import { callError, type Place } from './errors.ts';
import { addressFor, openStream, pendingError, setInt, shown } from './handle.ts';
import { IdleTimer } from './idle-timer.ts';
import { type Names, resolve } from './lookup.ts';
import type { World } from './world.ts';

/** How much is read at a time. */
const READ_SIZE = 65_536;

/** What a socket may be told when it is made, or when it connects. */
export interface SocketSettings extends SocketConstructorOpts {
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
  readonly highWaterMark?: number;
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
  readonly #names: Names;
  readonly #idle: IdleTimer;
  #handle: StackSocket | null = null;
  #unsubscribe: (() => void) | null = null;
  #place: Place = { address: '', port: 0 };
  #target: { readonly host: string; readonly family: number } | null = null;
  #wanted: SocketSettings;
  #sent = 0;
  #reading = false;
  #ended = false;
  #waiting: Waiting | null = null;
  #finishing: Done | null = null;
  #ownAddress: AddressInfo | null = null;
  #peerAddress: AddressInfo | null = null;

  constructor(
    world: World,
    names: Names,
    settings: SocketSettings = {},
    accepted: StackSocket | null = null,
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
    this.#names = names;
    this.#wanted = settings;
    this.#idle = new IdleTimer(world, () => this.emit('timeout'));
    this.on('end', onEnd);
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
    const { options, callback } = connectArguments(args);
    if (callback !== null) this.once('connect', callback);
    this.#wanted = { ...this.#wanted, ...(options as SocketSettings) };
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
      else this.#open(address, family, options);
    };
    this.#later(() => {
      if (this.connecting) resolve(host, options.lookup, this.#names, found);
    });
    return this;
  }

  /** @param milliseconds of virtual time in which nothing is sent or received; 0 takes it away. */
  setTimeout(milliseconds: number, callback?: () => void): this {
    this.timeout = milliseconds;
    this.#idle.set(this.destroyed ? 0 : milliseconds);
    if (callback !== undefined) {
      if (milliseconds === 0) this.removeListener('timeout', callback);
      else this.once('timeout', callback);
    }
    return this;
  }

  setNoDelay(on = true): this {
    this.#wanted = { ...this.#wanted, noDelay: on };
    if (this.#handle !== null) setInt(this.#handle, linux.IPPROTO_TCP, linux.TCP_NODELAY, on ? 1 : 0);
    return this;
  }

  /** @param initialDelay in milliseconds; 0 leaves it as it is. */
  setKeepAlive(on = false, initialDelay = 0): this {
    this.#wanted = { ...this.#wanted, keepAlive: on, keepAliveInitialDelay: initialDelay };
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

  override _read(): void {
    this.#reading = true;
    if (this.#handle !== null && !this.connecting) this.#receive(this.#handle);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    const waiting = { bytes: chunk, sent: 0, done };
    if (this.#handle === null || this.connecting) {
      this.#world.noteCall();
      this.#waiting = waiting;
      return;
    }
    this.#send(this.#handle, waiting);
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
    this.#idle.set(0);
    this.#unsubscribe?.();
    const handle = this.#handle;
    // What they were is still told after the end.
    if (handle !== null) this.#peer();
    this.#handle = null;
    if (handle !== null) this.#world.call('close', '', () => handle.close());
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.done(error ?? callError('write', ERRNO.ECANCELED));
    done(error);
    this.#later(() => this.emit('close', error !== null));
  }

  #open(address: string, family: number, options: TcpNetConnectOpts): void {
    const { port } = options;
    this.#place = { address, port };
    const handle = openStream(this.#world.stack, family);
    if (typeof handle === 'number') {
      this.destroy(callError('connect', handle, this.#place));
      return;
    }
    this.#hold(handle);
    this.#target = { host: address, family };
    const { localAddress, localPort = 0 } = options;
    if (localAddress !== undefined || localPort > 0) {
      const own = addressFor(localAddress ?? (family === 6 ? '::' : '0.0.0.0'), localPort, family);
      const bound = handle.bind(own, { privileged: true });
      if (bound < 0) {
        this.destroy(callError('bind', bound, own));
        return;
      }
    }
    const { connect } = this.#world.call('connect', `${address}:${port}`, () => ({
      connect: handle.connect(addressFor(address, port, family)),
    }));
    if (connect !== -ERRNO.EINPROGRESS) this.#connected(handle, connect);
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
    this.#unsubscribe = handle.subscribe(() => this.#world.tell(() => this.#changed(handle)));
  }

  #applyOptions(): void {
    const { noDelay, keepAlive, keepAliveInitialDelay } = this.#wanted;
    if (noDelay !== undefined) this.setNoDelay(noDelay);
    if (keepAlive === true) this.setKeepAlive(true, keepAliveInitialDelay);
  }

  /** The stack says that something is ready, or over. */
  #changed(handle: StackSocket): void {
    if (this.connecting) {
      const target = this.#target;
      if (target === null) return;
      const result = handle.connect(addressFor(target.host, this.#place.port, target.family));
      if (result === -ERRNO.EALREADY || result === -ERRNO.EINPROGRESS) return;
      this.#connected(handle, result);
      return;
    }
    const waiting = this.#waiting;
    if (waiting !== null) this.#send(handle, waiting);
    if (this.#reading && !this.destroyed) this.#receive(handle);
    // Nobody reads: a reset is told all the same, as by libuv's poll.
    else if (!this.destroyed && (handle.poll() & linux.POLLERR) !== 0) {
      const errno = pendingError(handle);
      if (errno > 0) this.destroy(callError('read', errno));
    }
  }

  #connected(handle: StackSocket, result: number): void {
    if (!this.connecting || this.destroyed) return;
    if (result < 0) {
      this.destroy(callError('connect', result, this.#place));
      return;
    }
    this.connecting = false;
    this.#applyOptions();
    this.#idle.active();
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
      const into = Buffer.allocUnsafe(Math.min(READ_SIZE, Math.max(handle.readable, 1)));
      const got = handle.receive(into, 0);
      if (typeof got === 'number') {
        if (got !== -ERRNO.EAGAIN) this.destroy(callError('read', got));
        return;
      }
      this.#idle.active();
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
    this.#waiting = waiting;
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
      this.#idle.active();
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

/** After the peer's FIN a socket that is not half open ends too, and who writes on is told so. */
function onEnd(this: Socket): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd as typeof this.write;
}

function writeAfterEnd(this: Socket, _chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
  const error = Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' });
  const told = typeof encoding === 'function' ? encoding : callback;
  if (typeof told === 'function') process.nextTick(told as (error: Error) => void, error);
  this.destroy(error);
  return false;
}
