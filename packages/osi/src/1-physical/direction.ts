import type { Nanoseconds, Simulation, Timer } from '../time/index.ts';
import { Arrivals, UNDAMAGED } from './arrivals.ts';
import { frameCheckSequence } from './fcs.ts';
import { type Frame, MIN_FRAME } from './frame.ts';
import { FCS, INTER_FRAME_GAP, PREAMBLE } from './framing.ts';
import { type ImpairmentSettings, Impairments } from './impairments.ts';
import { dropOnTheWay, type Medium, type Port } from './port.ts';
import { type QueueDiscipline, type QueueSettings, queueDiscipline } from './queue-discipline/index.ts';

/** Linux's default `txqueuelen` of an Ethernet interface. */
const DEFAULT_QUEUE_LIMIT = 1000;

/** The properties of one direction of a cable. */
export interface DirectionOptions {
  /** Bits per second, > 0; default `Infinity`: sending takes no time. */
  bandwidth?: number;
  /** Propagation delay, ≥ 0; default 0. */
  delay?: Nanoseconds;
  /** How many frames may wait while one is being sent; default 1000. */
  queueLimit?: number;
  /** Who decides about frames that wait; default: first in, first out, up to `queueLimit`. Null: that again. */
  queue?: QueueSettings | null;
  /**
   * Segmentation and checksum offload, as Linux's veth has it: frames that stand for many segments, and whose checksum
   * nobody has computed, cross it as they are. Only while it does nothing to frames but delay them: with a bandwidth, a
   * queue discipline or accidents it carries whole frames, and so does a shared line. Default false.
   */
  offload?: boolean;
  /** Whether the far port checks the FCS. With false damaged frames get through, for higher checksums to find. Default true. */
  fcs?: boolean;
  impairments?: Partial<ImpairmentSettings>;
}

/** Of a line that nothing waits for: never added to. */
const NONE_WAIT: number[] = [];

/**
 * One direction of a cable: the sender's queue, the time that bits take, and what happens to them.
 *
 * A frame leaves when those before it and the gap behind them have left, and arrives when its last bit
 * has: one event, and only the frame that arrives next stands in the event queue. Frames that arrive at one
 * instant arrive in one event, never inside the sender's call.
 */
export class CableDirection implements Medium {
  bandwidth = Number.POSITIVE_INFINITY;
  /** How long a byte takes, with a fraction; 0 without a bandwidth. */
  #perByte = 0;
  delay: Nanoseconds = 0;
  queueLimit = DEFAULT_QUEUE_LIMIT;
  fcs = true;
  #offload = false;
  /** Set by the cable: both ends are plugged in. */
  connected = false;
  readonly #sim: Simulation;
  readonly #from: Port;
  readonly #to: Port;
  readonly #cable: string;
  /** Most cables do nothing to frames. */
  #impairments: Impairments | null = null;
  readonly #arrivals: Arrivals;
  /** Until when the line is busy; with a fraction, so that rounding does not add up. */
  #busyUntil = 0;
  /** When the frames begin that wait for the line, and how many of them have begun since. */
  #begins = NONE_WAIT;
  #begun = 0;
  /** Null for first in, first out, whose queue is no more than the times at which frames begin. */
  #discipline: QueueDiscipline | null = null;
  /** When the discipline is to be asked again. */
  #turn: Timer | null = null;
  /** The latest arrival so far of a frame that was not held back. */
  #latest: Nanoseconds = 0;

  /** @param name the cable's. */
  constructor(sim: Simulation, name: string, from: Port, to: Port) {
    this.#sim = sim;
    this.#from = from;
    this.#to = to;
    this.#cable = name;
    this.#arrivals = new Arrivals(sim, this);
  }

  get impairments(): Impairments {
    this.#impairments ??= new Impairments(this.#sim, this.#name);
    return this.#impairments;
  }

