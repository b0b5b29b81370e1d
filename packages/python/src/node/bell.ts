import { availableParallelism } from 'node:os';

/** Words of a bell: how often it was rung, and what the thread does that waits for it. */
const RUNG = 0;
const STATE = 1;
/** A bell to a line of the processor's cache, or threads on two processors would slow each other down. */
const STRIDE = 16;

const AWAKE = 0;
/** It looks out for the ring. */
const LOOKING = 1;
const ASLEEP = 2;
/** It looks out no longer: it wakes another and goes to sleep. From this number on: which. */
const PASSES = 3;

/**
 * How often to look before going to sleep: some 100 µs. To wake a thread on another processor costs tens of them, half of
 * that at the expense of the one who wakes it. Where there is one processor, looking would only be in the way.
 */
const MOST_LOOKS = availableParallelism() > 1 ? 2000 : 0;
const LEAST_LOOKS = MOST_LOOKS / 16;
/** Who slept for less than so many milliseconds had better looked out for longer. */
const SHORT_SLEEP = 0.2;

/** The process that the worker becomes has other clocks. */
const now = performance.now.bind(performance);

/**
 * What one thread waits for and others ring. Whoever waits looks out for the ring before sleeping, for less long while that
 * is in vain: on a busy computer the other thread may need the processor.
 */
export class Bell {
  static readonly size = 4 * STRIDE;
  readonly memory: SharedArrayBuffer;
  readonly number: number;
  readonly #words: Int32Array;
  readonly #at: number;
  #looks = MOST_LOOKS;

  /** @param memory of several bells, all 0 at first. @param number which of them it is. */
  constructor(memory: SharedArrayBuffer, number: number) {
    this.memory = memory;
    this.number = number;
    this.#words = new Int32Array(memory);
    this.#at = number * STRIDE;
  }

  /** How often it was rung. */
  get rung(): number {
    return Atomics.load(this.#words, this.#at + RUNG);
  }

  /** Looks out for a moment. @returns whether it was rung more often than `before`. */
  lookOut(before: number): boolean {
    const [words, at] = [this.#words, this.#at];
    if (this.#looks === 0) return false;
    Atomics.store(words, at + STATE, LOOKING);
    for (let look = 0; look < this.#looks; look++) {
      if (Atomics.load(words, at + RUNG) !== before) {
        this.#enter(AWAKE);
        return true;
      }
      if (Atomics.load(words, at + STATE) !== LOOKING) return false;
      Atomics.pause();
    }
    return false;
  }

  /** Sleeps until it is rung more often than `before`, at most `milliseconds`. @returns false when that time is over. */
  sleep(before: number, milliseconds: number): boolean {
    const passed = this.#enter(ASLEEP);
    const begin = now();
    const woken = Atomics.wait(this.#words, this.#at + RUNG, before, milliseconds);
    Atomics.store(this.#words, this.#at + STATE, AWAKE);
    if (!passed)
      this.#looks = now() - begin < SHORT_SLEEP ? MOST_LOOKS : Math.max(LEAST_LOOKS, this.#looks >> 1);
    return woken !== 'timed-out';
  }

  /**
   * @param leaving the bell of a thread that may look out now and will wait for longer than that: if
   * that one wakes the other, and sleeps, the kernel gives it the processor, and no other need be told.
   */
  ring(leaving?: Bell): void {
    Atomics.add(this.#words, this.#at + RUNG, 1);
    if (Atomics.load(this.#words, this.#at + STATE) !== ASLEEP) return;
    if (leaving === undefined || !leaving.#pass(this)) this.#wake(this.number);
  }

  /** Wakes who sleeps until it is rung, if nobody has done so yet. */
  rouse(): void {
    if (Atomics.load(this.#words, this.#at + STATE) === ASLEEP) this.#wake(this.number);
  }

  /** The thread that waited for it is no more: what was left to it to do is done. */
  abandon(): void {
    this.#enter(AWAKE);
  }

  #pass({ memory, number }: Bell): boolean {
    if (memory !== this.memory || number === this.number) return false;
    return Atomics.compareExchange(this.#words, this.#at + STATE, LOOKING, PASSES + number) === LOOKING;
  }

  /** @returns whether another was to be woken, which now is. */
  #enter(state: number): boolean {
    const before = Atomics.exchange(this.#words, this.#at + STATE, state);
    if (before < PASSES) return false;
    this.#wake(before - PASSES);
    return true;
  }

  #wake(number: number): void {
    Atomics.notify(this.#words, number * STRIDE + RUNG);
  }
}

/** Bells in one memory, so that those who wait for them can wake each other. */
export class Bells {
  static readonly #most = 1024;
  readonly #memory = new SharedArrayBuffer(Bells.#most * Bell.size);
  readonly #free: number[] = [];
  #made = 0;

  /** @returns a bell that nobody waits for. Beyond 1,024 at a time each is alone in its memory. */
  take(): Bell {
    const number = this.#free.pop() ?? this.#made;
    if (number >= Bells.#most) return new Bell(new SharedArrayBuffer(Bell.size), 0);
    if (number === this.#made) this.#made++;
    return new Bell(this.#memory, number);
  }

  /** The thread that waited for it has ended. */
  free(bell: Bell): void {
    bell.abandon();
    if (bell.memory === this.#memory) this.#free.push(bell.number);
  }
}
