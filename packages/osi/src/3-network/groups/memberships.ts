import type { Link } from '../../2-datalink/index.ts';
import { ERRNO } from '../../trace/index.ts';
import { type IpAddress, isMulticastIp, sameIp } from '../ip-address.ts';
import type { FilterMode } from './group.ts';
import type { LinkGroups } from './link-groups.ts';

/** A group on a link: by the interface's number, else by an address of it, else by the route. */
export interface GroupRequest<A extends IpAddress> {
  readonly group: A;
  /** 0 for none. */
  readonly index: number;
  readonly address?: A;
}

/** The groups of a machine, as its sockets see them. */
export interface GroupHost<A extends IpAddress> {
  /** In how many groups a socket may be, and how many sources a filter may name. */
  readonly maxMemberships: number;
  readonly maxSources: number;
  /** The link that a request is about; null for none. */
  linkOf(request: GroupRequest<A>): Link | null;
  /** An address as it is on a link: in its zone. */
  onLink(link: Link, address: A): A;
  groupsOn(link: Link): LinkGroups<A>;
}

interface Membership<A extends IpAddress> {
  readonly group: A;
  readonly link: Link;
  mode: FilterMode;
  sources: A[];
}

/** The groups that one socket is in, each with its filter of sources (ip(7); RFC 3376 section 3.1, RFC 3810 section 4.1, RFC 3678). */
export class Memberships<A extends IpAddress> {
  /** IP_MULTICAST_ALL, IPV6_MULTICAST_ALL: a socket gets what comes for any group that its machine is in, its own or not. */
  all = true;
  readonly #host: GroupHost<A>;
  #list: Membership<A>[] = [];

  constructor(host: GroupHost<A>) {
    this.#host = host;
  }

  /** Whether the socket takes a packet: any that is not for a group (`ip_mc_sf_allow`, `inet6_mc_check`). @param name of the interface it came in by. */
  allow(group: A, source: A, name: string): boolean {
    if (!isMulticastIp(group)) return true;
    const membership = this.#list.find((one) => one.link.name === name && sameIp(one.group, group));
    if (membership === undefined) return this.all;
    return (membership.mode === 'include') === includes(membership.sources, source);
  }