  /** Of its random streams. */
  get #name(): string {
    return `cable:${this.#cable}/${this.#from.tracer.node}:${this.#from.name}`;
  }

  get carrier(): boolean {
    return this.connected && this.#to.enabled;
  }

  get offload(): boolean {
    return (
      this.#offload &&
      this.bandwidth === Number.POSITIVE_INFINITY &&
      this.#discipline === null &&
      this.#impairments?.active !== true
    );
  }

  /** How many frames wait for the line just now. */
  get waiting(): number {
    if (this.#discipline !== null) return this.#discipline.length;
    const begins = this.#begins;
    while (this.#begun < begins.length && (begins[this.#begun] as number) <= this.#sim.now) this.#begun++;
    if (this.#begun === begins.length && this.#begun > 0) {
      this.#begins = NONE_WAIT;
      this.#begun = 0;
      return 0;
    } else if (this.#begun > 1024) {
      begins.splice(0, this.#begun);
      this.#begun = 0;
    }
    return begins.length - this.#begun;
  }

  /** How many frames have been sent and not yet arrived. */
  get inFlight(): number {
    return this.#arrivals.size;
  }

  /** Changes some properties for frames sent from now on. @throws RangeError outside the ranges of `DirectionOptions`. */
  set(options: DirectionOptions): void {
    const { bandwidth, delay, queueLimit, fcs, impairments } = options;
    if (bandwidth !== undefined && !(bandwidth > 0)) {
      throw new RangeError(`bandwidth: expected bits per second, more than 0, found ${bandwidth}`);
    }
    if (delay !== undefined && !(delay >= 0 && Number.isFinite(delay))) {
      throw new RangeError(`delay: expected nanoseconds, 0 or more, found ${delay}`);
    }
    if (queueLimit !== undefined && !(queueLimit >= 0)) {
      throw new RangeError(`queueLimit: expected a number of frames, 0 or more, found ${queueLimit}`);
    }
    if (impairments !== undefined) this.impairments.set(impairments);
    if (options.queue !== undefined) this.#setDiscipline(options.queue);
    this.bandwidth = bandwidth ?? this.bandwidth;
    this.#perByte = 8_000_000_000 / this.bandwidth;
    this.delay = delay === undefined ? this.delay : Math.round(delay);
    this.queueLimit = queueLimit ?? this.queueLimit;
    this.fcs = fcs ?? this.fcs;
    this.#offload = options.offload ?? this.#offload;
  }

  send(frame: Frame): void {
    if (this.#discipline !== null) {
      this.#queue(this.#discipline, frame);
      return;
    }
    const now = this.#sim.now + this.#from.latency;
    if (this.#busyUntil > now && this.#perByte > 0) {
      if (this.waiting >= this.queueLimit) {
        dropOnTheWay(this.#from, frame, 'cable.queue-full');
        return;
      }
      if (this.#begins === NONE_WAIT) this.#begins = [];
      this.#begins.push(this.#busyUntil);
    }
    this.#put(frame, now);
  }

  /** Puts a frame on the line, at `now` or as soon as the line is free. */
  #put(frame: Frame, now: Nanoseconds): void {
    let sent = now;
    const perByte = this.#perByte;
    if (perByte > 0) {
      const begin = this.#busyUntil > now ? this.#busyUntil : now;
      const length = frame.length > MIN_FRAME ? frame.length : MIN_FRAME;
      sent = Math.ceil(begin + (PREAMBLE + length + FCS) * perByte);
      this.#busyUntil = begin + (PREAMBLE + length + FCS + INTER_FRAME_GAP) * perByte;
    }
    const accidents = this.#impairments;
    if (accidents?.active === true) this.#sendWithAccidents(accidents, frame, sent);
    else this.#arriveInOrder(frame, sent + this.delay, UNDAMAGED);
  }

  #setDiscipline(settings: QueueSettings | null): void {
    const waiting = this.#discipline?.drain() ?? [];
    const drop = (frame: Frame, reason: string) => dropOnTheWay(this.#from, frame, reason);
    this.#discipline =
      settings === null
        ? null
        : queueDiscipline(settings, drop, () => this.#sim.randomFor(`${this.#name}/queue`));
    this.#turn ??= this.#sim.timer(() => this.#takeTurn());
    for (const frame of waiting) this.send(frame);
  }

  #queue(discipline: QueueDiscipline, frame: Frame): void {
    const { latency } = this.#from;
    if (latency > 0) {
      this.#sim.after(latency, () => this.#enqueue(this.#discipline, frame));
    } else {
      this.#enqueue(discipline, frame);
    }
  }

  /** Meanwhile there may be another discipline, or none, or no cable. */
  #enqueue(discipline: QueueDiscipline | null, frame: Frame): void {
    const { now } = this.#sim;
    if (!this.connected) dropOnTheWay(this.#from, frame, 'cable.unplugged');
    else if (discipline === null) this.#put(frame, now);
    else {
      discipline.enqueue(frame, now);
      this.#takeTurn();
    }
  }

  /** Sends what the discipline gives, as long as the line is free. */
  #takeTurn(): void {
    const discipline = this.#discipline;
    if (discipline === null) return;
    const { now } = this.#sim;
    let at = Number.POSITIVE_INFINITY;
    // The line's times have fractions, the clock's have none.
    while (this.#busyUntil < now + 1) {
      const frame = discipline.dequeue(now);
      if (frame === null) {
        at = discipline.readyAt;
        break;
      }
      this.#put(frame, now);
    }
    if (this.#busyUntil >= now + 1 && discipline.length > 0) at = Math.floor(this.#busyUntil);
    if (at === Number.POSITIVE_INFINITY) this.#turn?.stop();
    else this.#turn?.start(Math.max(at - now, 1));
  }

  portChanged(): void {
    this.#to.linkChanged();
  }

  /** Loses everything on the way: the cable was pulled out. */
  clear(reason: string): void {
    for (let frame = this.#arrivals.take(); frame !== null; frame = this.#arrivals.take()) {
      dropOnTheWay(this.#from, frame, reason);
    }
    for (const frame of this.#discipline?.drain() ?? []) dropOnTheWay(this.#from, frame, reason);
    this.#turn?.stop();
    this.#arrivals.stop();
    this.#busyUntil = 0;
    this.#latest = 0;
    this.#begins = NONE_WAIT;
    this.#begun = 0;
  }

  #sendWithAccidents(accidents: Impairments, frame: Frame, sent: Nanoseconds): void {
    if (accidents.loses()) {
      dropOnTheWay(this.#from, frame, 'cable.loss');
      return;
    }
    const copy = accidents.duplicates() ? this.#from.pool.copy(frame) : null;
    this.#sendOne(accidents, frame, sent);
    if (copy !== null) this.#sendOne(accidents, copy, sent);
  }

  #sendOne(accidents: Impairments, frame: Frame, sent: Nanoseconds): void {
    let check = UNDAMAGED;
    const bit = accidents.invertedBit(frame.length * 8);
    if (bit >= 0) {
      check = frameCheckSequence(frame.bytes, frame.start, frame.end);
      const at = frame.start + (bit >>> 3);
      frame.bytes[at] = (frame.bytes[at] as number) ^ (1 << (bit & 7));
    }
    const arrival = sent + this.delay + accidents.extraDelay();
    if (accidents.reorders()) this.#arrive(frame, arrival + accidents.reorderDelay, check);
    else this.#arriveInOrder(frame, arrival, check);
  }

  #arriveInOrder(frame: Frame, at: Nanoseconds, check: number): void {
    if (at > this.#latest) this.#latest = at;
    this.#arrive(frame, this.#latest, check);
  }

  #arrive(frame: Frame, at: Nanoseconds, check: number): void {
    this.#arrivals.add(frame, at, check);
    if (this.#arrivals.first === frame) this.#arrivals.start(at - this.#sim.now);
  }

  /** @internal The first frame on its way arrives. */
  deliver(): void {
    const arrivals = this.#arrivals;
    const { now } = this.#sim;
    for (let frame = arrivals.first; frame !== null; frame = arrivals.first) {
      if (frame.arrival > now) {
        this.#arrivals.start(frame.arrival - now);
        return;
      }
      arrivals.take();
      if (
        frame.check !== UNDAMAGED &&
        this.fcs &&
        frameCheckSequence(frame.bytes, frame.start, frame.end) !== frame.check
      ) {
        dropOnTheWay(this.#to, frame, 'port.fcs');
      } else {
        this.#to.receive(frame);
      }
    }
  }
}
