import type { EventId } from '@netarium/osi/trace';
import type { LoadedLab } from 'netarium';
import type { Phase, Speed, StepKind } from '../protocol.ts';

/** What the one who drives tells. */
export interface DriveEvents {
  /** Virtual time goes from `from` to `to` in the next `wall` milliseconds. */
  clock(from: number, to: number, wall: number): void;
  phase(phase: Phase): void;
  failed(error: unknown): void;
}

/** In `watch` mode at factor 1: how long a frame is seen on a cable, and how long nothing may happen, in milliseconds. */
const FLIGHT = 520;
const LONGEST_WAIT = 650;
/** While nothing is on a cable there is little to see: time goes so many times faster, and waits are cut at this. */
const HASTE = 10;
const LONGEST_IDLE = 150;
/** How long the picture takes to follow a step, in milliseconds. */
const STEP_TIME = 350;
/** How long to work before messages get a turn, in milliseconds. */
const BUDGET = 12;
/** Shorter waits are added up, longer ones than asked for are made good, both in milliseconds. */
const LEAST_WAIT = 2;
const MOST_CREDIT = 40;
/** A small frame, with what Ethernet puts around it, in bits: what `watch` is measured by. */
const TYPICAL_BITS = (74 + 12) * 8;
const NANOSECONDS = 1e6;

const UNITS = { event: 'event', frame: 'frame', call: 'system-call', line: 'line' } as const;

/**
 * Lets a lab's time pass so that a person can follow. Virtual time stands still while programs run; between two
 * events it goes as `speed` says, and the page is told beforehand how long that takes, so it can draw what lies between.
 */
export class Drive {
  speed: Speed = { mode: 'watch', factor: 1 };
  readonly #loaded: LoadedLab;
  readonly #events: DriveEvents;
  readonly #prepared: Promise<void>;
  readonly #scale: number;
  /** The frames on cables, by their `frame-sent` events. */
  readonly #travelling = new Set<EventId>();
  readonly #unsubscribe: () => void;
  #phase: Phase = 'loading';
  #wanted: 'run' | 'pause' = 'pause';
  #steps: StepKind[] = [];
  #acts: (() => void)[] = [];
  #busy = false;
  /** Milliseconds that the wall clock still has to wait; negative when it waited too long. */
  #owed = 0;
  #closed = false;
  #wake: (() => void) | null = null;

