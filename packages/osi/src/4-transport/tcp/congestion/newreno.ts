import { CongestionControl } from './interface.ts';

/** Slow start and congestion avoidance of RFC 5681: half the window on a loss, one segment more in a round trip. */
export class NewReno extends CongestionControl {
  get name(): string {
    return 'reno';
  }

  acknowledged(segments: number): void {
    const left = this.slowStart ? this.slowStarted(segments) : segments;
    if (left > 0) this.grow(this.cwnd, left);
  }

  reduced(): number {
    return Math.max(this.cwnd >> 1, 2);
  }
}
