import type { Link } from '../../2-datalink/index.ts';
import { ERRNO } from '../../trace/index.ts';
import { ANY, type Ipv4Address, isMulticast } from '../address.ts';
import type { IpAddress } from '../ip-address.ts';
import type { FilterMode } from './group.ts';
import type { IgmpLayer } from './layer.ts';

/** A group on a link: by the interface's number, else by an address of it, else by the route. */
export interface GroupRequest {
  readonly group: Ipv4Address;
  /** 0 for none. */
  readonly index: number;
  readonly address: Ipv4Address;
}

interface Membership {
  readonly group: Ipv4Address;
  readonly link: Link;
  mode: FilterMode;
  sources: Ipv4Address[];
}

/** The groups that one socket is in, each with its filter of sources (ip(7); RFC 3376 section 3.1, RFC 3678). */
export class Memberships {
  /** IP_MULTICAST_ALL: a socket gets what comes for any group that its machine is in, its own or not. */
  all = true;
  readonly #igmp: IgmpLayer;
  #list: Membership[] = [];

  constructor(igmp: IgmpLayer) {
    this.#igmp = igmp;
  }

  /** Whether the socket takes a packet for a group (`ip_mc_sf_allow`). @param name of the interface it came in by. */
  allow(group: IpAddress, source: IpAddress, name: string): boolean {
    const membership = this.#list.find((one) => one.group === group && one.link.name === name);
    if (membership === undefined) return this.all;
    return (membership.mode === 'include') === membership.sources.includes(source as Ipv4Address);
  }

  /** @returns 0; -EINVAL for no group, -ENODEV, -EADDRINUSE when it is in it, -ENOBUFS beyond `net.ipv4.igmp_max_memberships`. */
  join(request: GroupRequest, mode: FilterMode = 'exclude'): number {
    const link = this.#linkOf(request);
    if (typeof link === 'number') return link;
    const { group } = request;
    if (this.#find(group, link) !== undefined) return -ERRNO.EADDRINUSE;
    if (this.#list.length >= this.#igmp.sysctl.get('net.ipv4.igmp_max_memberships')) return -ERRNO.ENOBUFS;
    this.#list.push({ group, link, mode, sources: [] });
    this.#igmp.join(link, group, mode);
    return 0;
  }

  /** @returns 0; -ENODEV, -EADDRNOTAVAIL when it is not in it. */
  leave(request: GroupRequest): number {
    const { group, index, address } = request;
    const named = index !== 0 || address !== ANY;
    const link = this.#findLink(request);
    if (!named && link === null) return -ERRNO.ENODEV;
    const membership = this.#list.find((one) => one.group === group && (!named || one.link === link));
    if (membership === undefined) return -ERRNO.EADDRNOTAVAIL;
    this.#leave(membership);
    return 0;
  }

  /** Joins for one source, or adds it to those that were joined for (IP_ADD_SOURCE_MEMBERSHIP). */
  joinSource(request: GroupRequest, source: Ipv4Address): number {
    const joined = this.join(request, 'include');
    return joined < 0 && joined !== -ERRNO.EADDRINUSE ? joined : this.addSource(request, 'include', source);
  }

  /** @returns 0; -EINVAL when it has not joined or has joined in another way, -EADDRNOTAVAIL when the filter has it, -ENOBUFS beyond `net.ipv4.igmp_max_msf`. */
  addSource(request: GroupRequest, mode: FilterMode, source: Ipv4Address): number {
    const membership = this.#withMode(request, mode);
    if (typeof membership === 'number') return membership;
    const { sources, link, group } = membership;
    if (sources.length >= this.#igmp.sysctl.get('net.ipv4.igmp_max_msf')) return -ERRNO.ENOBUFS;
    if (sources.includes(source)) return -ERRNO.EADDRNOTAVAIL;
    sources.push(source);
    this.#igmp.addSources(link, group, mode, [source], false);
    return 0;
  }

  /** The last source that is included is left with its group. @returns 0; -EINVAL, -EADDRNOTAVAIL. */
  removeSource(request: GroupRequest, mode: FilterMode, source: Ipv4Address): number {
    const membership = this.#withMode(request, mode);
    if (typeof membership === 'number') return membership;
    const { sources, link, group } = membership;
    if (!sources.includes(source)) return -ERRNO.EADDRNOTAVAIL;
    if (mode === 'include' && sources.length === 1) {
      this.#leave(membership);
      return 0;
    }
    membership.sources = sources.filter((other) => other !== source);
    this.#igmp.removeSources(link, group, mode, [source], false);
    return 0;
  }

  /** Sets a whole filter (IP_MSFILTER, `ip_mc_msfilter`). To include nobody is to leave. */
  setFilter(request: GroupRequest, mode: FilterMode, sources: readonly Ipv4Address[]): number {
    const link = this.#linkOf(request);
    if (typeof link === 'number') return link;
    if (mode === 'include' && sources.length === 0) return this.leave(request);
    const membership = this.#find(request.group, link);
    if (membership === undefined) return -ERRNO.EINVAL;
    this.#igmp.addSources(link, membership.group, mode, sources, true);
    this.#igmp.removeSources(link, membership.group, membership.mode, membership.sources, true);
    membership.mode = mode;
    membership.sources = [...sources];
    return 0;
  }

  /** @returns a filter, or -EINVAL, -ENODEV, -EADDRNOTAVAIL. */
  filter(
    request: GroupRequest,
  ): { readonly mode: FilterMode; readonly sources: readonly Ipv4Address[] } | number {
    const link = this.#linkOf(request);
    if (typeof link === 'number') return link;
    return this.#find(request.group, link) ?? -ERRNO.EADDRNOTAVAIL;
  }

  /** The socket is closed. */
  leaveAll(): void {
    for (const membership of [...this.#list]) this.#leave(membership);
  }

  #leave(membership: Membership): void {
    const { link, group, mode, sources } = membership;
    this.#list = this.#list.filter((other) => other !== membership);
    this.#igmp.removeSources(link, group, mode, sources, true);
    this.#igmp.leave(link, group);
  }

  /** A filter that names no source yet may change its mode (`ip_mc_source`). */
  #withMode(request: GroupRequest, mode: FilterMode): Membership | number {
    const link = this.#linkOf(request);
    if (typeof link === 'number') return link;
    const membership = this.#find(request.group, link);
    if (membership === undefined) return -ERRNO.EINVAL;
    if (membership.mode === mode) return membership;
    if (membership.sources.length > 0) return -ERRNO.EINVAL;
    this.#igmp.addSources(link, membership.group, mode, [], true);
    this.#igmp.removeSources(link, membership.group, membership.mode, [], true);
    membership.mode = mode;
    return membership;
  }

  #find(group: Ipv4Address, link: Link): Membership | undefined {
    return this.#list.find((one) => one.group === group && one.link === link);
  }

  #linkOf(request: GroupRequest): Link | number {
    if (!isMulticast(request.group)) return -ERRNO.EINVAL;
    return this.#findLink(request) ?? -ERRNO.ENODEV;
  }

  #findLink({ group, index, address }: GroupRequest): Link | null {
    const { ip } = this.#igmp;
    if (index !== 0) return ip.links.find((link) => link.index === index) ?? null;
    if (address !== ANY) return ip.addresses.find(address)?.link ?? null;
    return this.#igmp.linkFor(group);
  }
}
