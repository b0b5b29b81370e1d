import { errnoMessage, errnoName } from '@netarium/osi/trace';

/** Where it happened, for those calls that name an address. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** An error of a system call, as Node's own sockets emit it: `read ECONNRESET`, `connect ECONNREFUSED 10.0.0.1:80`. */
export type CallError = NodeJS.ErrnoException & Partial<Place>;

/** @param errno Linux's number, negated or not. */
export function callError(syscall: string, errno: number, place?: Place): CallError {
  const code = errnoName(Math.abs(errno));
  const where = place === undefined ? '' : ` ${place.address}:${place.port}`;
  return fill(`${syscall} ${code}${where}`, syscall, errno, code, place);
}

/** For listen and bind: `listen EADDRINUSE: address already in use 10.0.0.1:80`. */
export function listenError(errno: number, place: Place): CallError {
  const code = errnoName(Math.abs(errno));
  const text = errnoMessage(Math.abs(errno));
  const what = text.charAt(0).toLowerCase() + text.slice(1);
  return fill(`listen ${code}: ${what} ${place.address}:${place.port}`, 'listen', errno, code, place);
}

/** A name that nobody knows: `getaddrinfo ENOTFOUND nowhere`. */
export function notFound(hostname: string): CallError {
  const error: NodeJS.ErrnoException = new Error(`getaddrinfo ENOTFOUND ${hostname}`);
  // libuv's UV_EAI_NONAME.
  return Object.assign(error, { errno: -3008, code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname });
}

function fill(message: string, syscall: string, errno: number, code: string, place?: Place): CallError {
  return Object.assign(new Error(message), { errno: -Math.abs(errno), code, syscall, ...place });
}
