import { parseIpv4, parseIpv6 } from '@netarium/osi/3-network';
import type { Place } from './address-info.ts';

/** A destination, and the address the machine would send from; null where it has no way there. */
export interface Destination {
  readonly place: Place;
  readonly source: Place | null;
  /** Of the source: the length of its network's prefix, and whether it is to be avoided. */
  readonly length?: number;
  readonly deprecated?: boolean;
}

/** RFC 6724 section 2.1 as glibc has it built in (`default_labels`, `default_precedences`), and all the rest. */
const POLICY = [
  { prefix: '::1', length: 128, precedence: 50, label: 0 },
  { prefix: '::ffff:0:0', length: 96, precedence: 10, label: 4 },
  { prefix: '::', length: 96, precedence: 20, label: 3 },
  { prefix: '2001::', length: 32, precedence: 40, label: 7 },
  { prefix: '2002::', length: 16, precedence: 30, label: 2 },
  { prefix: 'fec0::', length: 10, precedence: 40, label: 5 },
  { prefix: 'fc00::', length: 7, precedence: 40, label: 6 },
].map((line) => ({ ...line, bits: bitsOf({ family: 10, address: line.prefix, scopeId: 0 }) }));
const REST = { precedence: 40, label: 1 };
const SCOPE = { link: 2, site: 5, global: 14 } as const;

/** The order in which a program had better try them: RFC 6724 section 6, the rules that glibc has, in its order. */
export function inOrder(destinations: readonly Destination[]): Destination[] {
  return [...destinations].sort(compare);
}

function compare(a: Destination, b: Destination): number {
  // Rule 1: those out of reach last.
  if ((a.source === null) !== (b.source === null)) return a.source === null ? 1 : -1;
  const [bitsA, bitsB] = [bitsOf(a.place), bitsOf(b.place)];
  const [scopeA, scopeB] = [scopeOf(bitsA), scopeOf(bitsB)];
  const [policyA, policyB] = [policyOf(bitsA), policyOf(bitsB)];
  if (a.source !== null && b.source !== null) {
    const [fromA, fromB] = [bitsOf(a.source), bitsOf(b.source)];
    // Rule 2: a source of the same scope; rule 5: of the same label.
    const scopes = Number(scopeOf(fromB) === scopeB) - Number(scopeOf(fromA) === scopeA);
    if (scopes !== 0) return scopes;
    // Rule 3: none that is deprecated. Rules 4 and 7 are of mobile machines and tunnels, which there are not here.
    const avoided = Number(a.deprecated === true) - Number(b.deprecated === true);
    if (avoided !== 0) return avoided;
    const labels =
      Number(policyOf(fromB).label === policyB.label) - Number(policyOf(fromA).label === policyA.label);
    if (labels !== 0) return labels;
  }
  // Rule 6: higher precedence; rule 8: smaller scope.
  if (policyA.precedence !== policyB.precedence) return policyB.precedence - policyA.precedence;
  if (scopeA !== scopeB) return scopeA - scopeB;
  // Rule 9: a longer prefix in common with the source. What is equal stays as it was.
  return a.place.family === b.place.family ? matched(b) - matched(a) : 0;
}

/** How long the prefix is that a destination and its source have in common; over IPv4 that counts within a network alone. */
function matched({ place, source, length = 32 }: Destination): number {
  if (source === null) return 0;
  const bits = common(bitsOf(place), bitsOf(source));
  return place.family === 10 || bits >= 96 + length ? bits : 0;
}

/** The 128 bits of an address; an IPv4 address is mapped. */
function bitsOf({ family, address }: Place): bigint {
  if (family === 2) return (0xffffn << 32n) | BigInt(parseIpv4(address) ?? 0);
  const parsed = parseIpv6(address);
  if (parsed === null) return 0n;
  return [parsed.a, parsed.b, parsed.c, parsed.d].reduce(
    (sum, word) => (sum << 32n) | BigInt(word >>> 0),
    0n,
  );
}

const policyOf = (bits: bigint) =>
  POLICY.find(({ bits: prefix, length }) => (bits ^ prefix) >> BigInt(128 - length) === 0n) ?? REST;

function scopeOf(bits: bigint): number {
  const four = Number(bits & 0xffff_ffffn);
  if (bits >> 32n === 0xffffn)
    return four >>> 24 === 127 || four >>> 16 === 0xa9fe ? SCOPE.link : SCOPE.global;
  if (bits >> 120n === 0xffn) return Number((bits >> 112n) & 0xfn);
  if (bits === 1n || bits >> 118n === 0x3fan) return SCOPE.link;
  return bits >> 118n === 0x3fbn ? SCOPE.site : SCOPE.global;
}

function common(a: bigint, b: bigint): number {
  return 128 - (a ^ b).toString(2).replace(/^0$/, '').length;
}
