import { ANY, BROADCAST, type Ipv4Address, isLoopback } from '../address.ts';
import type { AddressKind } from './way.ts';

/** 224.0.0.0/24 without its last byte. */
const LINK_LOCAL_GROUPS = 0xe00000;

/**
 * Says what is wrong with a packet's addresses that no packet on a cable may have (RFC 1122 section 3.2.1.3, RFC 1812
 * section 5.3.7): the reason it is dropped by, or null. What comes in by `lo` is not asked.
 * @param kind what the source is to this machine.
 */
export function findMartian(source: Ipv4Address, kind: AddressKind, destination: Ipv4Address): string | null {
  // Nobody else sends from our address (`fib_validate_source` in Linux), and nobody from a group's.
  if (kind !== 'other') return 'ip.martian-source';
  // Who has no address yet may speak to all, and to groups of the link: IGMP does (`ip_mc_validate_source`).
  const unnamed = destination === BROADCAST || destination >>> 8 === LINK_LOCAL_GROUPS;
  if (source === ANY && !unnamed) return 'ip.martian-source';
  if (isLoopback(destination) || destination === ANY) return 'ip.martian-destination';
  return null;
}
