import { EventEmitter } from 'node:events';
import { type AddressInfo, isIP, type ServerOpts } from 'node:net';
import type { Socket as StackSocket } from '@netarium/osi/5-session';
import { type Arguments, type ListenSettings, listenArguments } from './arguments.ts';
import * as linux from './constants.ts';
import { listenError, notFound } from './errors.ts';
import { addressFor, openStream, setInt, shown } from './handle.ts';
import { type Acceptor, Socket, type SocketSettings } from './socket.ts';
import type { World } from './world.ts';

/** Node's. */
const BACKLOG = 511;

/** `net.Server` over a listening socket of a machine. */
export class Server extends EventEmitter implements Acceptor {
  /** More connections than this are closed at once: 'drop'. */
  maxConnections: number | undefined;
  readonly #world: World;
  readonly #settings: SocketSettings & { readonly pauseOnConnect?: boolean };
  #connections = 0;
  #handle: StackSocket | null = null;
  #closing = false;

  constructor(
    world: World,
    settings: ServerOpts | ((socket: Socket) => void) = {},
    listener?: (socket: Socket) => void,
  ) {
    super();
    this.#world = world;
    const told = typeof settings === 'function' ? settings : listener;
    this.#settings = typeof settings === 'function' ? {} : settings;
    if (told !== undefined) this.on('connection', told);
  }

  get listening(): boolean {
    return this.#handle !== null;
  }

  address(): AddressInfo | null {
    return this.#handle === null ? null : shown(this.#handle.localAddress());
  }

  /** As `net.Server.listen`: `(options)` or `(port, host, backlog)`, with a callback that is told of 'listening'. */
  listen(...args: Arguments): this {
    const { options, port, callback } = listenArguments(args);
    if (this.#handle !== null) {
      const error = new Error('Listen method has been called more than once without closing.');
      throw Object.assign(error, { code: 'ERR_SERVER_ALREADY_LISTEN' });
    }
    if (callback !== null) this.once('listening', callback);
    this.#closing = false;
    const host = options.host ?? '0.0.0.0';
    const address = isIP(host) === 0 ? this.#world.names(host) : host;
    if (address === undefined) this.#later(() => this.emit('error', notFound(host)));
    else this.#open(address, port, options);
    return this;
  }

  /** Takes no more connections; 'close' comes when those there are have ended. */
  close(callback?: (error?: Error) => void): this {
    if (callback !== undefined) {
      if (this.#handle === null) {
        const error = Object.assign(new Error('Server is not running.'), { code: 'ERR_SERVER_NOT_RUNNING' });
        this.once('close', () => callback(error));
      } else {
        this.once('close', () => callback());
      }
    }
    const handle = this.#handle;
    this.#handle = null;
    this.#closing = true;
    if (handle !== null) this.#world.call('close', '', () => handle.close());
    this.#closeIfDone();
    return this;
  }

  getConnections(callback: (error: Error | null, count: number) => void): this {
    this.#later(() => callback(null, this.#connections));
    return this;
  }

  /** A lab goes on as long as somebody drives it: nothing here holds a process. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#handle !== null) await new Promise<void>((closed) => this.close(() => closed()));
  }

  #open(address: string, port: number, options: ListenSettings): void {
    const family = isIP(address);
    const failed = (errno: number) =>
      this.#later(() => this.emit('error', listenError(errno, { address, port })));
    const handle = openStream(this.#world.stack, family);
    if (typeof handle === 'number') {
      failed(handle);
      return;
    }
    setInt(handle, linux.SOL_SOCKET, linux.SO_REUSEADDR, 1);
    const result = this.#world.call('listen', `${address}:${port}`, () => {
      const bound = handle.bind(addressFor(address, port, family), { privileged: true });
      return bound < 0 ? bound : handle.listen(options.backlog ?? BACKLOG);
    });
    if (result < 0) {
      handle.close();
      failed(result);
      return;
    }
    this.#handle = handle;
    const accept = () => this.#accept(handle);
    handle.subscribe(() => this.#world.tell(accept));
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
    this.#later(() => {
      if (this.#handle === handle) this.emit('listening');
    });
  }

  #accept(handle: StackSocket): void {
    while (this.#handle === handle) {
      const accepted = handle.accept();
      if (typeof accepted === 'number') return;
      if (this.maxConnections !== undefined && this.#connections >= this.maxConnections) {
        this.#drop(accepted);
        continue;
      }
      const settings = this.#settings;
      const socket = new Socket(this.#world, settings, accepted, this);
      if (settings.pauseOnConnect === true) socket.pause();
      this.#connections++;
      this.emit('connection', socket);
    }
  }

  /** @internal */
  closed(): void {
    this.#connections--;
    this.#closeIfDone();
  }

  #drop(accepted: StackSocket): void {
    const local = shown(accepted.localAddress());
    const peer = accepted.remoteAddress(true);
    const remote = typeof peer === 'number' ? null : shown(peer);
    accepted.close();
    this.emit('drop', {
      localAddress: local.address,
      localPort: local.port,
      localFamily: local.family,
      remoteAddress: remote?.address,
      remotePort: remote?.port,
      remoteFamily: remote?.family,
    });
  }

  #closeIfDone(): void {
    if (!this.#closing || this.#handle !== null || this.#connections > 0) return;
    this.#closing = false;
    this.#later(() => this.emit('close'));
  }

  #later(work: () => void): void {
    this.#world.noteCall();
    process.nextTick(work);
  }
}
