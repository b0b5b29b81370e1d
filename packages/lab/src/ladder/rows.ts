import type { Nanoseconds } from '@netarium/osi/time';
import type { EventId, TraceRecord } from '@netarium/osi/trace';
import { arrivalTime, type Journey, Journeys } from './journeys.ts';
import { type FrameSummary, Summaries } from './summary.ts';

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
  readonly #said: FrameSummary[] = [];
  readonly #summaries = new Summaries();

  constructor(record: TraceRecord) {
    this.#record = record;
    this.journeys = new Journeys(record);
  }

  get rows(): LadderRow[] {
    this.journeys.update();
    const { all } = this.journeys;
    for (let i = this.#said.length; i < all.length; i++) {
      this.#said.push(this.#summaries.read(this.#record.bytes((all[i] as Journey).sent)));
    }
    return all.map((journey, i) => ({ ...this.#place(journey), ...(this.#said[i] as FrameSummary) }));
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
