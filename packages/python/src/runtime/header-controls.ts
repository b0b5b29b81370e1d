import type { ReceivedMessage } from '@netarium/machine';
import { AF_INET6, encodeAddress, ipv6Bytes } from './socket-addresses.ts';

/** A control message to be received: its level, type and bytes. */
export interface Control {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** ip(7) */
const IPPROTO_IP = 0;
const IP_TOS = 1;
const IP_TTL = 2;
const IP_RECVOPTS = 6;
const IP_RETOPTS = 7;
const IP_PKTINFO = 8;
const IP_RECVERR = 11;
const AF_INET = 2;
/** ipv6(7), RFC 3542 section 6 */
const IPPROTO_IPV6 = 41;
const IPV6_RECVERR = 25;
const IPV6_PKTINFO = 50;
const IPV6_HOPLIMIT = 52;
const IPV6_PATHMTU = 61;
const IPV6_TCLASS = 67;
/** Bytes of C's structures: `sock_extended_err`, `sockaddr_in`, `sockaddr_in6`. */
const EXTENDED_ERROR = 16;
const SOCKADDR_IN = 16;
const SOCKADDR_IN6 = 28;

/** What the header of a received packet said, or what became of one that was sent, in the structures of C (cmsg(3)). */
export function headerControls(received: ReceivedMessage): Control[] {
  const { ttl, trafficClass, packetInfo, options, returnOptions, error } = received;
  const controls: Control[] = [];
  const add = (type: number, data: Uint8Array) => controls.push({ level: IPPROTO_IP, type, data });
  if (ttl !== undefined) add(IP_TTL, int(ttl));
  if (trafficClass !== undefined) add(IP_TOS, Uint8Array.of(trafficClass));
  if (options !== undefined) add(IP_RECVOPTS, options);
  if (returnOptions !== undefined) add(IP_RETOPTS, returnOptions);
  if (packetInfo !== undefined) {
    // `struct in_pktinfo`: the interface, the address to answer from, the packet's own.
    const address = ipv4Bytes(packetInfo.address);
    add(IP_PKTINFO, Uint8Array.from([...int(packetInfo.interface), ...address, ...address]));
  }
  if (error !== undefined) add(IP_RECVERR, errorBytes(error, offender4(error.offender)));
  return controls;
}

/** The same of a socket of AF_INET6, in Linux's order (`ip6_datagram_recv_common_ctl`). */
export function headerControls6(received: ReceivedMessage): Control[] {
  const { ttl, trafficClass, packetInfo, extensions, pathMtu, address: peer, error } = received;
  const controls: Control[] = [];
  const add = (type: number, data: Uint8Array) => controls.push({ level: IPPROTO_IPV6, type, data });
  if (packetInfo !== undefined) {
    // `struct in6_pktinfo`: the packet's destination, the interface.
    const address = ipv6Bytes(mapped(packetInfo.address)) ?? [];
    add(IPV6_PKTINFO, Uint8Array.from([...address, ...int(packetInfo.interface)]));
  }
  if (ttl !== undefined) add(IPV6_HOPLIMIT, int(ttl));
  if (trafficClass !== undefined) add(IPV6_TCLASS, int(trafficClass));
  if (extensions !== undefined) controls.push(...extensions);
  if (pathMtu !== undefined && peer?.family === AF_INET6) {
    // `struct ip6_mtuinfo`: the destination, and what the path there takes.
    add(IPV6_PATHMTU, Uint8Array.from([...encodeAddress(peer), ...int(pathMtu)]));
  }
  if (error !== undefined) add(IPV6_RECVERR, errorBytes(error, offender6(error.offender)));
  return controls;
}

/** `struct sock_extended_err` and the address behind it of who sent the error. */
function errorBytes(error: NonNullable<ReceivedMessage['error']>, offender: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(EXTENDED_ERROR + offender.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, error.errno, true);
  bytes.set([error.origin, error.type, error.code], 4);
  view.setUint32(8, error.info, true);
  view.setUint32(12, error.data, true);
  bytes.set(offender, EXTENDED_ERROR);
  return bytes;
}

/** `struct sockaddr_in`, all zero for nobody. */
function offender4(address: string | null): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_IN);
  if (address === null) return bytes;
  new DataView(bytes.buffer).setUint16(0, AF_INET, true);
  bytes.set(ipv4Bytes(address), 4);
  return bytes;
}

/** `struct sockaddr_in6`, all zero for nobody. */
function offender6(address: string | null): Uint8Array {
  if (address === null) return new Uint8Array(SOCKADDR_IN6);
  return encodeAddress({ family: AF_INET6, address: mapped(address), port: 0, flowInfo: 0, scopeId: 0 });
}

/** As sockets of AF_INET6 see an address of either version (RFC 3493 section 3.7). */
const mapped = (address: string): string => (address.includes(':') ? address : `::ffff:${address}`);

const ipv4Bytes = (text: string): number[] => text.split('.').map(Number);

function int(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
