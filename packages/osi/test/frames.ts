/** Frames built byte by byte, apart from the codecs they are to judge. Numbers may be wrong where a test wants it. */

type Bytes = Uint8Array | readonly number[];

const CLIENT_MAC = '02:00:00:00:00:01';
const SERVER_MAC = '02:00:00:00:00:02';
export const CLIENT = '10.0.0.1';
export const SERVER = '10.0.0.2';

export const u16 = (n: number): number[] => [(n >> 8) & 255, n & 255];
export const u32 = (n: number): number[] => [...u16(n >>> 16), ...u16(n & 0xffff)];
export const fromHex = (text: string): number[] =>
  (text.replaceAll(/\s/g, '').match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
const mac = (text: string): number[] => text.split(':').map((pair) => Number.parseInt(pair, 16));
const address = (text: string): number[] => text.split('.').map(Number);

/** RFC 1071 as its text has it: 16-bit words, carries folded in, complement. */
function internetChecksum(bytes: Bytes): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] as number) * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}

export function ethernet(
  payload: Bytes,
  { type = 0x0800, from = CLIENT_MAC, to = SERVER_MAC, tail = [] as Bytes } = {},
): Uint8Array {
  return Uint8Array.from([...mac(to), ...mac(from), ...u16(type), ...payload, ...tail]);
}

export interface Ipv4Options {
  readonly from?: string;
  readonly to?: string;
  readonly tos?: number;
  readonly id?: number;
  /** Flags and fragment offset: the 16 bits as they stand. */
  readonly fragment?: number;
  readonly ttl?: number;
  readonly options?: Bytes;
}

export function ipv4(protocol: number, payload: Bytes, given: Ipv4Options = {}): number[] {
  const { from = CLIENT, to = SERVER, tos = 0, id = 1, fragment = 0x4000, ttl = 64, options = [] } = given;
  const length = 20 + options.length;
  const front = [
    0x40 | (length / 4),
    tos,
    ...u16(length + payload.length),
    ...u16(id),
    ...u16(fragment),
    ttl,
    protocol,
  ];
  const behind = [...address(from), ...address(to), ...options];
  const checksum = internetChecksum([...front, 0, 0, ...behind]);
  return [...front, ...u16(checksum), ...behind, ...payload];
}

const pseudoHeader = (protocol: number, length: number, given: Ipv4Options): number[] => [
  ...address(given.from ?? CLIENT),
  ...address(given.to ?? SERVER),
  0,
  protocol,
  ...u16(length),
];

export function udp(
  payload: Bytes,
  given: Ipv4Options & {
    readonly source?: number;
    readonly destination?: number;
    readonly unsummed?: boolean;
  } = {},
): number[] {
  const { source = 40000, destination = 9001 } = given;
  const front = [...u16(source), ...u16(destination), ...u16(8 + payload.length)];
  const whole = [...front, 0, 0, ...payload];
  const checksum = internetChecksum([...pseudoHeader(17, whole.length, given), ...whole]) || 0xffff;
  return ipv4(17, [...front, ...u16(given.unsummed ? 0 : checksum), ...payload], given);
}

export interface TcpOptions extends Ipv4Options {
  readonly source?: number;
  readonly destination?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly flags?: number;
  readonly window?: number;
  readonly urgent?: number;
  /** The TCP options; their length is a multiple of 4. */
  readonly tcpOptions?: Bytes;
}

export function tcp(payload: Bytes, given: TcpOptions = {}): number[] {
  const {
    source = 52344,
    destination = 9000,
    seq = 1,
    ack = 1,
    flags = 0x10,
    window = 64240,
    urgent = 0,
  } = given;
  const { tcpOptions = [] } = given;
  const words = 5 + tcpOptions.length / 4;
  const front = [
    ...u16(source),
    ...u16(destination),
    ...u32(seq),
    ...u32(ack),
    ...u16((words << 12) | flags),
    ...u16(window),
  ];
  const behind = [...u16(urgent), ...tcpOptions, ...payload];
  const length = front.length + 2 + behind.length;
  const checksum = internetChecksum([...pseudoHeader(6, length, given), ...front, 0, 0, ...behind]);
  return ipv4(6, [...front, ...u16(checksum), ...behind], given);
}

export function icmp(
  type: number,
  code: number,
  rest: Bytes,
  payload: Bytes = [],
  given: Ipv4Options = {},
): number[] {
  const checksum = internetChecksum([type, code, 0, 0, ...rest, ...payload]);
  return ipv4(1, [type, code, ...u16(checksum), ...rest, ...payload], given);
}

export function arp(
  operation: number,
  { senderMac = CLIENT_MAC, sender = CLIENT, targetMac = '00:00:00:00:00:00', target = SERVER } = {},
): number[] {
  const sides = [...mac(senderMac), ...address(sender), ...mac(targetMac), ...address(target)];
  return [...u16(1), ...u16(0x0800), 6, 4, ...u16(operation), ...sides];
}

export const text = (words: string): Uint8Array => new TextEncoder().encode(words);
