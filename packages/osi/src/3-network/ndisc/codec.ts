import { type MacAddress, readMac, writeMac } from '../../2-datalink/index.ts';
import {
  ND_NEIGHBOUR_ADVERTISEMENT,
  ND_NEIGHBOUR_SOLICITATION,
  ND_REDIRECT,
  ND_ROUTER_ADVERTISEMENT,
  ND_ROUTER_SOLICITATION,
  writeIcmpv6,
} from '../icmpv6/codec.ts';
import { type Ipv6Address, readIpv6, writeIpv6Address } from '../ipv6/address.ts';

/** Messages of neighbour discovery (RFC 4861 section 4) without their options. */
export const ND_SOLICITATION_LENGTH = 24;
export const ND_ADVERTISEMENT_LENGTH = 24;
export const ND_ROUTER_SOLICITATION_LENGTH = 8;
export const ND_ROUTER_ADVERTISEMENT_LENGTH = 16;
export const ND_REDIRECT_LENGTH = 40;

/** They come from a neighbour and from nowhere else: no router has lowered the hop limit (RFC 4861 section 7.1). */
export const ND_HOP_LIMIT = 255;

/** Options (RFC 4861 section 4.6). */
export const ND_SOURCE_LINK_ADDRESS = 1;
export const ND_TARGET_LINK_ADDRESS = 2;
export const ND_PREFIX = 3;
export const ND_REDIRECTED = 4;
export const ND_MTU = 5;
/** Tells a question of one's own from those of others (RFC 3971 section 5.3.2, RFC 7527). */
export const ND_NONCE = 14;
export const ND_LINK_ADDRESS_LENGTH = 8;
export const ND_PREFIX_LENGTH = 32;
export const ND_MTU_LENGTH = 8;
/** Before the packet that a redirect is about. */
export const ND_REDIRECTED_HEADER = 8;
export const ND_NONCE_LENGTH = 8;

/** Flags of a neighbour advertisement. */
export const NA_ROUTER = 0x80;
export const NA_SOLICITED = 0x40;
export const NA_OVERRIDE = 0x20;

/** Flags of a prefix option: the prefix is on the link; addresses may be made of it (RFC 4861 section 4.6.2). */
export const PREFIX_ON_LINK = 0x80;
export const PREFIX_AUTONOMOUS = 0x40;

/** A lifetime without an end. */
export const INFINITE_LIFETIME = 0xffff_ffff;

const BODY: Readonly<Record<number, number>> = {
  [ND_ROUTER_SOLICITATION]: ND_ROUTER_SOLICITATION_LENGTH,
  [ND_ROUTER_ADVERTISEMENT]: ND_ROUTER_ADVERTISEMENT_LENGTH,
  [ND_NEIGHBOUR_SOLICITATION]: ND_SOLICITATION_LENGTH,
  [ND_NEIGHBOUR_ADVERTISEMENT]: ND_ADVERTISEMENT_LENGTH,
  [ND_REDIRECT]: ND_REDIRECT_LENGTH,
};

/** Whether a type of ICMPv6 is neighbour discovery's. */
export const isNeighbourDiscovery = (type: number): boolean => BODY[type] !== undefined;

/** Says what is wrong with the length of a message of neighbour discovery or of its options, or null (RFC 4861 section 6.1, 7.1). */
export function checkNd(view: DataView, at: number, end: number): string | null {
  const body = BODY[view.getUint8(at)] ?? 0;
  if (end - at < body) return 'ndisc.truncated';
  for (let here = at + body; here < end; ) {
    if (here + 2 > end) return 'ndisc.option-length';
    const length = view.getUint8(here + 1) * 8;
    if (length === 0 || here + length > end) return 'ndisc.option-length';
    here += length;
  }
  return null;
}

/** Where the first option of a type stands in a checked message, or 0. @param from where to look: behind an option already found. */
export function findNdOption(view: DataView, at: number, end: number, type: number, from = 0): number {
  for (let here = from > 0 ? from : at + (BODY[view.getUint8(at)] ?? 0); here < end; ) {
    const length = view.getUint8(here + 1) * 8;
    if (view.getUint8(here) === type) return here;
    here += length;
  }
  return 0;
}

/** The MAC address of a link address option, or null where there is none of 6 bytes. */
export function readLinkAddress(view: DataView, at: number, end: number, type: number): MacAddress | null {
  const option = findNdOption(view, at, end, type);
  return option === 0 || view.getUint8(option + 1) !== 1 ? null : readMac(view, option + 2);
}

/** Of solicitations, advertisements and redirects. @param link the interface's number. */
export const readTarget = (view: DataView, at: number, link: number): Ipv6Address =>
  readIpv6(view, at + 8, link);
/** Of a redirect: whose packets go by `readTarget` from now on. */
export const readRedirected = (view: DataView, at: number, link: number): Ipv6Address =>
  readIpv6(view, at + 24, link);
