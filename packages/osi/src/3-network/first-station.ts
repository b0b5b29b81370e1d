import { type IpAddress, isIpv6 } from './ip-address.ts';
import type { SendOptions } from './ip-service.ts';
import { firstOfRoute } from './ipv4/options.ts';
import { firstSegment } from './ipv6/extension-headers.ts';

/** Where a packet to `destination` goes first: to the first station of its own route, if it has one. */
export const firstStation = (
  destination: IpAddress,
  { headerOptions, extensions }: Readonly<SendOptions>,
): IpAddress =>
  isIpv6(destination) ? firstSegment(destination, extensions) : firstOfRoute(destination, headerOptions);
