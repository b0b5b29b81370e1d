import { type IpAddress, isAnyIp, isIpv6, isLinkLocal6 } from '../3-network/index.ts';
import type { UdpOptions } from '../4-transport/index.ts';
import { ERRNO } from '../trace/index.ts';
import type { ControlMessage } from './control-message.ts';
import type { Credentials } from './credentials.ts';
import type { SocketParts } from './internet-socket.ts';
import { type PacketControls, readControls4, readControls6 } from './send-controls.ts';

/** The socket that a packet is sent by. */
interface Sender {
  readonly parts: SocketParts;
  readonly options: UdpOptions;
  /** It is of AF_INET6. */
  readonly six: boolean;
  /** Who sends. */
  readonly caller: Credentials;
}

/** What control messages say of a packet, with the interface by its name. */
interface Controls extends Omit<PacketControls, 'interface'> {
  interface?: string;
}

/**
 * What control messages say of a packet to `destination`, as far as it can be: the interface is there, the address is ours.
 * @returns -EINVAL, -ENODEV for an interface that is not there, -ENETUNREACH for an IPv4 address of somebody else.
 */
export function packetControls(
  controls: readonly ControlMessage[],
  destination: IpAddress | null,
  { parts, options, six, caller }: Sender,
): Controls | number {
  const over6 = six && (destination === null || isIpv6(destination));
  const read = over6 ? readControls6(controls, caller) : readControls4(controls, six);
  if (typeof read === 'number') return read;
  const { interface: index, source, ...rest } = read;
  if (index === undefined && source === undefined) return rest;
  const chosen = over6 ? chosenBefore(destination, parts, options) : 0;
  if (index !== undefined && chosen !== 0 && index !== chosen) return -ERRNO.EINVAL;
  const number = index ?? chosen;
  const by = number === 0 ? undefined : parts.interfaceAt(number);
  if (number !== 0 && by === undefined) return -ERRNO.ENODEV;
  const named: Controls = by === undefined ? rest : { ...rest, interface: by.name };
  if (source === undefined) return named;
  const own = ownSource(source, by?.index ?? 0, parts);
  if (own === null) return isIpv6(source) ? -ERRNO.EINVAL : -ERRNO.ENETUNREACH;
  return { ...named, source: own };
}

/** The interface that the destination's zone, SO_BINDTODEVICE or IPV6_PKTINFO names; 0 for none. */
function chosenBefore(destination: IpAddress | null, parts: SocketParts, options: UdpOptions): number {
  if (destination !== null && isIpv6(destination) && destination.zone !== 0) return destination.zone;
  const bound = options.ip.interface === undefined ? undefined : parts.interface(options.ip.interface);
  return bound?.index ?? options.stickyInterface?.index ?? 0;
}

/** An address of ours, in the zone of the interface where it needs one (`ipv6_chk_addr`, `__ip_dev_find`); null for others. */
function ownSource(source: IpAddress, index: number, { internet }: SocketParts): IpAddress | null {
  if (isIpv6(source) && isLinkLocal6(source)) {
    const zoned = source.inZone(index);
    return index !== 0 && internet.isLocal(zoned) ? zoned : null;
  }
  return isAnyIp(source) || internet.isLocal(source) ? source : null;
}
