import type { TracedTimer, Tracer } from '@netarium/osi/trace';

/** What setitimer(2) tells of a timer, in nanoseconds: how long until it expires, 0 when it is off, and how long after that again. */
export interface TimerSetting {
  readonly value: number;
  readonly interval: number;
}

/** A process's ITIMER_REAL: a signal after a time, once or again and again. */
export class IntervalTimer {
  readonly #now: () => number;
  readonly #timer: TracedTimer;
  #interval = 0;

  /** @param now virtual time. @param expired sends the signal. */
  constructor(tracer: Tracer, now: () => number, subject: () => string, expired: () => void) {
    this.#now = now;
    this.#timer = tracer.timer('setitimer', subject, () => {
      if (this.#interval > 0) this.#timer.start(this.#interval);
      expired();
    });
  }

  get setting(): TimerSetting {
    const { running, deadline } = this.#timer;
    return { value: running ? Math.max(deadline - this.#now(), 1) : 0, interval: this.#interval };
  }

  /** Starts it anew; a `value` of 0 turns it off. */
  set({ value, interval }: TimerSetting): void {
    this.#interval = interval;
    if (value > 0) this.#timer.start(value);
    else this.#timer.stop();
  }
}
