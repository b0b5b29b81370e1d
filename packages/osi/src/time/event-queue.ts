import type { Nanoseconds } from './nanoseconds.ts';

/** The place of what stands in no queue. */
export const NOWHERE = -1;

const NEVER = Number.POSITIVE_INFINITY;
const FIRST_PLACES = 64;

/** The numbers of a place: where it stands in the queue, and when it is really due: later, or `NEVER` when it was given up. */
const AT = 0;
const ORDER = 1;
const DUE = 2;
const DUE_ORDER = 3;
const NUMBERS = 4;
/** The order of what is not due any more. */
const NO_ORDER = -1;

/** What may be in the queue: something that knows its place there while it has one. */
export interface Queued {
  place: number;
}

/**
 * The events to come, in order of time, those of one instant in the order in which they were added.
 *
 * Whatever is added gets a place, a small number, until it is taken out or given up. What is put off keeps its place in
 * the heap and is moved on when that comes up, so putting off costs two stores. Events that are added one after the other
 * for one instant, as those of a flooded frame, stand in a row behind one another and take up one place of the heap.
 *
 * Times and orders are in typed arrays: ten thousand machines have some ten thousand events to come, and as objects
 * those would be all over the memory.
 */
export class EventQueue<T extends Queued, A> {
  /** When what was taken last was due. Numbers that are no integers are not handed from call to call, which would be objects. */
  takenAt: Nanoseconds = 0;
  #numbers = new Float64Array(NUMBERS * FIRST_PLACES);
  /** By place: the one behind it in its row, or the next free place. */
  #next = new Int32Array(FIRST_PLACES);
  readonly #items: (T | A | null)[] = [];
  #free = NOWHERE;
  /** The first place of each row as a heap of four branches, and beside it their times. */
  #heap = new Int32Array(FIRST_PLACES);
  #heapAt = new Float64Array(FIRST_PLACES);
  #size = 0;
  /** The top was taken; the next row that is added may sink from there. */
  #hole = false;
  /** The one added last, if it still stands at the end of its row. */
  #last = NOWHERE;
  #orders = 0;

  /** Adds a timer, or an action that nobody puts off. @returns its place. */
  add(at: Nanoseconds, item: T | A): number {
    const place = this.#takePlace();
    const numbers = this.#numbers;
    const p = NUMBERS * place;
    numbers[p + DUE] = at;
    numbers[p + DUE_ORDER] = this.#orders++;
    this.#items[place] = item;
    this.#stand(place);
    return place;
  }

  /** When what has a place is due; `Infinity` when it is not any more. */
  due(place: number): Nanoseconds {
    return this.#numbers[NUMBERS * place + DUE] as number;
  }

  /** Makes it due later, behind all that is due at that time. @returns false when it would be sooner. */
  postpone(place: number, at: Nanoseconds): boolean {
    const numbers = this.#numbers;
    const p = NUMBERS * place;
    if (at < (numbers[p + AT] as number)) return false;
    numbers[p + DUE] = at;
    numbers[p + DUE_ORDER] = this.#orders++;
    return true;
  }

  /** It is not due any more. It keeps its place, which it loses when that comes up. */
  suspend(place: number): void {
    this.#numbers[NUMBERS * place + DUE] = NEVER;
    this.#numbers[NUMBERS * place + DUE_ORDER] = NO_ORDER;
  }

  /** It gives up its place. */
  abandon(place: number): void {
    this.suspend(place);
    this.#items[place] = null;
  }

  /** When the first is due; `Infinity` when the queue is empty. */
  get nextAt(): Nanoseconds {
    this.#settle();
    return this.#size === 0 ? NEVER : (this.#heapAt[0] as number);
  }

