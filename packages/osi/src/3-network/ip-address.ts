import { ANY, formatIpv4, type Ipv4Address, isLoopback, isMulticast, parseIpv4 } from './address.ts';
import { ANY6, type Ipv6Address, isAny6, isLoopback6, isMulticast6 } from './ipv6/address.ts';
import { parseIpv6 } from './ipv6/text.ts';

/** An address of either version: a number is IPv4's. */
export type IpAddress = Ipv4Address | Ipv6Address;

export const isIpv6 = (address: IpAddress): address is Ipv6Address => typeof address !== 'number';

/** Whether two addresses are the same one; an IPv4 address is never an IPv6 one, mapped or not. */
export const sameIp = (x: IpAddress, y: IpAddress): boolean =>
  x === y || (typeof x !== 'number' && typeof y !== 'number' && x.equals(y));

/** A 32-bit number for tables: of an IPv4 address the address itself. */
export const hashIp = (address: IpAddress): number => (typeof address === 'number' ? address : address.hash);

/** What two addresses have in common only if they are the same: for maps. */
export type IpKey = number | string;

export const keyOf = (address: IpAddress): IpKey => (typeof address === 'number' ? address : address.key);

/** `0.0.0.0` or `::`. */
export const isAnyIp = (address: IpAddress): boolean =>
  typeof address === 'number' ? address === 0 : isAny6(address);

/** `0.0.0.0` for an IPv4 address, `::` for an IPv6 one. */
export const anyLike = (address: IpAddress): IpAddress => (typeof address === 'number' ? ANY : ANY6);

export const isLoopbackIp = (address: IpAddress): boolean =>
  typeof address === 'number' ? isLoopback(address) : isLoopback6(address);

export const isMulticastIp = (address: IpAddress): boolean =>
  typeof address === 'number' ? isMulticast(address) : isMulticast6(address);

export const formatIp = (address: IpAddress): string =>
  typeof address === 'number' ? formatIpv4(address) : address.text;

/** Reads an address of either version, without a zone. @returns null for anything else. */
export const parseIp = (text: string): IpAddress | null =>
  text.includes(':') ? parseIpv6(text) : parseIpv4(text);
