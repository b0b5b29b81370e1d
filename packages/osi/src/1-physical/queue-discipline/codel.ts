import type { Nanoseconds } from '../../time/index.ts';
import type { Frame } from '../frame.ts';
import type { Drop } from './discipline.ts';
import { markCongestion } from './flow.ts';

export interface CoDelSettings {
  /** How long frames may wait for long. */
  readonly target: Nanoseconds;
  /** For how long they must have waited longer before a frame is dropped: a round-trip time of the slowest. */
  readonly interval: Nanoseconds;
  /** Marks packets of ECN-capable flows instead of dropping them. */
  readonly ecn: boolean;
}

/** The bytes that may always wait: a full frame (RFC 8289 section 5.4). */
const MTU = 1514;
/** A state of dropping that ended less than this many intervals ago is taken up where it was. */
const MEMORY = 16;

/**
 * A queue with controlled delay (RFC 8289): it is frames that wait too long for too long which are dropped, at the head
 * and at a rate that rises with the square root of their number, until the wait is short again.
 */
export class CoDelQueue {
  bytes = 0;
  readonly #settings: CoDelSettings;
  readonly #drop: Drop;
  readonly #frames: { readonly frame: Frame; readonly since: Nanoseconds }[] = [];
  /** When the wait will have been too long for an interval; 0 while it is not. */
  #firstAbove: Nanoseconds = 0;
  #dropping = false;
  #dropNext: Nanoseconds = 0;
  #count = 0;
  #lastCount = 0;
  #mayDrop = false;

  constructor(settings: CoDelSettings, drop: Drop) {
    this.#settings = settings;
    this.#drop = drop;
  }

  get length(): number {
    return this.#frames.length;
  }

  enqueue(frame: Frame, since: Nanoseconds): void {
    this.#frames.push({ frame, since });
    this.bytes += frame.length;
  }

  /** The first frame, however long it has waited. */
  shift(): Frame | null {
    const first = this.#frames.shift();
    if (first === undefined) return null;
    this.bytes -= first.frame.length;
    return first.frame;
  }

  /** RFC 8289 section 5.5: `dequeue`. */
  dequeue(now: Nanoseconds): Frame | null {
    let frame = this.#take(now);
    if (frame === null) {
      this.#dropping = false;
      return null;
    }
    if (this.#dropping) {
      if (!this.#mayDrop) this.#dropping = false;
      while (this.#dropping && now >= this.#dropNext) {
        this.#count++;
        if (this.#mark(frame)) {
          this.#dropNext = this.#law(this.#dropNext);
          return frame;
        }
        this.#drop(frame as Frame, 'queue.codel');
        frame = this.#take(now);
        if (frame === null || !this.#mayDrop) this.#dropping = false;
        else this.#dropNext = this.#law(this.#dropNext);
        if (frame === null) return null;
      }
    } else if (this.#mayDrop) {
      const marked = this.#mark(frame);
      if (!marked) {
        this.#drop(frame, 'queue.codel');
        frame = this.#take(now);
      }
      this.#dropping = true;
      const delta = this.#count - this.#lastCount;
      const recent = now - this.#dropNext < MEMORY * this.#settings.interval;
      this.#count = delta > 1 && recent ? delta : 1;
      this.#dropNext = this.#law(now);
      this.#lastCount = this.#count;
    }
    return frame;
  }

  /** `dodequeue`: takes a frame and decides whether it may be dropped. */
  #take(now: Nanoseconds): Frame | null {
    this.#mayDrop = false;
    const since = this.#frames[0]?.since ?? now;
    const frame = this.shift();
    if (frame === null) {
      this.#firstAbove = 0;
      return null;
    }
    if (now - since < this.#settings.target || this.bytes <= MTU) this.#firstAbove = 0;
    else if (this.#firstAbove === 0) this.#firstAbove = now + this.#settings.interval;
    else if (now >= this.#firstAbove) this.#mayDrop = true;
    return frame;
  }

  #mark(frame: Frame): boolean {
    return this.#settings.ecn && markCongestion(frame);
  }

  #law(from: Nanoseconds): Nanoseconds {
    return from + this.#settings.interval / Math.sqrt(this.#count);
  }
}
