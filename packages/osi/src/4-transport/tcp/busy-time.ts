import type { Nanoseconds } from '../../time/index.ts';

/** What holds sending back, from the weakest on: nothing but the network, the peer's window, the send buffer. */
export type Limit = 'network' | 'window' | 'buffer';

/** For how long a connection had something to send, and what held it back (Linux: tcp_chrono_…; `tcpi_busy_time` …). */
export class BusyTime {
  /** Since when it is what it is; null while there is nothing to send. */
  limit: Limit | null = null;
  since: Nanoseconds = 0;
  network: Nanoseconds = 0;
  window: Nanoseconds = 0;
  buffer: Nanoseconds = 0;

  set(limit: Limit | null, now: Nanoseconds): void {
    if (this.limit !== null) this[this.limit] += now - this.since;
    this.limit = limit;
    this.since = now;
  }

  /** How long so far it was `limit`, in nanoseconds. */
  total(limit: Limit, now: Nanoseconds): Nanoseconds {
    return this[limit] + (this.limit === limit ? now - this.since : 0);
  }
}
