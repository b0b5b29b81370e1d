import type { SystemCallArguments, SystemCallName, SystemCallResult } from '@netarium/machine';
import type { InternetAddress } from '@netarium/osi/5-session';
import { ERRNO } from '@netarium/osi/trace';
import type { StartedProcess } from '../protocol.ts';
import { readAddress, writeAddress } from './addresses.ts';
import { ControlMessages } from './control.ts';
import type { Descriptors, KernelDescriptor } from './descriptors.ts';
import { epollRequests } from './epoll.ts';
import type { ErrorNumbers } from './errno.ts';
import { CANNOT_WAIT, type Handler, type HandlerContext, type Handlers, type Outcome } from './hooks.ts';
import { gather, lengthOf, readI32, readU32, readVectors, scatter, writeI32 } from './memory.ts';
import { NameRequests } from './name-requests.ts';
import { AF_PACKET, AF_UNIX, type ForeignAddress } from './socket-addresses.ts';
import { readIpv6Text, Stands, writeIpv6Text } from './stands.ts';
import type { SystemCallPort } from './system-calls.ts';

const SOCK_TYPE_MASK = 0xf;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const AF_INET = 2;
const MSG_DONTWAIT = 0x40;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
/** Request numbers of our own: see netarium_families.py, netarium_unix.py and netarium_names.py. */
const SOCKETPAIR = 0x4e540001;
const ADDRESS = 0x4e540002;
const DOMAIN = 0x4e540003;
const NAMES = 0x4e540004;
const INET6_PTON = 0x4e540005;
const INET6_NTOP = 0x4e540006;

/**
 * What a stream's send may copy at a time when it does not wait: the caller comes again with the rest, which would
 * be copied each time.
 */
const SEND_LIMIT = 256 * 1024;

