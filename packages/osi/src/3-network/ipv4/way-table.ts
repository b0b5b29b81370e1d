import { placeOf } from '../ways.ts';
import type { Way } from './way.ts';

/** Addresses that a busy machine remembers. */
const MOST = 16_384;
/** Different ways that it tells apart. */
const MOST_WAYS = 256;

/**
 * The ways to the addresses that were asked for last. Each address takes eight bytes, and those of one hash stand side by side:
 * an object for each would mean to wait for memory at each packet of another machine.
 */
export class WayTable {
  /** Pairs: an address as a signed number, and the number of its way; 0 for none. Each is in the place of its hash or the one beside. */
  #pairs = new Int32Array(4);
  readonly #ways: (Way | null)[] = [null];
  /** The numbers of the ways that routes have led to. */
  readonly #byRoute = new Map<object, number>();

  /** What was decided about an address; null when that has to be done. */
  find(key: number): Way | null {
    const pairs = this.#pairs;
    let at = 2 * placeOf(key, pairs.length >> 1);
    if (pairs[at] !== key) at ^= 2;
    return pairs[at] === key ? (this.#ways[pairs[at + 1] as number] as Way | null) : null;
  }

  /** Remembers what was decided about an address. @param route by which it goes. @returns an equal way, shared with others. */
  add(key: number, way: Way, route: object | null): Way {
    const number = this.#numberOf(way, route);
    while (!this.#put(key, number)) this.#grow();
    return this.#ways[number] as Way;
  }

  /** @returns false when there is no room, and the table may grow. */
  #put(key: number, number: number): boolean {
    const pairs = this.#pairs;
    let at = 2 * placeOf(key, pairs.length >> 1);
    if (pairs[at] !== key && pairs[at + 1] !== 0) {
      const beside = at ^ 2;
      if (pairs[beside] === key || pairs[beside + 1] === 0) at = beside;
      else if (pairs.length < 2 * MOST) return false;
    }
    pairs[at] = key;
    pairs[at + 1] = number;
    return true;
  }

  #numberOf(way: Way, route: object | null): number {
    const usual = route === null ? undefined : this.#byRoute.get(route);
    if (usual !== undefined && isSame(way, this.#ways[usual])) return usual;
    let number = this.#ways.findIndex((each) => isSame(way, each));
    if (number < 0) {
      if (this.#ways.length === MOST_WAYS) this.#clear();
      number = this.#ways.push(way) - 1;
    }
    if (route !== null) this.#byRoute.set(route, number);
    return number;
  }

  #clear(): void {
    this.#pairs.fill(0);
    this.#ways.length = 1;
    this.#byRoute.clear();
  }

  #grow(): void {
    const pairs = this.#pairs;
    this.#pairs = new Int32Array(pairs.length * 2);
    for (let at = 0; at < pairs.length; at += 2) {
      if (pairs[at + 1] !== 0) this.#put(pairs[at] as number, pairs[at + 1] as number);
    }
  }
}

const isSame = (a: Way, b: Way | null | undefined): boolean =>
  b !== null &&
  b !== undefined &&
  a.link === b.link &&
  a.gateway === b.gateway &&
  a.source === b.source &&
  a.kind === b.kind;
