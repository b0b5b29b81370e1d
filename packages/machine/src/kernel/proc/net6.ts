import {
  ANY,
  ANY6,
  type IpAddress,
  type Ipv6Address,
  isAny6,
  isIpv6,
  mappedOf,
  parseIpv6,
} from '@netarium/osi/3-network';
import { AF_INET6 } from '../constants.ts';
import type { Kernel } from '../kernel.ts';

/** What `/proc/net` has of IPv6 alone, in Linux's form (net/ipv6/addrconf.c). */

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** Scopes as `/proc/net/if_inet6` numbers them (IPV6_ADDR_* of net/ipv6.h). */
const SCOPES = { global: 0x00, host: 0x10, link: 0x20, site: 0x40 };

export function addressTable6(kernel: Kernel): string {
  const answers = kernel.network.netlink({ type: 'getaddr6' });
  let text = '';
  for (const answer of typeof answers === 'number' ? [] : answers) {
    if (answer.type !== 'addr6') continue;
    const words = digitsOf(parseIpv6(answer.address) ?? ANY6);
    const numbers = [answer.index, answer.length, SCOPES[answer.scope], answer.flags & 0xff];
    text += `${words} ${numbers.map((value) => hex(value, 2)).join(' ')} ${answer.interface.padStart(8)}\n`;
  }
  return text;
}

/** All 32 digits. */
export const digitsOf = ({ a, b, c, d }: Ipv6Address): string =>
  [a, b, c, d].map((word) => hex(word >>> 0, 8)).join('');

/** `/proc/net/snmp6` (`snmp6_seq_show`). */
export function counterTable6({ network }: Kernel): string {
  return Array.from(network.counters6(), ([name, value]) => `${name.padEnd(32)}\t${value}\n`).join('');
}

/** An address as sockets of AF_INET6 have it: one of IPv4 mapped. */
export const asIpv6 = (address: IpAddress): Ipv6Address =>
  isIpv6(address) ? address : address === ANY ? ANY6 : mappedOf(address);

interface Entry {
  readonly id: string;
  readonly local: { readonly address: IpAddress; readonly port: number };
}

/**
 * Tells sockets of AF_INET6, which may speak IPv4. A connection that no program has (yet, or any more) goes with the
 * listener for both versions at its port.
 */
export function sockets6(kernel: Kernel, entries: Iterable<Entry>): (entry: Entry) => boolean {
  const domains = new Map([...kernel.sockets].map(({ socket }) => [socket.id, socket.domain]));
  const dual = new Set<number>();
  for (const { local } of entries) if (isIpv6(local.address) && isAny6(local.address)) dual.add(local.port);
  return ({ id, local }) => {
    if (isIpv6(local.address)) return true;
    const domain = domains.get(id);
    return domain === undefined ? dual.has(local.port) : domain === AF_INET6;
  };
}
