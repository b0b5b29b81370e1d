import { type Simulation, Timed } from '../time/index.ts';
import type { EventId, NewEvent, TcpNumbers } from './events.ts';
import type { TraceRecord } from './record.ts';

const NONE: ReadonlyMap<string, number> = new Map();

/**
 * One node's pen: it knows what the node is doing just now, and writes it to the record if there is one.
 *
 * A stack is entered in three ways: a frame arrives, a timer expires, a system call is made. Each
 * entry is one `within`: what happens until it returns has that entry's event as its cause.
 * Without a record nothing is written and every number is 0; callers that would have to build
 * something for an event ask `on` first.
 */
export class Tracer {
  readonly node: string;
  readonly record: TraceRecord | null;
  /** The event being handled; 0 when none is, or nothing is recorded. */
  cause: EventId = 0;
  /** How often each named reason made this node drop something. */
  get drops(): ReadonlyMap<string, number> {
    return this.#drops ?? NONE;
  }
  readonly #sim: Simulation;
  #drops: Map<string, number> | null = null;

  constructor(sim: Simulation, node: string, record: TraceRecord | null = null) {
    this.#sim = sim;
    this.node = node;
    this.record = record;
  }

  get on(): boolean {
    return this.record !== null;
  }

  /** Writes an event whose cause is the current one (or the one given). @returns its number, 0 unrecorded. */
  write(event: WithoutCause, frame?: Uint8Array): EventId {
    const record = this.record;
    if (record === null) return 0;
    const cause = event.cause ?? this.cause;
    return record.add(this.#sim.now, this.node, { ...event, cause } as NewEvent, frame);
  }

  /** Writes `frame-sent`. @param segments 0 unless the frame has offload. @param frame its bytes, copied. @returns its number, 0 unrecorded. */
  sent(
    port: string,
    reason: string,
    origins: readonly EventId[],
    segments: number,
    frame: Uint8Array,
  ): EventId {
    const { record, cause } = this;
    if (record === null) return 0;
    return record.sent(this.#sim.now, this.node, cause, port, reason, origins, segments, frame);
  }

  /** Writes `frame-received`: its cause is that it was sent. @returns its number, 0 unrecorded. */
  received(port: string, sent: EventId, length: number): EventId {
    return this.record?.received(this.#sim.now, this.node, port, sent, length) ?? 0;
  }

  /** Writes `tcp-variables`. @param values are copied. */
  variables(socket: string, values: TcpNumbers): void {
    this.record?.variables(this.#sim.now, this.node, this.cause, socket, values);
  }

  /** Counts a drop under its reason. */
  countDrop(reason: string): void {
    this.#drops ??= new Map();
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
  }

  /** Handles `event`: everything `work` does has it as its cause. */
  within<T>(event: EventId, work: () => T): T {
    const before = this.cause;
    this.cause = event;
    try {
      return work();
    } finally {
      this.cause = before;
    }
  }

  /**
   * A timer whose expiry is an entry into the stack, recorded with the event that started it as its cause.
   * @param routine a run does not go on for it alone (`Simulation.routineTimer`).
   */
  timer(name: string, subject: () => string, action: () => void, routine = false): TracedTimer {
    return new TracedTimer(this.#sim, this, name, subject, action, routine);
  }
}

type WithoutCause = NewEvent extends infer E
  ? E extends NewEvent
    ? Omit<E, 'cause'> & { cause?: EventId }
    : never
  : never;

/** What has a deadline and remembers which event set it: its expiry is an entry into the stack. */
export abstract class TracedTimed extends Timed {
  readonly #tracer: Tracer;
  #cause: EventId = 0;

  constructor(sim: Simulation, tracer: Tracer, routine = false) {
    super(sim, routine);
    this.#tracer = tracer;
  }

  /** What it is called in the record, and whose it is. */
  protected abstract readonly title: string;
  protected abstract subject(): string;
  protected abstract act(): void;

  override start(delay: number): void {
    this.#cause = this.#tracer.cause;
    super.start(delay);
  }

  protected expired(): void {
    const tracer = this.#tracer;
    if (!tracer.on) {
      this.act();
      return;
    }
    const before = tracer.cause;
    tracer.cause = tracer.write({
      kind: 'timer',
      name: this.title,
      subject: this.subject(),
      cause: this.#cause,
    });
    try {
      this.act();
    } finally {
      tracer.cause = before;
    }
  }
}

/** A timer that remembers which event started it. */
export class TracedTimer extends TracedTimed {
  protected readonly title: string;
  readonly #subject: () => string;
  readonly #action: () => void;

  /** @internal Use `tracer.timer`. */
  constructor(
    sim: Simulation,
    tracer: Tracer,
    name: string,
    subject: () => string,
    action: () => void,
    routine: boolean,
  ) {
    super(sim, tracer, routine);
    this.title = name;
    this.#subject = subject;
    this.#action = action;
  }

  protected subject(): string {
    return this.#subject();
  }

  protected act(): void {
    this.#action();
  }
}
