import type { SystemCallArguments, SystemCallName, SystemCallResult } from '@netarium/machine';
import { ERRNO } from '@netarium/osi/trace';
import { readAddress, writeAddress } from './addresses.ts';
import type { Descriptors, KernelDescriptor } from './descriptors.ts';
import type { ErrorNumbers } from './errno.ts';
import { CANNOT_WAIT, type Handler, type HandlerContext, type Handlers, type Outcome } from './hooks.ts';
import { gather, lengthOf, readI32, readU32, readVectors, scatter, writeI32 } from './memory.ts';
import type { SystemCallPort } from './system-calls.ts';

const SOCK_TYPE_MASK = 0xf;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
/** A request number of our own: see netarium_socket.py. */
const SOCKETPAIR = 0x4e540001;

/**
 * What a stream's send may copy at a time when it does not wait: the caller comes again with the rest, which would
 * be copied each time.
 */
const SEND_LIMIT = 256 * 1024;

/** `struct msghdr` as the binary lays it out (32-bit musl). */
const MSG = { name: 0, nameLength: 4, vectors: 8, vectorCount: 12, controlLength: 20, flags: 24 } as const;

/**
 * The socket calls of socket(2) … shutdown(2): from C's structures to the kernel's objects and back.
 *
 * @param control answers all ioctl requests but those about sockets.
 */
