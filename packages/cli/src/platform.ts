import type { Watchdog } from '@netarium/machine';
import type { WallClock } from 'netarium';

/** The real clock, for pacing. */
export const wallClock: WallClock = {
  now: () => performance.now(),
  wait: (milliseconds) =>
    new Promise((resolve) => {
      if (milliseconds <= 0) setImmediate(resolve);
      else setTimeout(resolve, milliseconds);
    }),
};

/** Ends programs that compute for longer than `limit` milliseconds of real time without a system call. */
export function realTimeWatchdog(limit: number): Watchdog {
  return {
    verdict: 'kill',
    watch(overrun) {
      const timer = setTimeout(overrun, limit);
      return () => clearTimeout(timer);
    },
  };
}
