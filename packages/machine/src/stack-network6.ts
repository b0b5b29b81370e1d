import { formatMac, ipv6MulticastMac, type Link, type Neighbour } from '@netarium/osi/2-datalink';
import {
  type Ipv6Address,
  isLoopback6,
  type LocalAddress6,
  needsZone,
  parseIpv6,
  type Route6,
  SCOPE_LINK,
  SCOPE_SITE,
  scopeOf,
  typesOf,
} from '@netarium/osi/3-network';
import type { Stack } from '@netarium/osi/5-session';
import { ERRNO } from '@netarium/osi/trace';
import {
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_MANAGETEMPADDR,
  IFA_F_PERMANENT,
  IFA_F_TENTATIVE,
} from './kernel/constants.ts';
import type { NetlinkAnswer } from './system-calls.ts';

/** IPv6 of a stack as rtnetlink(7) shows it. */

export function addressAnswers6(stack: Stack): NetlinkAnswer[] {
  const left = (until: number): number | null =>
    until === Number.POSITIVE_INFINITY ? null : Math.max(Math.ceil((until - stack.sim.now) / 1e9), 0);
  return stack.addresses6.map((line) => ({
    type: 'addr6',
    interface: line.link.name,
    index: line.link.index,
    address: line.address.text,
    length: line.length,
    scope: scopeName(line.address),
    flags: flagsOf(line, stack.ip6.addresses.isDeprecated(line)),
    valid: left(line.validUntil),
    preferred: left(line.preferredUntil),
  }));
}

function scopeName(address: Ipv6Address): 'host' | 'link' | 'site' | 'global' {
  if (isLoopback6(address)) return 'host';
  const scope = scopeOf(address);
  return scope === SCOPE_LINK ? 'link' : scope === SCOPE_SITE ? 'site' : 'global';
}

/** Addresses of a router's prefix are those that temporary ones could be made of (`addrconf_prefix_rcv_add_addr`). */
function flagsOf({ tentative, failed, dynamic }: LocalAddress6, deprecated: boolean): number {
  return (
    (failed ? IFA_F_DADFAILED : 0) |
    (deprecated ? IFA_F_DEPRECATED : 0) |
    (tentative ? IFA_F_TENTATIVE : 0) |
    (dynamic ? IFA_F_MANAGETEMPADDR : IFA_F_PERMANENT)
  );
}

export function routeAnswers6(stack: Stack): NetlinkAnswer[] {
  return [...stack.routes6]
    .sort(byTree)
    .map(({ destination, length, gateway, link, metric, protocol, until }) => ({
      type: 'route6',
      destination: length === 0 ? 'default' : `${destination.text}/${length}`,
      via: gateway === null ? null : gateway.text,
      interface: link.name,
      metric,
      protocol,
      expires:
        until === Number.POSITIVE_INFINITY ? null : Math.max(Math.ceil((until - stack.sim.now) / 1e9), 0),
    }));
}

/** As `fib6_walk` goes through the tree: by address, a prefix after all that it contains. */
function byTree(x: Route6, y: Route6): number {
  const words = (route: Route6) => {
    const { a, b, c, d } = route.destination;
    return [a, b, c, d].map((word) => word >>> 0);
  };
  const shorter = Math.min(x.length, y.length);
  const [first, second] = [words(x), words(y)];
  for (let i = 0; i < 4; i++) {
    const bits = Math.min(Math.max(shorter - 32 * i, 0), 32);
    const differ = ((first[i] ?? 0) ^ (second[i] ?? 0)) >>> 0;
    if (bits > 0 && differ >>> (32 - bits) !== 0) return (first[i] ?? 0) - (second[i] ?? 0);
  }
  return y.length - x.length || x.metric - y.metric;
}

/** The groups of each interface, the latest first, as Linux has them. */
export function groupAnswers6(stack: Stack): NetlinkAnswer[] {
  return Array.from(stack.config6.groups.entries(), ({ link, address, users }): NetlinkAnswer => {
    const onCable = !link.loopback && scopeOf(address) >= SCOPE_LINK;
    return {
      type: 'maddr',
      interface: link.name,
      index: link.index,
      address: address.text,
      mac: onCable ? formatMac(ipv6MulticastMac(address.d)) : null,
      users,
    };
  });
}

/** The lines of `/proc/net/snmp6` (`snmp6_seq_show`). */
export function counters6({ ip6, icmp6, udp }: Stack): ReadonlyMap<string, number> {
  const groups: readonly (readonly [prefix: string, counters: Iterable<readonly [string, number]>])[] = [
    ['Ip6', Object.entries(ip6.counters)],
    ['Icmp6', [...Object.entries(icmp6.counters), ...typesOf(icmp6.counters)]],
    ['Udp6', Object.entries(udp.counters6)],
  ];
  return new Map(
    groups.flatMap(([prefix, counters]) =>
      Array.from(counters, ([name, value]): [string, number] => [prefix + name, value]),
    ),
  );
}

export function neighbourAnswers6(stack: Stack): NetlinkAnswer[] {
  const answers: NetlinkAnswer[] = [];
  for (const { link, neighbours } of stack.ip6.interfaces) {
    if (neighbours === null) continue;
    for (const neighbour of neighbours.entries()) answers.push(neighbourAnswer6(link, neighbour));
  }
  return answers;
}

function neighbourAnswer6(
  link: Link,
  { address, mac, state }: Readonly<Neighbour<Ipv6Address>>,
): NetlinkAnswer {
  return {
    type: 'neigh',
    interface: link.name,
    address: address.text,
    mac: state === 'INCOMPLETE' || state === 'FAILED' ? null : formatMac(mac),
    state,
  };
}

/** @returns 0, -ENODEV, -EINVAL, -ENOENT. */
export function removeNeighbour6(stack: Stack, name: string, text: string): number {
  const by = stack.ip6.interfaces.find(({ link }) => link.name === name);
  const address = parseIpv6(text);
  if (by === undefined) return -ERRNO.ENODEV;
  if (address === null) return -ERRNO.EINVAL;
  const zoned = needsZone(address) ? address.inZone(by.link.index) : address;
  return by.neighbours?.remove(zoned) === true ? 0 : -ERRNO.ENOENT;
}
