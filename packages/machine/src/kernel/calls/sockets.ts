import type {
  ControlMessage,
  Credentials,
  PacketAddress,
  PacketSocket,
  Socket,
  SocketAddress,
} from '@netarium/osi/5-session';
import { ERRNO } from '@netarium/osi/trace';
import type { ReceivedMessage, ReplicaFile, UnixAddress } from '../../system-calls.ts';
import {
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_FASTOPEN,
  MSG_NOSIGNAL,
  MSG_PEEK,
  MSG_WAITALL,
  O_NONBLOCK,
  SIGNALS,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from '../constants.ts';
import type { Call, Family } from '../kernel.ts';
import type { LentBuffers } from '../lent-buffers.ts';
import { SocketFile } from '../socket-file.ts';
import { UnixSocket } from '../unix/unix-socket.ts';
import { type Blocked, waitFor } from '../wait.ts';
import { bindUnix, connectUnix, findUnix, landed, passengersOf, unixTypeError } from './unix-sockets.ts';

const { EAGAIN, EALREADY, EBADF, ECONNABORTED, EINPROGRESS, EINVAL, EISCONN, EMFILE, ENOTSOCK, EPIPE } =
  ERRNO;

/** The system calls about sockets; what they mean is the session layer's matter, how to wait is decided here. */
export const socketCalls: Family<
  | 'socket'
  | 'bind'
  | 'listen'
  | 'accept4'
  | 'connect'
  | 'sendto'
  | 'sendmsg'
  | 'recvfrom'
  | 'recvmsg'
  | 'shutdown'
  | 'getsockname'
  | 'getpeername'
  | 'getsockopt'
  | 'setsockopt'
> = {
  socket(call, domain, type, protocol) {
    if (domain === AF_UNIX) {
      const error = unixTypeError(type, protocol);
      return error || open(call, new UnixSocket(type & 15, `unix:${call.kernel.nextInode()}`), type);
    }
    const socket = call.kernel.network.socket(domain, type & 15, protocol, credentialsOf(call));
    return typeof socket === 'number' ? socket : open(call, socket, type);
  },

  bind(call, fd, address) {
    const file = socketAt(call, fd);
    if (typeof file === 'number') return file;
    const { socket } = file;
    if (socket instanceof UnixSocket) return bindUnix(call, socket, address);
    if (address.family === AF_UNIX) return -EINVAL;
    return socket.bind(address, credentialsOf(call));
  },

  listen(call, fd, backlog) {
    const file = socketAt(call, fd);
    if (typeof file === 'number') return file;
    const { socket } = file;
    return socket instanceof UnixSocket
      ? socket.listen(backlog, call.process.credentials)
      : socket.listen(backlog);
  },

  accept4(call, fd, flags) {
    const file = socketAt(call, fd);
    if (typeof file === 'number') return file;
    if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) !== 0) return -EINVAL;
    const accept = (): number | { fd: number; address: SocketAddress | UnixAddress } => {
      // Without a free descriptor the connection stays in the queue.
      if (call.process.descriptors.full) return -EMFILE;
      const socket = file.socket.accept();
      if (typeof socket === 'number') return socket;
      const accepted = open(call, socket, flags);
      const address = socket.remoteAddress(true);
      if (typeof address === 'object') return { fd: accepted, address };
      call.process.descriptors.close(accepted);
      return -ECONNABORTED;
    };
    return whenReady(file, file.nonBlocking, accept, file.readTimeout);
  },

  connect(call, fd, address) {
    const file = socketAt(call, fd);
    if (typeof file === 'number') return file;
    const { socket } = file;
    if (socket instanceof UnixSocket) return connectUnix(call, file, socket, address);
    if (address.family === AF_UNIX) return -EINVAL;
    const first = socket.connect(address);
    if (first !== -EINPROGRESS || file.nonBlocking) return first;
    return waitFor<number>({
      attempt() {
        const result = socket.connect(address);
        if (result === -EALREADY || result === -EINPROGRESS) return undefined;
        return result === -EISCONN ? 0 : result;
      },
      subscribe: (wake) => file.subscribe(wake),
      ...(file.writeTimeout > 0 ? { timeout: file.writeTimeout } : {}),
      expired: () => -EINPROGRESS,
      holds: file,
    });
  },

  sendto: (call, fd, data, flags, address) => send(call, fd, data, flags, address, []),
  sendmsg: send,

  recvfrom: (call, fd, length, flags) => receive(call, fd, length, flags, 0),
  recvmsg: receive,

  shutdown(call, fd, how) {
    const file = socketAt(call, fd);
    return typeof file === 'number' ? file : file.socket.shutdown(how);
  },

  getsockname(call, fd) {
    const file = socketAt(call, fd);
    return typeof file === 'number' ? file : file.socket.localAddress();
  },

  getpeername(call, fd) {
    const file = socketAt(call, fd);
    return typeof file === 'number' ? file : file.socket.remoteAddress();
  },

  getsockopt(call, fd, level, name, length) {
    const file = socketAt(call, fd);
    return typeof file === 'number' ? file : file.socket.getOption(level, name, length);
  },

  setsockopt(call, fd, level, name, value) {
    const file = socketAt(call, fd);
    return typeof file === 'number' ? file : file.socket.setOption(level, name, value, credentialsOf(call));
  },
};

