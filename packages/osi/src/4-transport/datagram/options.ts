import {
  type Ipv4Address,
  type Ipv6Address,
  isIpv6,
  type ReceivedPacket,
  type Sysctl,
} from '../../3-network/index.ts';
import type { UdpOptions } from '../services.ts';

/** Those that the latest socket was given. */
let latest: UdpOptions | null = null;

/**
 * Options of a new datagram socket. Sockets have them in common, whatever machine they are of, until they change one
 * (`copyOptions`): most never do, and an object that all have is where it is looked for.
 */
export function defaultDatagramOptions(sysctl: Sysctl): UdpOptions {
  const receiveBuffer = sysctl.get('net.core.rmem_default');
  const sendBuffer = sysctl.get('net.core.wmem_default');
  if (latest?.receiveBuffer !== receiveBuffer || latest.sendBuffer !== sendBuffer) {
    latest = {
      receiveBuffer,
      sendBuffer,
      broadcast: false,
      receiveErrors: false,
      memberships: null,
      memberships6: null,
      // A multicast goes no further than the next router unless the program says so (RFC 1112 section 6.1).
      multicast: { ttl: 1, loop: true },
      multicast6: { interface: null, hops: 1, loop: true },
      ip: {},
    };
  }
  return latest;
}

/** The same options, for one socket to change. */
export const copyOptions = (options: UdpOptions): UdpOptions => ({
  ...options,
  ip: { ...options.ip },
  multicast: { ...options.multicast },
  multicast6: { ...options.multicast6 },
  ...(options.raw !== undefined && { raw: { ...options.raw } }),
});

/** Whether the groups and sources that a socket has asked for let it take a packet. */
export function allowsGroup(
  { memberships, memberships6 }: UdpOptions,
  { source, destination, interface: name }: ReceivedPacket,
): boolean {
  if (isIpv6(destination)) return memberships6?.allow(destination, source as Ipv6Address, name) !== false;
  return memberships?.allow(destination, source as Ipv4Address, name) !== false;
}
