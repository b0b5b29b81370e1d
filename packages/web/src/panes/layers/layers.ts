import {
  type Field,
  type FieldTree,
  findField,
  numberOf,
  type OsiLayer,
  type ProtocolField,
} from '@netarium/osi/dissect';

/** A protocol's header in a frame, as bytes. */
interface Part {
  readonly layer: OsiLayer;
  /** `Ethernet II`, `TCP`. */
  readonly label: string;
  readonly start: number;
  readonly length: number;
  readonly protocol: ProtocolField;
}

const SHORT: Readonly<Record<string, string>> = {
  eth: 'Eth',
  ip: 'IPv4',
  ipv6: 'IPv6',
  arp: 'ARP',
  icmp: 'ICMP',
  icmpv6: 'ICMPv6',
  igmp: 'IGMP',
  tcp: 'TCP',
  udp: 'UDP',
};

/** The headers of a frame in the order of their bytes, and the bytes of the program behind them. */
export interface Anatomy {
  readonly headers: readonly Part[];
  readonly payload: { readonly start: number; readonly bytes: Uint8Array } | null;
  readonly length: number;
}

export function anatomyOf(tree: FieldTree): Anatomy {
  const headers = tree.protocols
    .filter(({ name, bitLength }) => name !== 'data' && !name.startsWith('_ws.') && bitLength > 0)
    .map(
      (protocol): Part => ({
        layer: protocol.layer,
        label: SHORT[protocol.name] ?? protocol.label,
        start: protocol.bitOffset >> 3,
        length: headerLength(protocol),
        protocol,
      }),
    );
  const data = tree.protocols.find(({ name }) => name === 'data');
  const value = findField(data === undefined ? [] : [data], 'data.data')?.value;
  const transport = tree.protocols.some(({ name }) => name === 'tcp' || name === 'udp');
  return {
    headers,
    payload:
      data !== undefined && transport && value instanceof Uint8Array
        ? { start: data.bitOffset >> 3, bytes: value }
        : null,
    length: tree.bytes.length,
  };
}

/** Some protocols cover their payload too in the tree: the header alone is meant here. */
function headerLength(protocol: ProtocolField): number {
  const whole = protocol.bitLength >> 3;
  if (protocol.name === 'eth') return Math.min(whole, 14);
  if (protocol.name === 'ip') return Math.min(whole, numberOf(protocol, 'ip.hdr_len') || whole);
  // Its headers, extension headers too, are all that it covers.
  if (protocol.name === 'ipv6') return whole;
  if (protocol.name === 'tcp') return Math.min(whole, numberOf(protocol, 'tcp.hdr_len') || whole);
  if (protocol.name === 'udp') return Math.min(whole, 8);
  return whole;
}

/** The smallest field that covers a byte. */
export function fieldAt(fields: readonly Field[], byte: number): Field | undefined {
  let best: Field | undefined;
  const bit = byte * 8;
  const visit = (field: Field) => {
    const covers =
      field.bitLength > 0 && field.bitOffset < bit + 8 && field.bitOffset + field.bitLength > bit;
    if (covers && !field.generated && (best === undefined || field.bitLength <= best.bitLength)) best = field;
    for (const child of field.children) visit(child);
  };
  for (const field of fields) visit(field);
  return best;
}

/** One character of a text with the bytes that stand for it. */
export interface Character {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Where it begins in the payload. */
  readonly at: number;
  /** False for bytes that are no UTF-8. */
  readonly valid: boolean;
}

/** Takes UTF-8 (RFC 3629) apart, character by character. */
export function charactersOf(bytes: Uint8Array): Character[] {
  const characters: Character[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] as number;
    const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
    const part = bytes.subarray(at, at + length);
    let text = '';
    let valid = true;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part);
    } catch {
      valid = false;
    }
    const taken = valid ? part : bytes.subarray(at, at + 1);
    characters.push({ text, bytes: taken, at, valid });
    at += taken.length;
  }
  return characters;
}
