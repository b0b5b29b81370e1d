/** IPv6 packets built byte by byte, apart from the codecs they are to judge. */
import { fromHex, u16, u32 } from './frames.ts';

type Bytes = Uint8Array | readonly number[];

export const CLIENT6 = '2001:db8::1';
export const SERVER6 = '2001:db8::2';

/** The 16 bytes of an address, from its text with at most one `::`. */
function address6(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').flatMap((group) => u16(Number.parseInt(group, 16)));
  const [front, back] = [words(head), words(tail ?? '')];
  return [...front, ...Array<number>(16 - front.length - back.length).fill(0), ...back];
}

export interface Ipv6Options {
  readonly from?: string;
  readonly to?: string;
  readonly class?: number;
  readonly flow?: number;
  readonly hopLimit?: number;
  /** Extension headers, as they stand: the first one's number, and their bytes, which name what follows. */
  readonly extensions?: { readonly first: number; readonly bytes: Bytes };
}

export function ipv6(next: number, payload: Bytes, given: Ipv6Options = {}): number[] {
  const { from = CLIENT6, to = SERVER6, class: tclass = 0, flow = 0, hopLimit = 64, extensions } = given;
  const between = extensions?.bytes ?? [];
  return [
    ...u32((0x6000_0000 | (tclass << 20) | flow) >>> 0),
    ...u16(between.length + payload.length),
    extensions?.first ?? next,
    hopLimit,
    ...address6(from),
    ...address6(to),
    ...between,
    ...payload,
  ];
}

/** RFC 1071 over the pseudo-header of RFC 8200 section 8.1 and the message. */
function checksum6(protocol: number, message: Bytes, { from = CLIENT6, to = SERVER6 }: Ipv6Options): number {
  const bytes = [...address6(from), ...address6(to), ...u32(message.length), 0, 0, 0, protocol, ...message];
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] as number) * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}

/** An ICMPv6 message: type, code, and the rest in hexadecimal behind the checksum. */
export function icmpv6(type: number, code: number, rest: Bytes, given: Ipv6Options = {}): number[] {
  const checksum = checksum6(58, [type, code, 0, 0, ...rest], given);
  return ipv6(58, [type, code, ...u16(checksum), ...rest], given);
}

export function udp6(payload: Bytes, given: Ipv6Options = {}, source = 40000, destination = 9001): number[] {
  const front = [...u16(source), ...u16(destination), ...u16(8 + payload.length)];
  const checksum = checksum6(17, [...front, 0, 0, ...payload], given) || 0xffff;
  return ipv6(17, [...front, ...u16(checksum), ...payload], given);
}

export function tcp6(
  payload: Bytes,
  flags: number,
  seq: number,
  ack: number,
  given: Ipv6Options = {},
): number[] {
  const back = given.from === SERVER6;
  const ports = back ? [...u16(9000), ...u16(52344)] : [...u16(52344), ...u16(9000)];
  const front = [...ports, ...u32(seq), ...u32(ack), ...u16((5 << 12) | flags), ...u16(64240)];
  const checksum = checksum6(6, [...front, 0, 0, 0, 0, ...payload], given);
  return ipv6(6, [...front, ...u16(checksum), 0, 0, ...payload], given);
}

export const hex6 = (text: string): number[] =>
  text.split(/\s+/).flatMap((part) => (part.includes(':') ? address6(part) : fromHex(part)));
