import { formatIp, type IpAddress, sameIp } from '../../../3-network/index.ts';
import type { Nanoseconds } from '../../../time/index.ts';
import { type Cookie, EXPERIMENTAL_REQUEST, REQUEST } from './cookie.ts';

/** What is remembered of a destination for the next connection there (`ip tcp_metrics show`: fo_mss, fo_cookie …). */
export interface Metrics {
  readonly destination: IpAddress;
  /** Of our addresses the one that talked with it: cookies are for it alone. */
  readonly source: IpAddress;
  notedAt: Nanoseconds;
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

  get(destination: IpAddress, source: IpAddress): Metrics | null {
    return this.#entries.get(keyOf(destination, source)) ?? null;
  }

  /** What the SYN to `destination` is to carry: the cookie, or a request for one. */
  cookieFor(destination: IpAddress, source: IpAddress): Cookie {
    const known = this.get(destination, source);
    if (known === null) return REQUEST;
    return known.cookie ?? (known.experiment === 'now' ? EXPERIMENTAL_REQUEST : REQUEST);
  }

  /**
   * Takes in what a SYN+ACK said (Linux: tcp_fastopen_cache_set).
   * @param cookie null when it gave none. @param lost the SYN with data seems to have been lost.
   * @param experiment it was asked for a cookie and gave none: what comes of that.
   */
  note(
    destination: IpAddress,
    source: IpAddress,
    mss: number,
    cookie: Cookie | null,
    lost: boolean,
    experiment: Metrics['experiment'],
    now: Nanoseconds,
  ): void {
    const entry = this.#entryFor(destination, source);
    entry.notedAt = now;
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

  /** Forgets everything, or one destination. @returns whether there was something. */
  flush(destination: IpAddress | null = null): boolean {
    const { size } = this.#entries;
    for (const [key, entry] of this.#entries) {
      if (destination === null || sameIp(entry.destination, destination)) this.#entries.delete(key);
    }
    return this.#entries.size < size;
  }

  entries(): Iterable<Metrics> {
    return this.#entries.values();
  }

  #entryFor(destination: IpAddress, source: IpAddress): Metrics {
    const key = keyOf(destination, source);
    const known = this.#entries.get(key);
    const entry: Metrics = known ?? {
      destination,
      source,
      notedAt: 0,
      mss: 0,
      cookie: null,
      experiment: 'not yet',
      synDrops: 0,
      lastSynDrop: 0,
    };
    if (known !== undefined) this.#entries.delete(key);
    else if (this.#entries.size >= MOST) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(key, entry);
    return entry;
  }
}

const keyOf = (destination: IpAddress, source: IpAddress): string =>
  `${formatIp(destination)} ${formatIp(source)}`;

const ORDER: readonly Metrics['experiment'][] = ['not yet', 'now', 'done'];
