import { ERRNO } from '@netarium/osi/trace';
import type { Descriptors } from './descriptors.ts';
import type { ErrorNumbers } from './errno.ts';
import type { Handler, HandlerContext, Outcome } from './hooks.ts';
import { readI32, writeI32, writeI64 } from './memory.ts';
import type { SystemCallPort } from './system-calls.ts';

/** Request numbers of our own, and what comes before the text that describes a child: see netarium_children.py. */
const SPAWN = 0x4e540102;
const WAIT = 0x4e540103;
const ALARM = 0x4e540104;
const ACTION = 0x4e540105;
const DISPOSITIONS = ['default', 'ignore', 'handler'] as const;
const REQUEST = { length: 0, result: 4, text: 8 } as const;
const O_ACCMODE = 3;
const O_APPEND = 0o2000;
const SEEK_SET = 0;
const O_RDWR = 2;
/** `struct itimerval` of 64-bit times: interval and value, each in seconds and microseconds. */
const TIMER = { interval: 0, value: 16 } as const;
const SECOND = 1e9;
const MICROSECOND = 1e3;

interface Child {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The number here of each of its descriptors, and the one it has there. */
  readonly descriptors: readonly (readonly [here: number, there: number])[];
  /** Whether it takes this process's place (execve(2)). */
  readonly replaces: boolean;
}

/**
 * Processes that a process starts and waits for, its alarm and its signals: getitimer(2), and by ioctl requests of
 * our own posix_spawn(3), execve(2), wait4(2), setitimer(2) and rt_sigaction(2).
 *
 * @param control answers all other ioctl requests.
 */
export function childHandlers(
  { python, exports, thread, canWait }: HandlerContext,
  calls: SystemCallPort,
  descriptors: Descriptors,
  errors: ErrorNumbers,
  control: Handler,
): { readonly getitimer: Handler; readonly syscallIoctl: Handler } {
  const inErrno = (result: number): number => {
    if (result >= 0) return result;
    writeI32(python, exports.__errno_location(), errors.fromLinux(-result));
    return -1;
  };

  /** wait4(2): three words at the pointer, the pid, the options, and room for the status. */
  const wait = (pointer: number): Outcome =>
    calls.ask(thread(), 'wait4', [readI32(python, pointer), readI32(python, pointer + 4)], (ended) => {
      if (typeof ended === 'number') return errors.result(ended);
      writeI32(python, pointer + 8, ended.status);
      return ended.pid;
    });

  /** The kernel's descriptor for a child's stream, and whether it has to be closed afterwards. */
  async function streamFor(fd: number, tid: number): Promise<[fd: number, opened: boolean]> {
    const kept = descriptors.get(fd);
    if (kept !== undefined) return [kept.file.fd, false];
    const stream = python.FS.getStream(fd);
    if (!stream) return [await calls.call(tid, 'open', '/dev/null', O_RDWR, 0), true];
    const opened = await calls.call(
      tid,
      'open',
      python.FS.getPath(stream.node),
      stream.flags & (O_ACCMODE | O_APPEND),
      0,
    );
    if (opened >= 0 && stream.position > 0) await calls.call(tid, 'lseek', opened, stream.position, SEEK_SET);
    return [opened, true];
  }

  /** setitimer(2): three numbers at the pointer, which timer, seconds until it expires and from then on; they become what was set. */
  const alarm = (pointer: number): Outcome => {
    const [which = 0, value = 0, interval = 0] = new Float64Array(
      python.HEAPU8.slice(pointer, pointer + 24).buffer,
    );
    return calls.ask(
      thread(),
      'setitimer',
      [which, Math.round(value * SECOND), Math.round(interval * SECOND)],
      (was) => {
        if (typeof was === 'number') return errors.result(was);
        const words = new Float64Array([which, was.value / SECOND, was.interval / SECOND]);
        python.HEAPU8.set(new Uint8Array(words.buffer), pointer);
        return 0;
      },
    );
  };

  /** rt_sigaction(2): two words at the pointer, the signal and what to do with it. */
  const action = (pointer: number): Outcome => {
    const disposition = DISPOSITIONS[readI32(python, pointer + 4)] ?? 'handler';
    return calls.ask(thread(), 'rt_sigaction', [readI32(python, pointer), disposition], (result) =>
      errors.result(result),
    );
  };

  async function spawn(child: Child, tid: number): Promise<number> {
    const { path, argv, env, cwd, replaces } = child;
    const streams: [fd: number, opened: boolean][] = [];
    for (const [here] of child.descriptors) streams.push(await streamFor(here, tid));
    const bad = streams.find(([fd]) => fd < 0);
    const descriptors = child.descriptors.map(
      ([, there], index) => [streams[index]?.[0] ?? -1, there] as const,
    );
    const start = () =>
      replaces
        ? calls.call(tid, 'execve', path, argv, env, { cwd, descriptors })
        : calls.call(tid, 'spawn', path, argv, { env, cwd, descriptors });
    const pid = bad === undefined ? await start() : bad[0];
    for (const [fd, opened] of streams) if (opened && fd >= 0) await calls.call(tid, 'close', fd);
    return pid;
  }

  const storeTime = (pointer: number, time: number): void => {
    writeI64(python, pointer, Math.floor(time / SECOND));
    writeI64(python, pointer + 8, Math.floor((time % SECOND) / MICROSECOND));
  };
  const storeTimer = (pointer: number, setting: { value: number; interval: number } | number): number => {
    if (typeof setting === 'number') return inErrno(setting);
    if (pointer !== 0) {
      storeTime(pointer + TIMER.interval, setting.interval);
      storeTime(pointer + TIMER.value, setting.value);
    }
    return 0;
  };

  return {
    getitimer: (which = 0, pointer = 0) => {
      if (!canWait()) return inErrno(-ERRNO.EDEADLK);
      return calls.ask(thread(), 'getitimer', [which], (is) => storeTimer(pointer, is));
    },

    syscallIoctl: (fd = 0, request = 0, argumentPointer = 0) => {
      if (request < SPAWN || request > ACTION) return control(fd, request, argumentPointer);
      if (!canWait()) return -errors.fromLinux(ERRNO.EDEADLK);
      const pointer = readI32(python, argumentPointer);
      if (request === WAIT) return wait(pointer);
      if (request === ALARM) return alarm(pointer);
      if (request === ACTION) return action(pointer);
      const length = readI32(python, pointer + REQUEST.length);
      const text = python.HEAPU8.slice(pointer + REQUEST.text, pointer + REQUEST.text + length);
      const child = JSON.parse(new TextDecoder().decode(text)) as Child;
      return spawn(child, thread()).then((pid) => () => {
        writeI32(python, pointer + REQUEST.result, pid);
        return 0;
      });
    },
  };
}
