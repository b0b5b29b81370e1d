import type { Nanoseconds } from '../../time/index.ts';
import { BusyTime } from './busy-time.ts';

/** What spreads sending over time: `pacing.ts`. */
export interface Pacer {
  /** How long until the next segment may go; 0 for now. */
  readonly delay: Nanoseconds;
  /** Whether nothing may be sent now; then the rest follows by a timer. */
  holds(): boolean;
  /** `bytes` of data have gone out. */
  sent(bytes: number): void;
  stop(): void;
}

/**
 * What a connection has sent and received, and how fast: mostly for TCP_INFO. One on which nothing has gone to and fro but
 * the handshake has none.
 */
export class Tally extends BusyTime {
  /** Segments; those with data. */
  segmentsOut = 0;
  segmentsIn = 0;
  dataSegmentsOut = 0;
  dataSegmentsIn = 0;
  /** Those that came behind a gap. */
  outOfOrder = 0;
  /** Bytes of data, sent again or not; then only those sent again. */
  bytesSent = 0;
  bytesResent = 0;
  /** How far the left edges of both windows have moved, as Linux counts it: with our SYN when we have called, with FIN. */
  bytesAcknowledged = 0;
  bytesReceived = 0;

  /** The latest rate of delivery: so many segments in so much time; and whether the program had sent too little to tell. */
  rateDelivered = 0;
  rateInterval: Nanoseconds = 0;
  rateLimited = true;
  /** What is delivered up to this count was sent when the program had no more to send; 0 when it had. */
  limitedUntil = 0;

  /** Only with SO_MAX_PACING_RATE. */
  pacing: Pacer | null = null;
}
