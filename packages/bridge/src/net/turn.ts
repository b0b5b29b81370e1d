import { executionAsyncId } from 'node:async_hooks';

/** So many quiet looks in a row show that nothing is left: in the one before the last something may have come behind us. */
const QUIET = 2;

/**
 * Fulfilled when everything has run that was set going until now: ticks, promises and immediates, and what these set
 * going. Timers, files and other real things are not waited for.
 *
 * Node numbers all that it is asked to do later (`async_hooks`), promises apart: when our own ticks have numbers that
 * follow one another, nobody else has asked for anything. That is some twenty times cheaper than a turn of the event loop.
 */
export function quiet(): Promise<void> {
  return new Promise((resolve) => {
    let before = 0;
    let looks = 0;
    const again = () => process.nextTick(look);
    const look = () => {
      const id = executionAsyncId();
      looks = id === before + 1 ? looks + 1 : 0;
      before = id;
      if (looks < QUIET) queueMicrotask(again);
      else if (process.getActiveResourcesInfo().includes('Immediate')) setImmediate(look);
      else resolve();
    };
    process.nextTick(look);
  });
}
