import {
  checksumOf,
  formatIp,
  type IpAddress,
  type Ipv4Address,
  icmpv6Codec,
  ipv6Codec,
  isIpv6,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  pseudoHeaderSum,
  sumBytes,
} from '../../src/3-network/index.ts';
import type { Nanoseconds } from '../../src/time/index.ts';
import { ICMP, ICMPV6 } from './icmp-names.ts';
import type { TcpOption } from './script.ts';
import { formatOption, optionLength, readOptions, writeOption } from './tcp-options.ts';

const IPV4_HEADER = 20;
const { IPV6_HEADER } = ipv6Codec;
const { PROTOCOL_ICMPV6 } = icmpv6Codec;
const TCP_HEADER = 20;
const UDP_HEADER = 8;
const ICMP_HEADER = 8;
const DEFAULT_TTL = 255;
const DONT_FRAGMENT = 0x4000;

/** The bits of the TCP header by the letters of scripts: those of RFC 9293, ECE and CWR (RFC 3168), AE of Accurate ECN. */
const FLAG_BITS: readonly (readonly [string, number])[] = [
  ['A', 0x100],
  ['W', 0x80],
  ['E', 0x40],
  ['U', 0x20],
  ['F', 0x01],
  ['S', 0x02],
  ['R', 0x04],
  ['P', 0x08],
  ['.', 0x10],
];
export const ACK = 0x10;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const FIN = 0x01;

/** The three bits of the ACE field as one number sit where AE, CWR and ECE are. */
const ACE_SHIFT = 6;

/** `P.` → bits; a digit is the ACE field. */
export function flagBits(flags: string): number {
  let bits = 0;
  for (const letter of flags) {
    bits |= FLAG_BITS.find(([name]) => name === letter)?.[1] ?? Number(letter) << ACE_SHIFT;
  }
  return bits;
}

/** How scripts write them: `FP.`, `SEW`. */
export function formatFlags(bits: number): string {
  const order = ['F', 'S', 'R', 'P', 'E', 'W', 'A', 'U', '.'];
  const set = order.filter((letter) => (bits & flagBits(letter)) !== 0).join('');
  return set === '' ? '-' : set;
}

interface IpFields {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly tos: number;
  readonly ttl: number;
}

export interface TcpPacket extends IpFields {
  readonly protocol: 'tcp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  readonly urgent: number;
  readonly options: readonly TcpOption[];
  readonly payload: Uint8Array;
}

export interface UdpPacket extends IpFields {
  readonly protocol: 'udp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

interface IcmpPacket extends IpFields {
  readonly protocol: 'icmp';
  readonly type: number;
  readonly code: number;
  /** The 4 bytes behind the checksum: an MTU, or identifier and number of an echo. */
  readonly rest: number;
  readonly payload: Uint8Array;
}

/** One packet of either version of IP with its fields as numbers; `icmp` over IPv6 is ICMPv6. */
export type Packet = TcpPacket | UdpPacket | IcmpPacket;

/** A packet that the stack sent, and when. */
export interface Sniffed {
  readonly at: Nanoseconds;
  readonly packet: Packet;
  readonly bytes: Uint8Array;
}

/** Reads a packet. @returns null for other protocols and for fragments behind the first. */
export function readPacket(bytes: Uint8Array): Packet | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) >>> 4 === 6) {
    const ip = {
      source: ipv6Codec.readSource(view, 0, 0),
      destination: ipv6Codec.readDestination(view, 0, 0),
      tos: ipv6Codec.readTrafficClass(view, 0),
      ttl: ipv6Codec.readHopLimit(view, 0),
    };
    return readTransport(bytes, view, IPV6_HEADER, bytes.length, ip, ipv6Codec.readNextHeader(view, 0));
  }
  const at = (view.getUint8(0) & 0xf) * 4;
  if ((view.getUint16(6) & 0x1fff) !== 0) return null;
  const end = view.getUint16(2);
  const ip: IpFields = {
    source: view.getUint32(12) as Ipv4Address,
    destination: view.getUint32(16) as Ipv4Address,
    tos: view.getUint8(1),
    ttl: view.getUint8(8),
  };
  return readTransport(bytes, view, at, end, ip, view.getUint8(9));
}

function readTransport(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  ip: IpFields,
  protocol: number,
): Packet | null {
  const from = (start: number) => bytes.slice(start, end);
  switch (protocol) {
    case PROTOCOL_TCP: {
      const data = at + (view.getUint8(at + 12) >> 4) * 4;
      return {
        protocol: 'tcp',
        ...ip,
        ...ports(view, at),
        seq: view.getUint32(at + 4),
        ack: view.getUint32(at + 8),
        flags: view.getUint16(at + 12) & 0xfff,
        window: view.getUint16(at + 14),
        urgent: view.getUint16(at + 18),
        options: readOptions(view, at + TCP_HEADER, data),
        payload: from(data),
      };
    }
    case PROTOCOL_UDP:
      return { protocol: 'udp', ...ip, ...ports(view, at), payload: from(at + UDP_HEADER) };
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
      return {
        protocol: 'icmp',
        ...ip,
        type: view.getUint8(at),
        code: view.getUint8(at + 1),
        rest: view.getUint32(at + 4),
        payload: from(at + ICMP_HEADER),
      };
    default:
      return null;
  }
}

const ports = (view: DataView, at: number) => ({
  sourcePort: view.getUint16(at),
  destinationPort: view.getUint16(at + 2),
});

