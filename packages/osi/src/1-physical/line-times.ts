import { perSimulation } from '../time/index.ts';

/** The numbers of one line: how long a byte takes, until when it is busy, and when the last frame arrives, all in nanoseconds. */
export const PER_BYTE = 0;
export const BUSY_UNTIL = 1;
export const LATEST = 2;
const NUMBERS = 4;

const FIRST_LINES = 16;

/**
 * The times of all lines of a simulation, in one array: as fields, numbers that are no small integers would be an object
 * each, and where ten thousand lines take turns a frame would wait for each of them.
 */
export class LineTimes {
  numbers = new Float64Array(NUMBERS * FIRST_LINES);
  #lines = 0;

  /** @returns where the numbers of a new line begin, all 0. They are not given back: cables are few, and live long. */
  add(): number {
    const at = NUMBERS * this.#lines++;
    if (at === this.numbers.length) {
      const numbers = new Float64Array(2 * at);
      numbers.set(this.numbers);
      this.numbers = numbers;
    }
    return at;
  }
}

export const lineTimesOf = perSimulation(() => new LineTimes());
