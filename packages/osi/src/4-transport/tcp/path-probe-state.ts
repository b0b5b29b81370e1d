import type { Nanoseconds } from '../../time/index.ts';
import type { Sequence } from './sequence.ts';

/**
 * The search for the largest packet that a path takes, by trying (RFC 4821, "packetization layer path MTU discovery"), for
 * where no router says it. Sizes are of IP packets, in bytes.
 */
export class PathProbe {
  /** A packet of this size is known to arrive, and one larger than `high` is not tried. */
  low: number;
  high: number;
  /** What is being tried: a packet of this size with the bytes `[start, end)`; 0 while nothing is. */
  size = 0;
  start: Sequence = 0;
  end: Sequence = 0;
  /** When the present search began. */
  since: Nanoseconds;

  constructor(low: number, high: number, since: Nanoseconds) {
    this.low = low;
    this.high = high;
    this.since = since;
  }
}
