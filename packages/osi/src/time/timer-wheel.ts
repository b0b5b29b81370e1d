import type { Nanoseconds } from './nanoseconds.ts';
import { longer, NOWHERE } from './places.ts';

/** How long a slot of the lowest level lasts, in nanoseconds. */
const TICK = 4096;
/** Each level has 32 slots, each as long as all of the level below; eight levels last longer than whole nanoseconds can count. */
const SLOTS = 32;
const SLOT_BITS = 5;
const LEVELS = 8;
/** How many ticks a slot of each level lasts. */
const LENGTHS = Float64Array.from({ length: LEVELS }, (_, level) => SLOTS ** level);

/**
 * What is not due soon, by the slot of time that it falls into: a hierarchical timing wheel (Varghese and Lauck, “Hashed
 * and hierarchical timing wheels”, 1987, scheme 7). To add something costs the same whatever else stands there.
 *
 * What is in a slot is in no order. The wheel turns to the next slot that has something in it, and gives that out
 * all at once: to be kept elsewhere when it falls into the tick that has begun, or else to be added again, then
 * to a lower level.
 */
export class TimerWheel {
  /** The end of the tick that has begun: what is due before does not belong here. */
  end: Nanoseconds = TICK;
  #tick = 0;
  /** By level and slot, the place that was added last. */
  readonly #slots = new Int32Array(LEVELS * SLOTS).fill(NOWHERE);
  /** By place, the one that was added to its slot before it. */
  #others: Int32Array;
  /** The slots of each level that have something in them, and the levels, as bits. */
  readonly #filled = new Int32Array(LEVELS);
  #levels = 0;

  /** @param places how many there are. */
  constructor(places: number) {
    this.#others = new Int32Array(places);
  }

  get empty(): boolean {
    return this.#levels === 0;
  }

  /** There are more places from now on. */
  grow(places: number): void {
    this.#others = longer(this.#others, new Int32Array(places));
  }

  /** Sets it to a time; it is empty. */
  set(at: Nanoseconds): void {
    this.#tick = Math.floor(at / TICK);
    this.end = (this.#tick + 1) * TICK;
  }

  /** @param at `end` or later. */
  add(place: number, at: Nanoseconds): void {
    const tick = Math.floor(at / TICK);
    const ahead = tick - this.#tick;
    let level = 0;
    while (level < LEVELS - 1 && ahead >= (LENGTHS[level + 1] as number)) level++;
    const slot = Math.floor(tick / (LENGTHS[level] as number)) & (SLOTS - 1);
    const index = (level << SLOT_BITS) | slot;
    this.#others[place] = this.#slots[index] as number;
    this.#slots[index] = place;
    this.#filled[level] = (this.#filled[level] as number) | (1 << slot);
    this.#levels |= 1 << level;
  }

  /**
   * Turns to the next slot that has something in it; it is not empty. Slots of several levels may begin at once.
   * @returns one of those that stood there, of whom `another` tells the others.
   */
  turn(): number {
    let first = Number.POSITIVE_INFINITY;
    let levels = 0;
    for (let level = 0; level < LEVELS; level++) {
      if ((this.#levels & (1 << level)) === 0) continue;
      const begins = this.#nextOf(level);
      if (begins < first) levels = 0;
      if (begins > first) continue;
      first = begins;
      levels |= 1 << level;
    }
    this.#tick = first;
    this.end = (first + 1) * TICK;
    let places = NOWHERE;
    for (let level = 0; level < LEVELS; level++) {
      if ((levels & (1 << level)) !== 0) places = this.#join(this.#emptySlot(level), places);
    }
    return places;
  }

  /** Another one of those that were given out; `NOWHERE` when that was all. To be asked before the place is added again. */
  another(place: number): number {
    return this.#others[place] as number;
  }

  /** The tick at which the next slot of a level begins that has something in it: the slot of now is the last. */
  #nextOf(level: number): number {
    const length = LENGTHS[level] as number;
    const now = Math.floor(this.#tick / length);
    const filled = this.#filled[level] as number;
    const next = (now + 1) & (SLOTS - 1);
    const turned = next === 0 ? filled : (filled >>> next) | (filled << (SLOTS - next));
    const skipped = 31 - Math.clz32(turned & -turned);
    return (now + 1 + skipped) * length;
  }

  /** Empties the slot of a level that has begun. @returns what stood there. */
  #emptySlot(level: number): number {
    const slot = Math.floor(this.#tick / (LENGTHS[level] as number)) & (SLOTS - 1);
    const index = (level << SLOT_BITS) | slot;
    const place = this.#slots[index] as number;
    this.#slots[index] = NOWHERE;
    const filled = (this.#filled[level] as number) & ~(1 << slot);
    this.#filled[level] = filled;
    if (filled === 0) this.#levels &= ~(1 << level);
    return place;
  }

  /** Puts `places` before `others`. */
  #join(places: number, others: number): number {
    if (others === NOWHERE) return places;
    let last = places;
    for (let next = this.another(last); next !== NOWHERE; next = this.another(last)) last = next;
    this.#others[last] = others;
    return places;
  }
}
