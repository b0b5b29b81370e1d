import { RLIMIT } from '../kernel/limits.ts';

/** A resource as the commands that show and set limits name it. */
export interface Resource {
  readonly number: number;
  /** Of `ulimit` in bash(1), which has the letter for prlimit(1) too but for one. */
  readonly letter: string;
  /** What bash calls it, in what it counts it, and how many of the kernel's units that is. */
  readonly title: string;
  readonly unit: string;
  readonly factor: bigint;
  /** Of prlimit(1): `nofile`, what it says of it, and its unit. */
  readonly name: string;
  readonly description: string;
  readonly counted: string;
}

const KIB = 1024n;
const resource = (
  number: number,
  letter: string,
  [title, unit, factor]: readonly [string, string, bigint],
  [name, description, counted]: readonly [string, string, string],
): Resource => ({ number, letter, title, unit, factor, name, description, counted });

/** In the order in which bash shows them. */
export const RESOURCES: readonly Resource[] = [
  resource(
    RLIMIT.RTTIME,
    'R',
    ['real-time non-blocking time', 'microseconds', 1n],
    ['rttime', 'timeout for real-time tasks', 'microsecs'],
  ),
  resource(RLIMIT.CORE, 'c', ['core file size', 'blocks', KIB], ['core', 'max core file size', 'bytes']),
  resource(RLIMIT.DATA, 'd', ['data seg size', 'kbytes', KIB], ['data', 'max data size', 'bytes']),
  resource(RLIMIT.NICE, 'e', ['scheduling priority', '', 1n], ['nice', 'max nice prio allowed to raise', '']),
  resource(RLIMIT.FSIZE, 'f', ['file size', 'blocks', KIB], ['fsize', 'max file size', 'bytes']),
  resource(
    RLIMIT.SIGPENDING,
    'i',
    ['pending signals', '', 1n],
    ['sigpending', 'max number of pending signals', 'signals'],
  ),
  resource(
    RLIMIT.MEMLOCK,
    'l',
    ['max locked memory', 'kbytes', KIB],
    ['memlock', 'max locked-in-memory address space', 'bytes'],
  ),
  resource(RLIMIT.RSS, 'm', ['max memory size', 'kbytes', KIB], ['rss', 'max resident set size', 'bytes']),
  resource(RLIMIT.NOFILE, 'n', ['open files', '', 1n], ['nofile', 'max number of open files', 'files']),
  resource(
    RLIMIT.MSGQUEUE,
    'q',
    ['POSIX message queues', 'bytes', 1n],
    ['msgqueue', 'max bytes in POSIX mqueues', 'bytes'],
  ),
  resource(RLIMIT.RTPRIO, 'r', ['real-time priority', '', 1n], ['rtprio', 'max real-time priority', '']),
  resource(RLIMIT.STACK, 's', ['stack size', 'kbytes', KIB], ['stack', 'max stack size', 'bytes']),
  resource(RLIMIT.CPU, 't', ['cpu time', 'seconds', 1n], ['cpu', 'CPU time', 'seconds']),
  resource(
    RLIMIT.NPROC,
    'u',
    ['max user processes', '', 1n],
    ['nproc', 'max number of processes', 'processes'],
  ),
  resource(RLIMIT.AS, 'v', ['virtual memory', 'kbytes', KIB], ['as', 'address space limit', 'bytes']),
  resource(RLIMIT.LOCKS, 'x', ['file locks', '', 1n], ['locks', 'max number of file locks held', 'locks']),
];
