import type { Frame } from '../frame.ts';

/*
 * A queue that is fair between flows has to look at what its frames carry, as Linux's flow dissector does below its
 * network layer: addresses, protocol and ports of an IPv4 packet, behind VLAN tags too.
 */

const ETHERTYPE = 12;
const HEADER = 14;
const IPV4 = 0x0800;
const VLAN = 0x8100;
const VLAN_TAG = 4;
const IPV4_HEADER = 20;
const TCP = 6;
const UDP = 17;
/** The ECN field (RFC 3168 section 5). */
const NOT_ECT = 0;
const CE = 3;

/** Where the IPv4 header of a frame begins; -1 when it carries none. */
function ipv4Of({ view, start, end }: Frame): number {
  let type = start + ETHERTYPE;
  while (type + 2 <= end && view.getUint16(type) === VLAN) type += VLAN_TAG;
  const ip = type + HEADER - ETHERTYPE;
  return ip + IPV4_HEADER <= end && view.getUint16(type) === IPV4 && view.getUint8(ip) >> 4 === 4 ? ip : -1;
}

/** A number that all frames of one flow have in common, 32 bits: of the five-tuple, or of the MAC addresses without one. */
export function flowHash(frame: Frame): number {
  const { view, start } = frame;
  const ip = ipv4Of(frame);
  if (ip < 0)
    return mix(mix(mix(0, view.getUint32(start)), view.getUint32(start + 4)), view.getUint32(start + 8));
  const protocol = view.getUint8(ip + 9);
  let hash = mix(mix(mix(0, view.getUint32(ip + 12)), view.getUint32(ip + 16)), protocol);
  const ports = ip + (view.getUint8(ip) & 15) * 4;
  const whole = (view.getUint16(ip + 6) & 0x3fff) === 0;
  if (whole && (protocol === TCP || protocol === UDP) && ports + 4 <= frame.end) {
    hash = mix(hash, view.getUint32(ports));
  }
  return hash;
}

/** FNV-1a by words, and a shift to let high bits count. */
function mix(hash: number, word: number): number {
  const mixed = Math.imul((hash ^ word) + 0x9e3779b9, 0x01000193);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/**
 * Sets the congestion mark of an IPv4 packet whose ends understand it, and its checksum accordingly (RFC 1624).
 * @returns false when it is no such packet: then only dropping tells.
 */
export function markCongestion(frame: Frame): boolean {
  const ip = ipv4Of(frame);
  if (ip < 0) return false;
  const { view } = frame;
  const before = view.getUint16(ip);
  const ecn = before & 3;
  if (ecn === NOT_ECT) return false;
  if (ecn === CE) return true;
  const after = before | CE;
  view.setUint16(ip, after);
  let sum = (~view.getUint16(ip + 10) & 0xffff) + (~before & 0xffff) + after;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(ip + 10, ~sum & 0xffff);
  return true;
}
