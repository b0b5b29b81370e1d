import { type Nanoseconds, seconds, type Timer } from '../../time/index.ts';
import type { EventId } from '../../trace/index.ts';
import { pacingRate } from './pacing-rate.ts';
import type { Pacer, Tally } from './tally.ts';
import { tallyOf } from './tally-of.ts';
import type { Tcb } from './tcb.ts';

/** The first segments of a connection go out unpaced (Linux: tcp_update_skb_after_send). */
const UNPACED = 10;

/**
 * When a connection may send next, so that it sends no faster than its rate. It exists only when a program has asked for it
 * (SO_MAX_PACING_RATE), as in Linux without the queue discipline fq.
 */
class Pacing implements Pacer {
  readonly #tcb: Tcb;
  readonly #tally: Tally;
  readonly #timer: Timer;
  /** Nothing goes out before. */
  #next: Nanoseconds = 0;
  #cause: EventId = 0;

  constructor(tcb: Tcb, tally: Tally) {
    this.#tcb = tcb;
    this.#tally = tally;
    this.#timer = tcb.host.sim.timer(() => this.#due());
  }

  /** How long until the next segment may go; 0 for now. */
  get delay(): Nanoseconds {
    return Math.max(0, this.#next - this.#tcb.host.sim.now);
  }

  /** Whether nothing may be sent now; then the rest follows by the timer (Linux: tcp_pacing_check). */
  holds(): boolean {
    const { delay } = this;
    if (delay === 0) return false;
    if (!this.#timer.running) {
      this.#cause = this.#tcb.host.tracer.cause;
      this.#timer.start(delay);
    }
    return true;
  }

  /** `bytes` of data have gone out. A pause before them is made up for by half of what they take. */
  sent(bytes: number): void {
    const before = this.#next;
    const now = Math.max(before, this.#tcb.host.sim.now);
    this.#next = now;
    const rate = pacingRate(this.#tcb);
    if (!Number.isFinite(rate) || rate <= 0 || this.#tally.dataSegmentsOut < UNPACED) return;
    const takes = Math.floor((bytes * seconds(1)) / rate);
    this.#next = now + takes - Math.min(takes >> 1, now - before);
  }

  stop(): void {
    this.#timer.stop();
  }

  #due(): void {
    const tcb = this.#tcb;
    const { tracer } = tcb.host;
    const before = tracer.cause;
    const name = 'tcp.pacing';
    tracer.cause = tracer.on ? tracer.write({ kind: 'timer', name, subject: tcb.id, cause: this.#cause }) : 0;
    tcb.expired(name);
    tracer.cause = before;
  }
}

/** Once a program has set SO_MAX_PACING_RATE a connection is paced for good. */
export function startPacing(tcb: Tcb): void {
  if (tcb.options.maxPacingRate === Number.POSITIVE_INFINITY) return;
  const tally = tallyOf(tcb);
  tally.pacing ??= new Pacing(tcb, tally);
}
