import { ERRNO } from '@netarium/osi/trace';
import { FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE } from '../constants.ts';
import type { Family } from '../kernel.ts';
import { Blocked, type FutexWaiter } from '../wait.ts';

const { EAGAIN, EINVAL, ETIMEDOUT } = ERRNO;

/** The system calls about threads. */
export const threadCalls: Family<'clone' | 'exit' | 'futex' | 'sched_yield'> = {
  clone({ kernel, process }) {
    if (!kernel.mayAddTask(process)) return -EAGAIN;
    const tid = kernel.nextPid();
    process.threads.add(tid);
    return tid;
  },

  exit({ process, tid }) {
    process.threads.delete(tid);
    return 0;
  },

  futex({ process }, address, operation, value, timeout) {
    const waiting = process.futexes.get(address) ?? new Set<FutexWaiter>();
    if (operation === FUTEX_WAKE_PRIVATE) {
      const woken = [...waiting].slice(0, value);
      for (const waiter of woken) {
        waiter.woken = true;
        waiter.wake();
      }
      return woken.length;
    }
    if (operation !== FUTEX_WAIT_PRIVATE) return -EINVAL;
    const waiter: FutexWaiter = { woken: false, wake: () => {} };
    return new Blocked<number>({
      attempt: () => (waiter.woken ? 0 : undefined),
      subscribe(wake) {
        waiter.wake = wake;
        process.futexes.set(address, waiting.add(waiter));
        return () => {
          waiting.delete(waiter);
          if (waiting.size === 0) process.futexes.delete(address);
        };
      },
      ...(timeout >= 0 ? { timeout } : {}),
      timer: 'futex.timeout',
      expired: () => -ETIMEDOUT,
    });
  },

  sched_yield(_call, used) {
    if (!(used > 0)) return 0;
    return new Blocked<number>({
      attempt: () => undefined,
      subscribe: () => () => {},
      timeout: Math.round(used),
      timer: 'sched_yield',
      expired: () => 0,
      // It computed, whatever came meanwhile.
      interrupted: () => 0,
    });
  },
};
