import type { ReadStream, WriteStream } from 'node:tty';
import type { Watchdog } from '@netarium/machine';
import type { WallClock } from 'netarium';
import type { Console } from './io.ts';

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

/** What a terminal has that does not know its size. */
const STANDARD_SIZE = { rows: 24, columns: 80 };

/** The terminal that both streams are; null when one of them is something else. */
export function consoleOf(input: ReadStream, output: WriteStream): Console | null {
  if (!input.isTTY || !output.isTTY) return null;
  return {
    size: () => ({
      rows: output.rows || STANDARD_SIZE.rows,
      columns: output.columns || STANDARD_SIZE.columns,
    }),
    onResize(changed) {
      output.on('resize', changed);
      return () => output.off('resize', changed);
    },
    takeKeys(typed, closed) {
      input.setEncoding('utf8');
      input.setRawMode(true);
      input.on('data', typed).on('end', closed).on('error', closed);
      return () => {
        input.off('data', typed).off('end', closed);
        input.setRawMode(false);
        input.pause();
      };
    },
  };
}
