import { type IpAddress, type IpKey, keyOf } from '../ip-address.ts';

/** How a filter's sources are meant: only these, or all but these (RFC 3376 section 2, RFC 3810 section 3). */
export type FilterMode = 'include' | 'exclude';

/** What the sockets of a machine want of one source of a group. */
export class Source<A extends IpAddress> {
  readonly address: A;
  /** How many filters include it, how many exclude it. */
  include = 0;
  exclude = 0;
  /** How many reports are still to tell that it has changed. */
  changes = 0;
  /** A query asked for it. */
  queried = false;
  /** Whether it counted before the change that is being made. */
  counted = false;

  constructor(address: A) {
    this.address = address;
  }
}

type Sources<A extends IpAddress> = ReadonlyMap<IpKey, Source<A>>;

/** Of the groups whose filters name none: most. */
const NO_SOURCES: Sources<never> = new Map();

/**
 * One group on one link: the merger of all sockets' filters, and what reports are to tell of it (RFC 3376 section 5,
 * RFC 3810 section 6; `struct ip_mc_list` and `struct ifmcaddr6` in Linux).
 */
export class Group<A extends IpAddress> {
  readonly address: A;
  /** How many sockets are in it. */
  users = 1;
  /** The card listens to it. */
  heard = false;
  mode: FilterMode;
  /** How many filters include or exclude, by mode. */
  readonly filters: Record<FilterMode, number> = { include: 0, exclude: 0 };
  /** How many reports are still to tell that the mode has changed. */
  changes = 0;
  /** A query for some of its sources waits for its answer. */
  sourcesQueried = false;
  /** How many unsolicited reports of an older version are still to be sent. */
  unsolicited = 0;
  /** Who was the last to report it on the link: this machine. */
  reporter = false;

  #sources: Map<IpKey, Source<A>> | null = null;
  #removed: Map<IpKey, Source<A>> | null = null;

  constructor(address: A, mode: FilterMode) {
    this.address = address;
    this.mode = mode;
    this.filters[mode] = 1;
  }

  /** Those that the sockets' filters name. */
  get sources(): Sources<A> {
    return this.#sources ?? NO_SOURCES;
  }

  /** Those that no filter names any more, of which reports are still to tell. */
  get removed(): Sources<A> {
    return this.#removed ?? NO_SOURCES;
  }

  /** All reports have told that a source is removed. */
  forget(source: A): void {
    this.#removed?.delete(keyOf(source));
  }

  /** Whether the merged filter lets packets of a source in (`ip_check_mc_rcu`, `ipv6_chk_mcast_addr`). */
  hears(source: A): boolean {
    const known = this.sources.get(keyOf(source));
    if (known === undefined) return this.filters.exclude > 0;
    return known.include > 0 || known.exclude !== this.filters.exclude;
  }

  /**
   * Adds a filter, or sources to one.
   * @param sources that the filter names. @param another a filter more, not only sources.
   * @param robustness how often a change is told. @returns whether there is something to tell.
   */
  add(mode: FilterMode, sources: readonly A[], another: boolean, robustness: number): boolean {
    this.#markCounted();
    const excluding = this.mode === 'exclude';
    if (another) this.filters[mode]++;
    for (const address of sources) {
      let source = this.sources.get(keyOf(address));
      if (source === undefined) {
        source = new Source(address);
        this.#sources ??= new Map();
        this.#sources.set(keyOf(address), source);
      }
      source[mode]++;
    }
    if (excluding === this.filters.exclude > 0) return this.#noteChanges(robustness);
    if (this.filters.exclude > 0) this.mode = 'exclude';
    else if (this.filters.include > 0) this.mode = 'include';
    this.changes = robustness;
    return true;
  }

  /** Takes away what `add` added. @returns whether there is something to tell. */
  remove(mode: FilterMode, sources: readonly A[], another: boolean, robustness: number): boolean {
    this.#markCounted();
    if (another && this.filters[mode] > 0) this.filters[mode]--;
    let gone = false;
    for (const address of sources) {
      const source = this.sources.get(keyOf(address));
      if (source === undefined || source[mode] === 0) continue;
      source[mode]--;
      if (source.include > 0 || source.exclude > 0) continue;
      this.#sources?.delete(keyOf(address));
      if (!source.counted) continue;
      source.changes = robustness;
      this.#remove(source);
      gone = true;
    }
    if (this.mode === 'exclude' && this.filters.exclude === 0 && this.filters.include > 0) {
      this.mode = 'include';
      this.changes = robustness;
      return true;
    }
    return this.#noteChanges(robustness) || gone;
  }

  /** The sources of the merged filter; of those only that a query asks about, where one does. */
  current(): Source<A>[] {
    return this.merged().filter(({ queried }) => queried || !this.sourcesQueried);
  }

  /** The sources of the merged filter. */
  merged(): Source<A>[] {
    return [...this.sources.values()].filter((source) => this.#counts(source));
  }

  /** Whether a source is in the merged filter: included by someone, or excluded by all (`sf_setstate`). */
  #counts(source: Source<A>): boolean {
    if (this.filters.exclude === 0) return source.include > 0;
    return source.include === 0 && source.exclude === this.filters.exclude;
  }

  #remove(source: Source<A>): void {
    this.#removed ??= new Map();
    this.#removed.set(keyOf(source.address), source);
  }

  #markCounted(): void {
    for (const source of this.sources.values()) source.counted = this.#counts(source);
  }

  /** Compares with what `#markCounted` noted. @returns whether something has changed. */
  #noteChanges(robustness: number): boolean {
    let changed = false;
    for (const source of this.sources.values()) {
      const counts = this.#counts(source);
      if (counts === source.counted) continue;
      changed = true;
      if (counts) {
        this.forget(source.address);
        source.changes = robustness;
      } else {
        source.changes = 0;
        const record = new Source(source.address);
        record.changes = robustness;
        this.#remove(record);
      }
    }
    return changed;
  }
}
