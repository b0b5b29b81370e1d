/**
 * Congestion control: how much may be in flight. Loss detection (`recovery.ts`) tells it what happened; it
 * decides what that means for the window. One object per connection; all sizes in bytes.
 */
export interface CongestionControl {
  /** As `net.ipv4.tcp_congestion_control` has it. */
  readonly name: string;
  /** The congestion window. Fast recovery inflates and deflates it (RFC 6582). */
  cwnd: number;
  /** Below it the window grows by slow start; `Infinity` until the first loss. */
  ssthresh: number;
  /**
   * New data was acknowledged outside of recovery. @param limited whether the window, and not the program or the
   * peer, was what held sending back: an unused window must not grow (RFC 7661).
   */
  acknowledged(bytes: number, limited: boolean): void;
  /** A loss was found by duplicate acknowledgments: sets `ssthresh`. @param flight bytes in flight then. */
  lost(flight: number): void;
  /** The retransmission timer expired: sets `ssthresh` the first time, and `cwnd` to one segment. */
  timedOut(flight: number, first: boolean): void;
  /** Nothing was sent for `idle` retransmission timeouts (RFC 5681 section 4.1). */
  idle(timeouts: number): void;
  /** The segment size has changed, by the path MTU. */
  segmentSize(mss: number): void;
}

/** RFC 6928: ten segments, at most 14600 bytes or two segments if that is more; Linux's TCP_INIT_CWND 10 has no such bound. */
export const INITIAL_SEGMENTS = 10;
