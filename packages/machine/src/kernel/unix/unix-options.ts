import type { Nanoseconds } from '@netarium/osi/time';
import { ERRNO } from '@netarium/osi/trace';
import { AF_UNIX } from '../constants.ts';

const SOL_SOCKET = 1;
/** asm-generic/socket.h. */
const SO = {
  reuseAddress: 2,
  type: 3,
  error: 4,
  sendBuffer: 7,
  receiveBuffer: 8,
  keepAlive: 9,
  passCredentials: 16,
  peerCredentials: 17,
  receiveTimeout: 20,
  sendTimeout: 21,
  accepts: 30,
  protocol: 38,
  domain: 39,
  receiveTimeout64: 66,
  sendTimeout64: 67,
} as const;
/** net.core.wmem_default and net.core.wmem_max, and the least there may be (`SOCK_MIN_SNDBUF`). */
const BUFFER = 212_992;
const LEAST_BUFFER = 4608;
/** Who a socket's peer is (`struct ucred`): of the process that connected, listened, or made the pair. */
export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}
/** Of nobody: (uid_t) -1. */
const NOBODY: Credentials = { pid: 0, uid: -1, gid: -1 };

/** Bytes of `struct timeval` with 64-bit times. */
const TIMEVAL = 16;

/** What every socket of AF_UNIX can be told at level SOL_SOCKET (socket(7)); flags that change nothing here are kept. */
export abstract class UnixOptions {
  readonly domain = AF_UNIX;
  readonly type: number;
  readonly protocol = 0;
  receiveTimeout: Nanoseconds = 0;
  sendTimeout: Nanoseconds = 0;
  /** As SO_SNDBUF reports it. */
  protected sendBuffer = BUFFER;
  #receiveBuffer = BUFFER;
  readonly #flags = new Map<number, boolean>([
    [SO.reuseAddress, false],
    [SO.keepAlive, false],
    [SO.passCredentials, false],
  ]);

  constructor(type: number) {
    this.type = type;
  }

  /** Null while it has no peer; datagrams' peers are not known. */
  protected peerCredentials: Credentials | null = null;

  abstract readonly listening: boolean;
  protected abstract takeError(): number;

  getOption(level: number, name: number, length: number): Uint8Array | number {
    if (level !== SOL_SOCKET) return -ERRNO.EOPNOTSUPP;
    if (length < 0) return -ERRNO.EINVAL;
    const timeout = this.#timeout(name);
    if (timeout !== undefined) return timevalOf(this[timeout]).slice(0, length);
    if (name === SO.peerCredentials) {
      const { pid, uid, gid } = this.peerCredentials ?? NOBODY;
      return new Uint8Array(Int32Array.of(pid, uid, gid).buffer).slice(0, length);
    }
    const value = this.#integer(name);
    if (value === undefined) return -ERRNO.ENOPROTOOPT;
    return new Uint8Array(Int32Array.of(value).buffer).slice(0, length);
  }

  setOption(level: number, name: number, value: Uint8Array): number {
    if (level !== SOL_SOCKET) return -ERRNO.EOPNOTSUPP;
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    const timeout = this.#timeout(name);
    if (timeout !== undefined) {
      if (value.length < TIMEVAL) return -ERRNO.EINVAL;
      const [whole, micro] = [Number(view.getBigInt64(0, true)), Number(view.getBigInt64(8, true))];
      if (micro < 0 || micro >= 1e6) return -ERRNO.EDOM;
      this[timeout] = whole < 0 ? 1 : whole * 1e9 + micro * 1e3;
      return 0;
    }
    if (value.length < 4) return -ERRNO.EINVAL;
    const number = view.getInt32(0, true);
    // The kernel doubles what is asked for, to have room for its bookkeeping (socket(7)).
    const buffer = Math.max(2 * Math.min(number >>> 0, BUFFER), LEAST_BUFFER);
    if (name === SO.sendBuffer) this.sendBuffer = buffer;
    else if (name === SO.receiveBuffer) this.#receiveBuffer = buffer;
    else if (this.#flags.has(name)) this.#flags.set(name, number !== 0);
    else return -ERRNO.ENOPROTOOPT;
    return 0;
  }

  #timeout(name: number): 'receiveTimeout' | 'sendTimeout' | undefined {
    if (name === SO.receiveTimeout || name === SO.receiveTimeout64) return 'receiveTimeout';
    return name === SO.sendTimeout || name === SO.sendTimeout64 ? 'sendTimeout' : undefined;
  }

  #integer(name: number): number | undefined {
    switch (name) {
      case SO.type:
        return this.type;
      case SO.domain:
        return this.domain;
      case SO.protocol:
        return this.protocol;
      case SO.error:
        return this.takeError();
      case SO.accepts:
        return this.listening ? 1 : 0;
      case SO.sendBuffer:
        return this.sendBuffer;
      case SO.receiveBuffer:
        return this.#receiveBuffer;
      default: {
        const flag = this.#flags.get(name);
        return flag === undefined ? undefined : Number(flag);
      }
    }
  }
}

function timevalOf(duration: Nanoseconds): Uint8Array {
  const view = new DataView(new ArrayBuffer(TIMEVAL));
  view.setBigInt64(0, BigInt(Math.floor(duration / 1e9)), true);
  view.setBigInt64(8, BigInt(Math.floor((duration % 1e9) / 1e3)), true);
  return new Uint8Array(view.buffer);
}
