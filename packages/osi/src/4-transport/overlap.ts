import { type IpAddress, isAnyIp, isIpv6, sameIp } from '../3-network/index.ts';

/** Whether `::` of a socket stands for every IPv4 address too (ipv6(7), IPV6_V6ONLY). */
const takesBoth = (bound: IpAddress, v6Only: boolean | undefined): boolean =>
  isIpv6(bound) && v6Only !== true && isAnyIp(bound);

/** Whether what is sent to `address` is for a socket bound to `bound`. */
export const hears = (bound: IpAddress, v6Only: boolean | undefined, address: IpAddress): boolean =>
  sameIp(bound, address) || isWild(bound, v6Only, address);

/** Whether it is for it since it is bound to no address in particular. */
export const isWild = (bound: IpAddress, v6Only: boolean | undefined, address: IpAddress): boolean =>
  isIpv6(bound) === isIpv6(address) ? isAnyIp(bound) : takesBoth(bound, v6Only);

/** Whether two sockets bound to the same port would be in each other's way (`inet_rcv_saddr_equal` in Linux). */
export const overlaps = (
  x: IpAddress,
  xOnly: boolean | undefined,
  y: IpAddress,
  yOnly: boolean | undefined,
): boolean => hears(x, xOnly, y) || hears(y, yOnly, x);
