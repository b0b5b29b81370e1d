import type { Nanoseconds } from '@netarium/osi/time';
import type { EventId, TraceRecord } from '@netarium/osi/trace';
import { arrivalTime, type Journey, Journeys } from './journeys.ts';
import { FrameReader, type FrameSummary, type ReadFrame } from './summary.ts';

/** One frame as a rung of the ladder. */
export interface LadderRow extends FrameSummary {
  /** 1, 2, 3 …: what `--layers N` and the page call the frame. */
  readonly number: number;
  /** Its `frame-sent` event. */
  readonly event: EventId;
  readonly time: Nanoseconds;
  readonly from: string;
  /** The machines that took it in; empty while it is on its way and when it got lost. */
  readonly to: readonly string[];
  readonly arrival: Nanoseconds | null;
  /** Where it, or what was in it, was dropped; null when it was not. */
  readonly dropped: { readonly node: string; readonly reason: string } | null;
  /** The whole frame in bytes, without FCS. */
  readonly size: number;
  readonly reason: string;
}

/** The ladder of a record: its frames in order, each as a row. Grows with the record: `update` reads what is new. */
export class Ladder {
  readonly journeys: Journeys;
  readonly #record: TraceRecord;
  /** What the bytes of each frame say: they do not change, so they are read once. */
  readonly #read: ReadFrame[] = [];
  /** What a router passes on is the same segment once more: it is followed apart, by router. */
  readonly #readers = new Map<string, FrameReader>();

  constructor(record: TraceRecord) {
    this.#record = record;
    this.journeys = new Journeys(record);
  }

  get rows(): LadderRow[] {
    this.#update();
    return this.journeys.all.map((journey, i) => ({
      ...this.#place(journey),
      ...(this.#read[i] as ReadFrame).summary,
    }));
  }

  /** A frame's fields, with numbers relative to its connection. @param number its rung, from 1. */
  frame(number: number): ReadFrame | undefined {
    this.#update();
    return this.#read[number - 1];
  }

  #update(): void {
    this.journeys.update();
    const { all } = this.journeys;
    for (let i = this.#read.length; i < all.length; i++) {
      const { sent } = all[i] as Journey;
      const reader = this.#readerFor(sent.reason === 'ip.forward' ? sent.node : '');
      this.#read.push(reader.read(sent.time, this.#record.bytes(sent)));
    }
  }

  #readerFor(router: string): FrameReader {
    const reader = this.#readers.get(router) ?? new FrameReader();
    this.#readers.set(router, reader);
    return reader;
  }

  #place(journey: Journey) {
    const { sent } = journey;
    const drop = journey.drops[0];
    return {
      number: journey.number,
      event: sent.id,
      time: sent.time,
      from: sent.node,
      to: [...new Set(journey.arrivals.map(({ node }) => node))],
      arrival: arrivalTime(journey),
      dropped: drop === undefined ? null : { node: drop.node, reason: drop.reason },
      size: sent.length,
      reason: sent.reason,
    };
  }
}
