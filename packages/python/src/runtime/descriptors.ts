import type { ReceivedDescriptor } from '@netarium/machine';
import type { Emscripten, KernelFile, Stream } from './emscripten.ts';
import type { Limits } from './limits.ts';

const S_IFSOCK = 0o140000;
const S_IFCHR = 0o020000;
const S_IFIFO = 0o010000;
const S_IFREG = 0o100000;
const MODES = {
  socket: S_IFSOCK | 0o777,
  terminal: S_IFCHR | 0o620,
  device: S_IFCHR | 0o666,
  file: S_IFREG | 0o444,
  pipe: S_IFIFO | 0o600,
  epoll: 0o600,
};
const S_IFMT = 0o170000;
const O_RDWR = 2;

function kindOf(mode: number): KernelFile['kind'] {
  const format = mode & S_IFMT;
  if (format === S_IFSOCK) return 'socket';
  if (format === S_IFCHR) return 'terminal';
  return format === S_IFREG ? 'file' : 'pipe';
}

interface OpenOptions {
  /** Of a socket: SOCK_STREAM 1 …, AF_INET 2 … */
  readonly type?: number;
  readonly domain?: number;
  /** O_WRONLY, O_NONBLOCK … */
  readonly flags?: number;
  readonly closeOnExec?: boolean;
  /** The number it is to have. */
  readonly at?: number;
}

/** A descriptor that the kernel keeps. */
export interface KernelDescriptor {
  readonly stream: Stream;
  readonly file: KernelFile;
}

/**
 * The descriptors of the process: files are Emscripten's, in the replica; sockets, terminals and pipes are the
 * kernel's, and have an Emscripten stream only so that the number is taken. Where it is free the number is the
 * kernel's own.
 */
export class Descriptors {
  readonly #python: Emscripten;
  readonly #limits: Limits;
  readonly #abandon: (fd: number) => void;
  #names = 0;

  /** @param abandon closes a descriptor of the kernel's without waiting: its last number here was taken away. */
  constructor(python: Emscripten, limits: Limits, abandon: (fd: number) => void) {
    this.#python = python;
    this.#limits = limits;
    const { FS } = python;
    FS.nextfd = () => {
      const fd = this.lowestFree(0);
      if (fd < 0) throw new FS.ErrnoError(this.#full);
      return fd;
    };
    // What a number given to dup2(2) has to be below.
    Object.defineProperty(FS, 'MAX_OPEN_FDS', { get: () => limits.descriptors });
    this.#abandon = abandon;
  }

  /** The lowest number that is free, `from` or above; negative when there is none (RLIMIT_NOFILE). */
  lowestFree(from: number): number {
    const { streams } = this.#python.FS;
    const end = this.#limits.descriptors;
    for (let fd = from; fd < end; fd++) if (!streams[fd]) return fd;
    return -1;
  }

  /** EMFILE, where there are not so many numbers free; else 0. */
  shortage(count = 1): number {
    let fd = -1;
    for (let i = 0; i < count; i++) {
      fd = this.lowestFree(fd + 1);
      if (fd < 0) return this.#full;
    }
    return 0;
  }

  get #full(): number {
    return this.#python.ERRNO_CODES.EMFILE ?? 0;
  }

  /** @returns the number the process has for the kernel's descriptor `fd`; a negated error when it cannot have one more. */
  open(fd: number, kind: KernelFile['kind'], options: OpenOptions): number {
    const { type = 0, domain = 0, flags = 0, closeOnExec = false, at } = options;
    const { FS, MEMFS, SOCKFS } = this.#python;
    const number = at ?? (FS.getStream(fd) ? this.lowestFree(0) : fd);
    if (number < 0) {
      this.#abandon(fd);
      return -this.#full;
    }
    const node = FS.createNode(SOCKFS.root, `${kind}[${this.#names++}]`, MODES[kind], 0);
    const file: KernelFile = { fd, kind, type, domain, references: 1 };
    const { getattr } = MEMFS.ops_table.file.node;
    node.kernel = file;
    node.usedBytes = 0;
    node.node_ops = { getattr };
    const refuse = (): never => {
      throw new FS.ErrnoError(this.#python.ERRNO_CODES.EIO ?? 0);
    };
    const stream_ops = {
      read: refuse,
      write: refuse,
      dup: () => {
        file.references++;
      },
      close: () => {
        if (--file.references === 0) this.#abandon(file.fd);
      },
    };
    const tty = kind === 'terminal' ? { ops: {} } : undefined;
    FS.createStream(
      {
        path: node.name,
        node,
        flags: kind === 'pipe' || kind === 'file' ? flags : flags | O_RDWR,
        seekable: false,
        stream_ops,
        tty,
        closeOnExec,
      },
      number,
    );
    return number;
  }

  /** What comes from another process; the number is the kernel's unless `options` name one. @returns as `open`. */
  receive(received: ReceivedDescriptor, options: { closeOnExec: boolean; at?: number }): number {
    return this.open(received.fd, kindOf(received.mode), { ...received, ...options });
  }

  /** The kernel's descriptor behind a number, if that is what it is. */
  get(fd: number): KernelDescriptor | undefined {
    const stream = this.#python.FS.getStream(fd);
    const file = stream?.node?.kernel;
    return stream && file ? { stream, file } : undefined;
  }

  exists(fd: number): boolean {
    return Boolean(this.#python.FS.getStream(fd));
  }

  /**
   * Takes a number away. @returns the kernel's descriptor that now has to be closed, if this was the last number
   * it had.
   */
  release({ stream, file }: KernelDescriptor): number | undefined {
    if (file.references > 1) {
      this.#python.FS.close(stream);
      return undefined;
    }
    file.references = 0;
    this.#python.FS.closeStream(stream.fd);
    return file.fd;
  }
}
