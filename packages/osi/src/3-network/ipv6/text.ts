import { parseIpv4 } from '../address.ts';
import { Ipv6Address, type Ipv6Prefix } from './address.ts';

/** Reads one of the textual forms of RFC 4291 section 2.2, without a zone. @returns null for anything else. */
export function parseIpv6(text: string): Ipv6Address | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [first = '', second] = halves;
  const head = groupsOf(first, second === undefined);
  const tail = second === undefined ? [] : groupsOf(second, true);
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (second === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const word = (i: number): number => ((groups[i] ?? 0) << 16) | (groups[i + 1] ?? 0);
  return new Ipv6Address(word(0), word(2), word(4), word(6));
}

/** Reads `2001:db8::1/64`. @returns null for anything else; a missing length is not guessed. */
export function parseIpv6Prefix(text: string): Ipv6Prefix | null {
  const match = /^([\da-f:.]+)\/(\d{1,3})$/i.exec(text);
  if (match === null) return null;
  const address = parseIpv6(match[1] ?? '');
  const length = Number(match[2]);
  return address === null || length > 128 ? null : { address, length };
}

/** Groups of up to four hexadecimal digits; the last may be an IPv4 address, which stands for two. */
function groupsOf(text: string, mayEndDotted: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (/^[\da-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const dotted = mayEndDotted && i === parts.length - 1 ? parseIpv4(part) : null;
    if (dotted === null) return null;
    groups.push(dotted >>> 16, dotted & 0xffff);
  }
  return groups;
}
