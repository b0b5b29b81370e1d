import type { Nanoseconds } from '@netarium/osi/time';
import { ERRNO, type EventId } from '@netarium/osi/trace';
import type { DirectoryEntry, FileStatus } from '../system-calls.ts';
import type { Termios, WindowSize } from '../termios.ts';
import { O_ACCMODE, O_NONBLOCK, O_WRONLY, POLLIN, POLLOUT } from './constants.ts';

/** What ioctl(2) gives: settings of a terminal, its size, or a number. */
export type Control = Termios | WindowSize | number;

/** Who reads or writes: a process with the descriptor and the system call it does it by. */
export interface Caller {
  readonly pid: number;
  readonly fd: number;
  readonly call: EventId;
  /** How large a file may become by that, in bytes (RLIMIT_FSIZE). */
  readonly fileSize: number;
}

/** What a read has collected so far. */
export interface Collection {
  /** Takes what is there. @returns all of it once it is enough. */
  take(): Uint8Array | undefined;
  readonly bytes: Uint8Array;
  /** How long to wait for more after the last that came, in nanoseconds; undefined while nothing has come since it was asked. */
  pause(): Nanoseconds | undefined;
}

/**
 * An open file description (open(2)): what descriptors of one or several processes refer to.
 *
 * Reading and writing do what can be done now; -EAGAIN says that the caller would have to wait.
 */
export abstract class OpenFile {
  /** Access mode and status flags: O_RDONLY …, O_APPEND, O_NONBLOCK. */
  flags: number;
  /** What `/proc/<pid>/fd` shows for it: `/etc/hosts`, `socket:[20001]`. */
  abstract readonly link: string;
  /** F_SETOWN: the process that its signals go to; below 0 a process group, 0 nobody. */
  owner = 0;
  #references = 0;

  constructor(flags: number) {
    this.flags = flags;
  }

  /** SO_RCVTIMEO and SO_SNDTIMEO where it is a socket; 0 waits for ever. */
  get readTimeout(): Nanoseconds {
    return 0;
  }

  get writeTimeout(): Nanoseconds {
    return 0;
  }

  get isTerminal(): boolean {
    return false;
  }

  get nonBlocking(): boolean {
    return (this.flags & O_NONBLOCK) !== 0;
  }

  get mayRead(): boolean {
    return (this.flags & O_ACCMODE) !== O_WRONLY;
  }

  get mayWrite(): boolean {
    return (this.flags & O_ACCMODE) !== 0;
  }

  /** Whether anyone has it open. */
  get open(): boolean {
    return this.#references > 0;
  }

  /** One more descriptor, or one more waiting call, refers to it. */
  hold(): void {
    this.#references++;
  }

  /** One fewer; after the last it is closed. */
  release(): void {
    this.#references--;
    if (this.#references === 0) this.closed();
  }

  /** @returns bytes, at most `length`; empty at the end. */
  read(_length: number, _by: Caller): Uint8Array | number {
    return -ERRNO.EINVAL;
  }

  /** @returns how many bytes were taken, at least one when there were any. */
  write(_data: Uint8Array, _by: Caller): number {
    return -ERRNO.EINVAL;
  }

  /** How a read of at most `length` bytes goes that collects what comes one after the other; null where it takes what is there. */
  collect(_length: number): Collection | null {
    return null;
  }

  /** What a read gives whose time is over. */
  readExpired(): Uint8Array | number {
    return -ERRNO.EAGAIN;
  }

  /** ioctl(2). */
  ioctl(_request: number, _argument: unknown): Control {
    return -ERRNO.ENOTTY;
  }

  seek(_offset: number, _whence: number): number {
    return -ERRNO.ESPIPE;
  }

  truncate(_length: number, _by: Caller): number {
    return -ERRNO.EINVAL;
  }

  list(): DirectoryEntry[] | number {
    return -ERRNO.ENOTDIR;
  }

  abstract status(): FileStatus;

  /** What is ready now (poll(2)). Files always are. */
  poll(): number {
    return POLLIN | POLLOUT;
  }

  subscribe(_changed: () => void): () => void {
    return () => {};
  }

  /** Nobody refers to it any more. */
  protected closed(): void {}
}