  /** Takes out what is due first, which has no place any more. @returns null when nothing is due by `until`. */
  take(until: Nanoseconds): T | A | null {
    if (this.#hole) this.#fill();
    if (!this.#isSettled()) this.#settle();
    if (this.#size === 0) return null;
    const at = this.#heapAt[0] as number;
    if (at > until) return null;
    this.takenAt = at;
    const place = this.#heap[0] as number;
    const item = this.#items[place] as T | A | null;
    this.#remove(place);
    return item;
  }

  /** Whether the top of the heap really is due. */
  #isSettled(): boolean {
    const numbers = this.#numbers;
    const p = NUMBERS * (this.#heap[0] as number);
    return numbers[p + DUE_ORDER] === numbers[p + ORDER];
  }

  /** Brings to the top of the heap what really is due, if there is anything. */
  #settle(): void {
    if (this.#hole) this.#fill();
    while (this.#size > 0 && !this.#isSettled()) {
      const place = this.#heap[0] as number;
      if (this.due(place) === NEVER) {
        const item = this.#items[place] as T | A | null;
        if (item !== null && typeof item !== 'function') (item as T).place = NOWHERE;
        this.#remove(place);
      } else {
        this.#unlink(place);
        this.#stand(place);
      }
      if (this.#hole) this.#fill();
    }
  }

  #remove(place: number): void {
    this.#items[place] = null;
    this.#unlink(place);
    this.#next[place] = this.#free;
    this.#free = place;
  }

  /** Takes the first place out of its row; the next one of the row is then the first of all. */
  #unlink(place: number): void {
    if (place === this.#last) this.#last = NOWHERE;
    const next = this.#next[place] as number;
    if (next === NOWHERE) this.#hole = true;
    else this.#heap[0] = next;
  }

  /** Puts a place where it is due: at the end of the last row if nothing can come in between, or else into the heap. */
  #stand(place: number): void {
    const numbers = this.#numbers;
    const p = NUMBERS * place;
    const at = numbers[p + DUE] as number;
    const order = numbers[p + DUE_ORDER] as number;
    numbers[p + AT] = at;
    numbers[p + ORDER] = order;
    this.#next[place] = NOWHERE;
    const last = this.#last;
    this.#last = place;
    const l = NUMBERS * last;
    if (last !== NOWHERE && numbers[l + AT] === at && (numbers[l + ORDER] as number) + 1 === order) {
      this.#next[last] = place;
    } else if (this.#hole) {
      this.#hole = false;
      this.#sink(place);
    } else {
      this.#rise(place);
    }
  }

  /** Puts a row at the end of the heap and lets it rise. */
  #rise(place: number): void {
    let i = this.#size++;
    if (i === this.#heap.length) {
      this.#heap = longer(this.#heap, new Int32Array(2 * i));
      this.#heapAt = longer(this.#heapAt, new Float64Array(2 * i));
    }
    const heap = this.#heap;
    const heapAt = this.#heapAt;
    const numbers = this.#numbers;
    const at = numbers[NUMBERS * place + AT] as number;
    while (i > 0) {
      const up = (i - 1) >> 2;
      const above = heapAt[up] as number;
      if (above < at || (above === at && this.#isBefore(heap[up] as number, place))) break;
      heap[i] = heap[up] as number;
      heapAt[i] = above;
      i = up;
    }
    heap[i] = place;
    heapAt[i] = at;
  }

  /** Nothing was added since the top was taken: what stands last in the heap fills its place. */
  #fill(): void {
    this.#hole = false;
    const size = --this.#size;
    if (size > 0) this.#sink(this.#heap[size] as number);
  }

  /** Puts a row at the top of the heap and lets it sink. */
  #sink(place: number): void {
    const size = this.#size;
    const heap = this.#heap;
    const heapAt = this.#heapAt;
    const at = this.#numbers[NUMBERS * place + AT] as number;
    let i = 0;
    for (let first = 1; first < size; first = 4 * i + 1) {
      let least = first;
      let leastAt = heapAt[first] as number;
      const end = first + 4 < size ? first + 4 : size;
      for (let k = first + 1; k < end; k++) {
        const other = heapAt[k] as number;
        if (
          other < leastAt ||
          (other === leastAt && this.#isBefore(heap[k] as number, heap[least] as number))
        ) {
          least = k;
          leastAt = other;
        }
      }
      if (at < leastAt || (at === leastAt && this.#isBefore(place, heap[least] as number))) break;
      heap[i] = heap[least] as number;
      heapAt[i] = leastAt;
      i = least;
    }
    heap[i] = place;
    heapAt[i] = at;
  }

  /** Of two of one instant. */
  #isBefore(place: number, other: number): boolean {
    const numbers = this.#numbers;
    return (numbers[NUMBERS * place + ORDER] as number) < (numbers[NUMBERS * other + ORDER] as number);
  }

  #takePlace(): number {
    const place = this.#free;
    if (place !== NOWHERE) {
      this.#free = this.#next[place] as number;
      return place;
    }
    const places = this.#items.length;
    if (places === this.#next.length) {
      this.#numbers = longer(this.#numbers, new Float64Array(2 * NUMBERS * places));
      this.#next = longer(this.#next, new Int32Array(2 * places));
    }
    return places;
  }
}

function longer<A extends Int32Array | Float64Array>(old: A, array: A): A {
  array.set(old);
  return array;
}
