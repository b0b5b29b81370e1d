/** What serves one connection after another; `clear` makes it as new. */
export interface Reusable {
  clear(): void;
}

/** How many unused ones are kept. */
const KEPT = 1024;

/**
 * Those of one machine. A connection has one only while there is something in it, so that an idle one takes
 * little memory (a hundred thousand of them fit in one process), and nothing is made anew for each exchange.
 */
export class Pool<T extends Reusable> {
  readonly #make: () => T;
  readonly #free: T[] = [];

  constructor(make: () => T) {
    this.#make = make;
  }

  take(): T {
    return this.#free.pop() ?? this.#make();
  }

  give(item: T): void {
    item.clear();
    if (this.#free.length < KEPT) this.#free.push(item);
  }
}