/** sendmsg(2). @param rights what goes along, to a socket of AF_UNIX. @param controls other control messages. */
function send(
  call: Call,
  fd: number,
  data: Uint8Array,
  flags: number,
  address: SocketAddress | PacketAddress | UnixAddress | null,
  rights: readonly (number | ReplicaFile)[],
  controls: readonly ControlMessage[] = [],
): number | Blocked<number> {
  const file = socketAt(call, fd);
  if (typeof file === 'number') return file;
  const { socket } = file;
  if (!(socket instanceof UnixSocket)) {
    if (address?.family === AF_UNIX) return -EINVAL;
    const patience = file.nonBlocking ? flags | MSG_DONTWAIT : flags;
    // What follows the first piece is no new attempt to connect.
    const sendNow = (rest: Uint8Array) =>
      socket.send(rest, rest === data ? patience : patience & ~MSG_FASTOPEN, address, call.event);
    if (controls.length === 0) return sendAll(call, file, data, flags, sendNow);
    return sendAll(call, file, data, flags, (rest) =>
      socket.sendWith(controls, address, () => sendNow(rest), credentialsOf(call)),
    );
  }
  const to = address === null ? null : findUnix(call, address);
  if (typeof to === 'number') return to;
  const passengers = passengersOf(call, rights);
  if (typeof passengers === 'number') return passengers;
  return sendAll(call, file, data, flags, (rest) =>
    socket.send(rest, flags, to, rest.length === data.length ? passengers : []),
  );
}

/** recvmsg(2). @param room how many descriptors may come along. */
function receive(
  call: Call,
  fd: number,
  length: number,
  flags: number,
  room: number,
): number | ReceivedMessage | Blocked<number | ReceivedMessage> {
  const file = socketAt(call, fd);
  if (typeof file === 'number') return file;
  if (!(length >= 0)) return -EINVAL;
  const receiveNow = (most: number, lent?: LentBuffers): number | ReceivedMessage => {
    const received = file.receive(most, flags, lent);
    if (typeof received === 'number') return received;
    const { length: _, passengers, ...message } = received;
    if (passengers === undefined || passengers.length === 0) return message;
    return { ...message, ...landed(call, passengers, room, flags) };
  };
  // The error queue is never waited for (recv(2)).
  const patient = !file.nonBlocking && (flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) === 0;
  const whole = (flags & MSG_WAITALL) !== 0 && (flags & MSG_PEEK) === 0 && file.socket.type === SOCK_STREAM;
  if (whole && patient) return receiveAll(file, length, receiveNow);
  return whenReady(file, !patient, () => receiveNow(length, call.process.lent), file.readTimeout);
}

/**
 * Sends everything, piece by piece as room appears, unless the caller does not want to wait.
 * What went out before an error or the timeout is the result then (send(2)). Each piece bears this call as its origin.
 */
