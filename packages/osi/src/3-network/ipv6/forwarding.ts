import type { Frame } from '../../1-physical/index.ts';
import {
  CODE6_BEYOND_SCOPE,
  CODE6_HOP_LIMIT,
  CODE6_NO_ROUTE,
  ICMPV6_DESTINATION_UNREACHABLE,
  ICMPV6_PACKET_TOO_BIG,
  ICMPV6_TIME_EXCEEDED,
} from '../icmpv6/codec.ts';
import { type Ipv6Address, isAny6, isLinkLocal6 } from './address.ts';
import { decrementHopLimit, readHopLimit } from './codec.ts';
import type { Ipv6Interface } from './interface.ts';
import type { PacketPath } from './reports.ts';

/**
 * Passes a packet on, as a router does (RFC 8200 section 3, `ip6_forward`); takes the frame over.
 * @param from how it came. @param by the way to its destination, or null when there is none.
 */
export function forward(
  ip: PacketPath,
  from: Ipv6Interface,
  by: Ipv6Interface | null,
  nextHop: Ipv6Address,
  frame: Frame,
  source: Ipv6Address,
  destination: Ipv6Address,
): void {
  const { counters, reports } = ip;
  const { view, start } = frame;
  const refuse = (type: number, code: number, info: number, reason: string): void => {
    reports?.report(type, code, info, frame, start, false, from);
    ip.drop(frame, reason, from);
  };
  if (isAtItsEnd(ip, from, frame)) return;
  if (by === null || by.link.loopback) {
    counters.InNoRoutes++;
    refuse(ICMPV6_DESTINATION_UNREACHABLE, CODE6_NO_ROUTE, 0, 'ip.no-route');
    return;
  }
  if (isAny6(source)) {
    counters.InAddrErrors++;
    ip.drop(frame, 'ip.martian-source', from);
    return;
  }
  if (by === from) ip.betterWays?.tell(frame, by, source, destination, nextHop);
  else if (isLinkLocal6(source)) {
    // Beyond its link nobody could answer it (RFC 4291 section 2.5.6).
    counters.InAddrErrors++;
    refuse(ICMPV6_DESTINATION_UNREACHABLE, CODE6_BEYOND_SCOPE, 0, 'ipv6.beyond-scope');
    return;
  }
  if ((frame.segments > 1 ? frame.packetSize : frame.length) > by.mtu) {
    // Routers do not cut packets (RFC 8200 section 4.5).
    counters.InTooBigErrors++;
    refuse(ICMPV6_PACKET_TOO_BIG, 0, by.mtu, 'ip.fragmentation-needed');
    return;
  }
  decrementHopLimit(view, start);
  counters.OutForwDatagrams++;
  frame.reason = 'ip.forward';
  ip.transmit(by, frame, nextHop, false);
}

/** Whether a packet may take no further hop; then its sender is told, and the frame taken over. */
export function isAtItsEnd(ip: PacketPath, from: Ipv6Interface, frame: Frame): boolean {
  const { view, start } = frame;
  if (readHopLimit(view, start) > 1) return false;
  ip.counters.InHdrErrors++;
  ip.reports?.report(ICMPV6_TIME_EXCEEDED, CODE6_HOP_LIMIT, 0, frame, start, false, from);
  ip.drop(frame, 'ip.ttl', from);
  return true;
}
