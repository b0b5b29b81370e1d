import type { Nanoseconds } from '../time/index.ts';
import type { EventId, FrameSent, NewEvent, TraceEvent } from './events.ts';

const CHUNK = 1 << 20;

/**
 * Everything that happened in a run, in order. The page, the command line, the checks and the tests
 * read this and nothing else; looking back in time is reading it at an earlier event.
 */
export class TraceRecord {
  readonly #events: TraceEvent[] = [];
  /** For each `frame-sent` event by number: where its bytes are. */
  readonly #frames = new Map<EventId, Uint8Array>();
  #chunk = new Uint8Array(CHUNK);
  #used = 0;
  readonly #listeners = new Set<(event: TraceEvent) => void>();

  /** How many events there are; the last one's number. */
  get size(): number {
    return this.#events.length;
  }

  get events(): readonly TraceEvent[] {
    return this.#events;
  }

  /** The event with this number, or undefined for 0 and for numbers not reached yet. */
  get(id: EventId): TraceEvent | undefined {
    return this.#events[id - 1];
  }

  /** The bytes of a sent frame, destination MAC first, without FCS. They belong to the record: do not write. */
  bytes(event: FrameSent | EventId): Uint8Array {
    const bytes = this.#frames.get(typeof event === 'number' ? event : event.id);
    if (bytes === undefined) throw new RangeError(`event ${String(event)} is no sent frame of this record`);
    return bytes;
  }

  /** Calls `listener` with each event from now on. @returns what stops it. */
  subscribe(listener: (event: TraceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Appends an event. @param frame the bytes of a `frame-sent` event; copied. @returns its number. */
  add(time: Nanoseconds, node: string, event: NewEvent, frame?: Uint8Array): EventId {
    const id = this.#events.length + 1;
    const whole = { id, time, node, ...event } as TraceEvent;
    this.#events.push(whole);
    if (frame !== undefined) this.#frames.set(id, this.#keep(frame));
    for (const listener of this.#listeners) listener(whole);
    return id;
  }

  #keep(frame: Uint8Array): Uint8Array {
    if (this.#used + frame.length > CHUNK) {
      this.#chunk = new Uint8Array(Math.max(CHUNK, frame.length));
      this.#used = 0;
    }
    const kept = this.#chunk.subarray(this.#used, this.#used + frame.length);
    kept.set(frame);
    this.#used += frame.length;
    return kept;
  }
}
