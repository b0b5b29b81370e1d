import { type CongestionControl, INITIAL_SEGMENTS } from './interface.ts';

/** Slow start and congestion avoidance of RFC 5681, counted in acknowledged bytes (RFC 3465). */
export class NewReno implements CongestionControl {
  readonly name = 'reno';
  cwnd: number;
  ssthresh = Number.POSITIVE_INFINITY;
  #mss: number;
  /** Bytes acknowledged in congestion avoidance since the window grew last. */
  #acknowledged = 0;

  constructor(mss: number) {
    this.#mss = mss;
    this.cwnd = INITIAL_SEGMENTS * mss;
  }

  acknowledged(bytes: number, limited: boolean): void {
    if (!limited) return;
    if (this.cwnd < this.ssthresh) {
      const slow = Math.min(bytes, this.ssthresh - this.cwnd);
      this.cwnd += slow;
      bytes -= slow;
    }
    if (bytes === 0) return;
    this.#acknowledged += bytes;
    while (this.#acknowledged >= this.cwnd) {
      this.#acknowledged -= this.cwnd;
      this.cwnd += this.#mss;
    }
  }

  lost(flight: number): void {
    this.ssthresh = Math.max(Math.floor(flight / 2), 2 * this.#mss);
    this.#acknowledged = 0;
  }

  timedOut(flight: number, first: boolean): void {
    if (first) this.lost(flight);
    this.cwnd = this.#mss;
    this.#acknowledged = 0;
  }

  idle(timeouts: number): void {
    const restart = Math.min(INITIAL_SEGMENTS * this.#mss, this.cwnd);
    if (this.ssthresh !== Number.POSITIVE_INFINITY || this.cwnd > restart) {
      this.ssthresh = Math.max(this.ssthresh, Math.floor((this.cwnd * 3) / 4));
    }
    this.cwnd = Math.max(restart, Math.floor(this.cwnd / 2 ** Math.min(timeouts, 30)));
  }

  segmentSize(mss: number): void {
    const segments = Math.max(1, Math.floor(this.cwnd / this.#mss));
    this.#mss = mss;
    this.cwnd = segments * mss;
  }
}
