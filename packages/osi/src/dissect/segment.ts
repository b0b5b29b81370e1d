/** The numbers of a TCP segment that following a connection takes, read without building a tree. */
export interface Segment {
  /** Addresses, of one kind for one version of IP: a number, or 16 bytes joined by dots. */
  readonly source: number | string;
  readonly destination: number | string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  /** Bytes of payload. */
  readonly length: number;
  /** The shift count that it offers, or null. */
  readonly windowShift: number | null;
}

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

const ETHERNET = 14;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const IPV6_HEADER = 40;
const VLAN = 0x8100;
const VLAN_TAG = 4;
const TCP = 6;
const WINDOW_SCALE = 3;

/** The TCP segment in an Ethernet frame; null when there is none, or not all of its header, or it is a fragment. */
export function segmentOf(bytes: Uint8Array): Segment | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let ip = ETHERNET;
  while (bytes.length > ip + VLAN_TAG && view.getUint16(ip - 2) === VLAN) ip += VLAN_TAG;
  if (bytes.length >= ip + IPV6_HEADER && view.getUint16(ip - 2) === IPV6)
    return segmentOfIpv6(bytes, view, ip);
  if (bytes.length < ip + 20 || view.getUint16(ip - 2) !== IPV4) return null;
  const first = view.getUint8(ip);
  const ipHeader = (first & 15) * 4;
  const totalLength = view.getUint16(ip + 2);
  if (first >> 4 !== 4 || ipHeader < 20 || view.getUint8(ip + 9) !== TCP) return null;
  if ((view.getUint16(ip + 6) & 0x3fff) !== 0) return null;
  const end = Math.min(ip + totalLength, bytes.length);
  return readSegment(bytes, view, ip + ipHeader, end, view.getUint32(ip + 12), view.getUint32(ip + 16));
}

/** The same of IPv6, where TCP comes right behind the header: our stacks send nothing between them. */
function segmentOfIpv6(bytes: Uint8Array, view: DataView, ip: number): Segment | null {
  if (view.getUint8(ip) >> 4 !== 6 || view.getUint8(ip + 6) !== TCP) return null;
  const tcp = ip + IPV6_HEADER;
  const end = Math.min(tcp + view.getUint16(ip + 4), bytes.length);
  const address = (at: number): string => bytes.subarray(at, at + 16).join('.');
  return readSegment(bytes, view, tcp, end, address(ip + 8), address(ip + 24));
}

function readSegment(
  bytes: Uint8Array,
  view: DataView,
  tcp: number,
  end: number,
  source: number | string,
  destination: number | string,
): Segment | null {
  if (tcp + 20 > end) return null;
  const header = (view.getUint8(tcp + 12) >> 4) * 4;
  if (header < 20 || tcp + header > end) return null;
  return {
    source,
    destination,
    sourcePort: view.getUint16(tcp),
    destinationPort: view.getUint16(tcp + 2),
    seq: view.getUint32(tcp + 4),
    ack: view.getUint32(tcp + 8),
    flags: view.getUint16(tcp + 12) & 0x1ff,
    window: view.getUint16(tcp + 14),
    length: end - tcp - header,
    windowShift: windowShift(bytes, tcp + 20, tcp + header),
  };
}

function windowShift(bytes: Uint8Array, start: number, end: number): number | null {
  for (let at = start; at < end; ) {
    const kind = bytes[at] as number;
    if (kind === 0) return null;
    if (kind === 1) {
      at += 1;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > end) return null;
    if (kind === WINDOW_SCALE && length === 3) return bytes[at + 2] as number;
    at += length;
  }
  return null;
}
