import { ERRNO } from '@netarium/osi/trace';
import type { Family } from '../kernel.ts';
import { Blocked } from '../wait.ts';

const CLOCK_REALTIME = 0;
const CLOCK_PROCESS_CPUTIME_ID = 2;
/** CLOCK_MONOTONIC and those that run like it here: _RAW 4, _COARSE 6, BOOTTIME 7 (clock_gettime(2)). */
const MONOTONIC: ReadonlySet<number> = new Set([1, 4, 6, 7]);
/** The most that getrandom(2) gives without being interruptible. */
const MOST_RANDOM = 33_554_431;

/** The system calls about time and chance. */
export const timeCalls: Family<'clock_gettime' | 'nanosleep' | 'getrandom'> = {
  clock_gettime({ kernel, process }, clock) {
    if (clock === CLOCK_REALTIME) return kernel.realTime;
    if (clock === CLOCK_PROCESS_CPUTIME_ID) return process.userTime + process.systemTime;
    return MONOTONIC.has(clock) ? kernel.sim.now : -ERRNO.EINVAL;
  },

  nanosleep(_call, duration) {
    if (!(duration >= 0)) return -ERRNO.EINVAL;
    if (duration === 0) return 0;
    return new Blocked<number>({
      attempt: () => undefined,
      subscribe: () => () => {},
      timeout: Math.round(duration),
      timer: 'nanosleep',
      expired: () => 0,
    });
  },

  getrandom({ kernel }, length) {
    if (!(length >= 0)) return -ERRNO.EINVAL;
    const bytes = new Uint8Array(Math.min(length, MOST_RANDOM));
    kernel.random.fill(bytes);
    return bytes;
  },
};
