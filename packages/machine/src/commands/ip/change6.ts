import { isLinkLocal6, isLoopback6, isMulticast6, parseIpv6, parseIpv6Prefix } from '@netarium/osi/3-network';
import { ERRNO } from '@netarium/osi/trace';
import type { AsyncSystemCalls } from '../../program.ts';
import { Refusal, told } from './request.ts';

/** `ip addr` and `ip route`, `add` and `del`, of IPv6: with the words that Linux's kernel adds to its errors. */

interface AddressChange {
  readonly add: boolean;
  /** One that is there already is no error. */
  readonly replace: boolean;
  readonly device: string;
  /** Without a length all 128 bits. */
  readonly prefix: string;
}

export async function changeAddress6(
  sys: AsyncSystemCalls,
  { add, replace, device, prefix }: AddressChange,
): Promise<number> {
  const parsed = parseIpv6Prefix(prefix.includes('/') ? prefix : `${prefix}/128`);
  if (parsed === null) throw new Refusal(`Error: inet6 prefix is expected rather than "${prefix}".`, 1);
  const { address, length } = parsed;
  const whole = `${address.text}/${length}`;
  const result = await sys.netlink({ type: add ? 'newaddr' : 'deladdr', interface: device, prefix: whole });
  const refuse = (words: string): Refusal => new Refusal(`Error: ipv6: ${words}.`, 2);
  if (result === -ERRNO.EADDRNOTAVAIL && !add) throw refuse('address not found');
  if (result === -ERRNO.EEXIST && replace) return 0;
  if (result === -ERRNO.EEXIST) throw refuse('address already assigned');
  if (result === -ERRNO.EACCES) throw refuse('IPv6 is disabled on this device');
  if (result === -ERRNO.EINVAL && isMulticast6(address)) {
    throw refuse('Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag');
  }
  if (result === -ERRNO.EADDRNOTAVAIL && isLoopback6(address)) {
    throw refuse('Cannot assign loopback address on this device');
  }
  return told(sys, result);
}

interface RouteChange {
  readonly add: boolean;
  readonly destination: string;
  readonly via: string | undefined;
  readonly device: string | undefined;
  readonly metric: number | undefined;
}

export async function changeRoute6(
  sys: AsyncSystemCalls,
  { add, destination, via, device, metric }: RouteChange,
): Promise<number> {
  const prefix = destination === 'default' ? '::/0' : destination;
  if (parseIpv6(prefix) === null && parseIpv6Prefix(prefix) === null) {
    throw new Refusal(`Error: inet6 prefix is expected rather than "${destination}".`, 1);
  }
  const router = via === undefined ? null : parseIpv6(via);
  if (via !== undefined && router === null) {
    throw new Refusal(`Error: inet6 address is expected rather than "${via}".`, 1);
  }
  const result = await sys.netlink({
    type: add ? 'newroute' : 'delroute',
    destination: prefix,
    ...(via === undefined ? {} : { via }),
    ...(device === undefined ? {} : { interface: device }),
    ...(metric === undefined ? {} : { metric }),
  });
  if (add && result === -ERRNO.EINVAL && router !== null) {
    const words =
      isLinkLocal6(router) && device === undefined
        ? 'Egress device not specified'
        : 'Gateway can not be a local address';
    throw new Refusal(`Error: ${words}.`, 2);
  }
  return told(sys, result);
}
