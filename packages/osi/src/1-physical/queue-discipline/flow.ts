import type { Frame } from '../frame.ts';

/*
 * A queue that is fair between flows has to look at what its frames carry, as Linux's flow dissector does below its
 * network layer: addresses, protocol and ports of an IPv4 or IPv6 packet, behind VLAN tags too.
 */

const ETHERTYPE = 12;
const HEADER = 14;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLAN = 0x8100;
const VLAN_TAG = 4;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const TCP = 6;
const UDP = 17;
/** Extension headers that say in eights of bytes how long they are (RFC 8200 section 4). */
const HOP_BY_HOP = 0;
const ROUTING = 43;
const DESTINATION_OPTIONS = 60;
/** The ECN field (RFC 3168 section 5). */
const NOT_ECT = 0;
const CE = 3;

/** Where the IP header of a frame begins, which its first four bits say the version of; -1 when it carries none. */
function ipOf({ view, start, end }: Frame): number {
  let type = start + ETHERTYPE;
  while (type + 2 <= end && view.getUint16(type) === VLAN) type += VLAN_TAG;
  const ip = type + HEADER - ETHERTYPE;
  if (ip + IPV4_HEADER > end) return -1;
  const version = view.getUint8(ip) >> 4;
  switch (view.getUint16(type)) {
    case IPV4:
      return version === 4 ? ip : -1;
    case IPV6:
      return version === 6 && ip + IPV6_HEADER <= end ? ip : -1;
    default:
      return -1;
  }
}

/** A number that all frames of one flow have in common, 32 bits: of the five-tuple, or of the MAC addresses without one. */
export function flowHash(frame: Frame): number {
  const ip = ipOf(frame);
  if (ip < 0) return hashOfWords(frame, frame.start, 3);
  return frame.view.getUint8(ip) >> 4 === 4 ? hashOf4(frame, ip) : hashOf6(frame, ip);
}

function hashOf4(frame: Frame, ip: number): number {
  const { view } = frame;
  const protocol = view.getUint8(ip + 9);
  const hash = mix(hashOfWords(frame, ip + 12, 2), protocol);
  const isWhole = (view.getUint16(ip + 6) & 0x3fff) === 0;
  return isWhole ? mixPorts(frame, hash, protocol, ip + (view.getUint8(ip) & 15) * 4) : hash;
}

function hashOf6(frame: Frame, ip: number): number {
  const { view, end } = frame;
  let protocol = view.getUint8(ip + 6);
  let at = ip + IPV6_HEADER;
  while (
    (protocol === HOP_BY_HOP || protocol === ROUTING || protocol === DESTINATION_OPTIONS) &&
    at + 8 <= end
  ) {
    protocol = view.getUint8(at);
    at += 8 * (1 + view.getUint8(at + 1));
  }
  return mixPorts(frame, mix(hashOfWords(frame, ip + 8, 8), protocol), protocol, at);
}

function mixPorts(frame: Frame, hash: number, protocol: number, at: number): number {
  const hasPorts = (protocol === TCP || protocol === UDP) && at + 4 <= frame.end;
  return hasPorts ? mix(hash, frame.view.getUint32(at)) : hash;
}

function hashOfWords({ view }: Frame, at: number, words: number): number {
  let hash = 0;
  for (let i = 0; i < words; i++) hash = mix(hash, view.getUint32(at + 4 * i));
  return hash;
}

/** FNV-1a by words, and a shift to let high bits count. */
function mix(hash: number, word: number): number {
  const mixed = Math.imul((hash ^ word) + 0x9e3779b9, 0x01000193);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/**
 * Sets the congestion mark of a packet whose ends understand it, and the checksum of an IPv4 header accordingly (RFC 1624).
 * @returns false when it is no such packet: then only dropping tells.
 */
export function markCongestion(frame: Frame): boolean {
  const ip = ipOf(frame);
  if (ip < 0) return false;
  const { view } = frame;
  const isVersion4 = view.getUint8(ip) >> 4 === 4;
  // The lowest bits of IPv4's second byte; in IPv6 the traffic class lies across the first two.
  const shift = isVersion4 ? 0 : 4;
  const before = view.getUint16(ip);
  const ecn = (before >> shift) & 3;
  if (ecn === NOT_ECT) return false;
  if (ecn === CE) return true;
  const after = before | (CE << shift);
  view.setUint16(ip, after);
  if (!isVersion4) return true;
  let sum = (~view.getUint16(ip + 10) & 0xffff) + (~before & 0xffff) + after;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(ip + 10, ~sum & 0xffff);
  return true;
}