  /** @returns 0; -EINVAL for no group, -ENODEV, -EADDRINUSE when it is in it, -ENOBUFS beyond `maxMemberships`. */
  join(request: GroupRequest<A>, mode: FilterMode = 'exclude'): number {
    const link = this.#linkOf(request);
    if (typeof link === 'number') return link;
    const group = this.#host.onLink(link, request.group);
    if (this.#find(group, link) !== undefined) return -ERRNO.EADDRINUSE;
    if (this.#list.length >= this.#host.maxMemberships) return -ERRNO.ENOBUFS;
    this.#list.push({ group, link, mode, sources: [] });
    this.#host.groupsOn(link).join(group, mode);
    return 0;
  }

  /** Without an interface: wherever it is in it. @returns 0; -ENODEV, -EADDRNOTAVAIL when it is not in it. */
  leave(request: GroupRequest<A>): number {
    const { group, index, address } = request;
    const named = index !== 0 || address !== undefined;
    const link = this.#host.linkOf(request);
    if (!named && link === null) return -ERRNO.ENODEV;
    const membership = this.#list.find(
      (one) => (!named || one.link === link) && sameIp(one.group, this.#host.onLink(one.link, group)),
    );
    if (membership === undefined) return -ERRNO.EADDRNOTAVAIL;
    this.#leave(membership);
    return 0;
  }

  /** Joins for one source, or adds it to those that were joined for (MCAST_JOIN_SOURCE_GROUP). */
  joinSource(request: GroupRequest<A>, source: A): number {
    const joined = this.join(request, 'include');
    return joined < 0 && joined !== -ERRNO.EADDRINUSE ? joined : this.addSource(request, 'include', source);
  }

  /** @returns 0; -EINVAL when it has not joined or has joined in another way, -EADDRNOTAVAIL when the filter has it, -ENOBUFS beyond `maxSources`. */
  addSource(request: GroupRequest<A>, mode: FilterMode, source: A): number {
    const membership = this.#withMode(request, mode);
    if (typeof membership === 'number') return membership;
    const { sources, link, group } = membership;
    if (sources.length >= this.#host.maxSources) return -ERRNO.ENOBUFS;
    const added = this.#host.onLink(link, source);
    if (includes(sources, added)) return -ERRNO.EADDRNOTAVAIL;
    sources.push(added);
    this.#host.groupsOn(link).addSources(group, mode, [added], false);
    return 0;
  }

  /** The last source that is included is left with its group. @returns 0; -EINVAL, -EADDRNOTAVAIL. */
  removeSource(request: GroupRequest<A>, mode: FilterMode, source: A): number {
    const membership = this.#withMode(request, mode);
    if (typeof membership === 'number') return membership;
    const { sources, link, group } = membership;
    const removed = this.#host.onLink(link, source);
    if (!includes(sources, removed)) return -ERRNO.EADDRNOTAVAIL;
    if (mode === 'include' && sources.length === 1) {
      this.#leave(membership);
      return 0;
    }
    membership.sources = sources.filter((other) => !sameIp(other, removed));
    this.#host.groupsOn(link).removeSources(group, mode, [removed], false);
    return 0;
  }

  /** Sets a whole filter (MCAST_MSFILTER, `ip_mc_msfilter`). To include nobody is to leave. */
  setFilter(request: GroupRequest<A>, mode: FilterMode, sources: readonly A[]): number {
    const link = this.#linkOf(request);
    if (typeof link === 'number') return link;
    if (sources.length > this.#host.maxSources) return -ERRNO.ENOBUFS;
    if (mode === 'include' && sources.length === 0) return this.leave(request);
    const membership = this.#find(this.#host.onLink(link, request.group), link);
    if (membership === undefined) return -ERRNO.EINVAL;
    const named = sources.map((source) => this.#host.onLink(link, source));
    this.#replace(membership, mode, named);
    return 0;
  }

  /** The socket is closed. */
  leaveAll(): void {
    for (const membership of [...this.#list]) this.#leave(membership);
  }

  #leave(membership: Membership<A>): void {
    const { link, group, mode, sources } = membership;
    this.#list = this.#list.filter((other) => other !== membership);
    this.#host.groupsOn(link).leave(group, mode, sources);
  }

  /** Puts a filter in the place of another: at no moment is there none. */
  #replace(membership: Membership<A>, mode: FilterMode, sources: A[]): void {
    const { link, group } = membership;
    const groups = this.#host.groupsOn(link);
    groups.addSources(group, mode, sources, true);
    groups.removeSources(group, membership.mode, membership.sources, true);
    membership.mode = mode;
    membership.sources = sources;
  }

  /** A filter that names no source yet may change its mode (`ip_mc_source`, `ip6_mc_source`). */
  #withMode(request: GroupRequest<A>, mode: FilterMode): Membership<A> | number {
    const link = this.#linkOf(request);
    if (typeof link === 'number') return link;
    const membership = this.#find(this.#host.onLink(link, request.group), link);
    if (membership === undefined) return -ERRNO.EINVAL;
    if (membership.mode === mode) return membership;
    if (membership.sources.length > 0) return -ERRNO.EINVAL;
    this.#replace(membership, mode, []);
    return membership;
  }

  #find(group: A, link: Link): Membership<A> | undefined {
    return this.#list.find((one) => one.link === link && sameIp(one.group, group));
  }

  #linkOf(request: GroupRequest<A>): Link | number {
    if (!isMulticastIp(request.group)) return -ERRNO.EINVAL;
    return this.#host.linkOf(request) ?? -ERRNO.ENODEV;
  }
}

const includes = (sources: readonly IpAddress[], address: IpAddress): boolean =>
  sources.some((source) => sameIp(source, address));
