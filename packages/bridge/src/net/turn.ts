import { AsyncResource, executionAsyncId } from 'node:async_hooks';

/**
 * Fulfilled when everything has run that was set going until now: ticks, promises and immediates, and what these set
 * going. Timers, files and other real things are not waited for.
 *
 * Node numbers all that it is asked to do later (`async_hooks`), promises apart, and runs promises after the ticks that
 * are there. So when from one look to the next, and in it, nothing but our own tick was given a number, nobody else
 * has asked for anything, and no promise is left. That is some twenty times cheaper than a turn of the event loop.
 */
export function quiet(): Promise<void> {
  return new Promise((resolve) => {
    let latest = Number.NaN;
    const again = () => process.nextTick(look);
    const look = () => {
      const own = executionAsyncId();
      if (own !== latest + 1 || newestId() !== own + 1) {
        // It has a number, too, where a program follows what belongs to what (AsyncLocalStorage).
        queueMicrotask(again);
        latest = newestId();
      } else if (process.getActiveResourcesInfo().includes('Immediate')) setImmediate(look);
      else resolve();
    };
    process.nextTick(look);
  });
}

/** The number that Node gives next; it is used up by that. */
const newestId = () => new AsyncResource('Turn', UNTRACKED).asyncId();

/** Nothing waits for its end. */
const UNTRACKED = { requireManualDestroy: true };
