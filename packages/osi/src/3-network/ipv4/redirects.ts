import type { Link } from '../../2-datalink/index.ts';
import { ANY, BROADCAST, type Ipv4Address, isMulticast, netmask } from '../address.ts';
import type { Sysctl } from '../sysctl.ts';
import type { AddressTable } from './addresses.ts';
import type { RouteTable } from './routes.ts';
import { nextHopTo, type Way } from './way.ts';

/** What a router says: packets for `destination` had better go to `gateway`. */
export interface Advice {
  readonly from: Ipv4Address;
  /** Where the packet came from that it is about. */
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
  readonly gateway: Ipv4Address;
}

/** What a machine knows, by which advice is judged. */
interface Knowledge {
  readonly addresses: AddressTable;
  readonly routes: RouteTable;
}

/**
 * Whether a router's advice is taken (`__ip_do_redirect`): that of the one in use alone, and only about a station of one
 * of our links. @param link by which it came. @param way what is known of the destination at present. @param to of the gateway.
 */
export function isGoodAdvice(
  { from, destination, gateway }: Advice,
  link: Link,
  way: Way,
  to: Way,
  sysctl: Sysctl,
  { addresses, routes }: Knowledge,
): boolean {
  if (way.kind !== 'other' || way.link === null || nextHopTo(destination, way) !== from || gateway === from)
    return false;
  if (sysctl.ipv4(link.name, 'accept_redirects') === 0) return false;
  if (isMulticast(gateway) || gateway === BROADCAST || gateway === ANY) return false;
  if (sysctl.ipv4(link.name, 'shared_media') !== 0) return to.kind === 'other' && to.link !== null;
  if (!isOnLink(link, gateway, from, addresses)) return false;
  if (sysctl.ipv4(link.name, 'secure_redirects') === 0) return true;
  return routes.entries().some((route) => route.link === link && route.gateway === gateway);
}

/** Whether both are in the network of one address of a link (`inet_addr_onlink`). */
export const isOnLink = (link: Link, one: Ipv4Address, other: Ipv4Address, table: AddressTable): boolean =>
  table
    .entries()
    .some(
      (line) =>
        line.link === link && (((line.address ^ one) | (line.address ^ other)) & netmask(line.length)) === 0,
    );
