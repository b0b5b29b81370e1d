import { Directory, type Inode, LiveDirectory, type User } from '../../files/inode.ts';
import { basename } from '../../files/paths.ts';
import type { Kernel } from '../kernel.ts';
import type { Process } from '../process.ts';
import { limitsText } from './limits.ts';
import { textFile } from './text-file.ts';

/** The most characters of a command's name (TASK_COMM_LEN without its zero). */
const COMM_LENGTH = 15;

/** What `/proc/<pid>/comm` has. */
const commandName = ({ argv }: Process): string => basename(argv[0] ?? '').slice(0, COMM_LENGTH);
const STATES = { R: 'running', S: 'sleeping', T: 'stopped', Z: 'zombie' } as const;

function stateOf({ ended, stopped, running }: Process): keyof typeof STATES {
  if (ended) return 'Z';
  if (stopped) return 'T';
  return running ? 'R' : 'S';
}

/** Makes `/proc/<pid>` (proc_pid(5)). Inode numbers of `/proc` carry no meaning here. */
export function processDirectory(kernel: Kernel, pid: number): Inode | undefined {
  const process = kernel.processes.get(pid);
  if (process === undefined) return undefined;
  const ino = 0x1000_0000 + pid * 16;
  const owner: User = process.user;
  const directory = new Directory(ino, 0o555, owner);
  const add = (name: string, read: () => string): void => {
    directory.put(name, textFile(ino + directory.names().length + 1, read, { owner }));
  };
  add('cmdline', () => process.argv.map((word) => `${word}\0`).join(''));
  add('comm', () => `${commandName(process)}\n`);
  add('limits', () => limitsText(process.limits.all));
  add('stat', () => statLine(process));
  add('status', () => statusText(process));
  directory.put('fd', descriptors(process, ino + 8));
  return directory;
}

function descriptors(process: Process, ino: number): Directory {
  const open = (): string[] => [...process.descriptors.entries()].map(([fd]) => String(fd));
  return new LiveDirectory(
    ino,
    0o500,
    process.user,
    (name) => (open().includes(name) ? textFile(ino + 1, () => '', { owner: process.user }) : undefined),
    open,
  );
}

/** A hundredth of a second, which is what `/proc` counts times in, in nanoseconds (USER_HZ). */
const TICK = 10_000_000;

/**
 * The first fields of `/proc/<pid>/stat`, which group is in the foreground of the terminal (8), times (14 to 17, 22) in
 * ticks and how many threads there are (20); what is not kept is 0.
 */
function statLine(process: Process): string {
  const terminal = process.terminal === null ? 0 : 0x8800 + Number(basename(process.terminal.path));
  const head = [
    process.pid,
    `(${commandName(process)})`,
    stateOf(process),
    process.parent?.pid ?? 1,
    process.group,
    process.group,
    terminal,
    process.terminal?.foreground ?? -1,
  ];
  const { userTime, systemTime, childrenUsed, started, threads } = process;
  const ticks = [userTime, systemTime, childrenUsed.userTime, childrenUsed.systemTime].map(inTicks);
  const zeros = (count: number): number[] => Array<number>(count).fill(0);
  const rest = [...zeros(5), ...ticks, 20, 0, 1 + threads.size, 0, inTicks(started), ...zeros(30)];
  return `${[...head, ...rest].join(' ')}\n`;
}

const inTicks = (time: number): number => Math.floor(time / TICK);

function statusText(process: Process): string {
  const { uid, gid } = process.user;
  const state = stateOf(process);
  return [
    `Name:\t${commandName(process)}`,
    'Umask:\t0022',
    `State:\t${state} (${STATES[state]})`,
    `Pid:\t${process.pid}`,
    `PPid:\t${process.parent?.pid ?? 1}`,
    `Uid:\t${uid}\t${uid}\t${uid}\t${uid}`,
    `Gid:\t${gid}\t${gid}\t${gid}\t${gid}`,
    `Threads:\t${1 + process.threads.size}`,
    '',
  ].join('\n');
}
