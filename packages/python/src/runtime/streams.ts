import type { PollEntry } from '@netarium/machine';
import { ERRNO } from '@netarium/osi/trace';
import type { Descriptors } from './descriptors.ts';
import type { Emscripten } from './emscripten.ts';
import type { ErrorNumbers } from './errno.ts';
import {
  CANNOT_WAIT,
  type Handler,
  type HandlerContext,
  type Handlers,
  type Hooks,
  type Outcome,
} from './hooks.ts';
import { gather, lengthOf, readI32, readI64, readVectors, scatter, writeI32 } from './memory.ts';
import type { SystemCallPort } from './system-calls.ts';
import { terminalRequest } from './terminals.ts';

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_NONBLOCK = 0o4000;
const F_DUPFD = 0;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_SETOWN = 8;
const F_GETOWN = 9;
/** What the C library asks for F_GETOWN, with room for F_OWNER_PID or F_OWNER_PGRP and a number. */
const F_GETOWN_EX = 16;
const F_OWNER_PID = 1;
const F_OWNER_PGRP = 2;
const F_DUPFD_CLOEXEC = 1030;
const FD_CLOEXEC = 1;
/** ioctl(2). */
const FIONBIO = 0x5421;
const FIONCLEX = 0x5450;
const FIOCLEX = 0x5451;
const POLLIN = 1;
const POLLPRI = 2;
const POLLOUT = 4;
const POLLERR = 8;
const POLLHUP = 16;
const POLLNVAL = 32;
const MILLISECOND = 1e6;
/** Bytes of `struct pollfd`, and where its fields are. */
const POLLFD = { size: 8, events: 4, revents: 6 } as const;
/** What select(2) asks poll(2) for each of its three sets, and what of the answer means that it is ready (fs/select.c). */
const SELECT = [
  { ask: POLLIN, means: POLLIN | POLLERR | POLLHUP },
  { ask: POLLOUT, means: POLLOUT | POLLERR },
  { ask: POLLPRI, means: POLLPRI },
] as const;
/** Bytes of an `fd_set`. */
const FD_SET_SIZE = 128;

