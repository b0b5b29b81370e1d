/** An IPv4 address as an unsigned 32-bit number in network order: 10.0.0.1 is 0x0a000001. */
export type Ipv4Address = number & { readonly [ipv4]: true };
declare const ipv4: unique symbol;

/** `0.0.0.0`: any of this machine's addresses, or none yet. */
export const ANY = 0 as Ipv4Address;
/** `255.255.255.255`: every machine on this link (RFC 919). */
export const BROADCAST = 0xffffffff as Ipv4Address;
export const LOOPBACK = 0x7f000001 as Ipv4Address;

/** Takes the low 32 bits of a number for an address. */
export function ipv4FromNumber(n: number): Ipv4Address {
  return (n >>> 0) as Ipv4Address;
}

const DOT = '.'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);

/** Reads dotted-decimal notation, four numbers 0–255 without leading zeros. @returns null for anything else. */
export function parseIpv4(text: string): Ipv4Address | null {
  let address = 0;
  let parts = 1;
  let part = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT && digits > 0 && parts < 4) {
      address = address * 256 + part;
      parts++;
      part = 0;
      digits = 0;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return null;
    part = part * 10 + digit;
    digits++;
    if (part > 255) return null;
  }
  return parts === 4 && digits > 0 ? ((address * 256 + part) as Ipv4Address) : null;
}

export function formatIpv4(address: Ipv4Address): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** 127.0.0.0/8 (RFC 1122 section 3.2.1.3). */
export const isLoopback = (address: Ipv4Address): boolean => address >>> 24 === 127;

/** 224.0.0.0/4 (RFC 1112). */
export const isMulticast = (address: Ipv4Address): boolean => address >>> 28 === 14;

/** An address with its prefix length, 0–32: `10.0.0.1/24`. */
export interface Ipv4Prefix {
  readonly address: Ipv4Address;
  readonly length: number;
}

/** Reads `10.0.0.1/24`. @returns null for anything else; a missing length is not guessed. */
export function parseIpv4Prefix(text: string): Ipv4Prefix | null {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  if (match === null) return null;
  const address = parseIpv4(match[1] ?? '');
  const length = Number(match[2]);
  return address === null || length > 32 ? null : { address, length };
}

/** The netmask of a prefix length: 24 → 255.255.255.0. */
export const netmask = (length: number): number => (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0);
