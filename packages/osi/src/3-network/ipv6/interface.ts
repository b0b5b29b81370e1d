import type { Link, NeighbourCache } from '../../2-datalink/index.ts';
import type { Ipv6Setting, Sysctl } from '../sysctl.ts';
import type { Ipv6Address } from './address.ts';

/** IPv6 on one link (`struct inet6_dev` in Linux). */
export class Ipv6Interface {
  readonly link: Link;
  /** Whether its neighbours are discovered: on a cable, not on `lo`. */
  readonly discovers: boolean;
  /** What is known of them; null where they are not discovered. */
  neighbours: NeighbourCache<Ipv6Address> | null = null;
  /** IPv6 works on it: it is up and not disabled. */
  enabled = false;
  /** It is in the group of all routers. */
  isRouter = false;
  /** Taken from `hop_limit`, until a router says otherwise. */
  hopLimit: number;
  /** What a router says the link's MTU is. */
  routerMtu = Number.POSITIVE_INFINITY;
  readonly #sysctl: Sysctl;

  constructor(link: Link, sysctl: Sysctl) {
    this.link = link;
    this.discovers = link.neighbours !== null;
    this.#sysctl = sysctl;
    this.hopLimit = this.setting('hop_limit');
  }

  /** `net.ipv6.conf.<interface>.<name>`. */
  setting(name: Ipv6Setting): number {
    return this.#sysctl.ipv6(this.link.name, name);
  }

  /** It goes on with packets that have a segment routing header: where both this and `all` say so. */
  get takesSegments(): boolean {
    return this.setting('seg6_enabled') !== 0 && this.#sysctl.ipv6('all', 'seg6_enabled') !== 0;
  }

  get mtu(): number {
    return Math.min(this.link.mtu, this.routerMtu);
  }
}
