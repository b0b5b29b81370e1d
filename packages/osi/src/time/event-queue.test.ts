import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Simulation, type Timer } from './index.ts';

/** What happens to one of some hundred timers, at a time after the one before. */
interface Deed {
  readonly pause: number;
  readonly timer: number;
  /** Null stops it. */
  readonly delay: number | null;
}

/** A model of the order of events: all of them in a list. */
class Model {
  readonly happened: string[] = [];
  readonly #due = new Map<number, { at: number; order: number }>();
  #orders = 0;

  start(timer: number, at: number): void {
    this.#due.set(timer, { at, order: this.#orders++ });
  }

  stop(timer: number): void {
    this.#due.delete(timer);
  }

  runUntil(until: number): void {
    for (;;) {
      let first: [number, { at: number; order: number }] | null = null;
      for (const entry of this.#due) {
        const [, { at, order }] = entry;
        if (first === null || at < first[1].at || (at === first[1].at && order < first[1].order))
          first = entry;
      }
      if (first === null || first[1].at > until) return;
      this.#due.delete(first[0]);
      this.happened.push(`${first[0]} at ${first[1].at}`);
    }
  }
}

const TIMERS = 300;
/** From nothing to days: of each order of magnitude as many. */
const span = fc
  .tuple(fc.integer({ min: 0, max: 48 }), fc.integer({ min: 0, max: 2 ** 20 }))
  .map(([bits, fraction]) => Math.floor(2 ** bits * (fraction / 2 ** 20)));
const deed: fc.Arbitrary<Deed> = fc.record({
  // Few of them long, so that many timers run at once.
  pause: fc.oneof({ weight: 30, arbitrary: fc.nat({ max: 5000 }) }, { weight: 1, arbitrary: span }),
  timer: fc.integer({ min: 0, max: TIMERS - 1 }),
  delay: fc.option(span, { freq: 6 }),
});

describe('events to come', () => {
  it('happen in order of time, however many and however far ahead, as in a model that looks through all', () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 1, maxLength: 1500, size: 'max' }), (deeds) => {
        const sim = new Simulation();
        const model = new Model();
        const happened: string[] = [];
        const timers: Timer[] = [];
        for (let i = 0; i < TIMERS; i++) timers.push(sim.timer(() => happened.push(`${i} at ${sim.now}`)));
        for (const { pause, timer, delay } of deeds) {
          const now = sim.now + pause;
          sim.run(now);
          model.runUntil(now);
          if (delay === null) {
            timers[timer]?.stop();
            model.stop(timer);
          } else {
            timers[timer]?.start(delay);
            model.start(timer, now + delay);
          }
        }
        sim.run();
        model.runUntil(Number.POSITIVE_INFINITY);
        expect(happened).toEqual(model.happened);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});
