import { microseconds, type Nanoseconds, type Simulation, seconds } from '../../src/time/index.ts';
import { Mismatch } from './problems.ts';
import type { EventTime, Microseconds, ScriptEvent } from './script.ts';
import type { Settings } from './settings.ts';

/** How much a run may ask for before it counts as endless. */
const MOST_STEPS = 5_000_000;

/** Longer than this nobody waits for a packet that may come at any time: keepalive takes two hours. */
const LONGEST_WAIT = seconds(24 * 3600);

/** An event's times from the beginning of the script. */
export interface Planned {
  readonly at: Microseconds;
  readonly end: Microseconds;
}

export const formatTime = (at: Microseconds): string => (at / 1e6).toFixed(6);

/** Virtual time as a script sees it: it begins at 0 when the script does, and goes on only in `until`. */
export class Clock {
  readonly #sim: Simulation;
  readonly #start: Nanoseconds;
  readonly #settings: Settings;
  readonly #lenient: boolean;
  #steps = 0;

  constructor(sim: Simulation, settings: Settings, lenient: boolean) {
    this.#sim = sim;
    this.#start = sim.now;
    this.#settings = settings;
    this.#lenient = lenient;
  }

  get now(): Microseconds {
    return this.#micro(this.#sim.now);
  }

  #micro(at: Nanoseconds): Microseconds {
    return (at - this.#start) / 1000;
  }

  /** A time of the simulation in the script's terms. */
  script(at: Nanoseconds): Microseconds {
    return this.#micro(at);
  }

  /** When an event is planned for: relative times count from now, or from the packet injected just before. */
  plan(time: EventTime, anchor: Microseconds | null): Planned {
    const base = time.kind === 'absolute' ? 0 : (anchor ?? this.now);
    return { at: base + time.at, end: base + (time.end ?? time.at) };
  }

  /** Lets time go on to `at`; what happens at `at` happens. @param done ends it early. @returns whether `done` said so. */
  until(at: Microseconds, done: () => boolean = () => false): boolean {
    const target = this.#start + microseconds(at);
    while (!done()) {
      if (this.#sim.nextAt > target) {
        if (target > this.#sim.now) this.#sim.run(target);
        return false;
      }
      if (++this.#steps > MOST_STEPS)
        throw new Error(`more than ${MOST_STEPS} events: the stack goes in circles`);
      this.#sim.step();
    }
    return true;
  }

  /** Lets time go on until `done`, or until nothing is left to happen that could change it. */
  untilDone(done: () => boolean): boolean {
    return this.until(this.now + LONGEST_WAIT / 1000, done);
  }

  /**
   * packetdrill's check: within the tolerance in microseconds, or in percent of the time since `before`.
   * @throws Mismatch
   */
  check(
    event: ScriptEvent,
    planned: Planned,
    happened: Microseconds,
    before: Microseconds | null,
    what: string,
  ): void {
    if (this.#lenient || event.time.kind === 'any') return;
    const { toleranceMicroseconds, tolerancePercent } = this.#settings;
    const share = before === null ? 0 : (tolerancePercent / 100) * (planned.at - before);
    const tolerance = Math.max(toleranceMicroseconds, share);
    if (happened >= planned.at - tolerance && happened <= planned.end + tolerance) return;
    const range = planned.end === planned.at ? '' : `~${formatTime(planned.end)}`;
    throw new Mismatch(
      event.line,
      `${what}: wrong time`,
      `at ${formatTime(planned.at)}${range} (± ${formatTime(tolerance)})`,
      `at ${formatTime(happened)}`,
    );
  }
}
