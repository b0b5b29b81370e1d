import type { Link } from '../../2-datalink/index.ts';
import { commonPrefix, Ipv6Address, isLinkLocal6, isMulticast6, samePrefix, scopeOf } from './address.ts';
import type { AddressTable6, LocalAddress6 } from './addresses.ts';

/**
 * The policy table's labels (RFC 6724 section 2.1, as `ip addrlabel` of Linux has them), longest prefix first. Those of
 * ::1 and fec0::/10 would decide nothing: the scope of such an address already has.
 */
const LABELS: readonly (readonly [prefix: Ipv6Address, length: number, label: number])[] = [
  [new Ipv6Address(0, 0, 0xffff, 0), 96, 4],
  [new Ipv6Address(0, 0, 0, 0), 96, 3],
  [new Ipv6Address(0x2001_0000, 0, 0, 0), 32, 6],
  [new Ipv6Address(0x2001_0010, 0, 0, 0), 28, 7],
  [new Ipv6Address(0x2002_0000, 0, 0, 0), 16, 2],
  [new Ipv6Address(0x3ffe_0000, 0, 0, 0), 16, 12],
  [new Ipv6Address(0xfc00_0000 | 0, 0, 0, 0), 7, 5],
];
const DEFAULT_LABEL = 1;

function labelOf(address: Ipv6Address): number {
  for (const [prefix, length, label] of LABELS) if (samePrefix(address, prefix, length)) return label;
  return DEFAULT_LABEL;
}

/**
 * The address to send from to `destination`, which is not ours, by `link`: RFC 6724's rules in their order, as far as
 * Linux has them (`ipv6_get_saddr_eval`; there are no home or temporary addresses). Null when the machine has none that
 * will do.
 */
export function selectSource(
  addresses: AddressTable6,
  link: Link | null,
  destination: Ipv6Address,
): LocalAddress6 | null {
  // What stays on a link is sent from an address of that link.
  const bound = isMulticast6(destination) || isLinkLocal6(destination);
  let best: LocalAddress6 | null = null;
  for (const line of addresses.entries()) {
    if (line.tentative || (bound && line.link !== link)) continue;
    if (line.link !== link && isLinkLocal6(line.address)) continue;
    if (best === null || isBetter(addresses, line, best, link, destination)) best = line;
  }
  return best;
}

function isBetter(
  addresses: AddressTable6,
  x: LocalAddress6,
  y: LocalAddress6,
  link: Link | null,
  destination: Ipv6Address,
): boolean {
  const wanted = scopeOf(destination);
  const scopes = rankScope(scopeOf(x.address), wanted) - rankScope(scopeOf(y.address), wanted);
  if (scopes !== 0) return scopes > 0;
  const deprecated = Number(addresses.isDeprecated(y)) - Number(addresses.isDeprecated(x));
  if (deprecated !== 0) return deprecated > 0;
  const outgoing = Number(x.link === link) - Number(y.link === link);
  if (outgoing !== 0) return outgoing > 0;
  const label = labelOf(destination);
  const labels = Number(labelOf(x.address) === label) - Number(labelOf(y.address) === label);
  if (labels !== 0) return labels > 0;
  const overlay = isOverlay(destination);
  const overlays = Number(isOverlay(x.address) === overlay) - Number(isOverlay(y.address) === overlay);
  if (overlays !== 0) return overlays > 0;
  return matched(x, destination) > matched(y, destination);
}

/** Whether it is an ORCHID, which is no place in the network (RFC 4843; IPV6_SADDR_RULE_ORCHID). */
const isOverlay = (address: Ipv6Address): boolean => samePrefix(address, ORCHID, 28);
const ORCHID = new Ipv6Address(0x2001_0010, 0, 0, 0);

/** Rule 2: the smallest scope that reaches; if none does, the largest. */
const rankScope = (scope: number, wanted: number): number => (scope >= wanted ? 100 - scope : scope);

/** Rule 8 counts no further than the address's own prefix. */
const matched = ({ address, length }: LocalAddress6, destination: Ipv6Address): number =>
  Math.min(commonPrefix(address, destination), length);
