import type { Random } from '../../src/time/index.ts';

/**
 * Frames for the fuzzer, written byte by byte apart from the codecs they are to try: every field may have any
 * value, and `seal` puts right the checksums of what the bytes then happen to be.
 */

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;

const ETHERNET = 14;

/** From whom to whom: MAC addresses as 48-bit numbers, IPv4 addresses as 32-bit ones. */
export interface Way {
  readonly fromMac: number;
  readonly toMac: number;
  readonly from: number;
  readonly to: number;
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

function writeMac(view: DataView, at: number, mac: number): void {
  view.setUint16(at, Math.floor(mac / 0x1_0000_0000));
  view.setUint32(at + 2, mac % 0x1_0000_0000);
}

export function ethernet(way: Way, type: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(ETHERNET + payload.length);
  const view = viewOf(bytes);
  writeMac(view, 0, way.toMac);
  writeMac(view, 6, way.fromMac);
  view.setUint16(12, type);
  bytes.set(payload, ETHERNET);
  return bytes;
}

export interface Ipv4Fields {
  readonly id?: number;
  /** Flags and offset: the 16 bits as they stand. */
  readonly fragment?: number;
  readonly ttl?: number;
  readonly tos?: number;
  /** A multiple of four bytes. */
  readonly options?: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export function ipv4(way: Way, protocol: number, payload: Uint8Array, fields: Ipv4Fields = {}): Uint8Array {
  const { id = 1, fragment = 0, ttl = 64, tos = 0, options = NOTHING } = fields;
  const header = 20 + options.length;
  const packet = new Uint8Array(header + payload.length);
  const view = viewOf(packet);
  view.setUint8(0, 0x40 | (header >> 2));
  view.setUint8(1, tos);
  view.setUint16(2, packet.length);
  view.setUint16(4, id);
  view.setUint16(6, fragment);
  view.setUint8(8, ttl);
  view.setUint8(9, protocol);
  view.setUint32(12, way.from);
  view.setUint32(16, way.to);
  packet.set(options, 20);
  packet.set(payload, header);
  return seal(ethernet(way, 0x0800, packet));
}

export interface TcpFields {
  readonly fromPort: number;
  readonly toPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  readonly urgent?: number;
  /** A multiple of four bytes. */
  readonly options?: Uint8Array;
}

export function tcp(way: Way, fields: TcpFields, data: Uint8Array = NOTHING): Uint8Array {
  const { options = NOTHING } = fields;
  const header = 20 + options.length;
  const segment = new Uint8Array(header + data.length);
  const view = viewOf(segment);
  view.setUint16(0, fields.fromPort);
  view.setUint16(2, fields.toPort);
  view.setInt32(4, fields.seq);
  view.setInt32(8, fields.ack);
  view.setUint8(12, (header >> 2) << 4);
  view.setUint8(13, fields.flags);
  view.setUint16(14, fields.window);
  view.setUint16(18, fields.urgent ?? 0);
  segment.set(options, 20);
  segment.set(data, header);
  return ipv4(way, TCP, segment, { fragment: 0x4000 });
}

export function udp(way: Way, fromPort: number, toPort: number, data: Uint8Array, length = 8 + data.length) {
  const datagram = new Uint8Array(8 + data.length);
  const view = viewOf(datagram);
  view.setUint16(0, fromPort);
  view.setUint16(2, toPort);
  view.setUint16(4, length);
  datagram.set(data, 8);
  return ipv4(way, UDP, datagram);
}

export function icmp(way: Way, type: number, code: number, info: number, rest: Uint8Array): Uint8Array {
  const message = new Uint8Array(8 + rest.length);
  const view = viewOf(message);
  view.setUint8(0, type);
  view.setUint8(1, code);
  view.setInt32(4, info);
  message.set(rest, 8);
  return ipv4(way, ICMP, message);
}

export function arp(
  way: Way,
  operation: number,
  senderMac: number,
  sender: number,
  targetMac: number,
  target: number,
) {
  const packet = new Uint8Array(46);
  const view = viewOf(packet);
  view.setUint16(0, 1);
  view.setUint16(2, 0x0800);
  view.setUint16(4, 0x0604);
  view.setUint16(6, operation);
  writeMac(view, 8, senderMac);
  view.setUint32(14, sender);
  writeMac(view, 18, targetMac);
  view.setUint32(24, target);
  return ethernet(way, 0x0806, packet);
}

export const randomBytes = (random: Random, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  // Every word drawn would be most of the fuzzer's time; a pattern that differs from frame to frame does.
  let word = random.uint32();
  for (let i = 0; i < length; i++) {
    word = (Math.imul(word, 0x915f77f5) + 1) | 0;
    bytes[i] = word >>> 24;
  }
  return bytes;
};

/** Where the layers of a frame lie, if its bytes can be read so far; -1 where they cannot. */
export interface Places {
  /** Of the IPv4 header, its end, and the end of the packet. */
  ip: number;
  transport: number;
  end: number;
  protocol: number;
  fragment: boolean;
}

export function placesOf(bytes: Uint8Array): Places {
  const none = { ip: -1, transport: -1, end: -1, protocol: -1, fragment: false };
  if (bytes.length < ETHERNET + 20) return none;
  const view = viewOf(bytes);
  if (view.getUint16(12) !== 0x0800 || view.getUint8(ETHERNET) >> 4 !== 4) return none;
  const header = (view.getUint8(ETHERNET) & 15) * 4;
  const total = view.getUint16(ETHERNET + 2);
  if (header < 20 || ETHERNET + header > bytes.length || total < header) return none;
  return {
    ip: ETHERNET,
    transport: ETHERNET + header,
    end: Math.min(bytes.length, ETHERNET + total),
    protocol: view.getUint8(ETHERNET + 9),
    fragment: (view.getUint16(ETHERNET + 6) & 0x3fff) !== 0,
  };
}

/** The sum of RFC 1071, folded, over `[at, end)`. */
function sum(view: DataView, at: number, end: number, start = 0): number {
  let total = start;
  for (; at + 1 < end; at += 2) total += view.getUint16(at);
  if (at < end) total += view.getUint8(at) << 8;
  while (total > 0xffff) total = (total >>> 16) + (total & 0xffff);
  return total;
}

const pseudo = (view: DataView, protocol: number, length: number): number =>
  sum(view, ETHERNET + 12, ETHERNET + 20, protocol + length);

/** Where a transport's checksum stands, and how many bytes it covers; null when there is none to put right. */
function covered(
  view: DataView,
  { transport, end, protocol, fragment }: Places,
): [at: number, end: number] | null {
  const length = end - transport;
  if (fragment) return null;
  if (protocol === TCP && length >= 20) return [transport + 16, end];
  if (protocol === ICMP && length >= 4) return [transport + 2, end];
  if (protocol !== UDP || length < 8) return null;
  return [transport + 6, Math.min(end, transport + Math.max(8, view.getUint16(transport + 4)))];
}

/** Puts the checksums right, as far as the bytes can be read. */
export function seal(bytes: Uint8Array): Uint8Array {
  const places = placesOf(bytes);
  if (places.ip < 0) return bytes;
  const view = viewOf(bytes);
  view.setUint16(places.ip + 10, 0);
  view.setUint16(places.ip + 10, ~sum(view, places.ip, places.transport) & 0xffff);
  const cover = covered(view, places);
  if (cover === null) return bytes;
  const [at, end] = cover;
  view.setUint16(at, 0);
  const start = places.protocol === ICMP ? 0 : pseudo(view, places.protocol, end - places.transport);
  view.setUint16(at, ~sum(view, places.transport, end, start) & 0xffff || 0xffff);
  return bytes;
}

/** Whether the machine with this address must drop it for its header or its checksum: what the fuzzer can judge by itself. */
export function isDamaged(bytes: Uint8Array, address: number): boolean {
  if (bytes.length < ETHERNET) return true;
  const view = viewOf(bytes);
  const places = placesOf(bytes);
  if (view.getUint16(12) === 0x0800 && places.ip < 0) return true;
  if (places.ip < 0) return false;
  if (view.getUint16(places.ip + 2) > bytes.length - ETHERNET) return true;
  if (sum(view, places.ip, places.transport) !== 0xffff) return true;
  if (places.fragment || view.getUint32(places.ip + 16) !== address) return false;
  const length = places.end - places.transport;
  if (places.protocol === TCP) {
    return length < 20 || sum(view, places.transport, places.end, pseudo(view, TCP, length)) !== 0xffff;
  }
  return places.protocol === ICMP && (length < 8 || sum(view, places.transport, places.end) !== 0xffff);
}
