import { ERRNO } from '@netarium/osi/trace';
import type { PollEntry } from '../../system-calls.ts';
import {
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_GETOWN,
  F_SETFD,
  F_SETFL,
  F_SETOWN,
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_NONBLOCK,
  POLLERR,
  POLLHUP,
  POLLNVAL,
  SIGNALS,
} from '../constants.ts';
import type { Call, Family } from '../kernel.ts';
import { RLIMIT } from '../limits.ts';
import type { Collection, OpenFile } from '../open-file.ts';
import { makePipe } from '../pipe.ts';
import type { Process } from '../process.ts';
import { SocketFile } from '../socket-file.ts';
import { waitFor } from '../wait.ts';
import { sendAll } from './sockets.ts';

const { EAGAIN, EBADF, EFBIG, EINVAL, EMFILE, EPIPE, ESRCH } = ERRNO;

/** The system calls that work on any descriptor. */
export const descriptorCalls: Family<
  'read' | 'write' | 'close' | 'poll' | 'pipe2' | 'dup' | 'dup2' | 'fcntl' | 'ioctl'
> = {
  read(call, fd, length) {
    const file = call.process.descriptors.get(fd);
    if (file === undefined || !file.mayRead) return -EBADF;
    if (!(length >= 0)) return -EINVAL;
    const collection = file.nonBlocking ? null : file.collect(length);
    if (collection !== null) return collected(file, collection);
    return waitFor<number | Uint8Array>({
      attempt() {
        const result = file.read(length, call.by(fd));
        return result === -EAGAIN && !file.nonBlocking ? undefined : result;
      },
      subscribe: (wake) => file.subscribe(wake),
      ...(file.readTimeout > 0 ? { timeout: file.readTimeout, expired: () => file.readExpired() } : {}),
      holds: file,
    });
  },

  write(call, fd, data) {
    const file = call.process.descriptors.get(fd);
    if (file === undefined || !file.mayWrite) return -EBADF;
    if (file instanceof SocketFile)
      return sendAll(call, file, data, 0, (rest) => file.write(rest, call.by(fd)));
    let written = 0;
    return waitFor<number>({
      attempt() {
        do {
          const taken = file.write(data.subarray(written), call.by(fd));
          if (taken === -EAGAIN) return file.nonBlocking ? written || -EAGAIN : undefined;
          if (taken === -EPIPE) call.kernel.signal(call.process, SIGNALS.SIGPIPE);
          if (taken === -EFBIG && written === 0) call.kernel.signal(call.process, SIGNALS.SIGXFSZ);
          if (taken < 0) return written || taken;
          written += taken;
        } while (written < data.length);
        return written;
      },
      subscribe: (wake) => file.subscribe(wake),
      interrupted: () => written || -ERRNO.EINTR,
      holds: file,
    });
  },

  close: (call, fd) => call.process.descriptors.close(fd),

  poll(call, fds, timeout) {
    if (fds.length > call.process.limits.most(RLIMIT.NOFILE)) return -EINVAL;
    // A descriptor that is closed while the call waits is looked at as it was: Linux holds the file too.
    const files = fds.map(({ fd }) => call.process.descriptors.get(fd));
    return waitFor<number[]>({
      attempt() {
        const ready = fds.map((entry, i) => readiness(entry, files[i]));
        return timeout === 0 || ready.some((events) => events !== 0) ? ready : undefined;
      },
      subscribe(wake) {
        const ends = [...new Set(files)].flatMap((file) =>
          file === undefined ? [] : [file.subscribe(wake)],
        );
        return () => {
          for (const end of ends) end();
        };
      },
      ...(timeout >= 0 ? { timeout } : {}),
      timer: 'poll.timeout',
      expired: () => fds.map(() => 0),
      holds: {
        hold() {
          for (const file of files) file?.hold();
        },
        release() {
          for (const file of files) file?.release();
        },
      },
    });
  },

  pipe2({ kernel, process }, flags) {
    if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) !== 0) return -EINVAL;
    const pipe = makePipe(kernel.nextInode(), flags & O_NONBLOCK);
    const closeOnExec = (flags & O_CLOEXEC) !== 0;
    const read = process.descriptors.add(pipe.read, closeOnExec);
    if (read < 0) return -EMFILE;
    const write = process.descriptors.add(pipe.write, closeOnExec);
    if (write >= 0) return { read, write };
    process.descriptors.close(read);
    return -EMFILE;
  },

  dup({ process }, fd) {
    const file = process.descriptors.get(fd);
    return file === undefined ? -EBADF : process.descriptors.add(file);
  },

  dup2({ process }, fd, to) {
    const file = process.descriptors.get(fd);
    if (file === undefined) return -EBADF;
    if (fd === to) return fd;
    return to >= 0 && to < process.limits.most(RLIMIT.NOFILE) ? process.descriptors.put(to, file) : -EBADF;
  },

  ioctl: ({ process }, fd, request, argument) =>
    process.descriptors.get(fd)?.ioctl(request, argument) ?? -EBADF,

  fcntl(call, fd, command, argument) {
    const file = call.process.descriptors.get(fd);
    return file === undefined ? -EBADF : control(call, fd, file, command, argument);
  },
};

