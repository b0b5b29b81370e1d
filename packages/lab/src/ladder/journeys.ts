import type { Nanoseconds } from '@netarium/osi/time';
import {
  type EventId,
  type FrameDropped,
  type FrameReceived,
  type FrameSent,
  isRepeated,
  type TraceRecord,
} from '@netarium/osi/trace';

/** One crossing of one cable. */
export interface Hop {
  readonly sent: FrameSent;
  /** Null while it is on its way, and when it was lost there. */
  received: FrameReceived | null;
  dropped: FrameDropped | null;
}

/**
 * One frame from the machine that made it to wherever it ended: what a person calls a frame. A switch or hub
 * passes the frame on, hop by hop; a router makes a new one, which is a journey of its own.
 */
export interface Journey {
  /** 1, 2, 3 … in the order in which frames were made. */
  readonly number: number;
  /** By whom it was made, and why. */
  readonly sent: FrameSent;
  /** Each cable it went over, in the order of sending. */
  readonly hops: readonly Hop[];
  /** The machines that took it in. */
  readonly arrivals: readonly FrameReceived[];
  /** Where it, or its contents, went no further. */
  readonly drops: readonly FrameDropped[];
}

interface MutableJourney extends Journey {
  readonly hops: Hop[];
  arrivals: FrameReceived[];
  readonly drops: FrameDropped[];
}

/** A station takes no notice of a frame for someone else: neither an arrival nor a loss. */
const NOT_ADDRESSED = new Set(['ethernet.not-for-us']);

/** The frames of a record, followed from cable to cable. Grows with the record: `update` reads what is new. */
export class Journeys {
  readonly all: readonly Journey[];
  readonly #all: MutableJourney[] = [];
  readonly #record: TraceRecord;
  readonly #bySent = new Map<EventId, MutableJourney>();
  readonly #hops = new Map<EventId, Hop>();
  #read = 0;

  constructor(record: TraceRecord) {
    this.#record = record;
    this.all = this.#all;
    this.update();
  }

  /** The journey that a `frame-sent` or `frame-received` event is part of. */
  of(event: EventId): Journey | undefined {
    const found = this.#record.get(event);
    return this.#bySent.get(found?.kind === 'frame-received' ? found.sent : event);
  }

  /** Reads the events that came since. */
  update(): void {
    const { events } = this.#record;
    for (; this.#read < events.length; this.#read++) {
      const event = events[this.#read];
      if (event?.kind === 'frame-sent') this.#sent(event);
      else if (event?.kind === 'frame-received') this.#received(event);
      else if (event?.kind === 'frame-dropped') this.#dropped(event);
    }
  }

  #sent(sent: FrameSent): void {
    const before = isRepeated(sent) ? this.of(sent.cause) : undefined;
    const hop: Hop = { sent, received: null, dropped: null };
    this.#hops.set(sent.id, hop);
    const journey = (before as MutableJourney | undefined) ?? this.#begin(sent);
    journey.hops.push(hop);
    this.#bySent.set(sent.id, journey);
    // A device that passes a frame on is no place of arrival.
    journey.arrivals = journey.arrivals.filter(({ id }) => before === undefined || id !== sent.cause);
  }

  #begin(sent: FrameSent): MutableJourney {
    const journey: MutableJourney = { number: this.#all.length + 1, sent, hops: [], arrivals: [], drops: [] };
    this.#all.push(journey);
    return journey;
  }

  #received(received: FrameReceived): void {
    const hop = this.#hops.get(received.sent);
    if (hop !== undefined) hop.received = received;
    this.#bySent.get(received.sent)?.arrivals.push(received);
  }

  #dropped(dropped: FrameDropped): void {
    const journey = this.#bySent.get(dropped.sent);
    if (journey === undefined) return;
    const hop = this.#hops.get(dropped.sent);
    if (NOT_ADDRESSED.has(dropped.reason)) {
      journey.arrivals = journey.arrivals.filter(
        ({ node, sent }) => node !== dropped.node || sent !== dropped.sent,
      );
      return;
    }
    if (hop !== undefined) hop.dropped = dropped;
    journey.drops.push(dropped);
  }
}

/** When the first machine had it; null when none did. */
export function arrivalTime(journey: Journey): Nanoseconds | null {
  return journey.arrivals[0]?.time ?? null;
}
