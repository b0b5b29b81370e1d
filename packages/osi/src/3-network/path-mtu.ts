import { type Nanoseconds, type Simulation, seconds } from '../time/index.ts';
import type { Sysctl, SysctlName } from './sysctl.ts';

interface KnownMtu {
  mtu: number;
  until: Nanoseconds;
}

/** Paths remembered: what Linux keeps of exceptions to routes (FNHE_HASH_SIZE × FNHE_RECLAIM_DEPTH, include/net/ip_fib.h). */
const PATHS = 2048 * 5;

/** What routers have told about the largest packets on paths (RFC 1191, RFC 8201): by destination, and forgotten after `mtu_expires`. */
export class PathMtu<K> {
  readonly most = PATHS;
  readonly #sim: Simulation;
  readonly #sysctl: Sysctl;
  readonly #least: SysctlName | null;
  readonly #expires: SysctlName;
  /** Made with the first. */
  #all: Map<K, KnownMtu> | null = null;

  /** @param least the tunable that says what is not believed to be too much. @param expires the tunable that says when it is forgotten. */
  constructor(sim: Simulation, sysctl: Sysctl, least: SysctlName | null, expires: SysctlName) {
    this.#sim = sim;
    this.#sysctl = sysctl;
    this.#least = least;
    this.#expires = expires;
  }

  /** How many paths are remembered. */
  get size(): number {
    return this.#all?.size ?? 0;
  }

  /** The lesser of what is known of the path and the MTU of its first link. */
  limit(destination: K, linkMtu: number): number {
    const known = this.#all?.get(destination);
    if (known === undefined) return linkMtu;
    if (this.#sim.now >= known.until) {
      this.#all?.delete(destination);
      return linkMtu;
    }
    return known.mtu < linkMtu ? known.mtu : linkMtu;
  }

  /**
   * A router cannot take more than `mtu` on the way to `destination`. What is less than the least is not believed, as in Linux.
   * When too many paths are remembered, the one told of longest ago is forgotten.
   */
  learn(destination: K, mtu: number): void {
    const least = this.#least === null ? 0 : this.#sysctl.get(this.#least);
    const { now } = this.#sim;
    const until = now + seconds(this.#sysctl.get(this.#expires));
    this.#all ??= new Map();
    const all = this.#all;
    const known = all.get(destination);
    // Nobody can tell of more than was known already (RFC 1191 section 3, RFC 8201 section 4).
    if (known !== undefined && now < known.until && known.mtu < mtu) return;
    all.delete(destination);
    if (all.size >= this.most) {
      for (const oldest of all.keys()) {
        all.delete(oldest);
        break;
      }
    }
    all.set(destination, { mtu: mtu < least ? least : mtu, until });
  }
}