/** `struct msghdr` as the binary lays it out (32-bit musl). */
const MSG = { name: 0, nameLength: 4, vectors: 8, vectorCount: 12 } as const;

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
  process: Pick<StartedProcess, 'pid' | 'cwd' | 'hostname'>,
): Handlers {
  const stands = new Stands();
  const names = new NameRequests({ python, exports, thread, canWait }, calls, process.hostname);
  const ancillary = new ControlMessages(python, descriptors, String(process.pid));
  const epoll = epollRequests({ python, exports, thread, canWait }, calls, descriptors, errors);
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
    action: (socket: KernelDescriptor, address: InternetAddress | ForeignAddress) => Outcome,
  ): Outcome {
    return on(fd, (socket) => {
      const address = addressFor(socket, pointer, length);
      return address === undefined ? failed(ERRNO.EAFNOSUPPORT) : action(socket, address);
    });
  }

  /** The address that C gives for a socket. */
  function addressFor({ file }: KernelDescriptor, pointer: number, length: number) {
    const address = readAddress(python, pointer, length);
    return address === undefined || file.domain === AF_INET ? address : stands.meant(address);
  }

  /** A path of a socket is looked up from where the process is; the kernel hears of that when it matters. */
  function inFolder(address: InternetAddress | ForeignAddress | null, work: () => Outcome): Outcome {
    if (address?.family !== AF_UNIX || /^(?:[\0/]|$)/.test(address.path)) return work();
    const here = python.FS.cwd();
    if (here === folder) return work();
    folder = here;
    const entered = ask('chdir', [here], () => 0);
    return typeof entered === 'number' ? work() : entered.then(work);
  }
  let folder = process.cwd;

  /** How many bytes to copy of those that are to be sent. */
  function sendLimit({ file, stream }: KernelDescriptor, flags: number): number {
    const waits = (stream.flags & O_NONBLOCK) === 0 && (flags & MSG_DONTWAIT) === 0;
    return file.type === SOCK_STREAM && !waits ? SEND_LIMIT : Number.POSITIVE_INFINITY;
  }

  function name(fd: number, pointer: number, length: number, which: 'getsockname' | 'getpeername'): Outcome {
    return on(fd, ({ file }) =>
      ask(which, [file.fd], (result) => {
        if (typeof result === 'number') return errors.result(result);
        writeAddress(python, pointer, length, result, stands);
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

  function ioctl(fd = 0, request = 0, argumentPointer = 0): Outcome {
    switch (request) {
      case SOCKETPAIR:
        return socketpair(readI32(python, argumentPointer));
      case ADDRESS:
        return stands.translate(python, readI32(python, argumentPointer));
      case NAMES:
        return names.answer(readI32(python, argumentPointer));
      case INET6_PTON:
        return readIpv6Text(python, readI32(python, argumentPointer));
      case INET6_NTOP:
        return writeIpv6Text(python, readI32(python, argumentPointer));
      case DOMAIN:
        return descriptors.get(fd)?.file.domain ?? 0;
      default:
        return epoll(fd, request, readI32(python, argumentPointer)) ?? control(fd, request, argumentPointer);
    }
  }

  /** As `inErrno`, of a result that may have to be waited for. */
  function libraryCall(outcome: Outcome): Outcome {
    if (typeof outcome === 'number') return inErrno(outcome);
    return outcome.then((result) => () => inErrno(typeof result === 'function' ? result() : result));
  }

  /**
   * socketpair(2), which this build of CPython does not have: our Python code asks for it with the ioctl request
   * `SOCKETPAIR` and an array of domain, type, protocol and room for the two numbers.
   */
  function socketpair(pointer: number): Outcome {
    if (!canWait()) return failed(CANNOT_WAIT);
    const [domain = 0, type = 0, protocol = 0] = [0, 4, 8].map((offset) => readI32(python, pointer + offset));
    const flags = type & SOCK_NONBLOCK ? O_NONBLOCK : 0;
    const shortage = descriptors.shortage(2);
    if (shortage !== 0) return -shortage;
    return ask('socketpair', [domain, type, protocol], (pair) => {
      if (typeof pair === 'number') return errors.result(pair);
      [pair.first, pair.second].forEach((fd, index) => {
        const number = descriptors.open(fd, 'socket', {
          type: type & SOCK_TYPE_MASK,
          domain,
          flags,
          closeOnExec: (type & SOCK_CLOEXEC) !== 0,
        });
        writeI32(python, pointer + 12 + 4 * index, number);
      });
      return 0;
    });
  }

  return {
    syscallIoctl: ioctl,
    ioctl: (fd = 0, request = 0, argumentPointer = 0) => libraryCall(ioctl(fd, request, argumentPointer)),

    socket(domain = 0, type = 0, protocol = 0) {
      if (!canWait()) return failed(CANNOT_WAIT);
      const flags = type & SOCK_NONBLOCK ? O_NONBLOCK : 0;
      return ask('socket', [domain, type, protocol], (fd) => {
        if (fd < 0) return errors.result(fd);
        return descriptors.open(fd, 'socket', {
          type: type & SOCK_TYPE_MASK,
          domain,
          flags,
          closeOnExec: (type & SOCK_CLOEXEC) !== 0,
        });
      });
    },

    bind: (fd = 0, pointer = 0, length = 0) =>
      withAddress(fd, pointer, length, ({ file }, address) =>
        inFolder(address, () => plain('bind', file.fd, address)),
      ),

    listen: (fd = 0, backlog = 0) => on(fd, ({ file }) => plain('listen', file.fd, backlog)),

    accept4: (fd = 0, pointer = 0, length = 0, flags = 0) =>
      // Linux takes the number first: without one the connection stays in the queue.
      on(
        fd,
        ({ file }) =>
          -descriptors.shortage() ||
          ask('accept4', [file.fd, flags & (SOCK_NONBLOCK | SOCK_CLOEXEC)], (accepted) => {
            if (typeof accepted === 'number') return errors.result(accepted);
            writeAddress(python, pointer, length, accepted.address, stands);
            const { type, domain } = file;
            return descriptors.open(accepted.fd, 'socket', {
              type,
              domain,
              flags: flags & SOCK_NONBLOCK ? O_NONBLOCK : 0,
              closeOnExec: (flags & SOCK_CLOEXEC) !== 0,
            });
          }),
      ),

    connect: (fd = 0, pointer = 0, length = 0) =>
      withAddress(fd, pointer, length, ({ file, stream }, address) => {
        if (address.family === AF_PACKET) return failed(ERRNO.EOPNOTSUPP);
        connecting.set(stream.node, callSite());
        return inFolder(address, () => plain('connect', file.fd, address));
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

    setsockopt: (fd = 0, level = 0, option = 0, pointer = 0, length = 0) =>
      libraryCall(
        on(fd, ({ file }) =>
          plain('setsockopt', file.fd, level, option, python.HEAPU8.slice(pointer, pointer + length)),
        ),
      ),

    sendto: (fd = 0, pointer = 0, length = 0, flags = 0, addressPointer = 0, addressLength = 0) =>
      on(fd, (socket) => {
        const address = addressPointer === 0 ? null : addressFor(socket, addressPointer, addressLength);
        if (address === undefined) return failed(ERRNO.EAFNOSUPPORT);
        const size = Math.min(length, sendLimit(socket, flags));
        const bytes = () => python.HEAPU8.subarray(pointer, pointer + size);
        return inFolder(address, () => plain('sendto', socket.file.fd, bytes(), flags, address));
      }),

    recvfrom: (fd = 0, pointer = 0, length = 0, flags = 0, addressPointer = 0, addressLength = 0) =>
      on(fd, ({ file }) =>
        ask('recvfrom', [file.fd, length, flags], (received) => {
          if (typeof received === 'number') return errors.result(received);
          python.HEAPU8.set(received.data, pointer);
          writeAddress(python, addressPointer, addressLength, received.packet ?? received.address, stands);
          return received.data.length;
        }),
      ),

    sendmsg: (fd = 0, message = 0, flags = 0) =>
      on(fd, (socket) => {
        const namePointer = readU32(python, message + MSG.name);
        const address =
          namePointer === 0
            ? null
            : addressFor(socket, namePointer, readU32(python, message + MSG.nameLength));
        if (address === undefined) return failed(ERRNO.EAFNOSUPPORT);
        const bytes = gather(python, messageVectors(message), sendLimit(socket, flags));
        const along = ancillary.sent(message);
        if (along === undefined) return failed(ERRNO.EBADF);
        const { rights, controls } = along;
        return inFolder(address, () =>
          plain('sendmsg', socket.file.fd, bytes, flags, address, rights, controls),
        );
      }),

    recvmsg: (fd = 0, message = 0, flags = 0) =>
      on(fd, ({ file }) => {
        const [length, room] = [lengthOf(messageVectors(message)), ancillary.roomOf(message)];
        return ask('recvmsg', [file.fd, length, flags, room], (received) => {
          if (typeof received === 'number') return errors.result(received);
          const taken = scatter(python, received.data, messageVectors(message));
          const { name, nameLength } = MSG;
          writeAddress(
            python,
            readU32(python, message + name),
            message + nameLength,
            received.packet ?? received.address,
            stands,
          );
          ancillary.write(message, received, flags, file.domain);
          return taken;
        });
      }),

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
