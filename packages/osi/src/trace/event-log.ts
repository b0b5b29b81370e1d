import type { Nanoseconds } from '../time/index.ts';
import { ByteLog } from './byte-log.ts';
import type { EventId, TcpNumbers, TraceEvent } from './events.ts';
import { FrameLabels } from './frame-labels.ts';

/** What an event is: the lowest three bits of what it begins with. */
const KIND = 7;
const SENT = 1;
const RECEIVED = 2;
const VARIABLES = 3;
const OTHER = 4;

/** Of a frame, in the bits above: its length follows, since it is another one than that of the frame before. */
const LENGTH = 8;
/** Of one that was sent: so do segments and place, since it has some, or its bytes are not kept behind those of the one before. */
const UNUSUAL = 16;
/** Where its origins are: those of the one before, or the next object. */
const SAME_ORIGINS = 32;
const OTHER_ORIGINS = 64;

/** No event takes more bytes than this. */
const ROOM = 128;

/** Which of the variables of TCP are others than before. */
const CWND = 1;
const SSTHRESH = 2;
const SRTT = 4;
const RTO = 8;
const FLIGHT = 16;
const SEND_WINDOW = 32;
const RECEIVE_WINDOW = 64;

type Variables = { -readonly [K in keyof TcpNumbers]: TcpNumbers[K] };

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
  /** By the number of a socket's name, of whatever machine: the variables written last under it, and those read last. */
  readonly #written: Variables[] = [];
  readonly #readValues: Variables[] = [];
  /** Objects that belong to events, in their order. */
  readonly #objects: unknown[] = [];
  #objectsRead = 0;
  readonly #senders = new FrameLabels();
  readonly #receivers = new FrameLabels();
  #lastOrigins: readonly EventId[] = [];
  #lastLength = 0;
  /** Behind the bytes of the frame that was sent last. */
  #chunk = 0;
  #end = 0;
  #size = 0;
  #time: Nanoseconds = 0;
  #read = 0;
  #readTime: Nanoseconds = 0;
  #readOrigins: readonly EventId[] = [];
  #readLength = 0;
  #readChunk = 0;
  #readEnd = 0;

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
    const isUsual = segments === 0 && chunk === this.#chunk && at === this.#end && size === length;
    const isSame = origins === this.#lastOrigins;
    const hasOrigins = origins.length > 0;
    const log = this.#begin(
      SENT |
        (length === this.#lastLength ? 0 : LENGTH) |
        (isUsual ? 0 : UNUSUAL) |
        (!hasOrigins ? 0 : isSame ? SAME_ORIGINS : OTHER_ORIGINS),
      time,
      cause,
    );
    log.put(this.#senders.numberOf(node, port, reason));
    if (length !== this.#lastLength) log.put((this.#lastLength = length));
    if (!isUsual) {
      log.put(segments);
      log.put(chunk);
      log.put(at);
      log.put(size);
    }
    this.#chunk = chunk;
    this.#end = at + size;
    if (hasOrigins && !isSame) {
      this.#objects.push(origins);
      this.#lastOrigins = origins;
    }
  }

  received(time: Nanoseconds, node: string, port: string, sent: EventId, length: number): void {
    const log = this.#begin(RECEIVED | (length === this.#lastLength ? 0 : LENGTH), time, sent);
    log.put(this.#receivers.numberOf(node, port, ''));
    if (length !== this.#lastLength) log.put((this.#lastLength = length));
  }

  variables(time: Nanoseconds, node: string, cause: EventId, socket: string, values: TcpNumbers): void {
    const log = this.#begin(VARIABLES, time, cause);
    this.#text(node);
    const last = lastOf(this.#written, this.#text(socket));
    const changed =
      (values.cwnd === last.cwnd ? 0 : CWND) |
      (values.ssthresh === last.ssthresh ? 0 : SSTHRESH) |
      (values.srtt === last.srtt ? 0 : SRTT) |
      (values.rto === last.rto ? 0 : RTO) |
      (values.flight === last.flight ? 0 : FLIGHT) |
      (values.sendWindow === last.sendWindow ? 0 : SEND_WINDOW) |
      (values.receiveWindow === last.receiveWindow ? 0 : RECEIVE_WINDOW);
    log.put(changed);
    if ((changed & CWND) !== 0) log.putAny((last.cwnd = values.cwnd));
    if ((changed & SSTHRESH) !== 0) log.putAny((last.ssthresh = values.ssthresh));
    if ((changed & SRTT) !== 0) log.putAny((last.srtt = values.srtt));
    if ((changed & RTO) !== 0) log.putAny((last.rto = values.rto));
    if ((changed & FLIGHT) !== 0) log.putAny((last.flight = values.flight));
    if ((changed & SEND_WINDOW) !== 0) log.putAny((last.sendWindow = values.sendWindow));
    if ((changed & RECEIVE_WINDOW) !== 0) log.putAny((last.receiveWindow = values.receiveWindow));
  }

  other(event: TraceEvent): void {
    this.#begin(OTHER, event.time, event.cause);
    this.#objects.push(event);
  }

  /** Makes the next event that has not been read. @param frame is told where the bytes are of a frame that was sent. */
  read(frame: (id: EventId, place: Place) => void): TraceEvent {
    const log = this.#log;
    log.next();
    const first = log.get();
    const id = ++this.#read;
    this.#readTime += log.getAny();
    const time = this.#readTime;
    const cause = id - log.getAny();
    switch (first & KIND) {
      case SENT: {
        const { node, port, reason } = this.#senders.label(log.get());
        const length = this.#readLengthOf(first);
        const segments = this.#readPlace(first, length, frame);
        const origins = this.#readOriginsOf(first);
        const offload = segments > 0 && { offload: { segments } };
        return { id, time, node, kind: 'frame-sent', port, length, reason, origins, ...offload, cause };
      }
      case RECEIVED: {
        const { node, port } = this.#receivers.label(log.get());
        const length = this.#readLengthOf(first);
        return { id, time, node, kind: 'frame-received', port, sent: cause, length, cause };
      }
      case VARIABLES: {
        const node = this.#readText();
        const number = log.get();
        const socket = this.#texts[number] as string;
        const last = lastOf(this.#readValues, number);
        const changed = log.get();
        if ((changed & CWND) !== 0) last.cwnd = log.getAny();
        if ((changed & SSTHRESH) !== 0) last.ssthresh = log.getAny();
        if ((changed & SRTT) !== 0) last.srtt = log.getAny();
        if ((changed & RTO) !== 0) last.rto = log.getAny();
        if ((changed & FLIGHT) !== 0) last.flight = log.getAny();
        if ((changed & SEND_WINDOW) !== 0) last.sendWindow = log.getAny();
        if ((changed & RECEIVE_WINDOW) !== 0) last.receiveWindow = log.getAny();
        return { id, time, node, kind: 'tcp-variables', socket, ...last, cause };
      }
      default:
        return this.#readObject() as TraceEvent;
    }
  }

  /** Gives up all that was written and not read. */
  close(): void {
    this.#log.close();
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

  /** Writes a text as its number; a run has few different ones. @returns that. */
  #text(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#numbers.set(text, number);
    }
    this.#log.put(number);
    return number;
  }

  #readText(): string {
    return this.#texts[this.#log.get()] as string;
  }

  #readLengthOf(first: number): number {
    if ((first & LENGTH) !== 0) this.#readLength = this.#log.get();
    return this.#readLength;
  }

  /** @returns the number of segments. */
  #readPlace(first: number, length: number, frame: (id: EventId, place: Place) => void): number {
    const log = this.#log;
    const isUnusual = (first & UNUSUAL) !== 0;
    const segments = isUnusual ? log.get() : 0;
    const chunk = isUnusual ? log.get() : this.#readChunk;
    const at = isUnusual ? log.get() : this.#readEnd;
    const size = isUnusual ? log.get() : length;
    this.#readChunk = chunk;
    this.#readEnd = at + size;
    frame(this.#read, { chunk, at, size });
    return segments;
  }

  #readOriginsOf(first: number): readonly EventId[] {
    if ((first & (SAME_ORIGINS | OTHER_ORIGINS)) === 0) return [];
    if ((first & OTHER_ORIGINS) !== 0) this.#readOrigins = this.#readObject() as readonly EventId[];
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

function lastOf(all: Variables[], socket: number): Variables {
  return (all[socket] ??= {
    cwnd: 0,
    ssthresh: 0,
    srtt: 0,
    rto: 0,
    flight: 0,
    sendWindow: 0,
    receiveWindow: 0,
  });
}
