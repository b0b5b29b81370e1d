import type { Nanoseconds } from '@netarium/osi/time';

/** What one step from an instant to the next takes at least and at most, in units of the scale. */
const LEAST = 12;
const MOST = 46;

/**
 * A time axis on which one can see everything: instants keep their order, nearby ones stand apart, and long waits
 * are cut short (and said). Grows with the record.
 */
export class TimeScale {
  readonly #times: Nanoseconds[] = [];
  readonly #positions: number[] = [];

  /** The length of the axis so far. */
  get length(): number {
    return this.#positions.at(-1) ?? 0;
  }

  get instants(): readonly Nanoseconds[] {
    return this.#times;
  }

  /** Adds an instant, not before the last one. */
  add(time: Nanoseconds): void {
    const last = this.#times.at(-1);
    if (last === undefined) {
      this.#times.push(time);
      this.#positions.push(0);
      return;
    }
    if (time <= last) return;
    const gap = time - last;
    // 1 µs is the least step; each factor of ten more adds the same distance.
    const step = LEAST + Math.min(MOST - LEAST, Math.max(0, Math.log10(gap / 1000)) * 8.5);
    this.#times.push(time);
    this.#positions.push(this.length + step);
  }

  /** Where a time stands on the axis; between instants in proportion. */
  at(time: Nanoseconds): number {
    const times = this.#times;
    const i = this.#before(time);
    if (i < 0) return 0;
    const position = this.#positions[i] as number;
    const next = times[i + 1];
    if (next === undefined) return position;
    const start = times[i] as number;
    return position + (((this.#positions[i + 1] as number) - position) * (time - start)) / (next - start);
  }

  /** The time that stands at `position`. */
  timeAt(position: number): Nanoseconds {
    const positions = this.#positions;
    if (positions.length === 0) return 0;
    let low = 0;
    let high = positions.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((positions[middle] as number) <= position) low = middle;
      else high = middle - 1;
    }
    const start = this.#times[low] as number;
    const end = this.#times[low + 1];
    if (end === undefined || position <= (positions[low] as number)) return start;
    const from = positions[low] as number;
    return start + ((end - start) * (position - from)) / ((positions[low + 1] as number) - from);
  }

  /** The last instant at or before `time`. */
  #before(time: Nanoseconds): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] as number) <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
