import type { ReceivedMessage } from '@netarium/machine';

/** A control message to be received: its level, type and bytes. */
export interface Control {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** ip(7). This build of CPython has no sockets of AF_INET6. */
const IPPROTO_IP = 0;
const IP_TOS = 1;
const IP_TTL = 2;
const IP_PKTINFO = 8;
const IP_RECVERR = 11;
const AF_INET = 2;
/** `struct sock_extended_err`, with the `struct sockaddr_in` behind it of who sent the error. */
const EXTENDED_ERROR = 16;
const SOCKADDR_IN = 16;

/** What the header of a received packet said, or what became of one that was sent, in the structures of C (cmsg(3)). */
export function headerControls({ ttl, trafficClass, packetInfo, error }: ReceivedMessage): Control[] {
  const controls: Control[] = [];
  const add = (type: number, data: Uint8Array) => controls.push({ level: IPPROTO_IP, type, data });
  if (ttl !== undefined) add(IP_TTL, int(ttl));
  if (trafficClass !== undefined) add(IP_TOS, Uint8Array.of(trafficClass));
  if (packetInfo !== undefined) {
    // `struct in_pktinfo`: the interface, the address to answer from, the packet's own.
    const address = ipv4Bytes(packetInfo.address);
    add(IP_PKTINFO, Uint8Array.from([...int(packetInfo.interface), ...address, ...address]));
  }
  if (error !== undefined) add(IP_RECVERR, errorBytes(error));
  return controls;
}

function errorBytes(error: NonNullable<ReceivedMessage['error']>): Uint8Array {
  const bytes = new Uint8Array(EXTENDED_ERROR + SOCKADDR_IN);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, error.errno, true);
  bytes.set([error.origin, error.type, error.code], 4);
  view.setUint32(8, error.info, true);
  view.setUint32(12, error.data, true);
  if (error.offender === null) return bytes;
  view.setUint16(EXTENDED_ERROR, AF_INET, true);
  bytes.set(ipv4Bytes(error.offender), EXTENDED_ERROR + 4);
  return bytes;
}

const ipv4Bytes = (text: string): number[] => text.split('.').map(Number);

function int(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
