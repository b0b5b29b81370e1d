import type { Nanoseconds } from '../time/index.ts';
import { EventLog, type Place } from './event-log.ts';
import type { EventId, FrameSent, NewEvent, TcpNumbers, TraceEvent } from './events.ts';
import { RecordMemory } from './record-memory.ts';

/**
 * Everything that happened in a run, in order. The page, the command line, the checks and the tests
 * read this and nothing else; looking back in time is reading it at an earlier event.
 *
 * While a run goes on and nobody looks, events are only written down (`EventLog`); they become objects when they are
 * asked for, or at once while somebody has subscribed.
 */
export class TraceRecord {
  readonly #log = new EventLog();
  /** Those that have been asked for: a beginning of the log. */
  readonly #events: TraceEvent[] = [];
  #size = 0;
  #closed = false;
  /** For each `frame-sent` event by number, among `#events`: where its bytes are. */
  readonly #frames = new Map<EventId, Uint8Array>();
  readonly #found = (id: EventId, { chunk, at, size }: Place): void => {
    this.#frames.set(id, this.#memory.show(chunk, at, size));
  };
  readonly #memory = new RecordMemory();
  readonly #listeners = new Set<(event: TraceEvent) => void>();

  /** How many events there are; the last one's number. */
  get size(): number {
    return this.#size;
  }

  /** All of them; what happens later is not in it before it is asked for again. */
  get events(): readonly TraceEvent[] {
    this.#read(this.#size);
    return this.#events;
  }

  /** The event with this number, or undefined for 0 and for numbers not reached yet. */
  get(id: EventId): TraceEvent | undefined {
    if (id > this.#events.length && id <= this.#size) this.#read(id);
    return this.#events[id - 1];
  }

  /** The bytes of a sent frame, destination MAC first, without FCS. They belong to the record: do not write. */
  bytes(event: FrameSent | EventId): Uint8Array {
    const id = typeof event === 'number' ? event : event.id;
    const bytes = this.get(id) && this.#frames.get(id);
    if (bytes === undefined) throw new RangeError(`event ${String(event)} is no sent frame of this record`);
    return bytes;
  }

  /**
   * Ends the record when its run is over. Events that were asked for stay, the others are forgotten; the memory of frames
   * that nobody was shown serves the next record, at once instead of when a collector has found this one to be gone.
   */
  close(): void {
    this.#closed = true;
    this.#size = this.#events.length;
    this.#memory.giveBack();
    this.#log.close();
  }

  /** Calls `listener` with each event from now on. @returns what stops it. */
  subscribe(listener: (event: TraceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Appends an event. @param frame the bytes of a `frame-sent` event; copied. @returns its number. */
  add(time: Nanoseconds, node: string, event: NewEvent, frame?: Uint8Array): EventId {
    if (event.kind === 'frame-sent' && frame !== undefined) {
      const { cause, port, reason, origins, offload } = event;
      return this.sent(time, node, cause, port, reason, origins, offload?.segments ?? 0, frame, event.length);
    }
    this.#log.other({ id: this.#size + 1, time, node, ...event } as TraceEvent);
    return this.#added();
  }

  /** Appends a `frame-sent`. @param segments 0 unless the frame has offload. @param frame copied. @returns its number. */
  sent(
    time: Nanoseconds,
    node: string,
    cause: EventId,
    port: string,
    reason: string,
    origins: readonly EventId[],
    segments: number,
    frame: Uint8Array,
    length = frame.length,
  ): EventId {
    const memory = this.#memory;
    const at = memory.keep(frame);
    this.#log.sent(time, node, cause, port, length, reason, origins, segments, memory.last, at, frame.length);
    return this.#added();
  }

  /** Appends a `frame-received`; its cause is that the frame was sent. @returns its number. */
  received(time: Nanoseconds, node: string, port: string, sent: EventId, length: number): EventId {
    this.#log.received(time, node, port, sent, length);
    return this.#added();
  }

  /** Appends `tcp-variables`. @returns its number. */
  variables(time: Nanoseconds, node: string, cause: EventId, socket: string, values: TcpNumbers): EventId {
    this.#log.variables(time, node, cause, socket, values);
    return this.#added();
  }

  /** @throws Error when it was closed. */
  #added(): EventId {
    if (this.#closed) throw new Error('the record is closed: nothing more can be written to it');
    const id = ++this.#size;
    if (this.#listeners.size > 0) {
      this.#read(id);
      const event = this.#events[id - 1] as TraceEvent;
      for (const listener of this.#listeners) listener(event);
    }
    return id;
  }

  /** Makes objects of all events up to this number. */
  #read(id: EventId): void {
    const events = this.#events;
    while (events.length < id) events.push(this.#log.read(this.#found));
  }
}
