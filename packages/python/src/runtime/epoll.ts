import { ERRNO } from '@netarium/osi/trace';
import type { Descriptors } from './descriptors.ts';
import type { KernelFile } from './emscripten.ts';
import type { ErrorNumbers } from './errno.ts';
import { CANNOT_WAIT, type HandlerContext, type Outcome } from './hooks.ts';
import { readI32, readI64, readU32, writeI32 } from './memory.ts';
import type { SystemCallPort } from './system-calls.ts';

/** Request numbers of our own: see netarium_epoll.py. */
const CREATE = 0x4e540010;
const CONTROL = 0x4e540011;
const WAIT = 0x4e540012;
const O_CLOEXEC = 0o2000000;
/** Where our Python code's buffer has how many to report, for how long to wait, and the reports. */
const WAIT_FIELDS = { most: 0, timeout: 8, reports: 16 } as const;

/**
 * epoll(7), which this build of CPython does not have, for our Python code.
 * @returns what answers an ioctl request about it; undefined for other requests.
 */
export function epollRequests(
  { python, thread, canWait }: HandlerContext,
  calls: SystemCallPort,
  descriptors: Descriptors,
  errors: ErrorNumbers,
): (fd: number, request: number, pointer: number) => Outcome | undefined {
  const failed = (errno: number) => -errors.fromLinux(errno);
  /** The process's numbers for the kernel's descriptors, by the epoll they were added to. */
  const numbers = new WeakMap<KernelFile, Map<number, number>>();

  function create(): Outcome {
    return calls.ask(thread(), 'epoll_create1', [O_CLOEXEC], (fd) =>
      fd < 0 ? errors.result(fd) : descriptors.open(fd, 'epoll', { closeOnExec: true }),
    );
  }

  function control(epoll: KernelFile, pointer: number): Outcome {
    const [operation, fd, events] = [0, 4, 8].map((offset) => readU32(python, pointer + offset));
    const watched = descriptors.get(fd ?? -1)?.file;
    if (watched === undefined) return failed(descriptors.exists(fd ?? -1) ? ERRNO.EPERM : ERRNO.EBADF);
    const known = numbers.get(epoll) ?? new Map<number, number>();
    numbers.set(epoll, known.set(watched.fd, fd ?? -1));
    return calls.ask(thread(), 'epoll_ctl', [epoll.fd, operation ?? 0, watched.fd, events ?? 0], (result) =>
      errors.result(result),
    );
  }

  function wait(epoll: KernelFile, pointer: number): Outcome {
    const most = readI32(python, pointer + WAIT_FIELDS.most);
    const timeout = readI64(python, pointer + WAIT_FIELDS.timeout);
    return calls.ask(thread(), 'epoll_wait', [epoll.fd, most, timeout], (ready) => {
      if (typeof ready === 'number') return errors.result(ready);
      ready.forEach(({ fd, events }, index) => {
        const at = pointer + WAIT_FIELDS.reports + 8 * index;
        writeI32(python, at, numbers.get(epoll)?.get(fd) ?? fd);
        writeI32(python, at + 4, events);
      });
      return ready.length;
    });
  }

  return (fd, request, pointer) => {
    if (request < CREATE || request > WAIT) return undefined;
    if (!canWait()) return failed(CANNOT_WAIT);
    if (request === CREATE) return create();
    const epoll = descriptors.get(fd)?.file;
    if (epoll === undefined) return failed(descriptors.exists(fd) ? ERRNO.EINVAL : ERRNO.EBADF);
    return request === CONTROL ? control(epoll, pointer) : wait(epoll, pointer);
  };
}