  /** @param prepared what must have been loaded before programs start: that is no time of theirs. */
  constructor(loaded: LoadedLab, prepared: Promise<void>, events: DriveEvents) {
    this.#prepared = prepared;
    this.#loaded = loaded;
    this.#events = events;
    this.#scale = typicalFlight(loaded) / FLIGHT;
    loaded.lab.scheduler.onStray = () => this.#go();
    this.#unsubscribe = loaded.lab.record.subscribe((event) => {
      if (event.kind === 'frame-sent') this.#travelling.add(event.id);
      else if (event.kind === 'frame-received' || event.kind === 'frame-dropped')
        this.#travelling.delete(event.sent);
    });
  }

  ready(): void {
    this.#enter('ready');
  }

  run(): void {
    this.#wanted = 'run';
    this.#go();
  }

  pause(): void {
    this.#wanted = 'pause';
    this.#wake?.();
    if (!this.#busy && this.#phase === 'running') this.#enter('paused');
  }

  step(kind: StepKind): void {
    this.#wanted = 'pause';
    this.#steps.push(kind);
    this.#go();
  }

  /** Does something from outside (a key typed): at once, or while virtual time flows, when it has caught up. */
  act(work: () => void): void {
    if (this.#wake === null) work();
    else this.#acts.push(work);
    this.#go();
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#wake?.();
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    if (!this.#closed) this.#events.phase(phase);
  }

  /** Sees to it that someone drives. */
  #go(): void {
    this.#wake?.();
    if (this.#busy || this.#closed) return;
    this.#busy = true;
    this.#drive()
      .catch((error) => {
        if (!this.#closed) this.#events.failed(error);
      })
      .finally(() => {
        this.#busy = false;
        // Asked for while the last round was ending.
        if (!this.#closed && (this.#steps.length > 0 || this.#acts.length > 0)) this.#go();
      });
  }

  async #drive(): Promise<void> {
    const { sim } = this.#loaded.lab;
    while (!this.#closed) {
      for (const act of this.#acts.splice(0)) act();
      const step = this.#steps.shift();
      if (step !== undefined) {
        await this.#step(step);
        if (sim.nextAt === Number.POSITIVE_INFINITY && !this.#loaded.lab.scheduler.busy)
          return this.#enter('ended');
        continue;
      }
      if (this.#wanted === 'pause') {
        if (this.#phase === 'running') this.#enter('paused');
        return;
      }
      await this.#begin();
      // At rest it stays wanted: a program that time has left behind, or a key, may set things going again.
      if (!(await this.#advance())) return this.#enter('ended');
    }
  }

  async #begin(): Promise<void> {
    if (this.#phase === 'running') return;
    this.#enter('running');
    await this.#prepared;
  }

  async #step(kind: StepKind): Promise<void> {
    const { lab } = this.#loaded;
    await this.#begin();
    const from = lab.sim.now;
    await lab.step(UNITS[kind]);
    this.#events.clock(from, lab.sim.now, STEP_TIME);
    if (this.#steps.length === 0) this.#enter('paused');
  }

  /** Goes on for a while. @returns false when nothing is left to happen. */
  async #advance(): Promise<boolean> {
    const { lab } = this.#loaded;
    const since = performance.now();
    for (;;) {
      // Programs that are ready have their turn at this instant.
      if (lab.scheduler.busy) await lab.until(() => true);
      const next = lab.sim.nextAt;
      if (next === Number.POSITIVE_INFINITY) {
        this.#events.clock(lab.sim.now, lab.sim.now, 0);
        return false;
      }
      const wait = this.#waitFor(next - lab.sim.now) + this.#owed;
      const waits = wait >= LEAST_WAIT;
      this.#owed = waits ? 0 : wait;
      if (waits) {
        this.#events.clock(lab.sim.now, next, wait);
        const begun = performance.now();
        await this.#sleep(wait);
        const waited = (performance.now() - begun) / wait;
        this.#owed = Math.max(-MOST_CREDIT, wait * (1 - waited));
        if (waited < 0.9) {
          // Woken early: time stands between the two events now, and it goes on from there.
          const until = Math.min(next - 1, Math.floor(lab.sim.now + (next - lab.sim.now) * waited));
          if (until > lab.sim.now) await lab.run({ until });
          this.#owed = 0;
          this.#events.clock(lab.sim.now, lab.sim.now, 0);
          return true;
        }
      }
      await lab.step('event');
      if (performance.now() - since > BUDGET) {
        this.#events.clock(lab.sim.now, lab.sim.now, 0);
        await turn();
        return true;
      }
      if (waits) return true;
    }
  }

  /** How many milliseconds `gap` nanoseconds of virtual time take. */
  #waitFor(gap: number): number {
    const { speed } = this;
    switch (speed.mode) {
      case 'max':
        return 0;
      case 'scaled':
        return gap / NANOSECONDS / speed.factor;
      case 'watch':
        return (
          (this.#travelling.size > 0
            ? Math.min(LONGEST_WAIT, gap / this.#scale)
            : Math.min(LONGEST_IDLE, gap / this.#scale / HASTE)) / speed.factor
        );
    }
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(milliseconds, 2 ** 31 - 1));
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}

/** Lets messages that wait be handled. */
const channel = new MessageChannel();
function turn(): Promise<void> {
  return new Promise((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(null);
  });
}

/** How long a small frame takes over a cable of this lab, in nanoseconds: the median of its cables. */
function typicalFlight({ lab }: LoadedLab): number {
  const flights = lab.links
    .map(
      ({ aToB }) =>
        aToB.delay + (Number.isFinite(aToB.bandwidth) ? (TYPICAL_BITS / aToB.bandwidth) * 1e9 : 0),
    )
    .filter((flight) => flight > 0)
    .sort((a, b) => a - b);
  return flights[flights.length >> 1] ?? 10_000;
}
