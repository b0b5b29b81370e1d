import type { NetConnectOpts, TcpNetConnectOpts } from 'node:net';

export type Arguments = readonly unknown[];

/** What `connect` and `listen` were called with: options, and a callback. */
export interface Normalized<O> {
  readonly options: O;
  readonly port: number;
  readonly callback: (() => void) | null;
}

/** What `listen` takes. */
export interface ListenSettings {
  readonly port?: number;
  readonly host?: string;
  readonly backlog?: number;
  readonly path?: string;
  readonly signal?: AbortSignal;
}

/** `connect(options)`, `connect(port, host)`, each with a callback behind it. @throws TypeError for a path. */
export function connectArguments(args: Arguments): Normalized<TcpNetConnectOpts> {
  const [first, second] = args;
  const options = (isObject(first) ? first : { port: first, host: text(second) }) as NetConnectOpts;
  if ('path' in options && isPath(options.path)) throw noPaths(options.path);
  if (typeof first === 'string' && !isPort(first)) throw noPaths(first);
  const tcp = options as TcpNetConnectOpts;
  return { options: tcp, port: portOf(tcp.port), callback: callbackOf(args) };
}

/** `listen(options)`, `listen(port, host, backlog)`, each with a callback behind it. @throws TypeError for a path. */
export function listenArguments(args: Arguments): Normalized<ListenSettings> {
  const [first, second, third] = args;
  const callback = callbackOf(args);
  if (isObject(first)) {
    const options = first as ListenSettings;
    if (isPath(options.path)) throw noPaths(options.path);
    return { options, port: options.port === undefined ? 0 : portOf(options.port), callback };
  }
  if (typeof first === 'string' && !isPort(first)) throw noPaths(first);
  const port = first === undefined || first === null || typeof first === 'function' ? 0 : portOf(first);
  const backlog = [second, third].find((value) => typeof value === 'number');
  return { options: { host: text(second), backlog }, port, callback };
}

function callbackOf(args: Arguments): (() => void) | null {
  const last = args.at(-1);
  return typeof last === 'function' ? (last as () => void) : null;
}

/** @throws RangeError with Node's code unless it is a port. */
function portOf(port: unknown): number {
  if (isPort(port)) return Number(port);
  const message = `options.port should be >= 0 and < 65536. Received ${String(port)}.`;
  throw Object.assign(new RangeError(message), { code: 'ERR_SOCKET_BAD_PORT' });
}

function isPort(port: unknown): boolean {
  if (typeof port !== 'number' && (typeof port !== 'string' || port.trim() === '')) return false;
  const value = Number(port);
  return Number.isInteger(value) && value >= 0 && value <= 0xffff;
}

/** `http` says null for none. */
const isPath = (path: unknown): path is string => typeof path === 'string' && path !== '';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const noPaths = (path: string): TypeError =>
  new TypeError(`expected a port, found the path ${path}: this face has TCP sockets only`);
