import { milliseconds, type Nanoseconds } from '../../time/index.ts';
import type { Frame } from '../frame.ts';
import { CoDelQueue, type CoDelSettings } from './codel.ts';
import { type Drop, positive, type QueueDiscipline } from './discipline.ts';
import { flowHash } from './flow.ts';

export interface FqCoDelSettings {
  readonly kind: 'fq_codel';
  /** Default 5 ms (RFC 8290 section 5.2.1). */
  readonly target?: Nanoseconds;
  /** Default 100 ms. */
  readonly interval?: Nanoseconds;
  /** How many frames may wait in all queues together; default 10240. */
  readonly limit?: number;
  /** Into how many queues flows are hashed; default 1024. */
  readonly flows?: number;
  /** Bytes that a queue may send in its turn; default 1514. */
  readonly quantum?: number;
  /** Default true, as in Linux. */
  readonly ecn?: boolean;
}

interface Flow {
  readonly queue: CoDelQueue;
  credits: number;
  active: boolean;
}

/**
 * Flow queueing with controlled delay (RFC 8290): each flow has a queue of its own, which CoDel keeps short; they take
 * turns of a quantum of bytes, and flows that send little go first.
 */
export class FqCoDel implements QueueDiscipline {
  readonly #codel: CoDelSettings;
  readonly #limit: number;
  readonly #quantum: number;
  readonly #count: number;
  readonly #drop: Drop;
  readonly #flows = new Map<number, Flow>();
  #newFlows: Flow[] = [];
  #oldFlows: Flow[] = [];
  length = 0;

  /** @throws RangeError for settings that are not above 0. */
  constructor(settings: FqCoDelSettings, drop: Drop) {
    const { target = milliseconds(5), interval = milliseconds(100), ecn = true } = settings;
    this.#codel = { target: positive('target', target), interval: positive('interval', interval), ecn };
    this.#limit = positive('limit', settings.limit ?? 10_240);
    this.#quantum = positive('quantum', settings.quantum ?? 1514);
    this.#count = positive('flows', settings.flows ?? 1024);
    this.#drop = (frame, reason) => {
      this.length--;
      drop(frame, reason);
    };
  }

  get readyAt(): Nanoseconds {
    return this.length > 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  enqueue(frame: Frame, now: Nanoseconds): void {
    const flow = this.#flowOf(flowHash(frame) % this.#count);
    flow.queue.enqueue(frame, now);
    this.length++;
    if (!flow.active) {
      flow.active = true;
      flow.credits = this.#quantum;
      this.#newFlows.push(flow);
    }
    if (this.length > this.#limit) this.#dropOfLongest();
  }

  dequeue(now: Nanoseconds): Frame | null {
    for (;;) {
      const list = this.#newFlows.length > 0 ? this.#newFlows : this.#oldFlows;
      const flow = list[0];
      if (flow === undefined) return null;
      if (flow.credits <= 0) {
        flow.credits += this.#quantum;
        this.#oldFlows.push(list.shift() as Flow);
        continue;
      }
      const frame = flow.queue.dequeue(now);
      if (frame === null) {
        list.shift();
        // A new flow that ran empty waits its turn once, lest it be new again at once (section 4.2).
        if (list === this.#newFlows) this.#oldFlows.push(flow);
        else flow.active = false;
        continue;
      }
      this.length--;
      flow.credits -= frame.length;
      return frame;
    }
  }

  drain(): Frame[] {
    const frames: Frame[] = [];
    for (const flow of this.#flows.values()) {
      for (let frame = flow.queue.shift(); frame !== null; frame = flow.queue.shift()) frames.push(frame);
      flow.active = false;
    }
    this.#newFlows = [];
    this.#oldFlows = [];
    this.length = 0;
    return frames;
  }

  #flowOf(index: number): Flow {
    let flow = this.#flows.get(index);
    if (flow === undefined) {
      flow = { queue: new CoDelQueue(this.#codel, this.#drop), credits: 0, active: false };
      this.#flows.set(index, flow);
    }
    return flow;
  }

  /** The queue with the most bytes gives up its first frame (section 4.1). */
  #dropOfLongest(): void {
    let longest: Flow | null = null;
    for (const flow of this.#flows.values()) {
      if (flow.queue.bytes > (longest?.queue.bytes ?? 0)) longest = flow;
    }
    const frame = longest?.queue.shift() ?? null;
    if (frame !== null) this.#drop(frame, 'cable.queue-full');
  }
}