/** read(2), write(2), close(2), poll(2), fcntl(2), ioctl(2): the kernel's descriptors; files stay Emscripten's. */
export function streamHandlers(
  { python, exports, thread, canWait }: HandlerContext,
  hooks: Hooks,
  calls: SystemCallPort,
  descriptors: Descriptors,
  errors: ErrorNumbers,
): Handlers & { readonly syscallIoctl: Handler } {
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

  /** Who gets the signals of an open file. */
  function setOwner(fd: number, owner: number): Outcome {
    if (!canWait()) return -errors.fromLinux(CANNOT_WAIT);
    return calls.ask(thread(), 'fcntl', [fd, F_SETOWN, owner], (result) => errors.result(result));
  }

  function readOwner(fd: number, into: number): Outcome {
    if (!canWait()) return -errors.fromLinux(CANNOT_WAIT);
    return calls.ask(thread(), 'fcntl', [fd, F_GETOWN, 0], (owner) => {
      writeI32(python, into, owner < 0 ? F_OWNER_PGRP : F_OWNER_PID);
      writeI32(python, into + 4, Math.abs(owner));
      return 0;
    });
  }

  /** FD_CLOEXEC is a process's own matter: the kernel hears of it when descriptors are handed on. */
  function setCloseOnExec(fd: number, on: boolean): number {
    const stream = python.FS.getStream(fd);
    if (!stream) return -errors.fromLinux(ERRNO.EBADF);
    stream.closeOnExec = on;
    return 0;
  }

  /** poll(2) for C's poll and select. @param use makes their result of what is ready of each entry, or of a negated errno. */
  function poll(
    entries: readonly PollEntry[],
    timeout: number,
    use: (results: number[] | number) => number,
  ): Outcome {
    const results: number[] = new Array(entries.length).fill(0);
    const asked: PollEntry[] = [];
    /** Which of the caller's entries the kernel's are. */
    const places: number[] = [];
    let ready = false;
    entries.forEach(({ fd, events }, index) => {
      if (fd < 0) return;
      const descriptor = descriptors.get(fd);
      if (descriptor !== undefined) {
        asked.push({ fd: descriptor.file.fd, events });
        places.push(index);
        return;
      }
      // Files are always ready (poll(2)).
      results[index] = descriptors.exists(fd) ? events & (POLLIN | POLLOUT) : POLLNVAL;
      ready ||= results[index] !== 0;
    });
    if (asked.length === 0 && (ready || timeout === 0)) return use(results);
    if (!canWait()) return use(-errors.fromLinux(CANNOT_WAIT));
    return calls.ask(thread(), 'poll', [asked, ready ? 0 : timeout], (result) => {
      if (typeof result === 'number') return use(errors.result(result));
      result.forEach((revents, index) => {
        results[places[index] ?? 0] = revents;
      });
      return use(results);
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
      const shortage = descriptors.shortage(2);
      if (shortage !== 0) return fail(-shortage);
      return calls.ask(thread(), 'pipe2', [0], (pipe) => {
        if (typeof pipe === 'number') return fail(errors.result(pipe));
        [pipe.read, pipe.write].forEach((fd, index) => {
          writeI32(
            python,
            pointer + 4 * index,
            descriptors.open(fd, 'pipe', { flags: index === 0 ? O_RDONLY : O_WRONLY }),
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
      const entries = Array.from({ length: count }, (_, index): PollEntry => {
        const at = pointer + POLLFD.size * index;
        return { fd: readI32(python, at), events: python.HEAP16[(at + POLLFD.events) >>> 1] ?? 0 };
      });
      return poll(entries, timeout < 0 ? -1 : timeout * MILLISECOND, (results) => {
        if (typeof results === 'number') return setErrno(results);
        results.forEach((revents, index) => {
          python.HEAP16[(pointer + POLLFD.size * index + POLLFD.revents) >>> 1] = revents;
        });
        return results.filter((revents) => revents !== 0).length;
      });
    },

    /** select(2) as Linux makes it of poll: a descriptor that is not open is EBADF. */
    select(count = 0, reading = 0, writing = 0, exceptional = 0, timeoutPointer = 0) {
      const sets = [reading, writing, exceptional].map((set) =>
        set === 0 ? [] : readSet(python, set, count),
      );
      const events = new Map<number, number>();
      sets.forEach((set, index) => {
        for (const fd of set) events.set(fd, (events.get(fd) ?? 0) | (SELECT[index]?.ask ?? 0));
      });
      const entries = Array.from(events, ([fd, wanted]): PollEntry => ({ fd, events: wanted }));
      const timeout =
        timeoutPointer === 0
          ? -1
          : readI64(python, timeoutPointer) * 1000 * MILLISECOND + readI32(python, timeoutPointer + 8) * 1000;
      return poll(entries, timeout, (results) => {
        const fail = (error: number) => {
          setErrno(error);
          return -1;
        };
        if (typeof results === 'number') return fail(results);
        if (results.includes(POLLNVAL)) return fail(-errors.fromLinux(ERRNO.EBADF));
        let found = 0;
        [reading, writing, exceptional].forEach((pointer, index) => {
          if (pointer === 0) return;
          const wanted = new Set(sets[index]);
          const ready = entries
            .filter(
              ({ fd }, at) => wanted.has(fd) && ((results[at] ?? 0) & (SELECT[index]?.means ?? 0)) !== 0,
            )
            .map(({ fd }) => fd);
          writeSet(python, pointer, ready);
          found += ready.length;
        });
        return found;
      });
    },

    fcntl(fd = 0, command = 0, argumentPointer = 0) {
      const stream = python.FS.getStream(fd);
      const descriptor = descriptors.get(fd);
      switch (command) {
        case F_GETFD:
          if (stream) return stream.closeOnExec ? FD_CLOEXEC : 0;
          break;
        case F_SETFD:
          return setCloseOnExec(fd, (readI32(python, argumentPointer) & FD_CLOEXEC) !== 0);
        case F_DUPFD:
        case F_DUPFD_CLOEXEC: {
          const from = readI32(python, argumentPointer);
          if (from >= python.FS.MAX_OPEN_FDS) return -errors.fromLinux(ERRNO.EINVAL);
          if (from >= 0 && descriptors.lowestFree(from) < 0) return -errors.fromLinux(ERRNO.EMFILE);
          const made = original.fcntl(fd, F_DUPFD, argumentPointer);
          if (made >= 0) setCloseOnExec(made, command === F_DUPFD_CLOEXEC);
          return made;
        }
        case F_GETFL:
          if (descriptor !== undefined) return descriptor.stream.flags;
          break;
        case F_SETFL:
          if (descriptor !== undefined)
            return setNonBlocking(fd, (readI32(python, argumentPointer) & O_NONBLOCK) !== 0);
          break;
        case F_SETOWN:
          if (descriptor !== undefined) return setOwner(descriptor.file.fd, readI32(python, argumentPointer));
          break;
        case F_GETOWN_EX:
          if (descriptor !== undefined)
            return readOwner(descriptor.file.fd, readI32(python, argumentPointer));
      }
      return original.fcntl(fd, command, argumentPointer);
    },

    syscallIoctl(fd = 0, request = 0, argumentPointer = 0) {
      if (request === FIOCLEX || request === FIONCLEX) return setCloseOnExec(fd, request === FIOCLEX);
      const descriptor = descriptors.get(fd);
      if (descriptor === undefined) return original.syscallIoctl(fd, request, argumentPointer);
      if (request === FIONBIO)
        return setNonBlocking(fd, readI32(python, readI32(python, argumentPointer)) !== 0);
      if (descriptor.file.kind !== 'terminal') return -errors.fromLinux(ERRNO.ENOTTY);
      if (!canWait()) return -errors.fromLinux(CANNOT_WAIT);
      const asked = terminalRequest(python, request, readI32(python, argumentPointer));
      return calls.ask(thread(), 'ioctl', [descriptor.file.fd, request, asked.argument], (answer) => {
        if (typeof answer === 'number' && answer < 0) return errors.result(answer);
        asked.store(answer);
        return 0;
      });
    },
  };
}

/** The descriptors below `count` in an `fd_set`. */
function readSet(python: Emscripten, pointer: number, count: number): number[] {
  const fds: number[] = [];
  for (let fd = 0; fd < Math.min(count, 8 * FD_SET_SIZE); fd++)
    if (((python.HEAPU8[pointer + (fd >> 3)] ?? 0) & (1 << (fd & 7))) !== 0) fds.push(fd);
  return fds;
}

function writeSet(python: Emscripten, pointer: number, fds: readonly number[]): void {
  python.HEAPU8.fill(0, pointer, pointer + FD_SET_SIZE);
  for (const fd of fds) {
    const at = pointer + (fd >> 3);
    python.HEAPU8[at] = (python.HEAPU8[at] ?? 0) | (1 << (fd & 7));
  }
}
