import type { PollEntry } from '@netarium/machine';
import { ERRNO } from '@netarium/osi/trace';
import type { Descriptors } from './descriptors.ts';
import type { ErrorNumbers } from './errno.ts';
import {
  CANNOT_WAIT,
  type Handler,
  type HandlerContext,
  type Handlers,
  type Hooks,
  type Outcome,
} from './hooks.ts';
import { gather, lengthOf, readI32, readVectors, scatter, writeI32 } from './memory.ts';
import type { SystemCallPort } from './system-calls.ts';

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_NONBLOCK = 0o4000;
const F_GETFL = 3;
const F_SETFL = 4;
/** ioctl_tty(2), ioctl(2). */
const TCGETS = 0x5401;
const TIOCGWINSZ = 0x5413;
const FIONBIO = 0x5421;
const POLLIN = 1;
const POLLOUT = 4;
const POLLNVAL = 32;
const MILLISECOND = 1e6;
/** Bytes of `struct pollfd`, and where its fields are. */
const POLLFD = { size: 8, events: 4, revents: 6 } as const;
const TERMINAL = { rows: 24, columns: 80 };

/** read(2), write(2), close(2), poll(2), fcntl(2), ioctl(2): the kernel's descriptors; files stay Emscripten's. */
export function streamHandlers(
  { python, exports, thread, canWait }: HandlerContext,
  hooks: Hooks,
  calls: SystemCallPort,
  descriptors: Descriptors,
  errors: ErrorNumbers,
): Handlers & { readonly ioctl: Handler } {
  const { original } = hooks;

  function setErrno(result: number): number {
    if (result < 0) writeI32(python, exports.__errno_location(), -result);
    return result;
  }

  function setNonBlocking(fd: number, on: boolean): Outcome {
    const descriptor = descriptors.get(fd);
    if (descriptor === undefined) return -errors.fromLinux(ERRNO.EBADF);
    if (!canWait()) return -errors.fromLinux(CANNOT_WAIT);
    const { file, stream } = descriptor;
    const flags = on ? stream.flags | O_NONBLOCK : stream.flags & ~O_NONBLOCK;
    return calls.ask(thread(), 'fcntl', [file.fd, F_SETFL, flags], (result) => {
      if (result >= 0) stream.flags = flags;
      return errors.result(result);
    });
  }

  return {
    /** pipe(2) of the C library: the two numbers are stored. */
    pipe(pointer = 0) {
      const fail = (result: number) => {
        setErrno(result);
        return -1;
      };
      if (!canWait()) return fail(-errors.fromLinux(CANNOT_WAIT));
      return calls.ask(thread(), 'pipe2', [0], (pipe) => {
        if (typeof pipe === 'number') return fail(errors.result(pipe));
        [pipe.read, pipe.write].forEach((fd, index) => {
          writeI32(
            python,
            pointer + 4 * index,
            descriptors.open(fd, 'pipe', 0, index === 0 ? O_RDONLY : O_WRONLY),
          );
        });
        return 0;
      });
    },

    /** WASI's convention: the result is an error number, the length is stored. */
    read(fd = 0, vectorsPointer = 0, count = 0, lengthPointer = 0) {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return original.read(fd, vectorsPointer, count, lengthPointer);
      if (!canWait()) return errors.fromLinux(CANNOT_WAIT);
      const vectors = readVectors(python, vectorsPointer, count);
      return calls.ask(thread(), 'read', [descriptor.file.fd, lengthOf(vectors)], (result) => {
        if (typeof result === 'number') return -errors.result(result);
        writeI32(python, lengthPointer, scatter(python, result, vectors));
        return 0;
      });
    },

    write(fd = 0, vectorsPointer = 0, count = 0, lengthPointer = 0) {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return original.write(fd, vectorsPointer, count, lengthPointer);
      const bytes = gather(python, readVectors(python, vectorsPointer, count), Number.POSITIVE_INFINITY);
      if (!canWait()) {
        // Python code that C calls back and that cannot wait: the kernel gets the bytes all the same.
        writeI32(python, lengthPointer, bytes.length);
        calls.tell(thread(), 'write', descriptor.file.fd, bytes);
        return 0;
      }
      return calls.ask(thread(), 'write', [descriptor.file.fd, bytes], (result) => {
        if (result < 0) return -errors.result(result);
        writeI32(python, lengthPointer, result);
        return 0;
      });
    },

    close(fd = 0) {
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return original.close(fd);
      const last = descriptors.release(descriptor);
      if (last === undefined) return 0;
      if (canWait()) return calls.ask(thread(), 'close', [last], (result) => -errors.result(result));
      calls.tell(thread(), 'close', last);
      return 0;
    },

    poll(pointer = 0, count = 0, timeout = 0) {
      const entries: PollEntry[] = [];
      const results: number[] = new Array(count).fill(0);
      /** Which entry of the caller's the kernel's entries are. */
      const asked: number[] = [];
      let ready = false;
      for (let index = 0; index < count; index++) {
        const at = pointer + POLLFD.size * index;
        const fd = readI32(python, at);
        const events = python.HEAP16[(at + POLLFD.events) >>> 1] ?? 0;
        if (fd < 0) continue;
        const descriptor = descriptors.get(fd);
        if (descriptor !== undefined) {
          entries.push({ fd: descriptor.file.fd, events });
          asked.push(index);
          continue;
        }
        // Files are always ready (poll(2)).
        results[index] = descriptors.exists(fd) ? events & (POLLIN | POLLOUT) : POLLNVAL;
        ready ||= results[index] !== 0;
      }
      const store = () => {
        results.forEach((revents, index) => {
          python.HEAP16[(pointer + POLLFD.size * index + POLLFD.revents) >>> 1] = revents;
        });
        return results.filter((revents) => revents !== 0).length;
      };
      if (entries.length === 0 && (ready || timeout === 0)) return store();
      if (!canWait()) return setErrno(-errors.fromLinux(CANNOT_WAIT));
      const wait = ready ? 0 : timeout < 0 ? -1 : timeout * MILLISECOND;
      return calls.ask(thread(), 'poll', [entries, wait], (result) => {
        if (typeof result === 'number') return setErrno(errors.result(result));
        result.forEach((revents, index) => {
          results[asked[index] ?? 0] = revents;
        });
        return store();
      });
    },

    fcntl(fd = 0, command = 0, argumentPointer = 0) {
      const descriptor = descriptors.get(fd);
      if (descriptor !== undefined && command === F_GETFL) return descriptor.stream.flags;
      if (descriptor !== undefined && command === F_SETFL)
        return setNonBlocking(fd, (readI32(python, argumentPointer) & O_NONBLOCK) !== 0);
      return original.fcntl(fd, command, argumentPointer);
    },

    ioctl(fd = 0, request = 0, argumentPointer = 0) {
      const kind = descriptors.get(fd)?.file.kind;
      if (kind === undefined) return original.ioctl(fd, request, argumentPointer);
      if (request === FIONBIO)
        return setNonBlocking(fd, readI32(python, readI32(python, argumentPointer)) !== 0);
      if (kind !== 'terminal') return -errors.fromLinux(ERRNO.ENOTTY);
      if (request === TCGETS) return 0;
      if (request === TIOCGWINSZ) {
        const size = readI32(python, argumentPointer) >>> 1;
        python.HEAP16.set([TERMINAL.rows, TERMINAL.columns, 0, 0], size);
        return 0;
      }
      return original.ioctl(fd, request, argumentPointer);
    },
  };
}
