import type { Nanoseconds, Simulation, Timer } from '../../time/index.ts';
import type { EventId, Tracer } from '../../trace/index.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** What can expire, by the names in the record. */
export type TimerName =
  | 'tcp.retransmission'
  | 'tcp.zero-window-probe'
  | 'tcp.loss-probe'
  | 'tcp.reordering'
  | 'tcp.delayed-ack'
  | 'tcp.keepalive'
  | 'tcp.fin-wait-2'
  | 'tcp.time-wait';

/** Those of what was sent. */
export type SendTimer = 'tcp.retransmission' | 'tcp.zero-window-probe' | 'tcp.loss-probe' | 'tcp.reordering';

/** Whose timers they are. */
export interface TimerOwner {
  readonly id: string;
  expired(name: TimerName): void;
}

/**
 * The deadlines of one connection over one timer, which does not exist before it is needed.
 *
 * Three can run at a time: one for what was sent (retransmission, probes, late segments), one for the delayed
 * acknowledgment, one for the long waits (keepalive, FIN_WAIT2, TIME_WAIT). Each keeps the event that started it,
 * and its expiry is recorded with that cause.
 */
export class Timers {
  /** When each expires; `Infinity` while it is stopped. */
  send: Nanoseconds = NEVER;
  ack: Nanoseconds = NEVER;
  wait: Nanoseconds = NEVER;
  sendName: SendTimer = 'tcp.retransmission';
  waitName: 'tcp.keepalive' | 'tcp.fin-wait-2' | 'tcp.time-wait' = 'tcp.keepalive';
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #owner: TimerOwner;
  #timer: Timer | null = null;
  #sendCause: EventId = 0;
  #ackCause: EventId = 0;
  #waitCause: EventId = 0;

  constructor(sim: Simulation, tracer: Tracer, owner: TimerOwner) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#owner = owner;
  }

  /** Which timer runs for what was sent; null when none does. */
  get sending(): SendTimer | null {
    return this.send === NEVER ? null : this.sendName;
  }

  startSend(name: SendTimer, delay: Nanoseconds): void {
    this.send = this.#sim.now + delay;
    this.sendName = name;
    this.#sendCause = this.#tracer.cause;
    this.#arm();
  }

  stopSend(): void {
    if (this.send === NEVER) return;
    this.send = NEVER;
    this.#arm();
  }

  startAck(delay: Nanoseconds): void {
    this.ack = this.#sim.now + delay;
    this.#ackCause = this.#tracer.cause;
    this.#arm();
  }

  stopAck(): void {
    if (this.ack === NEVER) return;
    this.ack = NEVER;
    this.#arm();
  }

  startWait(name: 'tcp.keepalive' | 'tcp.fin-wait-2' | 'tcp.time-wait', delay: Nanoseconds): void {
    this.wait = this.#sim.now + delay;
    this.waitName = name;
    this.#waitCause = this.#tracer.cause;
    this.#arm();
  }

  stopWait(): void {
    if (this.wait === NEVER) return;
    this.wait = NEVER;
    this.#arm();
  }

  stopAll(): void {
    this.send = NEVER;
    this.ack = NEVER;
    this.wait = NEVER;
    this.#timer?.stop();
  }

  /** Lets go of the timer itself: for connections that end. */
  dispose(): void {
    this.stopAll();
    this.#timer = null;
  }

  #arm(): void {
    const next = Math.min(this.send, this.ack, this.wait);
    const timer = this.#timer;
    if (timer !== null && timer.deadline === next) return;
    if (next === NEVER) {
      timer?.stop();
      return;
    }
    (timer ?? (this.#timer = this.#sim.timer(() => this.#due()))).start(next - this.#sim.now);
  }

  #due(): void {
    const { now } = this.#sim;
    if (this.ack <= now) {
      this.ack = NEVER;
      this.#expire('tcp.delayed-ack', this.#ackCause);
    }
    if (this.send <= now) {
      this.send = NEVER;
      this.#expire(this.sendName, this.#sendCause);
    }
    if (this.wait <= now) {
      this.wait = NEVER;
      this.#expire(this.waitName, this.#waitCause);
    }
    this.#arm();
  }

  #expire(name: TimerName, cause: EventId): void {
    const tracer = this.#tracer;
    const before = tracer.cause;
    tracer.cause = tracer.on ? tracer.write({ kind: 'timer', name, subject: this.#owner.id, cause }) : 0;
    this.#owner.expired(name);
    tracer.cause = before;
  }
}
