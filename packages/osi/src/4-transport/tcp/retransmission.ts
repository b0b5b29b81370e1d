import { milliseconds, type Nanoseconds, seconds } from '../../time/index.ts';

/** Before the first measurement (RFC 6298 section 2.1). */
const RTO_INITIAL = seconds(1);
/** When the handshake has measured nothing, since a SYN was lost (RFC 6298 section 5.7; Linux: TCP_TIMEOUT_FALLBACK). */
export const RTO_FALLBACK = seconds(3);
/** Linux's TCP_RTO_MIN; RFC 6298 section 2.4 would have 1 s, which is an age on today's networks. */
export const RTO_MIN = milliseconds(200);
/** Linux's TCP_RTO_MAX; RFC 6298 section 2.5 asks for at least 60 s. */
export const RTO_MAX = seconds(120);
/** Linux's net.ipv4.tcp_min_rtt_wlen, 300 seconds. */
const SHORTEST_LIFE = seconds(300);

/**
 * Round-trip time and retransmission timeout of one path (RFC 6298), with Linux's two changes: the variance has
 * a floor of 200 ms instead of the whole RTO, and it falls by at most a quarter in one round trip, so that a
 * quiet moment does not make the timer hasty.
 */
export class RoundTrip {
  /** Smoothed; 0 before the first measurement. */
  srtt: Nanoseconds = 0;
  /** Smoothed mean deviation. */
  deviation: Nanoseconds = 0;
  /** What is added to `srtt`: four deviations, at least RTO_MIN. */
  variance: Nanoseconds = 0;
  rto: Nanoseconds = RTO_INITIAL;
  /** The shortest of the last minutes (net.ipv4.tcp_min_rtt_wlen); `Infinity` before the first. */
  shortest: Nanoseconds = Number.POSITIVE_INFINITY;
  #shortestAt: Nanoseconds = 0;
  #highest: Nanoseconds = RTO_MIN;

  /**
   * Takes one measurement. @param roundDone true once per round trip: all that was in flight when the last round
   * began has been acknowledged.
   */
  measure(sample: Nanoseconds, roundDone: boolean): void {
    if (sample < 1) sample = 1;
    if (this.srtt === 0) {
      this.srtt = sample;
      this.deviation = Math.round(sample / 2);
      this.variance = Math.max(4 * this.deviation, RTO_MIN);
      this.#highest = RTO_MIN;
    } else {
      const error = sample - this.srtt;
      this.srtt += Math.round(error / 8);
      let change = Math.abs(error) - this.deviation;
      // A falling round-trip time is no variance: Linux lets it count an eighth.
      if (error < 0 && change > 0) change /= 8;
      this.deviation += Math.round(change / 4);
      this.#highest = Math.max(this.#highest, 4 * this.deviation);
      if (this.#highest > this.variance) this.variance = this.#highest;
      if (roundDone) {
        if (this.#highest < this.variance) {
          this.variance -= Math.round((this.variance - this.#highest) / 4);
        }
        this.#highest = RTO_MIN;
      }
    }
    this.rto = Math.min(this.srtt + this.variance, RTO_MAX);
  }

  /** Takes a measurement for the shortest round trip. */
  noteShortest(sample: Nanoseconds, now: Nanoseconds): void {
    if (sample > this.shortest && now - this.#shortestAt <= SHORTEST_LIFE) return;
    this.shortest = Math.max(sample, 1);
    this.#shortestAt = now;
  }
}

/** The timeout after `backoff` expiries in a row (RFC 6298 section 5.5). */
export const backedOff = (rto: Nanoseconds, backoff: number): Nanoseconds =>
  Math.min(rto * (1 << Math.min(backoff, 20)), RTO_MAX);

/**
 * How long a connection is tried when `retries` retransmissions have the right to fail, as Linux counts it: not
 * by their number but by the time they would take with the smallest RTO (tcp_retries2 in ip-sysctl.rst: 15 → 924.6 s).
 */
export function givenUpAfter(retries: number, base: Nanoseconds = RTO_MIN): Nanoseconds {
  const doublings = Math.floor(Math.log2(RTO_MAX / base));
  return retries <= doublings
    ? (2 ** (retries + 1) - 1) * base
    : (2 ** (doublings + 1) - 1) * base + (retries - doublings) * RTO_MAX;
}