export const readNdFlags = (view: DataView, at: number): number => view.getUint8(at + 4);

/** Fields of a router advertisement (RFC 4861 section 4.2): the hop limit hosts should use, 0 leaves it open. */
export const readCurrentHopLimit = (view: DataView, at: number): number => view.getUint8(at + 4);
/** `M`, `O`, and the router's preference in bits 4–3 (RFC 4191 section 2.2). */
export const readRouterFlags = (view: DataView, at: number): number => view.getUint8(at + 5);
/** In seconds; 0: it is no default router. */
export const readRouterLifetime = (view: DataView, at: number): number => view.getUint16(at + 6);
/** In milliseconds; 0 leaves it open. */
export const readReachableTime = (view: DataView, at: number): number => view.getUint32(at + 8);
export const readRetransTimer = (view: DataView, at: number): number => view.getUint32(at + 12);

/** Fields of a prefix option at `at`. Lifetimes in seconds. */
export const readPrefixBits = (view: DataView, at: number): number => view.getUint8(at + 2);
export const readPrefixFlags = (view: DataView, at: number): number => view.getUint8(at + 3);
export const readValidLifetime = (view: DataView, at: number): number => view.getUint32(at + 4);
export const readPreferredLifetime = (view: DataView, at: number): number => view.getUint32(at + 8);
export const readPrefix = (view: DataView, at: number): Ipv6Address => readIpv6(view, at + 16);
/** Of an MTU option at `at`. */
export const readNdMtu = (view: DataView, at: number): number => view.getUint32(at + 4);

/** Writes a neighbour solicitation or advertisement, flags 0 for the former; the checksum follows. */
export function writeNeighbour(
  view: DataView,
  at: number,
  type: number,
  flags: number,
  target: Ipv6Address,
): void {
  writeIcmpv6(view, at, type, 0, (flags << 24) >>> 0);
  writeIpv6Address(view, at + 8, target);
}

/** Writes a link address option, 8 bytes. */
export function writeLinkAddress(view: DataView, at: number, type: number, mac: MacAddress): void {
  view.setUint16(at, (type << 8) | 1);
  writeMac(view, at + 2, mac);
}

/** Writes a router advertisement without options. Lifetime in seconds, times in milliseconds. */
export function writeRouterAdvertisement(
  view: DataView,
  at: number,
  hopLimit: number,
  flags: number,
  lifetime: number,
  reachableTime: number,
  retransTimer: number,
): void {
  writeIcmpv6(view, at, ND_ROUTER_ADVERTISEMENT, 0, ((hopLimit << 24) | (flags << 16) | lifetime) >>> 0);
  view.setUint32(at + 8, reachableTime);
  view.setUint32(at + 12, retransTimer);
}

/** Writes a prefix option, 32 bytes. Lifetimes in seconds. */
export function writePrefix(
  view: DataView,
  at: number,
  prefix: Ipv6Address,
  length: number,
  flags: number,
  valid: number,
  preferred: number,
): void {
  view.setUint32(at, (ND_PREFIX << 24) | (4 << 16) | (length << 8) | flags);
  view.setUint32(at + 4, valid);
  view.setUint32(at + 8, preferred);
  view.setUint32(at + 12, 0);
  writeIpv6Address(view, at + 16, prefix);
}

/** Writes a redirect without options: packets for `destination` go by `target` from now on. */
export function writeRedirect(
  view: DataView,
  at: number,
  target: Ipv6Address,
  destination: Ipv6Address,
): void {
  writeIcmpv6(view, at, ND_REDIRECT, 0, 0);
  writeIpv6Address(view, at + 8, target);
  writeIpv6Address(view, at + 24, destination);
}

/** Writes the head of the option that the packet follows in. @param length of that, with the head a multiple of 8. */
export function writeRedirectedHeader(view: DataView, at: number, length: number): void {
  view.setUint32(at, (ND_REDIRECTED << 24) | (((ND_REDIRECTED_HEADER + length) / 8) << 16));
  view.setUint32(at + 4, 0);
}

/** Writes an MTU option, 8 bytes. */
export function writeNdMtu(view: DataView, at: number, mtu: number): void {
  view.setUint32(at, (ND_MTU << 24) | (1 << 16));
  view.setUint32(at + 4, mtu);
}

/** Writes a nonce option, 8 bytes. @param nonce of 48 bits. */
export function writeNonce(view: DataView, at: number, nonce: number): void {
  view.setUint16(at, (ND_NONCE << 8) | 1);
  view.setUint16(at + 2, nonce / 0x1_0000_0000);
  view.setUint32(at + 4, nonce);
}

/** The first 48 bits of a nonce option. */
export const readNonce = (view: DataView, at: number): number =>
  view.getUint16(at + 2) * 0x1_0000_0000 + view.getUint32(at + 4);
