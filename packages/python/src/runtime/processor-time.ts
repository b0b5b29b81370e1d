/**
 * What a look for signals stands for, in nanoseconds: the interpreter looks at every 50th jump or call, and computes about
 * so much in between.
 */
export const LOOK = 5000;
/** How many looks there are between two tellings. */
const PERIOD = 10_000;

/**
 * The time the process has computed for (its user time). Counted, not measured: so each run is the same, and whoever
 * computes without end comes to a limit.
 */
export class ProcessorTime {
  #looks = 0;
  #told = 0;
  readonly #tell: (time: number) => void;

  /** @param tell takes nanoseconds that have come to those told before. */
  constructor(tell: (time: number) => void) {
    this.#tell = tell;
  }

  /** Nanoseconds. */
  get total(): number {
    return this.#looks * LOOK;
  }

  /** @returns true from time to time: then it is to be told. */
  look(): boolean {
    return ++this.#looks % PERIOD === 0;
  }

  tell(): void {
    const untold = this.#looks - this.#told;
    if (untold === 0) return;
    this.#told = this.#looks;
    this.#tell(untold * LOOK);
  }
}