function collected(file: OpenFile, collection: Collection) {
  const soFar = () => collection.bytes;
  return waitFor<number | Uint8Array>({
    attempt: () => collection.take(),
    subscribe: (wake) => file.subscribe(wake),
    again: () => collection.pause(),
    timer: 'read.pause',
    expired: soFar,
    interrupted: () => (soFar().length > 0 ? soFar() : -ERRNO.EINTR),
    holds: file,
  });
}

function readiness({ fd, events }: PollEntry, file: OpenFile | undefined): number {
  // A negative number is an entry to be passed over (poll(2)).
  if (fd < 0) return 0;
  return file === undefined ? POLLNVAL : file.poll() & (events | POLLERR | POLLHUP);
}

function control(call: Call, fd: number, file: OpenFile, command: number, argument: number): number {
  const { process } = call;
  const { descriptors } = process;
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return argument >= 0 && argument < process.limits.most(RLIMIT.NOFILE)
        ? descriptors.add(file, command === F_DUPFD_CLOEXEC, argument)
        : -EINVAL;
    case F_GETFD:
      return descriptors.closeOnExec(fd) === true ? 1 : 0;
    case F_SETFD:
      descriptors.closeOnExec(fd, (argument & 1) !== 0);
      return 0;
    case F_GETFL:
      return file.flags & (O_ACCMODE | O_APPEND | O_NONBLOCK);
    case F_SETFL:
      file.flags = (file.flags & ~(O_APPEND | O_NONBLOCK)) | (argument & (O_APPEND | O_NONBLOCK));
      return 0;
    case F_SETOWN:
      return setOwner(call, file, argument);
    case F_GETOWN:
      return file.owner;
    default:
      return -EINVAL;
  }
}

/** Who gets SIGURG when a socket's peer has something urgent to say (fcntl(2) F_SETOWN, tcp(7)). */
function setOwner({ kernel, process }: Call, file: OpenFile, owner: number): number {
  const owners = (): Process[] =>
    [...kernel.processes.values()].filter(({ pid, group }) => (owner > 0 ? pid === owner : group === -owner));
  if (owner !== 0 && owners().length === 0) return -ESRCH;
  file.owner = owner;
  const { uid } = process.user;
  if (!(file instanceof SocketFile)) return 0;
  file.watchUrgent(() => {
    // Nobody gets signals of files from those who might not send them any (`sigio_perm`).
    if (file.owner !== owner || owner === 0) return;
    for (const each of owners()) if (uid === 0 || uid === each.user.uid) kernel.signal(each, SIGNALS.SIGURG);
  });
  return 0;
}
