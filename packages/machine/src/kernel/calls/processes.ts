import { ERRNO } from '@netarium/osi/trace';
import type { TracedCall } from '../../system-calls.ts';
import { SIGNAL_MAX, W_CONTINUED } from '../constants.ts';
import { type Family, NEVER } from '../kernel.ts';
import type { OpenFile } from '../open-file.ts';
import type { Process } from '../process.ts';
import { waitFor } from '../wait.ts';

const { EBADF, ECHILD, EINVAL, EPERM, ESRCH } = ERRNO;
const WNOHANG = 1;
const WUNTRACED = 2;
const WCONTINUED = 8;

/** The system calls about processes and signals. */
export const processCalls: Family<
  | 'getpid'
  | 'getppid'
  | 'getuid'
  | 'kill'
  | 'rt_sigaction'
  | 'spawn'
  | 'execve'
  | 'wait4'
  | 'exit_group'
  | 'ptrace'
> = {
  getpid: ({ process }) => process.pid,
  getppid: ({ process }) => process.parent?.pid ?? 1,
  getuid: ({ process }) => process.user.uid,

  kill({ kernel, process }, pid, signal) {
    if (signal < 0 || signal > SIGNAL_MAX) return -EINVAL;
    // A negative number, and 0 for one's own, is a process group (kill(2)); -1 is everyone one may.
    const targets = [...kernel.processes.values()].filter((other) => {
      if (pid > 0) return other.pid === pid;
      if (pid === -1) return other !== process;
      return other.group === (pid === 0 ? process.group : -pid);
    });
    if (targets.length === 0) return -ESRCH;
    const allowed = targets.filter((target) => mayTouch(process, target));
    if (allowed.length === 0) return -EPERM;
    if (signal !== 0) for (const target of allowed) kernel.signal(target, signal, process);
    return 0;
  },

  rt_sigaction: ({ process }, signal, disposition) => process.setDisposition(signal, disposition),

  spawn({ kernel, process }, path, argv, options = {}) {
    if (!kernel.mayAddTask(process)) return -ERRNO.EAGAIN;
    const files = filesFor(
      process,
      options.descriptors ?? (options.stdio ?? [0, 1, 2]).map((from, to) => [from, to]),
    );
    if (typeof files === 'number') return files;
    const child = kernel.start(path, {
      argv,
      env: options.env ?? process.env,
      cwd: options.cwd ?? process.cwd,
      user: process.user,
      parent: process,
      terminal: process.terminal,
      files,
    });
    return typeof child === 'number' ? child : child.pid;
  },

  execve({ kernel, process }, path, argv, env, options = {}) {
    const { descriptors, cwd = process.cwd } = options;
    const files = descriptors === undefined ? process.descriptors.kept : filesFor(process, descriptors);
    if (typeof files === 'number') return files;
    const error = kernel.execute(process, path, argv, env, cwd, files);
    return error < 0 ? error : NEVER;
  },

  wait4({ kernel, process }, pid, options) {
    return waitFor<number | { pid: number; status: number }>({
      attempt() {
        const candidates = [...process.children].filter((child) => pid === -1 || child.pid === pid);
        if (candidates.length === 0) return -ECHILD;
        const ended = candidates.find((child) => child.ended);
        if (ended === undefined) {
          const child = candidates.find(({ news }) => news !== null && (options & optionFor(news)) !== 0);
          if (child === undefined) return (options & WNOHANG) !== 0 ? 0 : undefined;
          const status = child.news ?? 0;
          child.news = null;
          return { pid: child.pid, status };
        }
        kernel.reap(ended);
        process.addChild(ended);
        return { pid: ended.pid, status: ended.waitStatus };
      },
      subscribe: (wake) => process.childEnded.subscribe(wake),
    });
  },

  exit_group({ kernel, process }, status) {
    kernel.exitGroup(process, status);
    return NEVER;
  },

  ptrace({ kernel, process }, pid) {
    const target = kernel.processes.get(pid);
    const followed = kernel.followings.get(process.pid, pid);
    if (followed === undefined) {
      if (target === undefined || target.ended) return -ESRCH;
      if (target === process || !mayTouch(process, target)) return -EPERM;
      const following = kernel.followings.add(process.pid, pid);
      target.followers.add(following);
      for (const { line } of target.pending.values()) following.add(line());
      return { lines: [] };
    }
    return waitFor<number | { lines: TracedCall[] }>({
      attempt() {
        const lines = followed.take();
        if (lines.length > 0) return { lines };
        return followed.ended ? -ESRCH : undefined;
      },
      subscribe: (wake) => followed.changed.subscribe(wake),
    });
  },
};

/** Who wants to know of that. */
const optionFor = (news: number): number => (news === W_CONTINUED ? WCONTINUED : WUNTRACED);

/** What another program is to have open. @returns -EBADF for a number that is not open here. */
function filesFor(
  { descriptors }: Process,
  wanted: readonly (readonly [from: number, to: number])[],
): [fd: number, file: OpenFile][] | number {
  const files: [number, OpenFile][] = [];
  for (const [from, to] of wanted) {
    const file = descriptors.get(from);
    if (file === undefined || to < 0) return -EBADF;
    files.push([to, file]);
  }
  return files;
}

/** Root may send signals to everyone and follow everyone, others their own (kill(2), ptrace(2)). */
const mayTouch = (process: Process, target: Process): boolean =>
  process.user.uid === 0 || process.user.uid === target.user.uid;
