import { ERRNO } from '@netarium/osi/trace';
import type { FileStatus } from '../system-calls.ts';
import {
  O_WRONLY,
  PIPE_BUF,
  PIPE_CAPACITY,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  S_IFIFO,
} from './constants.ts';
import { OpenFile } from './open-file.ts';
import { WaitQueue } from './wait.ts';

/** A pipe (pipe(7)): bytes in order from its write end to its read end, at most 64 KiB on the way. */
class Pipe {
  readonly queue: Uint8Array[] = [];
  readonly changed = new WaitQueue();
  readonly inode: number;
  size = 0;
  readOpen = true;
  writeOpen = true;

  constructor(inode: number) {
    this.inode = inode;
  }

  status(): FileStatus {
    return { ino: this.inode, mode: S_IFIFO | 0o600, uid: 0, gid: 0, size: 0, mtime: 0 };
  }
}

class ReadEnd extends OpenFile {
  readonly #pipe: Pipe;

  constructor(pipe: Pipe, flags: number) {
    super(flags);
    this.#pipe = pipe;
  }

  get link(): string {
    return `pipe:[${this.#pipe.inode}]`;
  }

  override read(length: number): Uint8Array | number {
    const pipe = this.#pipe;
    if (pipe.size === 0) return pipe.writeOpen ? -ERRNO.EAGAIN : new Uint8Array(0);
    const into = new Uint8Array(Math.min(length, pipe.size));
    let filled = 0;
    while (filled < into.length) {
      const first = pipe.queue[0] as Uint8Array;
      const part = first.subarray(0, into.length - filled);
      into.set(part, filled);
      filled += part.length;
      if (part.length === first.length) pipe.queue.shift();
      else pipe.queue[0] = first.subarray(part.length);
    }
    pipe.size -= filled;
    pipe.changed.wake();
    return into;
  }

  override status(): FileStatus {
    return this.#pipe.status();
  }

  override poll(): number {
    return (this.#pipe.size > 0 ? POLLIN : 0) | (this.#pipe.writeOpen ? 0 : POLLHUP);
  }

  override subscribe(changed: () => void): () => void {
    return this.#pipe.changed.subscribe(changed);
  }

  protected override closed(): void {
    this.#pipe.readOpen = false;
    this.#pipe.changed.wake();
  }
}

class WriteEnd extends OpenFile {
  readonly #pipe: Pipe;

  constructor(pipe: Pipe, flags: number) {
    super(flags | O_WRONLY);
    this.#pipe = pipe;
  }

  get link(): string {
    return `pipe:[${this.#pipe.inode}]`;
  }

  override write(data: Uint8Array): number {
    const pipe = this.#pipe;
    if (!pipe.readOpen) return -ERRNO.EPIPE;
    const room = PIPE_CAPACITY - pipe.size;
    // Up to PIPE_BUF bytes stay together: they go in whole or not yet.
    if (room === 0 || (data.length <= PIPE_BUF && room < data.length)) return -ERRNO.EAGAIN;
    const taken = data.slice(0, room);
    if (taken.length === 0) return 0;
    pipe.queue.push(taken);
    pipe.size += taken.length;
    pipe.changed.wake();
    return taken.length;
  }

  override status(): FileStatus {
    return this.#pipe.status();
  }

  override poll(): number {
    const pipe = this.#pipe;
    return (PIPE_CAPACITY - pipe.size >= PIPE_BUF ? POLLOUT : 0) | (pipe.readOpen ? 0 : POLLERR);
  }

  override subscribe(changed: () => void): () => void {
    return this.#pipe.changed.subscribe(changed);
  }

  protected override closed(): void {
    this.#pipe.writeOpen = false;
    this.#pipe.changed.wake();
  }
}

/** Makes a pipe. @param flags O_NONBLOCK for both ends. */
export function makePipe(inode: number, flags: number): { read: OpenFile; write: OpenFile } {
  const pipe = new Pipe(inode);
  return { read: new ReadEnd(pipe, flags), write: new WriteEnd(pipe, flags) };
}
