import type { Frame } from '../../1-physical/index.ts';
import type { Link } from '../../2-datalink/index.ts';
import { KERN_INFO } from '../../trace/index.ts';
import { ANY, formatIpv4, type Ipv4Address, ipv4FromNumber } from '../address.ts';
import { ICMP_PARAMETER_PROBLEM } from '../icmp/codec.ts';
import {
  IPV4_DESTINATION,
  IPV4_HEADER,
  readDestination,
  readHeaderLength,
  readSource,
  writeChecksum,
} from './codec.ts';
import { isStrict, sourceRouteIn } from './options.ts';
import type { PacketPath4 } from './packet-path.ts';

/** Where in the option its length and its pointer stand. */
const LENGTH = 1;
const POINTER = 2;
const STATION = 4;

/**
 * Where a packet goes that names its stations itself (`ip_options_rcv_srr`). By default it goes nowhere: it is dropped
 * without a word (`accept_source_route`; RFC 7126 section 4.3).
 * @param option where the route stands, from the header on. @param group the packet came in a frame to a group.
 * @returns the next station; 0.0.0.0 when it is for this machine, or for it alone to pass on; null when it was dropped.
 */
export function nextStation(
  ip: PacketPath4,
  link: Link,
  frame: Frame,
  group: boolean,
  option: number,
): Ipv4Address | null {
  const { view, start } = frame;
  const at = start + option;
  const { name } = link;
  const drop = (pointer: number): null => {
    if (pointer > 0) ip.report(ICMP_PARAMETER_PROBLEM, 0, pointer << 24, frame, start, group);
    ip.drop(frame, 'ip.source-route', link);
    return null;
  };
  if (ip.sysctl.ipv4(name, 'accept_source_route') === 0) {
    if (ip.sysctl.ipv4(name, 'log_martians') !== 0) {
      const [from, to] = [readSource(view, start), readDestination(view, start)].map(formatIpv4);
      ip.log.sayRarely(KERN_INFO, `IPv4: source route option ${from} -> ${to}`);
    }
    return drop(0);
  }
  const { kind } = ip.wayOf(readDestination(view, start));
  // By a strict route nobody gets it who is no station of it.
  if (kind === 'other' && !group) return isStrict(view, at) ? drop(IPV4_DESTINATION) : ANY;
  if (kind !== 'own' || group) return drop(0);
  const length = view.getUint8(at + LENGTH);
  for (let pointer = view.getUint8(at + POINTER); pointer <= length; pointer += STATION) {
    if (pointer + STATION - 1 > length) return drop(option + POINTER);
    const station = ipv4FromNumber(view.getUint32(at + pointer - 1));
    const way = ip.wayOf(station);
    if (way.kind === 'other' && way.link !== null && ip.sysctl.values['net.ipv4.ip_forward'] !== 0) {
      return station;
    }
    if (way.kind !== 'own') return drop(0);
    // Several stations in a row may be this machine.
    view.setUint32(start + IPV4_DESTINATION, station);
    writeChecksum(view, start, readHeaderLength(view, start));
  }
  return ANY;
}

/**
 * The packet leaves for its next station, whose place in the route takes the address that it leaves by
 * (`ip_forward_options`).
 */
export function leaveFor(
  view: DataView,
  start: number,
  option: number,
  station: Ipv4Address,
  own: Ipv4Address,
): void {
  const at = start + option;
  const length = view.getUint8(at + LENGTH);
  for (let pointer = view.getUint8(at + POINTER); pointer + STATION - 1 <= length; pointer += STATION) {
    if (view.getUint32(at + pointer - 1) !== station) continue;
    view.setUint32(start + IPV4_DESTINATION, station);
    view.setUint32(at + pointer - 1, own);
    view.setUint8(at + POINTER, pointer + STATION);
    writeChecksum(view, start, readHeaderLength(view, start));
    return;
  }
}

/**
 * A packet sets out on the route that its program gave, whose first station is its header's destination: the others move
 * up, and the last place is that of where it goes in the end (`ip_options_compile`, `ip_options_build`).
 */
export function beginRoute(view: DataView, start: number, destination: Ipv4Address): void {
  const headerLength = readHeaderLength(view, start);
  const options = new Uint8Array(
    view.buffer,
    view.byteOffset + start + IPV4_HEADER,
    headerLength - IPV4_HEADER,
  );
  const option = sourceRouteIn(options);
  const end = option + (options[option + LENGTH] ?? 0);
  options.copyWithin(option + 3, option + 3 + STATION, end);
  view.setUint32(start + IPV4_HEADER + end - STATION, destination);
  writeChecksum(view, start, headerLength);
}
