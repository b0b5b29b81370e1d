import type { Ipv4Address } from '../address.ts';

/**
 * An IPv6 address (RFC 4291) with the zone it is meant in (RFC 4007): a value; compare with `sameIp`, not by identity.
 * The 128 bits are four signed 32-bit words, so that no operation on them leaves the integers.
 */
export class Ipv6Address {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  /** The number of the interface whose link a link-local address is on; 0 where it needs none. */
  readonly zone: number;
  /** A number of 32 bits mixed of all of it, for tables. */
  readonly hash: number;
  /** Its part of a pseudo-header's sum. */
  readonly sum: number;
  #text = '';
  #key = '';

  constructor(a: number, b: number, c: number, d: number, zone = 0) {
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
    this.zone = zone;
    this.hash = mix(a, b, c, d, zone);
    this.sum = (a >>> 0) + (b >>> 0) + (c >>> 0) + (d >>> 0);
  }

  /** The canonical text, without the zone (RFC 5952). */
  get text(): string {
    if (this.#text === '') this.#text = textOf(this);
    return this.#text;
  }

  /** Text that two addresses have in common only if they are the same: for maps. */
  get key(): string {
    if (this.#key === '') this.#key = this.zone === 0 ? this.text : `${this.text}%${this.zone}`;
    return this.#key;
  }

  equals(other: Ipv6Address): boolean {
    return (
      this.d === other.d &&
      this.c === other.c &&
      this.b === other.b &&
      this.a === other.a &&
      this.zone === other.zone
    );
  }

  /** The same bits in another zone. */
  inZone(zone: number): Ipv6Address {
    return zone === this.zone ? this : new Ipv6Address(this.a, this.b, this.c, this.d, zone);
  }
}

/** `::`: any of this machine's addresses, or none yet. */
export const ANY6 = new Ipv6Address(0, 0, 0, 0);
/** `::1`. */
export const LOOPBACK6 = new Ipv6Address(0, 0, 0, 1);
/** `ff01::1`, `ff02::1`, `ff02::2`: every node on the interface itself and on the link, every router there (RFC 4291 section 2.7.1). */
export const ALL_NODES_HERE = new Ipv6Address(0xff01_0000 | 0, 0, 0, 1);
export const ALL_NODES = new Ipv6Address(0xff02_0000 | 0, 0, 0, 1);
export const ALL_ROUTERS = new Ipv6Address(0xff02_0000 | 0, 0, 0, 2);
/** `ff02::16`: every router that speaks MLDv2 (RFC 3810 section 5.2.14). */
export const ALL_MLDV2_ROUTERS = new Ipv6Address(0xff02_0000 | 0, 0, 0, 0x16);

export const isAny6 = (address: Ipv6Address): boolean =>
  (address.a | address.b | address.c | address.d) === 0;
export const isLoopback6 = (address: Ipv6Address): boolean =>
  address.d === 1 && (address.a | address.b | address.c) === 0;
/** ff00::/8. */
export const isMulticast6 = (address: Ipv6Address): boolean => address.a >>> 24 === 0xff;
/** fe80::/10. */
export const isLinkLocal6 = (address: Ipv6Address): boolean => address.a >>> 22 === 0x3fa;
/** ::ffff:0:0/96: an IPv4 address as programs of AF_INET6 see it (RFC 4291 section 2.5.5.2). */
export const isMapped = (address: Ipv6Address): boolean =>
  address.c === 0xffff && (address.a | address.b) === 0;

/** Scopes by their numbers in multicast addresses (RFC 4291 section 2.7, RFC 4007 section 4). */
export const SCOPE_INTERFACE = 1;
export const SCOPE_LINK = 2;
export const SCOPE_SITE = 5;
export const SCOPE_GLOBAL = 14;

/** How far an address reaches; `::1` counts as link-local (RFC 4291 section 2.5.3). */
export function scopeOf(address: Ipv6Address): number {
  if (isMulticast6(address)) return (address.a >>> 16) & 15;
  if (isLinkLocal6(address) || isLoopback6(address)) return SCOPE_LINK;
  // fec0::/10, deprecated (RFC 3879), is still ranked (RFC 6724 section 3.1).
  return address.a >>> 22 === 0x3fb ? SCOPE_SITE : SCOPE_GLOBAL;
}

/** Whether it means something only together with an interface. */
export const needsZone = (address: Ipv6Address): boolean =>
  isLinkLocal6(address) || (isMulticast6(address) && ((address.a >>> 16) & 15) <= SCOPE_LINK);

/** `::ffff:10.0.0.1` of `10.0.0.1`. */
export const mappedOf = (address: Ipv4Address): Ipv6Address => new Ipv6Address(0, 0, 0xffff, address | 0);
/** The IPv4 address in a mapped one. */
export const unmapped = (address: Ipv6Address): Ipv4Address => (address.d >>> 0) as Ipv4Address;

/** `ff02::1:ff00:0/104` with the last 24 bits: the group that is asked for an address (RFC 4291 section 2.7.1). */
export const solicitedNode = (address: Ipv6Address): Ipv6Address =>
  new Ipv6Address(0xff02_0000 | 0, 0, 1, 0xff00_0000 | (address.d & 0xff_ffff), address.zone);

/** Puts the modified EUI-64 interface identifier of a MAC address behind a 64-bit prefix (RFC 4291 appendix A). */
export function withEui64(prefix: Ipv6Address, mac: number): Ipv6Address {
  const vendor = Math.floor(mac / 0x100_0000) ^ 0x020000;
  const serial = mac % 0x100_0000;
  const { a, b, zone } = prefix;
  return new Ipv6Address(a, b, (vendor << 8) | 0xff, 0xfe00_0000 | serial | 0, zone);
}

/** The link-local address that a card makes of its MAC address (`addr_gen_mode` 0 of Linux, RFC 4862 section 5.3). */
export const linkLocalOf = (mac: number, zone: number): Ipv6Address =>
  withEui64(new Ipv6Address(0xfe80_0000 | 0, 0, 0, 0, zone), mac);

/** An address with its prefix length, 0–128: `2001:db8::1/64`. */
export interface Ipv6Prefix {
  readonly address: Ipv6Address;
  readonly length: number;
}

const word = (length: number, place: number): number => {
  const bits = length - 32 * place;
  return bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits);
};

/** The address with no bits set behind the first `length`. */
export const maskIpv6 = ({ a, b, c, d, zone }: Ipv6Address, length: number): Ipv6Address =>
  new Ipv6Address(a & word(length, 0), b & word(length, 1), c & word(length, 2), d & word(length, 3), zone);

/** The hash of what `maskIpv6` gives, in no zone. */
export const maskedHash = ({ a, b, c, d }: Ipv6Address, length: number): number =>
  mix(a & word(length, 0), b & word(length, 1), c & word(length, 2), d & word(length, 3), 0);

/** Whether two addresses begin with the same `length` bits. */
export const samePrefix = (x: Ipv6Address, y: Ipv6Address, length: number): boolean =>
  (((x.a ^ y.a) & word(length, 0)) |
    ((x.b ^ y.b) & word(length, 1)) |
    ((x.c ^ y.c) & word(length, 2)) |
    ((x.d ^ y.d) & word(length, 3))) ===
  0;

/** With how many equal bits two addresses begin, 0–128. */
export function commonPrefix(x: Ipv6Address, y: Ipv6Address): number {
  if (x.a !== y.a) return Math.clz32(x.a ^ y.a);
  if (x.b !== y.b) return 32 + Math.clz32(x.b ^ y.b);
  if (x.c !== y.c) return 64 + Math.clz32(x.c ^ y.c);
  return 96 + Math.clz32(x.d ^ y.d);
}

/**
 * Addresses read lately, by hash: packets of one conversation bear the same ones, and reading them makes no object.
 * A cache of values, so what it holds changes nothing but time.
 */
const SEEN: (Ipv6Address | undefined)[] = new Array(1024).fill(undefined);

/** Reads the 16 bytes from `at` on. @param link the number of the interface they came by: the zone of what is local to a link. */
export function readIpv6(view: DataView, at: number, link = 0): Ipv6Address {
  const a = view.getInt32(at);
  const b = view.getInt32(at + 4);
  const c = view.getInt32(at + 8);
  const d = view.getInt32(at + 12);
  const top = a >>> 22;
  const local = top === 0x3fa || (a >>> 24 === 0xff && ((a >>> 16) & 15) <= SCOPE_LINK);
  const zone = local ? link : 0;
  const place = mix(a, b, c, d, zone) & (SEEN.length - 1);
  const seen = SEEN[place];
  if (
    seen !== undefined &&
    seen.d === d &&
    seen.c === c &&
    seen.b === b &&
    seen.a === a &&
    seen.zone === zone
  ) {
    return seen;
  }
  const address = new Ipv6Address(a, b, c, d, zone);
  SEEN[place] = address;
  return address;
}

export function writeIpv6Address(view: DataView, at: number, address: Ipv6Address): void {
  view.setInt32(at, address.a);
  view.setInt32(at + 4, address.b);
  view.setInt32(at + 8, address.c);
  view.setInt32(at + 12, address.d);
}

function mix(a: number, b: number, c: number, d: number, zone: number): number {
  let hash = Math.imul(a ^ zone, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ b, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ c, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16) ^ d, 0x27d4eb2f);
  return hash ^ (hash >>> 15);
}

function textOf(address: Ipv6Address): string {
  const { a, b, c, d } = address;
  if (isMapped(address)) return `::ffff:${d >>> 24}.${(d >>> 16) & 255}.${(d >>> 8) & 255}.${d & 255}`;
  const groups = [a, b, c, d].flatMap((each) => [each >>> 16, each & 0xffff]);
  // The longest run of two or more zero groups is left out, of equals the first (RFC 5952 section 4.2).
  let from = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (groups[i + run] === 0) run++;
    if (run > length) {
      from = i;
      length = run;
    }
    i += run;
  }
  const hex = groups.map((group) => group.toString(16));
  if (from < 0) return hex.join(':');
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`;
}
