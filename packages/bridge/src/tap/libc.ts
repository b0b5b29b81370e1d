import { createRequire } from 'node:module';
import type koffi from 'koffi';

/** What is called in the C library; each returns -1 when it fails, and `errno` tells why. */
export interface LibC {
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** The same for requests whose argument is a number. */
  ioctlNumber(fd: number, request: number, argument: number): number;
  /** Moves the calling thread to another network namespace. */
  setns(fd: number, kind: number): number;
  /** Reads into the front of `into`. */
  read(fd: number, into: Uint8Array, size: number): number;
  write(fd: number, bytes: Uint8Array, size: number): number;
  errno(): number;
  /** Calls `readable` from the event loop whenever `fd` has something to read. */
  poll(fd: number, readable: () => void): Poll;
}

/** A descriptor watched by the event loop; it keeps the process alive until it is closed. */
export interface Poll {
  start(options: { readable: boolean }, readable: () => void): void;
  stop(): void;
  close(): void;
}

let loaded: LibC | null = null;

/**
 * The C library of this process, through koffi, which needs no compiler. Loaded when first asked for, so that the
 * rest of the bridge works where koffi has no build. @throws Error of koffi where it has none.
 */
export function libc(): LibC {
  if (loaded !== null) return loaded;
  const ffi: typeof koffi = createRequire(import.meta.url)('koffi');
  const library = ffi.load(null);
  loaded = {
    ioctl: library.func('int ioctl(int fd, unsigned long request, void *argument)'),
    ioctlNumber: library.func('ioctl', 'int', ['int', 'unsigned long', 'unsigned long']),
    setns: library.func('int setns(int fd, int kind)'),
    read: library.func('long read(int fd, void *into, size_t size)'),
    write: library.func('long write(int fd, const void *bytes, size_t size)'),
    errno: () => ffi.errno(),
    poll: (fd, readable) => ffi.node.poll(fd, { readable: true }, readable),
  };
  return loaded;
}
