import type { Socket } from '../../src/5-session/index.ts';

const EPOLLERR = 8;
const EPOLLHUP = 16;
const EPOLLONESHOT = 2 ** 30;
const EPOLLET = 2 ** 31;

/** What a program is told of a descriptor: the events, and the number it gave along. */
export interface Ready {
  readonly events: number;
  readonly data: number;
}

interface Interest {
  readonly socket: Socket;
  events: number;
  data: number;
  /** Something has happened since it was last reported (EPOLLET). */
  fresh: boolean;
  /** Reported once and not to be again (EPOLLONESHOT). */
  spent: boolean;
  readonly leave: () => void;
}

const has = (events: number, flag: number): boolean => Math.floor(events / flag) % 2 === 1;

/** epoll(7) over sockets of one stack. */
export class Epoll {
  readonly kind = 'epoll';
  readonly #interests = new Map<number, Interest>();

  /** @returns whether the descriptor was not there yet. */
  add(fd: number, socket: Socket, events: number, data: number): boolean {
    if (this.#interests.has(fd)) return false;
    const interest: Interest = {
      socket,
      events,
      data,
      fresh: true,
      spent: false,
      leave: socket.subscribe(() => {
        interest.fresh = true;
      }),
    };
    this.#interests.set(fd, interest);
    return true;
  }

  modify(fd: number, events: number, data: number): boolean {
    const interest = this.#interests.get(fd);
    if (interest === undefined) return false;
    Object.assign(interest, { events, data, fresh: true, spent: false });
    return true;
  }

  remove(fd: number): boolean {
    this.#interests.get(fd)?.leave();
    return this.#interests.delete(fd);
  }

  get sockets(): Socket[] {
    return [...this.#interests.values()].map(({ socket }) => socket);
  }

  /** What is to be reported now, `most` at once. */
  collect(most: number): Ready[] {
    const ready: Ready[] = [];
    for (const interest of this.#interests.values()) {
      if (ready.length >= most) break;
      const { socket, events, data, fresh, spent } = interest;
      const mask = socket.poll() & (events | EPOLLERR | EPOLLHUP);
      if (mask === 0 || spent || (has(events, EPOLLET) && !fresh)) continue;
      interest.fresh = false;
      interest.spent = has(events, EPOLLONESHOT);
      ready.push({ events: mask, data });
    }
    return ready;
  }
}
