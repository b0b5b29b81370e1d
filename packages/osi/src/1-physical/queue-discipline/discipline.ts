import type { Nanoseconds } from '../../time/index.ts';
import type { Frame } from '../frame.ts';

/**
 * Who decides which of a port's waiting frames is sent next, and which is dropped: an exchangeable part of the
 * sender's side of a cable, as `tc qdisc` sets it in Linux.
 */
export interface QueueDiscipline {
  /** How many frames wait. */
  readonly length: number;
  /** Takes a frame over: it waits, or it (or another) is dropped. */
  enqueue(frame: Frame, now: Nanoseconds): void;
  /** The frame to send at `now`, handed over; null when none is to be sent yet. */
  dequeue(now: Nanoseconds): Frame | null;
  /** When to ask again after `dequeue` gave none; `Infinity` when nothing waits. */
  readonly readyAt: Nanoseconds;
  /** Hands all frames over, in no particular order: another discipline takes its place, or the cable was pulled. */
  drain(): Frame[];
}

/** Drops a frame, under a reason, at the port whose queue it is. */
export type Drop = (frame: Frame, reason: string) => void;

/** Linux's default `txqueuelen` of an Ethernet interface. */
export const DEFAULT_LIMIT = 1000;

/** @throws RangeError unless `value` is above 0, and finite. */
export function positive(name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new RangeError(`${name}: expected a number above 0, found ${value}`);
}
