import type { UnixAddress } from '@netarium/machine';
import { bytesOfText, textOfBytes } from '@netarium/machine/byte-names';
import { parseIpv6 } from '@netarium/osi/3-network';
import type { Internet6Address, PacketAddress } from '@netarium/osi/5-session';

/** Addresses of the families that this build of CPython was compiled without. */
export type ForeignAddress = UnixAddress | Internet6Address | PacketAddress;

export const AF_UNIX = 1;
export const AF_INET6 = 10;
export const AF_PACKET = 17;

/** Bytes of `struct sockaddr_in6` (ipv6(7)) and `struct sockaddr_ll` (packet(7)). */
const SIZE6 = 28;
const SIZE_PACKET = 20;
const LONGEST_HARDWARE_ADDRESS = 8;

/** Reads `struct sockaddr_un`, without NUL at the end of a path, `sockaddr_in6` or `sockaddr_ll`. @returns undefined for another. */
export function decodeAddress(bytes: Uint8Array): ForeignAddress | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = bytes.length < 2 ? 0 : view.getUint16(0, true);
  if (family === AF_UNIX) return { family, path: pathOf(bytes.subarray(2)) };
  if (family === AF_INET6 && bytes.length >= SIZE6) {
    return {
      family,
      address: ipv6Text(bytes.subarray(8, 24)),
      port: view.getUint16(2),
      flowInfo: view.getUint32(4),
      scopeId: view.getUint32(24, true),
    };
  }
  if (family !== AF_PACKET || bytes.length < SIZE_PACKET) return undefined;
  const length = Math.min(view.getUint8(11), LONGEST_HARDWARE_ADDRESS);
  const octets = Array.from(bytes.subarray(12, 12 + length), (octet) => octet.toString(16).padStart(2, '0'));
  return {
    family,
    interface: view.getInt32(4, true),
    protocol: view.getUint16(2),
    hardwareType: view.getUint16(8, true),
    packetType: view.getUint8(10),
    address: octets.join(':'),
  };
}

/** The structure that C has for an address. */
export function encodeAddress(address: ForeignAddress): Uint8Array {
  if (address.family === AF_UNIX) return Uint8Array.from([AF_UNIX, 0, ...bytesOfPath(address.path)]);
  const bytes = new Uint8Array(address.family === AF_INET6 ? SIZE6 : SIZE_PACKET);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, address.family, true);
  if (address.family === AF_INET6) {
    view.setUint16(2, address.port);
    view.setUint32(4, address.flowInfo);
    bytes.set(ipv6Bytes(address.address) ?? [], 8);
    view.setUint32(24, address.scopeId, true);
    return bytes;
  }
  const octets = address.address === '' ? [] : address.address.split(':').map((octet) => parseInt(octet, 16));
  view.setUint16(2, address.protocol);
  view.setInt32(4, address.interface, true);
  view.setUint16(8, address.hardwareType, true);
  bytes.set([address.packetType, octets.length, ...octets], 10);
  return bytes;
}

/** The 16 bytes of an address in text, without a zone; undefined for what is none. */
export function ipv6Bytes(text: string): Uint8Array | undefined {
  const parsed = parseIpv6(text);
  if (parsed === null) return undefined;
  const view = new DataView(new ArrayBuffer(16));
  [parsed.a, parsed.b, parsed.c, parsed.d].forEach((word, index) => {
    view.setInt32(4 * index, word);
  });
  return new Uint8Array(view.buffer);
}

/** 16 bytes in the form of RFC 5952; an IPv4-compatible address ends dotted, as glibc writes it. */
export function ipv6Text(bytes: Uint8Array): string {
  if (bytes.subarray(0, 12).every((byte) => byte === 0) && (bytes[12] !== 0 || bytes[13] !== 0))
    return `::${bytes.subarray(12, 16).join('.')}`;
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  return parseIpv6(groups.map((group) => group.toString(16)).join(':'))?.text ?? '';
}

/** A path, which ends at its first NUL; or NUL and a character for each byte (see `UnixAddress`). */
function pathOf(bytes: Uint8Array): string {
  if (bytes[0] === 0) return String.fromCharCode(...bytes);
  const end = bytes.indexOf(0);
  return textOfBytes(end < 0 ? bytes : bytes.subarray(0, end));
}

function bytesOfPath(path: string): Uint8Array {
  return path.startsWith('\0')
    ? Uint8Array.from(path, (character) => character.charCodeAt(0))
    : bytesOfText(path);
}
