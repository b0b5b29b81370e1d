import type { Nanoseconds, Simulation } from '../time/index.ts';
import { ERRNO } from '../trace/index.ts';
import { type AsyncTurns, turnsOf } from './async-turns.ts';
import * as linux from './constants.ts';
import { ints } from './option-table.ts';
import type { Socket, SocketAddress } from './socket-types.ts';
import { type ErrorPlace, SystemError } from './system-error.ts';

export const MAYBE_READABLE = linux.POLLIN | linux.POLLHUP | linux.POLLERR;
export const MAYBE_WRITABLE = linux.POLLOUT | linux.POLLHUP | linux.POLLERR;

/** Where to connect to, or to listen on. */
export interface AsyncAddress {
  /** Dotted decimal, or IPv6. To connect: default 127.0.0.1; to listen: any IPv4 address of the machine. */
  readonly address?: string;
  /** 0–65535; to listen on 0 takes a free one. */
  readonly port: number;
}

/** The calls of a socket that wait, as promises. What goes wrong is thrown as a `SystemError`. */
export class AsyncBase {
  /** The socket below: its other calls and its options. */
  readonly socket: Socket;
  protected readonly sim: Simulation;
  readonly #turns: AsyncTurns;
  readonly #waiting = new Set<(errno: number) => void>();

  constructor(sim: Simulation, socket: Socket) {
    this.sim = sim;
    this.socket = socket;
    this.#turns = turnsOf(sim);
  }

  get localAddress(): SocketAddress {
    return this.socket.localAddress();
  }

  /** @returns null without a peer. */
  get remoteAddress(): SocketAddress | null {
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
  ): Promise<T> {
    this.#turns.asked();
    return new Promise<T>((resolve, reject) => {
      const first = attempt();
      if (wouldNotBlock(first)) {
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
        if (wouldNotBlock(result)) settle(result);
      });
      const timer = timeout > 0 ? this.sim.timer(() => giveUp(late)) : null;
      timer?.start(timeout);
      this.#waiting.add(giveUp);
    });
  }
}

/** Whether a call has come to a result. */
const wouldNotBlock = (result: unknown): boolean =>
  result !== -ERRNO.EAGAIN && result !== -ERRNO.EINPROGRESS && result !== -ERRNO.EALREADY;

/** An address as sockets take it. A link-local one is in no zone here. */
export const socketAddress = (address: string, port: number): SocketAddress =>
  domainOf(address) === linux.AF_INET6
    ? { family: linux.AF_INET6, address, port, flowInfo: 0, scopeId: 0 }
    : { family: linux.AF_INET, address, port };

/** The family of the socket that an address is for. */
export const domainOf = (address: string | undefined): number =>
  address?.includes(':') === true ? linux.AF_INET6 : linux.AF_INET;

/** Binds a socket for a privileged caller. @throws SystemError */
export function bindSocket(socket: Socket, { address = '0.0.0.0', port }: AsyncAddress): void {
  const result = socket.bind(socketAddress(address, port), { privileged: true });
  if (result < 0) {
    socket.close();
    throw new SystemError('bind', result, { address, port });
  }
}

/** A result as it is, or thrown. */
export function check(call: string, result: number, place: ErrorPlace = {}): number {
  if (result < 0) throw new SystemError(call, result, place);
  return result;
}