export function sendAll(
  call: Call,
  file: SocketFile,
  data: Uint8Array,
  flags: number,
  send: (rest: Uint8Array) => number,
): number | Blocked<number> {
  const patient = !file.nonBlocking && (flags & MSG_DONTWAIT) === 0;
  let sent = 0;
  const soFar = (otherwise: number): number => (sent > 0 ? sent : otherwise);
  return waitFor<number>({
    attempt() {
      do {
        const taken = send(sent === 0 ? data : data.subarray(sent));
        if (taken === -EAGAIN) return patient ? undefined : soFar(-EAGAIN);
        if (taken < 0) {
          if (
            taken === -EPIPE &&
            sent === 0 &&
            file.socket.type === SOCK_STREAM &&
            (flags & MSG_NOSIGNAL) === 0
          ) {
            call.kernel.signal(call.process, SIGNALS.SIGPIPE);
          }
          return soFar(taken);
        }
        sent += taken;
        if (taken === 0) break;
      } while (sent < data.length && patient);
      return sent < data.length && patient ? undefined : sent;
    },
    subscribe: (wake) => file.subscribe(wake),
    ...(file.writeTimeout > 0 ? { timeout: file.writeTimeout } : {}),
    expired: () => soFar(-EAGAIN),
    interrupted: () => soFar(-ERRNO.EINTR),
    holds: file,
  });
}

/** MSG_WAITALL: waits until `length` bytes are there, or the stream has ended (recv(2)). */
function receiveAll(
  file: SocketFile,
  length: number,
  receiveNow: (most: number) => number | ReceivedMessage,
): number | ReceivedMessage | Blocked<number | ReceivedMessage> {
  const parts: Uint8Array[] = [];
  let along: Pick<ReceivedMessage, 'rights' | 'flags'> = {};
  let filled = 0;
  const gathered = (): ReceivedMessage => {
    const data = new Uint8Array(filled);
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
    return { data, address: null, truncated: false, whole: filled, ...along };
  };
  const soFar = (otherwise: number) => (filled > 0 ? gathered() : otherwise);
  return waitFor<number | ReceivedMessage>({
    attempt() {
      while (filled < length) {
        const received = receiveNow(length - filled);
        if (received === -EAGAIN) return undefined;
        if (typeof received === 'number') return soFar(received);
        if (received.data.length === 0) break;
        parts.push(received.data);
        filled += received.data.length;
        if (received.rights !== undefined) {
          // What comes with descriptors is not put together with what follows (unix(7)).
          along = { rights: received.rights, flags: received.flags ?? 0 };
          break;
        }
      }
      return gathered();
    },
    subscribe: (wake) => file.subscribe(wake),
    ...(file.readTimeout > 0 ? { timeout: file.readTimeout } : {}),
    expired: () => soFar(-EAGAIN),
    interrupted: () => soFar(-ERRNO.EINTR),
    holds: file,
  });
}

/** Does it now, or as soon as it can be done; -EAGAIN at once for those who do not wait. */
function whenReady<R>(
  file: SocketFile,
  impatient: boolean,
  work: () => R | number,
  timeout: number,
): R | number | Blocked<R | number> {
  if (impatient) return work();
  return waitFor<R | number>({
    attempt() {
      const result = work();
      return result === -EAGAIN ? undefined : result;
    },
    subscribe: (wake) => file.subscribe(wake),
    ...(timeout > 0 ? { timeout } : {}),
    holds: file,
  });
}

const credentialsOf = ({ process }: Call): Credentials => ({ privileged: process.user.uid === 0 });

/** A new descriptor for a socket. `flags`: SOCK_NONBLOCK, SOCK_CLOEXEC. */
export function open(
  { kernel, process }: Call,
  socket: Socket | UnixSocket | PacketSocket,
  flags: number,
): number {
  const file = new SocketFile(
    socket,
    kernel.nextInode(),
    process.user.uid,
    (flags & SOCK_NONBLOCK) !== 0 ? O_NONBLOCK : 0,
    (closed) => kernel.forget(closed),
  );
  const fd = process.descriptors.add(file, (flags & SOCK_CLOEXEC) !== 0);
  if (fd < 0) {
    socket.close();
    return fd;
  }
  kernel.sockets.add(file);
  return fd;
}

function socketAt(call: Call, fd: number): SocketFile | number {
  const file = call.process.descriptors.get(fd);
  if (file === undefined) return -EBADF;
  return file instanceof SocketFile ? file : -ENOTSOCK;
}
