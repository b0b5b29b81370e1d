import type { Sysctl } from '../../../3-network/index.ts';
import type { Random } from '../../../time/index.ts';
import { BlackHole } from './black-hole.ts';
import { MetricsCache } from './cache.ts';
import { CookieKeys, KEY_LENGTH, parseKeys } from './keys.ts';

/** Bits of net.ipv4.tcp_fastopen (ip-sysctl.rst). */
const CLIENT = 0x1;
const SERVER = 0x2;
/** SYNs may carry data without a cookie. */
const CLIENT_WITHOUT_COOKIE = 0x4;
/** Data in a SYN is taken without a cookie. */
const SERVER_WITHOUT_COOKIE = 0x200;
/** Every listener takes part, as long as its backlog is. */
const ALL_LISTENERS = 0x400;

/** Fast Open on one machine: what it remembers, its keys and what its administrator allows. */
export class FastOpenHost {
  readonly cache = new MetricsCache();
  readonly blackHole = new BlackHole();
  readonly #sysctl: Sysctl;
  readonly #random: Random;
  #keys: CookieKeys | null = null;

  /** @param random where the key comes from that nobody has set: a stream of its own. */
  constructor(sysctl: Sysctl, random: Random) {
    this.#sysctl = sysctl;
    this.#random = random;
  }

  get forClients(): boolean {
    return this.#allows(CLIENT);
  }

  get forServers(): boolean {
    return this.#allows(SERVER);
  }

  get sendsWithoutCookie(): boolean {
    return this.#allows(CLIENT_WITHOUT_COOKIE);
  }

  get takesWithoutCookie(): boolean {
    return this.#allows(SERVER_WITHOUT_COOKIE);
  }

  get forAllListeners(): boolean {
    return this.#allows(SERVER) && this.#allows(ALL_LISTENERS);
  }

  get keys(): CookieKeys {
    if (this.#keys === null) {
      const bytes = new Uint8Array(KEY_LENGTH);
      this.#random.fill(bytes);
      this.#keys = new CookieKeys(bytes);
    }
    return this.#keys;
  }

  /** @returns whether they are keys. */
  setKeys(text: string): boolean {
    const keys = parseKeys(text);
    if (keys !== null) this.#keys = keys;
    return keys !== null;
  }

  #allows(bit: number): boolean {
    return (this.#sysctl.values['net.ipv4.tcp_fastopen'] & bit) !== 0;
  }
}
