import { ERRNO } from '@netarium/osi/trace';
import type { PollEntry } from '../../system-calls.ts';
import { O_CLOEXEC, S_IFDIR, S_IFMT, S_IFREG } from '../constants.ts';
import { Epoll, epollOf } from '../epoll.ts';
import type { Family } from '../kernel.ts';
import { waitFor } from '../wait.ts';

const { EBADF, EINVAL, EPERM } = ERRNO;

/** The system calls of epoll(7). */
export const epollCalls: Family<'epoll_create1' | 'epoll_ctl' | 'epoll_wait'> = {
  epoll_create1({ kernel, process }, flags) {
    if ((flags & ~O_CLOEXEC) !== 0) return -EINVAL;
    return process.descriptors.add(new Epoll(kernel.nextInode()), (flags & O_CLOEXEC) !== 0);
  },

  epoll_ctl({ process }, epfd, operation, fd, events) {
    const epoll = epollOf(process.descriptors.get(epfd));
    const file = process.descriptors.get(fd);
    if (file === undefined) return -EBADF;
    if (typeof epoll === 'number') return epoll;
    // Files are always ready: there is nothing to hear of them.
    const format = file.status().mode & S_IFMT;
    if (format === S_IFREG || format === S_IFDIR) return -EPERM;
    return epoll.control(operation, fd, file, events);
  },

  epoll_wait({ process }, epfd, most, timeout) {
    const epoll = epollOf(process.descriptors.get(epfd));
    if (typeof epoll === 'number') return epoll;
    if (!(most > 0)) return -EINVAL;
    return waitFor<number | PollEntry[]>({
      attempt() {
        const ready = epoll.ready(most);
        return ready.length > 0 || timeout === 0 ? ready : undefined;
      },
      subscribe: (wake) => epoll.subscribe(wake),
      ...(timeout >= 0 ? { timeout } : {}),
      expired: () => [],
      holds: epoll,
    });
  },
};