export function socketHandlers(
  { python, exports, thread, canWait }: HandlerContext,
  calls: SystemCallPort,
  descriptors: Descriptors,
  errors: ErrorNumbers,
  control: Handler,
): Handlers {
  const failed = (errno: number) => -errors.fromLinux(errno);

  /** Makes a call, and then what C gets of its result. */
  function ask<N extends SystemCallName>(
    name: N,
    args: SystemCallArguments<N>,
    finish: (result: SystemCallResult<N>) => number,
  ): Outcome {
    return calls.ask(thread(), name, args, finish);
  }

  /** A call that returns a number. */
  function plain<N extends SystemCallName>(name: N, ...args: SystemCallArguments<N>): Outcome {
    return ask(name, args, (result) => errors.result(result as number));
  }

  /** Does something with the socket behind a number, or says why not. */
  function on(fd: number, action: (socket: KernelDescriptor) => Outcome): Outcome {
    const descriptor = descriptors.get(fd);
    if (descriptor?.file.kind === 'socket') return canWait() ? action(descriptor) : failed(CANNOT_WAIT);
    return failed(descriptors.exists(fd) ? ERRNO.ENOTSOCK : ERRNO.EBADF);
  }

  /** `socket` … with an address that C gives. */
  function withAddress(
    fd: number,
    pointer: number,
    length: number,
    action: (socket: KernelDescriptor, address: NonNullable<ReturnType<typeof readAddress>>) => Outcome,
  ): Outcome {
    return on(fd, (socket) => {
      const address = readAddress(python, pointer, length);
      return address === undefined ? failed(ERRNO.EAFNOSUPPORT) : action(socket, address);
    });
  }

  /** How many bytes to copy of those that are to be sent. */
  function sendLimit({ file, stream }: KernelDescriptor, flags: number): number {
    const waits = (stream.flags & O_NONBLOCK) === 0 && (flags & MSG_DONTWAIT) === 0;
    return file.type === SOCK_STREAM && !waits ? SEND_LIMIT : Number.POSITIVE_INFINITY;
  }

  function name(fd: number, pointer: number, length: number, which: 'getsockname' | 'getpeername'): Outcome {
    return on(fd, ({ file }) =>
      ask(which, [file.fd], (result) => {
        if (typeof result === 'number') return errors.result(result);
        writeAddress(python, pointer, length, result);
        return 0;
      }),
    );
  }

  /** Where Python is: which instruction of which frame calls. */
  function callSite(): string {
    const frame = exports.PyEval_GetFrame();
    return frame === 0 ? '' : `${frame} ${exports.PyFrame_GetLasti(frame)}`;
  }
  const connecting = new WeakMap<object, string>();

  /** What a replaced function of the C library returns: -1, and the error in errno. */
  function inErrno(result: number): number {
    if (result >= 0) return result;
    writeI32(python, exports.__errno_location(), -result);
    return -1;
  }

  /**
   * socketpair(2), which this build of CPython does not have: our Python code asks for it with the ioctl request
   * `SOCKETPAIR` and an array of domain, type, protocol and room for the two numbers.
   */
  function socketpair(pointer: number): Outcome {
    if (!canWait()) return failed(CANNOT_WAIT);
    const [domain = 0, type = 0, protocol = 0] = [0, 4, 8].map((offset) => readI32(python, pointer + offset));
    const flags = type & SOCK_NONBLOCK ? O_NONBLOCK : 0;
    return ask('socketpair', [domain, type, protocol], (pair) => {
      if (typeof pair === 'number') return errors.result(pair);
      [pair.first, pair.second].forEach((fd, index) => {
        const number = descriptors.open(fd, 'socket', type & SOCK_TYPE_MASK, flags);
        writeI32(python, pointer + 12 + 4 * index, number);
      });
      return 0;
    });
  }

  return {
    ioctl: (fd = 0, request = 0, argumentPointer = 0) =>
      request === SOCKETPAIR
        ? socketpair(readI32(python, argumentPointer))
        : control(fd, request, argumentPointer),

    socket(domain = 0, type = 0, protocol = 0) {
      if (!canWait()) return failed(CANNOT_WAIT);
      const flags = type & SOCK_NONBLOCK ? O_NONBLOCK : 0;
      return ask('socket', [domain, type, protocol], (fd) => {
        if (fd < 0) return errors.result(fd);
        return descriptors.open(fd, 'socket', type & SOCK_TYPE_MASK, flags);
      });
    },

    bind: (fd = 0, pointer = 0, length = 0) =>
      withAddress(fd, pointer, length, ({ file }, address) => plain('bind', file.fd, address)),

    listen: (fd = 0, backlog = 0) => on(fd, ({ file }) => plain('listen', file.fd, backlog)),

    accept4: (fd = 0, pointer = 0, length = 0, flags = 0) =>
      on(fd, ({ file }) =>
        ask('accept4', [file.fd, flags & (SOCK_NONBLOCK | SOCK_CLOEXEC)], (accepted) => {
          if (typeof accepted === 'number') return errors.result(accepted);
          writeAddress(python, pointer, length, accepted.address);
          return descriptors.open(accepted.fd, 'socket', SOCK_STREAM, flags & SOCK_NONBLOCK ? O_NONBLOCK : 0);
        }),
      ),

    connect: (fd = 0, pointer = 0, length = 0) =>
      withAddress(fd, pointer, length, ({ file, stream }, address) => {
        connecting.set(stream.node, callSite());
        return plain('connect', file.fd, address);
      }),

    getsockname: (fd = 0, pointer = 0, length = 0) => name(fd, pointer, length, 'getsockname'),
    getpeername: (fd = 0, pointer = 0, length = 0) => name(fd, pointer, length, 'getpeername'),

    getsockopt: (fd = 0, level = 0, option = 0, pointer = 0, lengthPointer = 0) =>
      on(fd, ({ file, stream }) => {
        // C's own connect() with a timeout asks for the error as a number it knows; a program for Linux's.
        const forC =
          level === SOL_SOCKET && option === SO_ERROR && connecting.get(stream.node) === callSite();
        const room = readU32(python, lengthPointer);
        return ask('getsockopt', [file.fd, level, option, room], (value) => {
          if (typeof value === 'number') return errors.result(value);
          python.HEAPU8.set(value.subarray(0, room), pointer);
          writeI32(python, lengthPointer, Math.min(room, value.length));
          if (forC) writeI32(python, pointer, errors.fromLinux(readU32(python, pointer)));
          return 0;
        });
      }),

    setsockopt: (fd = 0, level = 0, option = 0, pointer = 0, length = 0) => {
      const outcome = on(fd, ({ file }) =>
        plain('setsockopt', file.fd, level, option, python.HEAPU8.slice(pointer, pointer + length)),
      );
      if (typeof outcome === 'number') return inErrno(outcome);
      return outcome.then((result) => () => inErrno(typeof result === 'function' ? result() : result));
    },

    sendto: (fd = 0, pointer = 0, length = 0, flags = 0, addressPointer = 0, addressLength = 0) =>
      on(fd, (socket) => {
        const address = addressPointer === 0 ? null : readAddress(python, addressPointer, addressLength);
        if (address === undefined) return failed(ERRNO.EAFNOSUPPORT);
        const size = Math.min(length, sendLimit(socket, flags));
        return plain(
          'sendto',
          socket.file.fd,
          python.HEAPU8.subarray(pointer, pointer + size),
          flags,
          address,
        );
      }),

    recvfrom: (fd = 0, pointer = 0, length = 0, flags = 0, addressPointer = 0, addressLength = 0) =>
      on(fd, ({ file }) =>
        ask('recvfrom', [file.fd, length, flags], (received) => {
          if (typeof received === 'number') return errors.result(received);
          python.HEAPU8.set(received.data, pointer);
          writeAddress(python, addressPointer, addressLength, received.address);
          return received.data.length;
        }),
      ),

    sendmsg: (fd = 0, message = 0, flags = 0) =>
      on(fd, (socket) => {
        const namePointer = readU32(python, message + MSG.name);
        const address =
          namePointer === 0
            ? null
            : readAddress(python, namePointer, readU32(python, message + MSG.nameLength));
        if (address === undefined) return failed(ERRNO.EAFNOSUPPORT);
        const vectors = messageVectors(message);
        return plain(
          'sendto',
          socket.file.fd,
          gather(python, vectors, sendLimit(socket, flags)),
          flags,
          address,
        );
      }),

    recvmsg: (fd = 0, message = 0, flags = 0) =>
      on(fd, ({ file }) =>
        ask('recvfrom', [file.fd, lengthOf(messageVectors(message)), flags], (received) => {
          if (typeof received === 'number') return errors.result(received);
          const length = scatter(python, received.data, messageVectors(message));
          writeAddress(
            python,
            readU32(python, message + MSG.name),
            message + MSG.nameLength,
            received.address,
          );
          writeI32(python, message + MSG.controlLength, 0);
          writeI32(python, message + MSG.flags, received.truncated ? MSG_TRUNC : 0);
          return length;
        }),
      ),

    /** Pyodide's own import: stores the result, and says that it did. */
    shutdown(fd = 0, how = 0, resultPointer = 0) {
      const store = (result: number) => {
        writeI32(python, resultPointer, result);
        return 1;
      };
      const outcome = on(fd, ({ file }) => plain('shutdown', file.fd, how));
      if (typeof outcome === 'number') return store(outcome);
      return outcome.then((result) => () => store(typeof result === 'function' ? result() : result));
    },
  };

  function messageVectors(message: number): [number, number][] {
    return readVectors(
      python,
      readU32(python, message + MSG.vectors),
      readU32(python, message + MSG.vectorCount),
    );
  }
}
