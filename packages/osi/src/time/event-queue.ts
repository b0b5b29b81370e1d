import type { Nanoseconds } from './nanoseconds.ts';
import { longer, NOWHERE } from './places.ts';
import { TimerWheel } from './timer-wheel.ts';

const NEVER = Number.POSITIVE_INFINITY;
const FIRST_PLACES = 64;
/** A heap of so many takes whatever comes; beside a larger one, what is not due soon waits in a wheel. */
const SMALL = 64;

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
 * The heap stays small: where there are many events, those that are not due soon stand in a timing wheel until they are.
 * So an event costs the same whether ten timers run or ten thousand.
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
  readonly #wheel = new TimerWheel(FIRST_PLACES);
  /** What stands in the wheel is due then or later; `NEVER` when nothing does. */
  #wheelAt: Nanoseconds = NEVER;
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
    if (this.#isWheelFirst() || !this.#isDue(this.#heap[0] as number)) this.#settle();
    if (this.#size === 0) return null;
    const at = this.#heapAt[0] as number;
    if (at > until) return null;
    this.takenAt = at;
    const place = this.#heap[0] as number;
    const item = this.#items[place] as T | A | null;
    this.#unlink(place);
    this.#discard(place);
    return item;
  }

  /** Whether a place stands where it really is due. */
  #isDue(place: number): boolean {
    const numbers = this.#numbers;
    const p = NUMBERS * place;
    return numbers[p + DUE_ORDER] === numbers[p + ORDER];
  }

  /** Whether something in the wheel may come before all that is in the heap. */
  #isWheelFirst(): boolean {
    return this.#wheelAt < NEVER && (this.#size === 0 || (this.#heapAt[0] as number) >= this.#wheelAt);
  }

  /** Brings to the top of the heap what comes first and really is due, if there is anything. */
  #settle(): void {
    for (;;) {
      if (this.#hole) this.#fill();
      if (this.#isWheelFirst()) {
        this.#turn();
      } else if (this.#size === 0) {
        return;
      } else {
        const place = this.#heap[0] as number;
        if (this.#isDue(place)) return;
        this.#unlink(place);
        this.#standAgain(place);
      }
    }
  }

  /** Takes out of the wheel what comes first there. */
  #turn(): void {
    const wheel = this.#wheel;
    let row = wheel.turn();
    while (row !== NOWHERE) {
      const another = wheel.another(row);
      // Whoever is not due any more when it was leaves its row.
      while (row !== NOWHERE && !this.#isDue(row)) {
        const next = this.#next[row] as number;
        if (row === this.#last) this.#last = NOWHERE;
        this.#standAgain(row);
        row = next;
      }
      if (row !== NOWHERE) this.#place(row);
      row = another;
    }
    this.#wheelAt = wheel.empty ? NEVER : wheel.end;
  }

  /** Puts a place that stands nowhere now where it is due; lets go of it when it never is. */
  #standAgain(place: number): void {
    if (this.due(place) < NEVER) {
      this.#stand(place);
      return;
    }
    const item = this.#items[place] as T | A | null;
    if (item !== null && typeof item !== 'function') (item as T).place = NOWHERE;
    this.#discard(place);
  }

  #discard(place: number): void {
    this.#items[place] = null;
    this.#next[place] = this.#free;
    this.#free = place;
  }

  /** Takes the place at the top of the heap out of its row; the next one of the row is then at the top. */
  #unlink(place: number): void {
    if (place === this.#last) this.#last = NOWHERE;
    const next = this.#next[place] as number;
    if (next === NOWHERE) this.#hole = true;
    else this.#heap[0] = next;
  }

  /** Puts a place where it is due: at the end of the last row if nothing can come in between, or else in a row of its own. */
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
    } else {
      this.#place(place);
    }
  }

  /** Puts a row into the heap; when that is large and the row not due soon, into the wheel. */
  #place(row: number): void {
    if (this.#size > SMALL && this.#waits(row)) return;
    if (this.#hole) {
      this.#hole = false;
      this.#sink(row);
    } else {
      this.#rise(row);
    }
  }

  /** Puts a row into the wheel. @returns false when it is due too soon. */
  #waits(row: number): boolean {
    const wheel = this.#wheel;
    const at = this.#numbers[NUMBERS * row + AT] as number;
    if (wheel.empty) wheel.set(this.#heapAt[0] as number);
    if (at < wheel.end) return false;
    wheel.add(row, at);
    this.#wheelAt = wheel.end;
    return true;
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
      this.#wheel.grow(2 * places);
    }
    return places;
  }
}
