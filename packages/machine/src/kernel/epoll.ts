import { ERRNO } from '@netarium/osi/trace';
import type { FileStatus, PollEntry } from '../system-calls.ts';
import { O_RDWR, POLLERR, POLLHUP, POLLIN } from './constants.ts';
import { OpenFile } from './open-file.ts';
import { WaitQueue } from './wait.ts';

const { EBADF, EEXIST, EINVAL, ENOENT } = ERRNO;
/** epoll_ctl(2). */
const ADD = 1;
const DELETE = 2;
const MODIFY = 3;
const EPOLLONESHOT = 2 ** 30;
const EPOLLET = 2 ** 31;

/** A descriptor that is watched. */
interface Watch {
  readonly fd: number;
  readonly file: OpenFile;
  /** Unsigned. */
  events: number;
  /** Whether something happened since it was reported: what counts with EPOLLET. */
  fresh: boolean;
  readonly stop: () => void;
}

/** A set of descriptors that a process wants to hear of (epoll(7)); what is ready is reported in turn. */
export class Epoll extends OpenFile {
  readonly link = 'anon_inode:[eventpoll]';
  readonly #watches = new Map<number, Watch>();
  readonly #changed = new WaitQueue();
  readonly #inode: number;

  constructor(inode: number) {
    super(O_RDWR);
    this.#inode = inode;
  }

  /** epoll_ctl(2). @param file what `fd` is open to. */
  control(operation: number, fd: number, file: OpenFile, events: number): number {
    if (file === this) return -EINVAL;
    const before = this.#watch(fd, file);
    switch (operation) {
      case ADD: {
        if (before !== undefined) return -EEXIST;
        const watch: Watch = {
          fd,
          file,
          events: events >>> 0,
          fresh: true,
          stop: file.subscribe(() => {
            watch.fresh = true;
            this.#changed.wake();
          }),
        };
        this.#watches.set(fd, watch);
        break;
      }
      case MODIFY:
        if (before === undefined) return -ENOENT;
        before.events = events >>> 0;
        before.fresh = true;
        break;
      case DELETE:
        if (before === undefined) return -ENOENT;
        this.#forget(before);
        break;
      default:
        return -EINVAL;
    }
    this.#changed.wake();
    return 0;
  }

  /** What is ready now, at most `most`; those that are reported come last the next time. */
  ready(most: number): PollEntry[] {
    const ready: PollEntry[] = [];
    for (const watch of [...this.#watches.values()]) {
      if (ready.length === most) break;
      const events = this.#readiness(watch);
      if (events === 0) continue;
      ready.push({ fd: watch.fd, events });
      watch.fresh = false;
      // Nothing more until it is asked for anew.
      if ((watch.events & EPOLLONESHOT) !== 0) watch.events = EPOLLONESHOT;
      this.#watches.delete(watch.fd);
      this.#watches.set(watch.fd, watch);
    }
    return ready;
  }

  override status(): FileStatus {
    return { ino: this.#inode, mode: 0o600, uid: 0, gid: 0, size: 0, mtime: 0 };
  }

  override poll(): number {
    return [...this.#watches.values()].some((watch) => this.#readiness(watch) !== 0) ? POLLIN : 0;
  }

  override subscribe(changed: () => void): () => void {
    return this.#changed.subscribe(changed);
  }

  protected override closed(): void {
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
  }

  #readiness(watch: Watch): number {
    // A file that nobody has open any more is watched no longer (epoll(7), questions and answers).
    if (!watch.file.open) {
      this.#forget(watch);
      return 0;
    }
    const { events, fresh, file } = watch;
    if (events === EPOLLONESHOT || (events >= EPOLLET && !fresh)) return 0;
    return file.poll() & (events | POLLERR | POLLHUP) & 0xffff;
  }

  /** The watch of a number, if it is of that file still: numbers are used again. */
  #watch(fd: number, file: OpenFile): Watch | undefined {
    const watch = this.#watches.get(fd);
    if (watch === undefined || watch.file === file) return watch;
    this.#forget(watch);
    return undefined;
  }

  #forget(watch: Watch): void {
    watch.stop();
    this.#watches.delete(watch.fd);
  }
}

/** @returns -EBADF for what is not open, -EINVAL for what is no epoll. */
export function epollOf(file: OpenFile | undefined): Epoll | number {
  if (file === undefined) return -EBADF;
  return file instanceof Epoll ? file : -EINVAL;
}