/** The packet's bytes, with correct lengths and checksums. */
export function writePacket(packet: Packet): Uint8Array {
  const headerLength = transportHeader(packet);
  const at = ipHeader(packet);
  const length = at + headerLength + packet.payload.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  writeIp(view, packet, length);
  bytes.set(packet.payload, at + headerLength);
  const { source, destination } = packet;
  const pseudo = (protocol: number) => pseudoHeaderSum(source, destination, protocol, length - at);
  const fill = (place: number, sum: number) =>
    view.setUint16(at + place, checksumOf(sumBytes(view, at, length, sum)));
  switch (packet.protocol) {
    case 'tcp':
      writeTcp(view, at, packet, headerLength);
      fill(16, pseudo(PROTOCOL_TCP));
      break;
    case 'udp':
      view.setUint16(at, packet.sourcePort);
      view.setUint16(at + 2, packet.destinationPort);
      view.setUint16(at + 4, length - at);
      fill(6, pseudo(PROTOCOL_UDP));
      break;
    case 'icmp':
      view.setUint8(at, packet.type);
      view.setUint8(at + 1, packet.code);
      view.setUint32(at + 4, packet.rest);
      fill(2, isIpv6(source) ? pseudo(PROTOCOL_ICMPV6) : 0);
      break;
  }
  return bytes;
}

function transportHeader(packet: Packet): number {
  switch (packet.protocol) {
    case 'tcp':
      return TCP_HEADER + optionsLength(packet.options);
    case 'udp':
      return UDP_HEADER;
    case 'icmp':
      return ICMP_HEADER;
  }
}

export const optionsLength = (options: readonly TcpOption[]): number =>
  options.reduce((sum, option) => sum + optionLength(option), 0);

const PROTOCOLS = { tcp: PROTOCOL_TCP, udp: PROTOCOL_UDP, icmp: PROTOCOL_ICMP } as const;

const ipHeader = ({ source }: IpFields): number => (isIpv6(source) ? IPV6_HEADER : IPV4_HEADER);

function writeIp(view: DataView, packet: Packet, length: number): void {
  const { source, destination } = packet;
  const ttl = packet.ttl === 0 ? DEFAULT_TTL : packet.ttl;
  if (isIpv6(source) && isIpv6(destination)) {
    const protocol = packet.protocol === 'icmp' ? PROTOCOL_ICMPV6 : PROTOCOLS[packet.protocol];
    ipv6Codec.writeIpv6(view, 0, packet.tos, 0, length - IPV6_HEADER, protocol, ttl, source, destination);
    return;
  }
  view.setUint8(0, 0x45);
  view.setUint8(1, packet.tos);
  view.setUint16(2, length);
  view.setUint16(6, DONT_FRAGMENT);
  view.setUint8(8, ttl);
  view.setUint8(9, PROTOCOLS[packet.protocol]);
  view.setUint32(12, source as Ipv4Address);
  view.setUint32(16, destination as Ipv4Address);
  view.setUint16(10, checksumOf(sumBytes(view, 0, IPV4_HEADER)));
}

function writeTcp(view: DataView, at: number, packet: TcpPacket, headerLength: number): void {
  view.setUint16(at, packet.sourcePort);
  view.setUint16(at + 2, packet.destinationPort);
  view.setUint32(at + 4, packet.seq);
  view.setUint32(at + 8, packet.ack);
  view.setUint16(at + 12, (headerLength << 10) | packet.flags);
  view.setUint16(at + 14, packet.window);
  view.setUint16(at + 18, packet.urgent);
  let option = at + TCP_HEADER;
  for (const each of packet.options) option = writeOption(view, option, each);
}

/** A packet in packetdrill's notation, with its direction. */
export function formatPacket(packet: Packet, direction: '<' | '>'): string {
  const tos = packet.tos === 0 ? '' : `(tos 0x${packet.tos.toString(16)}) `;
  switch (packet.protocol) {
    case 'tcp':
      return `${direction} ${tos}${formatTcp(packet)}`;
    case 'udp':
      return `${direction} ${tos}udp (${packet.payload.length})`;
    case 'icmp':
      return `${direction} ${tos}icmp ${icmpName(packet)}`;
  }
}

function icmpName({ source, type, code }: IcmpPacket): string {
  const names = isIpv6(source) ? ICMPV6 : ICMP;
  return `${names.typeName(type)} ${names.codeName(type, code)}`;
}

function formatTcp(packet: TcpPacket): string {
  const { seq, flags, window, urgent, options, payload } = packet;
  const ack = (flags & ACK) === 0 ? '' : ` ack ${packet.ack}`;
  const rest = urgent === 0 ? '' : ` urg ${urgent}`;
  const list = options.length === 0 ? '' : ` <${options.map(formatOption).join(',')}>`;
  const end = (seq + payload.length) % 2 ** 32;
  return `${formatFlags(flags)} ${seq}:${end}(${payload.length})${ack} win ${window}${rest}${list}`;
}

/** `192.0.2.1:8080 > 192.168.0.7:40000` */
export function formatEnds(packet: Packet): string {
  const end = (address: IpAddress, port: number | null) =>
    port === null
      ? formatIp(address)
      : `${isIpv6(address) ? `[${address.text}]` : formatIp(address)}:${port}`;
  const [from, to] = packet.protocol === 'icmp' ? [null, null] : [packet.sourcePort, packet.destinationPort];
  return `${end(packet.source, from)} > ${end(packet.destination, to)}`;
}
