import type { Nanoseconds } from '@netarium/osi/time';

/** Those who wait for something to change. */
export class WaitQueue {
  readonly #waiting = new Set<() => void>();

  /** @returns what ends it. */
  subscribe(changed: () => void): () => void {
    this.#waiting.add(changed);
    return () => this.#waiting.delete(changed);
  }

  /** Tells everyone, in the order in which they came. */
  wake(): void {
    for (const changed of [...this.#waiting]) changed();
  }
}

/** A thread that waits at an address of its process (futex(2)). */
export interface FutexWaiter {
  woken: boolean;
  wake(): void;
}

/** How a system call waits. */
export interface Waiting<R> {
  /** Tries once more. @returns undefined while there is still nothing to return. */
  attempt(): R | undefined;
  /** Where it is told to try again. @returns what ends it. */
  subscribe(wake: () => void): () => void;
  /** How long at most, in nanoseconds; for ever when absent. */
  readonly timeout?: Nanoseconds;
  /** Asked after each attempt that gave no result: how long to wait from now on; undefined goes on as before. */
  again?(): Nanoseconds | undefined;
  /** The name of that timer in the record. */
  readonly timer?: string;
  /** The result when that time is over; default -EAGAIN. */
  expired?(): R;
  /** The result when a signal comes; default -EINTR. */
  interrupted?(): R;
  /** An open file that must stay open while the call waits, even if its descriptor is closed. */
  readonly holds?: { hold(): void; release(): void };
}

/** What a system call's handler returns instead of a result when the caller has to wait. */
export class Blocked<R> {
  readonly waiting: Waiting<R>;

  constructor(waiting: Waiting<R>) {
    this.waiting = waiting;
  }
}

/** Tries now, and waits when that gave nothing. */
export function waitFor<R>(waiting: Waiting<R>): R | Blocked<R> {
  return waiting.attempt() ?? new Blocked(waiting);
}
