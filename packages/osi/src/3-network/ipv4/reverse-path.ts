import type { Link } from '../../2-datalink/index.ts';
import type { Ipv4Address } from '../address.ts';
import type { Sysctl } from '../sysctl.ts';
import type { AddressTable } from './addresses.ts';
import type { Way } from './way.ts';

/** `rp_filter`: an answer has to leave by the interface that the packet came by; or (2, "loose") by any. */
const STRICT = 1;

/**
 * Which sources packets may come from, by the way back to them (RFC 3704 section 2.2 and 2.4; `rp_filter`): the mode of each
 * interface by its number.
 */
export class ReversePathFilter {
  readonly #modes: readonly number[];

  private constructor(modes: readonly number[]) {
    this.#modes = modes;
  }

  /** @returns null when no interface filters, as by default. */
  static of(links: readonly Link[], sysctl: Sysctl): ReversePathFilter | null {
    const modes: number[] = [];
    for (const { index, name, loopback } of links) {
      modes[index] = loopback ? 0 : sysctl.ipv4(name, 'rp_filter');
    }
    return modes.some((mode) => mode > 0) ? new ReversePathFilter(modes) : null;
  }

  /** Whether a packet from `source` may come by `link` (`__fib_validate_source`). @param way what is known of the source. */
  accepts(link: Link, source: Ipv4Address, way: Way, addresses: AddressTable): boolean {
    const mode = this.#modes[link.index] ?? 0;
    // Who has no address yet is judged with the martians.
    if (mode === 0 || source === 0 || way.link === link) return true;
    if (mode === STRICT || way.link === null) return false;
    return addresses.entries().some((line) => line.link === link);
  }
}
