import { type Nanoseconds, seconds } from '../../../time/index.ts';

/** The pause grows to at most 2^6 times net.ipv4.tcp_fastopen_blackhole_timeout_sec. */
const MOST_DOUBLINGS = 6;

/**
 * Some boxes on the way swallow everything that follows a SYN with data. When a connection looks like that, no SYN
 * of this machine carries data for a while: longer each time, until one is seen to work again
 * (Linux: tcp_fastopen_active_disable; RFC 7413 section 7.1 asks for such a fallback).
 */
export class BlackHole {
  /** How often in a row it was found. */
  times = 0;
  #since: Nanoseconds = 0;

  found(now: Nanoseconds): void {
    this.times++;
    this.#since = now;
  }

  /** @param pause net.ipv4.tcp_fastopen_blackhole_timeout_sec: 0 for never. */
  isOpen(now: Nanoseconds, pause: number): boolean {
    if (pause === 0 || this.times === 0) return true;
    return now - this.#since >= seconds(pause) * 2 ** Math.min(this.times - 1, MOST_DOUBLINGS);
  }
}
