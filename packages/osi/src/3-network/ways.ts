/** Where what was decided about an address is kept. */
export interface Place {
  /** A hash of the address, as a signed number. */
  readonly key: number;
  /** Of the tables when it was decided; -1 before. */
  readonly version: number;
}

/** Addresses that a busy machine remembers. */
const MOST = 1024;

/**
 * The ways to the addresses that were asked for last: one place for each hash, so that asking costs the same however
 * large the tables are. It grows from one place as long as addresses meet in one.
 */
export class Ways<W extends Place> {
  #places: (W | undefined)[] = [undefined];

  /**
   * The place of an address: when it is not of this address and version, it has to be decided anew.
   * @param key the address's hash. @param make a place of no address.
   */
  place(key: number, version: number, make: () => W): W {
    for (;;) {
      const places = this.#places;
      const at = placeOf(key, places.length);
      const way = places[at];
      if (way === undefined) return (places[at] = make());
      if (way.key === key || way.version !== version || places.length === MOST) return way;
      this.#grow(version);
    }
  }

  /** Doubles the places. What is older than `version` is forgotten. */
  #grow(version: number): void {
    const length = this.#places.length * 2;
    const places = new Array<W | undefined>(length).fill(undefined);
    for (const way of this.#places) {
      if (way?.version === version) places[placeOf(way.key, length)] = way;
    }
    this.#places = places;
  }
}

/** Where the one place of an address is. @param length of the table: a power of two. */
export const placeOf = (key: number, length: number): number =>
  (Math.imul(key, 0x9e3779b1) >>> 16) & (length - 1);
