import { type Nanoseconds, Simulation, type Timer } from '../../time/index.ts';
import type { EventId, Tracer } from '../../trace/index.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** What can expire, by the names in the record. */
export type TimerName =
  | 'tcp.retransmission'
  | 'tcp.zero-window-probe'
  | 'tcp.loss-probe'
  | 'tcp.reordering'
  | 'tcp.delayed-ack'
  | 'tcp.pacing'
  | 'tcp.keepalive'
  | 'tcp.fin-wait-2';

/** Those of what was sent. */
export type SendTimer = 'tcp.retransmission' | 'tcp.zero-window-probe' | 'tcp.loss-probe' | 'tcp.reordering';

/** The long waits. */
export type WaitTimer = 'tcp.keepalive' | 'tcp.fin-wait-2';

/** Whose timers they are. */
export interface TimerOwner {
  readonly id: string;
  readonly host: { readonly tracer: Tracer };
  expired(name: TimerName): void;
  /** No deadline is left: it has to give them back. */
  stopped(): void;
}

/**
 * The deadlines of one connection over one timer of the simulation. It has them only while one of them runs: with a
 * place in the event queue they take more memory than anything else of an idle connection.
 *
 * Three can run at a time: one for what was sent (retransmission, probes, late segments), one for the delayed
 * acknowledgment, one for the long waits (keepalive, FIN_WAIT2). Each keeps the event that started it,
 * and its expiry is recorded with that cause.
 */
export class Timers {
  /** When each expires; `Infinity` while it is stopped. */
  send: Nanoseconds = NEVER;
  ack: Nanoseconds = NEVER;
  wait: Nanoseconds = NEVER;
  sendName: SendTimer = 'tcp.retransmission';
  waitName: WaitTimer = 'tcp.keepalive';
  owner: TimerOwner | null = null;
  readonly #sim: Simulation;
  readonly #timer: Timer;
  /** Those that have come are being told: what runs afterwards is seen to then. */
  #expiring = false;
  /** Only while something is recorded. */
  #causes: { send: EventId; ack: EventId; wait: EventId } | null = null;

  constructor(sim: Simulation) {
    this.#sim = sim;
    this.#timer = sim.timer(() => this.#due());
  }

  /** Which timer runs for what was sent; null when none does. */
  get sending(): SendTimer | null {
    return this.send === NEVER ? null : this.sendName;
  }

  startSend(name: SendTimer, delay: Nanoseconds): void {
    this.send = this.#sim.now + delay;
    this.sendName = name;
    this.#remember('send');
    this.#arm();
  }

  stopSend(): void {
    if (this.send === NEVER) return;
    this.send = NEVER;
    this.#arm();
  }

  startAck(delay: Nanoseconds): void {
    this.ack = this.#sim.now + delay;
    this.#remember('ack');
    this.#arm();
  }

  stopAck(): void {
    if (this.ack === NEVER) return;
    this.ack = NEVER;
    this.#arm();
  }

  startWait(name: WaitTimer, delay: Nanoseconds): void {
    this.wait = this.#sim.now + delay;
    this.waitName = name;
    this.#remember('wait');
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
    this.#arm();
  }

  clear(): void {
    this.#timer.stop();
    this.owner = null;
    this.#causes = null;
  }

  #remember(which: 'send' | 'ack' | 'wait'): void {
    const tracer = this.owner?.host.tracer;
    if (tracer === undefined || !tracer.on) return;
    this.#causes ??= { send: 0, ack: 0, wait: 0 };
    this.#causes[which] = tracer.cause;
  }

  #arm(): void {
    const next = Math.min(this.send, this.ack, this.wait);
    if (next !== NEVER) {
      if (this.#timer.deadline !== next) this.#timer.start(next - this.#sim.now);
    } else if (!this.#expiring) {
      this.owner?.stopped();
    }
  }

  #due(): void {
    const { now } = this.#sim;
    this.#expiring = true;
    if (this.ack <= now) {
      this.ack = NEVER;
      this.#expire('tcp.delayed-ack', this.#causes?.ack ?? 0);
    }
    if (this.send <= now) {
      this.send = NEVER;
      this.#expire(this.sendName, this.#causes?.send ?? 0);
    }
    if (this.wait <= now) {
      this.wait = NEVER;
      this.#expire(this.waitName, this.#causes?.wait ?? 0);
    }
    this.#expiring = false;
    this.#arm();
  }

  #expire(name: TimerName, cause: EventId): void {
    const { owner } = this;
    if (owner === null) return;
    const { tracer } = owner.host;
    const before = tracer.cause;
    tracer.cause = tracer.on ? tracer.write({ kind: 'timer', name, subject: owner.id, cause }) : 0;
    owner.expired(name);
    tracer.cause = before;
  }
}

/** Those of every connection on which nothing is under way. Nothing ever starts them. */
export const STOPPED = new Timers(new Simulation(0));
