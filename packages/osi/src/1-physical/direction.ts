import type { Nanoseconds, Simulation, Timer } from '../time/index.ts';
import { Arrivals, UNDAMAGED } from './arrivals.ts';
import { frameCheckSequence } from './fcs.ts';
import { type Frame, MIN_FRAME } from './frame.ts';
import { FCS, INTER_FRAME_GAP, PREAMBLE } from './framing.ts';
import { type ImpairmentSettings, Impairments } from './impairments.ts';
import { BUSY_UNTIL, LATEST, type LineTimes, lineTimesOf, PER_BYTE } from './line-times.ts';
import { dropOnTheWay, type Medium, type Port, QUEUE_FULL, refuse } from './port.ts';
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
export class CableDirection extends Arrivals implements Medium {
  readonly #sim: Simulation;
  readonly #from: Port;
  readonly #to: Port;
  /**
   * How long a byte takes: 0 without a bandwidth. Until when the line is busy, with a fraction, so that rounding does not add
   * up. The latest arrival so far of a frame that was not held back.
   */
  readonly #times: LineTimes;
  readonly #at: number;
  delay: Nanoseconds = 0;
  /** Null for first in, first out, whose queue is no more than the times at which frames begin. */
  #discipline: QueueDiscipline | null = null;
  /** Most cables do nothing to frames. */
  #impairments: Impairments | null = null;
  fcs = true;
  #offload = false;
  /** Set by the cable: both ends are plugged in. */
  connected = false;
  bandwidth = Number.POSITIVE_INFINITY;
  queueLimit = DEFAULT_QUEUE_LIMIT;
  readonly #cable: string;
  /** When the frames begin that wait for the line, and how many of them have begun since. */
  #begins = NONE_WAIT;
  #begun = 0;
  /** When the discipline is to be asked again. */
  #turn: Timer | null = null;

  /** @param name the cable's. */
  constructor(sim: Simulation, name: string, from: Port, to: Port) {
    super(sim);
    this.#sim = sim;
    this.#from = from;
    this.#to = to;
    this.#cable = name;
    this.#times = lineTimesOf(sim);
    this.#at = this.#times.add();
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
    this.#times.numbers[this.#at + PER_BYTE] = 8_000_000_000 / this.bandwidth;
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
    const { numbers } = this.#times;
    const busyUntil = numbers[this.#at + BUSY_UNTIL] as number;
    if (busyUntil > now && (numbers[this.#at + PER_BYTE] as number) > 0) {
      if (this.waiting >= this.queueLimit) {
        refuse(this.#from, frame);
        return;
      }
      if (this.#begins === NONE_WAIT) this.#begins = [];
      this.#begins.push(busyUntil);
    }
    this.#put(frame, now);
  }

  /** Puts a frame on the line, at `now` or as soon as the line is free. */
  #put(frame: Frame, now: Nanoseconds): void {
    let sent = now;
    const { numbers } = this.#times;
    const perByte = numbers[this.#at + PER_BYTE] as number;
    if (perByte > 0) {
      const busyUntil = numbers[this.#at + BUSY_UNTIL] as number;
      const begin = busyUntil > now ? busyUntil : now;
      const length = frame.length > MIN_FRAME ? frame.length : MIN_FRAME;
      sent = Math.ceil(begin + (PREAMBLE + length + FCS) * perByte);
      numbers[this.#at + BUSY_UNTIL] = begin + (PREAMBLE + length + FCS + INTER_FRAME_GAP) * perByte;
    }
    const accidents = this.#impairments;
    if (accidents?.active === true) this.#sendWithAccidents(accidents, frame, sent);
    else this.#arriveInOrder(frame, sent + this.delay, UNDAMAGED);
  }

  #setDiscipline(settings: QueueSettings | null): void {
    const waiting = this.#discipline?.drain() ?? [];
    const drop = (frame: Frame, reason: string) =>
      reason === QUEUE_FULL ? refuse(this.#from, frame) : dropOnTheWay(this.#from, frame, reason);
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

  get #busyUntil(): number {
    return this.#times.numbers[this.#at + BUSY_UNTIL] as number;
  }

  portChanged(): void {
    this.#to.linkChanged();
  }

  /** Loses everything on the way: the cable was pulled out. */
  clear(reason: string): void {
    for (let frame = this.takeFirst(); frame !== null; frame = this.takeFirst()) {
      dropOnTheWay(this.#from, frame, reason);
    }
    for (const frame of this.#discipline?.drain() ?? []) dropOnTheWay(this.#from, frame, reason);
    this.#turn?.stop();
    this.stop();
    const { numbers } = this.#times;
    numbers[this.#at + BUSY_UNTIL] = 0;
    numbers[this.#at + LATEST] = 0;
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
    const { numbers } = this.#times;
    const latest = numbers[this.#at + LATEST] as number;
    if (at > latest) numbers[this.#at + LATEST] = at;
    this.#arrive(frame, at > latest ? at : latest, check);
  }

  #arrive(frame: Frame, at: Nanoseconds, check: number): void {
    this.setOnItsWay(frame, at, check);
    if (this.firstOnTheWay === frame) this.start(at - this.#sim.now);
  }

  /** The first frame on its way arrives. */
  protected expired(): void {
    const { now } = this.#sim;
    for (let frame = this.firstOnTheWay; frame !== null; frame = this.firstOnTheWay) {
      if (frame.arrival > now) {
        this.start(frame.arrival - now);
        return;
      }
      this.takeFirst();
      const behind = this.firstOnTheWay;
      frame.followed = behind !== null && behind.arrival <= now;
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
