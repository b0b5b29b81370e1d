import type { Simulation, Timer } from '../../time/index.ts';
import type { Tracer } from '../../trace/index.ts';
import { TIME_WAIT_LENGTH, type TimeWait } from './time-wait.ts';

/** Those in TIME_WAIT of one machine, over one timer: all wait equally long, so they are over in the order of beginning. */
export class TimeWaits {
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #timer: Timer;
  readonly #over: (wait: TimeWait) => void;
  #first: TimeWait | null = null;
  #last: TimeWait | null = null;

  /** @param over is told of each whose time is over; it has to take it out. */
  constructor(sim: Simulation, tracer: Tracer, over: (wait: TimeWait) => void) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#over = over;
    this.#timer = sim.timer(() => this.#due());
  }

  /** Begins its time, or begins it anew. */
  start(wait: TimeWait): void {
    this.#unlink(wait);
    wait.deadline = this.#sim.now + TIME_WAIT_LENGTH;
    wait.cause = this.#tracer.on ? this.#tracer.cause : 0;
    wait.before = this.#last;
    if (this.#last === null) this.#first = wait;
    else this.#last.after = wait;
    this.#last = wait;
    this.#arm();
  }

  remove(wait: TimeWait): void {
    this.#unlink(wait);
    this.#arm();
  }

  #unlink(wait: TimeWait): void {
    const { before, after } = wait;
    if (before !== null) before.after = after;
    else if (this.#first === wait) this.#first = after;
    if (after !== null) after.before = before;
    else if (this.#last === wait) this.#last = before;
    wait.before = null;
    wait.after = null;
  }

  #arm(): void {
    const first = this.#first;
    if (first === null) this.#timer.stop();
    else if (this.#timer.deadline !== first.deadline) this.#timer.start(first.deadline - this.#sim.now);
  }

  #due(): void {
    const tracer = this.#tracer;
    const before = tracer.cause;
    for (let first = this.#first; first !== null && first.deadline <= this.#sim.now; first = this.#first) {
      tracer.cause = tracer.on
        ? tracer.write({ kind: 'timer', name: 'tcp.time-wait', subject: first.id, cause: first.cause })
        : 0;
      this.#over(first);
    }
    tracer.cause = before;
  }
}
