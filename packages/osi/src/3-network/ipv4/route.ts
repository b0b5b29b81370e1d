import type { Link } from '../../2-datalink/index.ts';
import type { Ipv4Address } from '../address.ts';

/** A line of `ip route`. */
export interface Route {
  /** With no bits set behind `length`. */
  readonly destination: Ipv4Address;
  /** Of the prefix, 0–32; 0 is the default route. */
  readonly length: number;
  /** The router on the link that takes it further; null when the destination itself is on the link. */
  readonly gateway: Ipv4Address | null;
  readonly link: Link;
  /** Among routes of one length the least wins. */
  readonly metric: number;
  /** The address to send from; null leaves it to the link's addresses. */
  readonly source: Ipv4Address | null;
  /** Who made it: `kernel` with an address, `boot` or `static` by hand (ip-route(8)). */
  readonly protocol: 'kernel' | 'boot' | 'static' | 'dhcp';
}
