/** A 48-bit MAC address as a number, first octet most significant: 02:00:00:00:00:01 is 0x020000000001. */
export type MacAddress = number & { readonly [mac]: true };
declare const mac: unique symbol;

const HALF = 0x1_0000_0000;

/** `ff:ff:ff:ff:ff:ff`: every station of the segment. */
export const BROADCAST_MAC = 0xffff_ffff_ffff as MacAddress;
/** `00:00:00:00:00:00`: unknown, and the address of the loopback interface. */
export const NULL_MAC = 0 as MacAddress;

/** Takes a number for an address. @throws RangeError unless it is an integer of at most 48 bits. */
export function macFromNumber(n: number): MacAddress {
  if (!Number.isInteger(n) || n < 0 || n > BROADCAST_MAC) {
    throw new RangeError(`expected a 48-bit number, found ${n}`);
  }
  return n as MacAddress;
}

/** Reads six hexadecimal octets joined by colons or hyphens: `02:00:00:00:00:01`. @returns null for anything else. */
export function parseMac(text: string): MacAddress | null {
  if (!/^[\da-f]{2}([:-])(?:[\da-f]{2}\1){4}[\da-f]{2}$/i.test(text)) return null;
  return Number.parseInt(text.replace(/[:-]/g, ''), 16) as MacAddress;
}

/** Six lower-case hexadecimal octets joined by colons. */
export function formatMac(address: MacAddress): string {
  return address
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?=.)/g, '$&:');
}

/** A multicast or broadcast address: the first bit on the wire is set (IEEE 802 section 8.2). */
export const isGroupMac = (address: MacAddress): boolean => (Math.floor(address / 0x100_0000_0000) & 1) === 1;

/** The group address of an IPv4 multicast address: 01:00:5e and its low 23 bits (RFC 1112 section 6.4). */
export const multicastMac = (ipv4: number): MacAddress => (0x01005e000000 + (ipv4 & 0x7fffff)) as MacAddress;

/** The group address of an IPv6 multicast address: 33:33 and its low 32 bits (RFC 2464 section 7). */
export const ipv6MulticastMac = (low: number): MacAddress => (0x3333_0000_0000 + (low >>> 0)) as MacAddress;

/** The first 16 bits of an address, and the 32 behind them as a signed number: small integers, which an engine keeps in place. */
export const highOf = (address: MacAddress): number => (address / HALF) | 0;
export const lowOf = (address: MacAddress): number => address | 0;
export const macOf = (high: number, low: number): MacAddress => (high * HALF + (low >>> 0)) as MacAddress;

export function readMac(view: DataView, at: number): MacAddress {
  return (view.getUint16(at) * HALF + view.getUint32(at + 2)) as MacAddress;
}

export function writeMac(view: DataView, at: number, address: MacAddress): void {
  // The setters take their argument modulo 2^16 and 2^32.
  view.setUint16(at, address / HALF);
  view.setUint32(at + 2, address);
}
