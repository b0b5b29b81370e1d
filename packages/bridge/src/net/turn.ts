import { AsyncResource, executionAsyncId } from 'node:async_hooks';

/**
 * Lets run what was set going until now: ticks, promises and immediates, and what these set going. Timers, files and
 * other real things are not waited for.
 *
 * Node numbers all that it is asked to do later (`async_hooks`), promises apart, and runs promises after the ticks that
 * are there. So when from one look to the next, and in it, nothing but our own tick was given a number, nobody else
 * has asked for anything, and no promise is left. That is some twenty times cheaper than a turn of the event loop.
 */
export class Turn {
  /** What waits for the end of it; null while nothing does. */
  #over: (() => void) | null = null;
  /** The number that was given last, at the look before. */
  #latest = Number.NaN;

  /** Calls `over` when everything has run. One at a time may wait for it. */
  readonly take = (over: () => void): void => {
    this.#over = over;
    this.#latest = Number.NaN;
    this.#again();
  };

  readonly #again = () => process.nextTick(this.#look);

  readonly #look = () => {
    const own = executionAsyncId();
    if (own !== this.#latest + 1 || newestId() !== own + 1) {
      // It has a number, too, where a program follows what belongs to what (AsyncLocalStorage).
      queueMicrotask(this.#again);
      this.#latest = newestId();
    } else if (process.getActiveResourcesInfo().includes('Immediate')) {
      setImmediate(this.#look);
    } else {
      const over = this.#over;
      this.#over = null;
      over?.();
    }
  };
}

/** The number that Node gives next; it is used up by that. */
const newestId = () => new AsyncResource('Turn', UNTRACKED).asyncId();

/** Nothing waits for its end. */
const UNTRACKED = { requireManualDestroy: true };
