import { ERRNO } from '@netarium/osi/trace';
import type { ResourceUsage } from '../../system-calls.ts';
import type { Family } from '../kernel.ts';
import { RLIM_INFINITY } from '../limits.ts';
import type { Process } from '../process.ts';

const { EINVAL, EPERM, ESRCH } = ERRNO;
const RUSAGE_CHILDREN = -1;
/** RUSAGE_THREAD, of a process that counts for all of its threads together, is what RUSAGE_SELF is. */
const OWN: ReadonlySet<number> = new Set([0, 1]);

/** The system calls about what a process may use, and has used. */
export const limitCalls: Family<'prlimit64' | 'getrusage'> = {
  prlimit64({ kernel, process }, pid, resource, limit) {
    const target = pid === 0 ? process : kernel.processes.get(pid);
    if (target === undefined) return -ESRCH;
    const { user } = process;
    if (user.uid !== 0 && (user.uid !== target.user.uid || user.gid !== target.user.gid)) return -EPERM;
    const before = target.limits.get(resource);
    if (before === undefined) return -EINVAL;
    if (limit !== null) {
      if (![limit.soft, limit.hard].every((value) => value >= 0n && value <= RLIM_INFINITY)) return -EINVAL;
      const result = target.limits.set(resource, limit, user.uid === 0);
      if (result < 0) return result;
      if (target !== process) target.events.limitsChanged?.(target.limits.all);
    }
    return { soft: before.soft, hard: before.hard };
  },

  getrusage({ process }, who) {
    if (who === RUSAGE_CHILDREN) return process.childrenUsed;
    return OWN.has(who) ? usedBy(process) : -EINVAL;
  },
};

const usedBy = ({ userTime, systemTime }: Process): ResourceUsage => ({ userTime, systemTime });
