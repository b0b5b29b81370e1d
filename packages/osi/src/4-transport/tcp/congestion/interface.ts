import type { Nanoseconds } from '../../../time/index.ts';
import type { Sequence } from '../sequence.ts';

/** RFC 6928: ten segments, at most 14600 bytes or two segments if that is more; Linux's TCP_INIT_CWND 10 has no such bound. */
export const INITIAL_SEGMENTS = 10;

/** A slow start threshold that has not been set yet. */
export const INFINITE = 0x7fff_ffff;

/** What HyStart knows the end of slow start by: a train of acknowledgments, growing round trips. */
export const BY_TRAIN = 1;
export const BY_DELAY = 2;

/**
 * Congestion control: how much may be in flight. Loss detection (`recovery.ts`) tells it what happened, proportional
 * rate reduction (`reduction.ts`) takes the window down; it decides how far, and how the window grows.
 * One object per connection; windows are in segments, as in Linux.
 */
export abstract class CongestionControl {
  /** As `net.ipv4.tcp_congestion_control` has it. */
  abstract readonly name: string;
  /** The congestion window. */
  cwnd = INITIAL_SEGMENTS;
  /** Below it the window grows by slow start; `INFINITE` until the first loss. */
  ssthresh = INFINITE;
  /** Segments acknowledged in congestion avoidance since the window grew last. */
  protected credit = 0;

  get slowStart(): boolean {
    return this.cwnd < this.ssthresh;
  }

  /** `segments` were acknowledged outside of recovery, and the window was what held sending back (RFC 7661). */
  abstract acknowledged(segments: number, now: Nanoseconds): void;

  /** Congestion: @returns the slow start threshold from now on. */
  abstract reduced(): number;

  /**
   * A round-trip time was measured. @param una `sndUna`, @param next `sndNxt` then. @param paced segments are not sent as
   * acknowledgments come. @returns what it has ended slow start by: bits `BY_…`, 0 for nothing.
   */
  measured(
    _roundTrip: Nanoseconds,
    _now: Nanoseconds,
    _una: Sequence,
    _next: Sequence,
    _paced: boolean,
  ): number {
    return 0;
  }

  /** Something is sent while nothing was in flight, `pause` after the last time: the program had nothing to send. */
  resumed(_pause: Nanoseconds, _now: Nanoseconds): void {}

  /** The retransmission timer expired: what was learned of the path no longer holds. */
  timedOut(): void {
    this.credit = 0;
  }

  /** The reduction begins: nothing that was gathered before counts. */
  forgetCredit(): void {
    this.credit = 0;
  }

  /** Slow start (RFC 5681 section 3.1, by acknowledged segments: RFC 3465). @returns what is left over at the threshold. */
  protected slowStarted(segments: number): number {
    const cwnd = Math.min(this.cwnd + segments, this.ssthresh);
    const left = segments - (cwnd - this.cwnd);
    this.cwnd = cwnd;
    return left;
  }

  /** Grows by one segment for each `every` acknowledged ones. */
  protected grow(every: number, segments: number): void {
    if (this.credit >= every) {
      this.credit = 0;
      this.cwnd++;
    }
    this.credit += segments;
    if (this.credit < every) return;
    const more = Math.floor(this.credit / every);
    this.credit -= more * every;
    this.cwnd += more;
  }
}
