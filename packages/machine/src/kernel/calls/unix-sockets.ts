/** What the calls about sockets do for those of AF_UNIX. */
import type { PacketAddress, SocketAddress, UnspecifiedAddress } from '@netarium/osi/5-session';
import { ERRNO } from '@netarium/osi/trace';
import type { ReceivedDescriptor, ReplicaFile, UnixAddress } from '../../system-calls.ts';
import {
  AF_UNIX,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from '../constants.ts';
import type { Call } from '../kernel.ts';
import { OpenFile } from '../open-file.ts';
import { describeFile, type SocketFile } from '../socket-file.ts';
import type { Passenger } from '../unix/queue.ts';
import type { UnixSocket } from '../unix/unix-socket.ts';
import { type Blocked, waitFor } from '../wait.ts';

const { EAGAIN, EBADF, EINVAL, EPROTONOSUPPORT, ESOCKTNOSUPPORT } = ERRNO;
const AF_UNSPEC = 0;
const TYPE = 0xf;
const TYPES: ReadonlySet<number> = new Set([SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET]);

type AnyAddress = SocketAddress | PacketAddress | UnspecifiedAddress | UnixAddress;

/** Why there is no socket of AF_UNIX like that; 0 when there is. */
export function unixTypeError(type: number, protocol: number): number {
  if (protocol !== 0 && protocol !== AF_UNIX) return -EPROTONOSUPPORT;
  return TYPES.has(type & TYPE) ? 0 : -ESOCKTNOSUPPORT;
}

/** bind(2). */
export function bindUnix({ kernel, process }: Call, socket: UnixSocket, address: AnyAddress): number {
  return address.family === AF_UNIX ? kernel.unixNames.bind(socket, address, process) : -EINVAL;
}

/** A connection is there at once; only for room in the listener's queue one waits. */
export function connectUnix(
  call: Call,
  file: SocketFile,
  socket: UnixSocket,
  address: AnyAddress,
): number | Blocked<number> {
  const { kernel, process } = call;
  if (address.family === AF_UNSPEC) return socket.connect(null, '', process.credentials);
  const target = findUnix(call, address);
  if (typeof target === 'number') return target;
  const connect = () => socket.connect(target, `unix:${kernel.nextInode()}`, process.credentials);
  const first = connect();
  if (first !== -EAGAIN || file.nonBlocking) return first;
  return waitFor<number>({
    attempt() {
      const result = connect();
      return result === -EAGAIN ? undefined : result;
    },
    subscribe: (wake) => socket.whenRoom(target, wake),
    ...(file.writeTimeout > 0 ? { timeout: file.writeTimeout } : {}),
    holds: file,
  });
}

/** Whom an address means; errors are those of a lookup. */
export function findUnix({ kernel, process }: Call, address: AnyAddress): UnixSocket | number {
  return address.family === AF_UNIX ? kernel.unixNames.find(address, process) : -EINVAL;
}

/** A file of a process's replica on its way: the kernel only passes it on. */
class PassedOn implements Passenger {
  readonly file: ReplicaFile;

  constructor(file: ReplicaFile) {
    this.file = file;
  }

  hold(): void {}
  release(): void {}
}

/** What goes along with a message (SCM_RIGHTS). @returns -EBADF for a number that is not open. */
export function passengersOf(
  { process }: Call,
  rights: readonly (number | ReplicaFile)[],
): Passenger[] | number {
  const passengers: Passenger[] = [];
  for (const right of rights) {
    const file = typeof right === 'number' ? process.descriptors.get(right) : new PassedOn(right);
    if (file === undefined) return -EBADF;
    passengers.push(file);
  }
  return passengers;
}

/**
 * Gives the receiver descriptors for what came along, as many as there is room for; the others are closed.
 * @returns them, and MSG_CTRUNC when some were.
 */
export function landed(
  { process }: Call,
  passengers: readonly Passenger[],
  room: number,
  flags: number,
): { rights: (ReceivedDescriptor | ReplicaFile)[]; flags: number } {
  const rights: (ReceivedDescriptor | ReplicaFile)[] = [];
  for (const passenger of passengers) {
    if (rights.length < room) {
      if (passenger instanceof PassedOn) rights.push(passenger.file);
      else if (passenger instanceof OpenFile) {
        const fd = process.descriptors.add(passenger, (flags & MSG_CMSG_CLOEXEC) !== 0);
        if (fd >= 0) rights.push(describeFile(fd, passenger));
      }
    }
    passenger.release();
  }
  return { rights, flags: rights.length < passengers.length ? MSG_CTRUNC : 0 };
}
