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
  readonly host: { readonly sim: Simulation; readonly tracer: Tracer; readonly alarms: AlarmPool };
  expired(name: TimerName): void;
}

/**
 * The deadlines of one connection over one alarm, which it has only while one of them runs.
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
  readonly #owner: TimerOwner;
  #alarm: Alarm | null = null;
  /** Only while something is recorded. */
  #causes: { send: EventId; ack: EventId; wait: EventId } | null = null;

  constructor(owner: TimerOwner) {
    this.#owner = owner;
  }

  /** Which timer runs for what was sent; null when none does. */
  get sending(): SendTimer | null {
    return this.send === NEVER ? null : this.sendName;
  }

  startSend(name: SendTimer, delay: Nanoseconds): void {
    this.send = this.#owner.host.sim.now + delay;
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
    this.ack = this.#owner.host.sim.now + delay;
    this.#remember('ack');
    this.#arm();
  }

  stopAck(): void {
    if (this.ack === NEVER) return;
    this.ack = NEVER;
    this.#arm();
  }

  startWait(name: 'tcp.keepalive' | 'tcp.fin-wait-2' | 'tcp.time-wait', delay: Nanoseconds): void {
    this.wait = this.#owner.host.sim.now + delay;
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

  #remember(which: 'send' | 'ack' | 'wait'): void {
    const { tracer } = this.#owner.host;
    if (!tracer.on) return;
    this.#causes ??= { send: 0, ack: 0, wait: 0 };
    this.#causes[which] = tracer.cause;
  }

  #arm(): void {
    const next = Math.min(this.send, this.ack, this.wait);
    const alarm = this.#alarm;
    if (next === NEVER) {
      if (alarm === null) return;
      this.#alarm = null;
      this.#owner.host.alarms.give(alarm);
      return;
    }
    if (alarm === null) {
      this.#alarm = this.#owner.host.alarms.take(this);
      this.#alarm.timer.start(next - this.#owner.host.sim.now);
    } else if (alarm.timer.deadline !== next) {
      alarm.timer.start(next - this.#owner.host.sim.now);
    }
  }

  /** @internal Called by the alarm: a deadline has come. */
  due(): void {
    const { now } = this.#owner.host.sim;
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
    this.#arm();
  }

  #expire(name: TimerName, cause: EventId): void {
    const { tracer } = this.#owner.host;
    const before = tracer.cause;
    tracer.cause = tracer.on ? tracer.write({ kind: 'timer', name, subject: this.#owner.id, cause }) : 0;
    this.#owner.expired(name);
    tracer.cause = before;
  }
}

/** A timer of the simulation that serves one connection after another. */
class Alarm {
  owner: Timers | null = null;
  readonly timer: Timer;

  constructor(sim: Simulation) {
    this.timer = sim.timer(() => this.owner?.due());
  }
}

/**
 * The alarms of one machine. A connection on which nothing is under way needs none; with its place in the event queue
 * one takes more memory than anything else of an idle connection would.
 */
export class AlarmPool {
  readonly #sim: Simulation;
  readonly #free: Alarm[] = [];

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  take(owner: Timers): Alarm {
    const alarm = this.#free.pop() ?? new Alarm(this.#sim);
    alarm.owner = owner;
    return alarm;
  }

  give(alarm: Alarm): void {
    alarm.timer.stop();
    alarm.owner = null;
    this.#free.push(alarm);
  }
}
