import { formatIp, type IpAddress } from '../../../3-network/index.ts';
import type { Nanoseconds } from '../../../time/index.ts';
import { type Cookie, EXPERIMENTAL_REQUEST, REQUEST } from './cookie.ts';

/** What is remembered of a destination for the next connection there (`ip tcp_metrics show`: fo_mss, fo_cookie …). */
export interface Metrics {
  /** The MSS that it told us; 0 when none is known. */
  mss: number;
  /** null before one was given. */
  cookie: Cookie | null;
  /**
   * It did not answer a request for a cookie: whether it is asked in the option for experiments once ('now'), or was
   * ('done').
   */
  experiment: 'not yet' | 'now' | 'done';
  /** SYNs with data that were lost in a row, and when the last one was. */
  synDrops: number;
  lastSynDrop: Nanoseconds;
}

/** Destinations that are remembered at most; the one written longest ago goes first. (Linux bounds the depth of its hash table.) */
const MOST = 1024;

/** The cache of RFC 7413 section 4.1.3, which Linux keeps in its `tcp_metrics`. */
export class MetricsCache {
  readonly #entries = new Map<string, Metrics>();

  get(destination: IpAddress): Metrics | null {
    return this.#entries.get(formatIp(destination)) ?? null;
  }

  /** What the SYN to `destination` is to carry: the cookie, or a request for one. */
  cookieFor(destination: IpAddress): Cookie {
    const known = this.#entries.get(formatIp(destination));
    if (known === undefined) return REQUEST;
    return known.cookie ?? (known.experiment === 'now' ? EXPERIMENTAL_REQUEST : REQUEST);
  }

  /**
   * Takes in what a SYN+ACK said (Linux: tcp_fastopen_cache_set).
   * @param cookie null when it gave none. @param lost the SYN with data seems to have been lost.
   * @param experiment it was asked for a cookie and gave none: what comes of that.
   */
  note(
    destination: IpAddress,
    mss: number,
    cookie: Cookie | null,
    lost: boolean,
    experiment: Metrics['experiment'],
    now: Nanoseconds,
  ): void {
    const entry = this.#entryFor(destination);
    if (mss > 0) entry.mss = mss;
    if (cookie !== null) entry.cookie = cookie;
    else if (entry.cookie === null && ORDER.indexOf(experiment) > ORDER.indexOf(entry.experiment)) {
      entry.experiment = experiment;
    }
    if (lost) {
      entry.synDrops++;
      entry.lastSynDrop = now;
    } else {
      entry.synDrops = 0;
    }
  }

  /** `ip tcp_metrics flush`: everything, or one destination. @returns whether there was something. */
  flush(destination: IpAddress | null = null): boolean {
    if (destination !== null) return this.#entries.delete(formatIp(destination));
    const { size } = this.#entries;
    this.#entries.clear();
    return size > 0;
  }

  entries(): Iterable<[destination: string, metrics: Metrics]> {
    return this.#entries;
  }

  #entryFor(destination: IpAddress): Metrics {
    const known = this.#entries.get(formatIp(destination));
    const entry = known ?? { mss: 0, cookie: null, experiment: 'not yet', synDrops: 0, lastSynDrop: 0 };
    if (known !== undefined) this.#entries.delete(formatIp(destination));
    else if (this.#entries.size >= MOST) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(formatIp(destination), entry);
    return entry;
  }
}

const ORDER: readonly Metrics['experiment'][] = ['not yet', 'now', 'done'];
