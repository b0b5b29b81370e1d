import { ipv6MulticastMac, type Link, type NeighbourCache } from '../../2-datalink/index.ts';
import type { Ipv6Setting, Sysctl } from '../sysctl.ts';
import type { Ipv6Address } from './address.ts';

/** A group that somebody on this machine wants the packets of. */
interface Membership {
  readonly group: Ipv6Address;
  users: number;
}

/** IPv6 on one link (`struct inet6_dev` in Linux). */
export class Ipv6Interface {
  readonly link: Link;
  /** Whether its neighbours are discovered: on a cable, not on `lo`. */
  readonly discovers: boolean;
  /** What is known of them; null where they are not discovered. */
  neighbours: NeighbourCache<Ipv6Address> | null = null;
  /** IPv6 works on it: it is up and not disabled. */
  enabled = false;
  /** Taken from `hop_limit`, until a router says otherwise. */
  hopLimit: number;
  /** What a router says the link's MTU is. */
  routerMtu = Number.POSITIVE_INFINITY;
  readonly #sysctl: Sysctl;
  readonly #groups = new Map<string, Membership>();

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

  get groups(): Iterable<Ipv6Address> {
    return [...this.#groups.values()].map(({ group }) => group);
  }

  /** The groups with how many want them, in the order in which they were joined. */
  get memberships(): Iterable<{ readonly group: Ipv6Address; readonly users: number }> {
    return this.#groups.values();
  }

  isMember(group: Ipv6Address): boolean {
    return this.#groups.has(group.key);
  }

  /** @returns whether nobody here wanted it before. */
  join(group: Ipv6Address): boolean {
    const membership = this.#groups.get(group.key);
    if (membership !== undefined) {
      membership.users++;
      return false;
    }
    this.#groups.set(group.key, { group, users: 1 });
    this.link.setGroup(ipv6MulticastMac(group.d), true);
    return true;
  }

  /** @returns whether nobody here wants it any more. */
  leave(group: Ipv6Address): boolean {
    const membership = this.#groups.get(group.key);
    if (membership === undefined || --membership.users > 0) return false;
    this.#groups.delete(group.key);
    this.link.setGroup(ipv6MulticastMac(group.d), false);
    return true;
  }
}
