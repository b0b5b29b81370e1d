import type { Link } from '../../2-datalink/index.ts';
import { ANY, type Ipv4Address } from '../address.ts';

/** What an address is to this machine: its own, the broadcast address of one of its networks, any group (255.255.255.255 too), or another's. */
export type AddressKind = 'own' | 'broadcast' | 'group' | 'other';

/** What was decided about an address: written anew when tables have changed, or another address takes its place. */
export class Way {
  /** The address as a signed number, which an engine keeps as an integer. */
  key = 0;
  /** Of the tables when it was decided; -1 before. */
  version = -1;
  kind: AddressKind = 'other';
  /** Where a packet to it goes; null when that depends on more than the address, and where there is no route. */
  link: Link | null = null;
  nextHop: Ipv4Address = ANY;
  /** `nextHop` is a broadcast or multicast address. */
  group = false;
  /** The address to send from to it; null when there is none. */
  source: Ipv4Address | null = null;
}

/** In place of one: no address's. */
export const NO_WAY: Readonly<Way> = new Way();

/** Addresses that a busy machine remembers. */
const MOST = 1024;

/**
 * The ways to the addresses that were asked for last: one place for each hash, so that asking costs the same however
 * large the tables are. It grows from one place as long as addresses meet in one.
 */
export class Ways {
  #places: (Way | undefined)[] = [undefined];

  /** The place of an address: when `key` and `version` are not as asked for, it has to be decided anew. */
  place(address: Ipv4Address, version: number): Way {
    const key = address | 0;
    for (;;) {
      const places = this.#places;
      const at = placeOf(key, places.length);
      const way = places[at];
      if (way === undefined) return (places[at] = new Way());
      if (way.key === key || way.version !== version || places.length === MOST) return way;
      this.#grow(version);
    }
  }

  /** Doubles the places. What is older than `version` is forgotten. */
  #grow(version: number): void {
    const length = this.#places.length * 2;
    const places = new Array<Way | undefined>(length).fill(undefined);
    for (const way of this.#places) {
      if (way?.version === version) places[placeOf(way.key, length)] = way;
    }
    this.#places = places;
  }
}

/** @param length a power of two. */
const placeOf = (key: number, length: number): number => (Math.imul(key, 0x9e3779b1) >>> 16) & (length - 1);
