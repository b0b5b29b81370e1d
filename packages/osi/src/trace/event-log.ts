import type { Nanoseconds } from '../time/index.ts';
import { ByteLog } from './byte-log.ts';
import type { EventId, TcpNumbers, TraceEvent } from './events.ts';

/** What an event is. */
const SENT = 1;
const RECEIVED = 2;
const VARIABLES = 3;
const OTHER = 4;

/** No event takes more bytes than this. */
const ROOM = 128;

/** Where a frame's bytes are kept: in which piece of memory, from where on, how many. */
export interface Place {
  readonly chunk: number;
  readonly at: number;
  readonly size: number;
}

/**
 * Events as they are written down: a few bytes each, from which `read` makes them later, one after the other. Of some
 * kinds there are several for each frame, and an object that is kept costs many times as much.
 */
export class EventLog {
  readonly #log = new ByteLog();
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  /** Objects that belong to events, in their order. */
  readonly #objects: unknown[] = [];
  #objectsRead = 0;
  #lastOrigins: readonly EventId[] = [];
  #size = 0;
  #time: Nanoseconds = 0;
  #read = 0;
  #readTime: Nanoseconds = 0;
  #readOrigins: readonly EventId[] = [];

  /** @param segments 0 unless the frame has offload. */
  sent(
    time: Nanoseconds,
    node: string,
    cause: EventId,
    port: string,
    length: number,
    reason: string,
    origins: readonly EventId[],
    segments: number,
    chunk: number,
    at: number,
    size: number,
  ): void {
    const log = this.#begin(SENT, time, cause);
    this.#text(node);
    this.#text(port);
    this.#text(reason);
    log.put(length);
    log.put(segments);
    log.put(chunk);
    log.put(at);
    log.put(size);
    if (origins.length === 0) {
      log.put(0);
    } else if (origins === this.#lastOrigins) {
      log.put(1);
    } else {
      log.put(2);
      this.#objects.push(origins);
      this.#lastOrigins = origins;
    }
  }

  received(time: Nanoseconds, node: string, port: string, sent: EventId, length: number): void {
    const log = this.#begin(RECEIVED, time, sent);
    this.#text(node);
    this.#text(port);
    log.put(length);
  }

  variables(time: Nanoseconds, node: string, cause: EventId, socket: string, values: TcpNumbers): void {
    const log = this.#begin(VARIABLES, time, cause);
    this.#text(node);
    this.#text(socket);
    log.putAny(values.cwnd);
    log.putAny(values.ssthresh);
    log.putAny(values.srtt);
    log.putAny(values.rto);
    log.putAny(values.flight);
    log.putAny(values.sendWindow);
    log.putAny(values.receiveWindow);
  }

  other(event: TraceEvent): void {
    this.#begin(OTHER, event.time, event.cause);
    this.#objects.push(event);
  }

  /** Makes the next event that has not been read. @param frame is told where the bytes are of a frame that was sent. */
  read(frame: (id: EventId, place: Place) => void): TraceEvent {
    const log = this.#log;
    log.next();
    const kind = log.get();
    const id = ++this.#read;
    this.#readTime += log.getAny();
    const time = this.#readTime;
    const cause = id - log.getAny();
    switch (kind) {
      case SENT: {
        const node = this.#readText();
        const port = this.#readText();
        const reason = this.#readText();
        const length = log.get();
        const segments = log.get();
        frame(id, { chunk: log.get(), at: log.get(), size: log.get() });
        const origins = this.#readOriginsOf(log.get());
        const offload = segments > 0 && { offload: { segments } };
        return { id, time, node, kind: 'frame-sent', port, length, reason, origins, ...offload, cause };
      }
      case RECEIVED: {
        const node = this.#readText();
        const port = this.#readText();
        return { id, time, node, kind: 'frame-received', port, sent: cause, length: log.get(), cause };
      }
      case VARIABLES:
        return {
          id,
          time,
          node: this.#readText(),
          kind: 'tcp-variables',
          socket: this.#readText(),
          cwnd: log.getAny(),
          ssthresh: log.getAny(),
          srtt: log.getAny(),
          rto: log.getAny(),
          flight: log.getAny(),
          sendWindow: log.getAny(),
          receiveWindow: log.getAny(),
          cause,
        };
      default:
        return this.#readObject() as TraceEvent;
    }
  }

  /** What all begin with: kind, time since the event before, how many events ago the cause was. */
  #begin(kind: number, time: Nanoseconds, cause: EventId): ByteLog {
    const log = this.#log;
    log.begin(ROOM);
    log.put(kind);
    log.putAny(time - this.#time);
    log.putAny(++this.#size - cause);
    this.#time = time;
    return log;
  }

  /** Writes a text as its number; a run has few different ones. */
  #text(text: string): void {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#numbers.set(text, number);
    }
    this.#log.put(number);
  }

  #readText(): string {
    return this.#texts[this.#log.get()] as string;
  }

  #readOriginsOf(which: number): readonly EventId[] {
    if (which === 0) return [];
    if (which === 2) this.#readOrigins = this.#readObject() as readonly EventId[];
    return this.#readOrigins;
  }

  /** Takes the next object out. */
  #readObject(): unknown {
    const object = this.#objects[this.#objectsRead];
    this.#objects[this.#objectsRead++] = null;
    if (this.#objectsRead === this.#objects.length) {
      this.#objects.length = 0;
      this.#objectsRead = 0;
    }
    return object;
  }
}
