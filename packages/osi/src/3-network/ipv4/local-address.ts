import type { Link } from '../../2-datalink/index.ts';
import { type Ipv4Address, type Ipv4Prefix, ipv4FromNumber, isLoopback, netmask } from '../address.ts';

/** How far an address reaches (rtnetlink(7)): the larger, the less far. */
export const RT_SCOPE_UNIVERSE = 0;
export const RT_SCOPE_LINK = 253;
export const RT_SCOPE_HOST = 254;

/** What may be said of an address beside its prefix (ip-address(8)). */
export interface AddressDetails {
  /** Default: that of the host for 127.0.0.0/8, global for others. */
  readonly scope?: number;
  /** The broadcast address that is told of it; `+` is the one that its prefix has. Default none. */
  readonly broadcast?: Ipv4Address | '+';
  /** Default: the interface's name. */
  readonly label?: string;
}

/** A line of `ip addr`. */
export interface LocalAddress {
  readonly link: Link;
  readonly address: Ipv4Address;
  /** Of the network's prefix. */
  readonly length: number;
  readonly scope: number;
  readonly label: string;
  /** The broadcast address that somebody has told; null for none. */
  readonly told: Ipv4Address | null;
  /** The broadcast address of its network; null where there is none: prefixes of 31 and 32 bits (RFC 3021). */
  readonly broadcast: Ipv4Address | null;
  /** Another address of the link was there before it, in the same network: packets are sent from that one, and this one goes with it. */
  readonly secondary: boolean;
}

export function localAddress(
  link: Link,
  { address, length }: Ipv4Prefix,
  details: AddressDetails,
): LocalAddress {
  const broadcast = length < 31 && !link.loopback ? ipv4FromNumber(address | ~netmask(length)) : null;
  const { scope = isLoopback(address) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE, label = link.name } = details;
  const told = details.broadcast === '+' ? broadcast : (details.broadcast ?? null);
  return { link, address, length, scope, label, told, broadcast, secondary: false };
}

/** Whether both are of one network on one link. */
export const sameNetwork = (x: LocalAddress, y: LocalAddress): boolean =>
  x.link === y.link && x.length === y.length && ((x.address ^ y.address) & netmask(x.length)) === 0;
