import {
  type Configuration,
  type IpService,
  type Ipv6Address,
  isIpv6,
  isMulticast6,
  mappedOf,
  readIpv6,
  type SendOptions,
} from '../3-network/index.ts';
import type { Endpoint, Multicast6, RawOptions } from '../4-transport/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import { flag, integer, ints, type Option, type OptionTable, readInt } from './option-table.ts';

/** What the options of level IPPROTO_IPV6 are kept in. */
export interface Ipv6Settings {
  readonly domain: number;
  readonly type: number;
  readonly protocol: number;
  readonly ip: Readonly<SendOptions>;
  changeIp(changes: SendOptions): void;
  readonly peer: Endpoint | null;
  v6Only: boolean;
  receiveErrors: boolean;
  receiveTtl: boolean;
  receiveClass: boolean;
  receiveInfo: boolean;
  /** Bound, or connected: then IPV6_V6ONLY is settled. */
  readonly settled: boolean;
  /** Null for all but raw sockets. */
  readonly raw: RawOptions | null;
  /** The number of the interface that IPV6_PKTINFO names; 0 for none. */
  stickyInterface: number;
  /** Null for streams. */
  readonly multicast6: Multicast6 | null;
  /** The groups that it has joined, with the interface of each; null for streams. */
  readonly groups6: Map<string, () => void> | null;
  readonly parts: {
    readonly internet: IpService;
    readonly config6: Configuration;
    interfaceAt(index: number): { readonly name: string; readonly index: number } | undefined;
  };
}

/** IP_PMTUDISC_DONT, _WANT, _DO; PROBE and INTERFACE are not here. */
const DISCOVERY = [false, 'if-it-fits', true] as const;
/** The two low bits of the traffic class belong to ECN (RFC 3168); a stream's are not the program's to set. */
const ECN = 3;
/** `struct ipv6_mreq`: a group, and an interface's number. */
const MREQ = 20;
const GROUP = 16;
/** `struct in6_pktinfo`, likewise. */
const IN6_PKTINFO = 20;

/** Level IPPROTO_IPV6 (ipv6(7), RFC 3493, RFC 3542), of sockets of AF_INET6. */
export const IPV6_OPTIONS: OptionTable<Ipv6Settings> = new Map<number, Option<Ipv6Settings>>([
  [
    linux.IPV6_CHECKSUM,
    {
      read: ({ raw }, length) =>
        raw === null ? -ERRNO.ENOPROTOOPT : ints(raw.checksumAt).subarray(0, length),
      ...integer<Ipv6Settings>(null, ({ raw, protocol }, value) => {
        if (raw === null) return -ERRNO.ENOPROTOOPT;
        // That of ICMPv6 is always taken (RFC 3542 section 3.1).
        if (protocol === linux.IPPROTO_ICMPV6 || (value > 0 && value % 2 === 1)) return -ERRNO.EINVAL;
        raw.checksumAt = value < 0 ? -1 : value;
        return 0;
      }),
    },
  ],
  [
    linux.IPV6_V6ONLY,
    integer(
      (socket) => (socket.v6Only ? 1 : 0),
      (socket, value) => {
        if (socket.settled) return -ERRNO.EINVAL;
        socket.v6Only = value !== 0;
        return 0;
      },
    ),
  ],
  [
    linux.IPV6_UNICAST_HOPS,
    integer(
      (socket) => socket.ip.ttl ?? socket.parts.config6.hopLimit,
      (socket, value) => {
        if (value < -1 || value > 255) return -ERRNO.EINVAL;
        socket.changeIp({ ttl: value === -1 ? undefined : value });
        return 0;
      },
    ),
  ],
  [
    linux.IPV6_TCLASS,
    integer(
      (socket) => socket.ip.tos ?? 0,
      (socket, value) => {
        if (value < -1 || value > 255) return -ERRNO.EINVAL;
        const wanted = value === -1 ? 0 : value;
        socket.changeIp({ tos: socket.type === linux.SOCK_STREAM ? wanted & ~ECN : wanted });
        return 0;
      },
    ),
  ],
  [
    linux.IPV6_MTU_DISCOVER,
    integer(
      (socket) => DISCOVERY.indexOf(socket.ip.dontFragment ?? 'if-it-fits'),
      (socket, value) => {
        if (value < 0 || value >= DISCOVERY.length) return -ERRNO.EINVAL;
        socket.changeIp({ dontFragment: DISCOVERY[value] });
        return 0;
      },
    ),
  ],
  [
    linux.IPV6_DONTFRAG,
    flag(
      (socket) => socket.ip.dontFragment === true,
      (socket, on) => {
        socket.changeIp({ dontFragment: on ? true : undefined });
      },
    ),
  ],
  [
    linux.IPV6_MTU,
    integer((socket) => {
      const { peer } = socket;
      return peer === null ? -ERRNO.ENOTCONN : socket.parts.internet.mtuTo(peer.address);
    }),
  ],
  [
    linux.IPV6_RECVERR,
    flag(
      (socket) => socket.receiveErrors,
      (socket, on) => {
        socket.receiveErrors = on;
      },
    ),
  ],
  [
    linux.IPV6_RECVHOPLIMIT,
    flag(
      (socket) => socket.receiveTtl,
      (socket, on) => {
        socket.receiveTtl = on;
      },
    ),
  ],
  [
    linux.IPV6_RECVTCLASS,
    flag(
      (socket) => socket.receiveClass,
      (socket, on) => {
        socket.receiveClass = on;
      },
    ),
  ],
  [
    linux.IPV6_RECVPKTINFO,
    flag(
      (socket) => socket.receiveInfo,
      (socket, on) => {
        socket.receiveInfo = on;
      },
    ),
  ],
  [
    linux.IPV6_PKTINFO,
    {
      // Of `struct in6_pktinfo` Linux heeds the interface alone: where RFC 3542 section 6.2 has the address, too, that
      // takes `bind`, or the control message with each packet.
      write: (socket, value) => {
        if (value.length < IN6_PKTINFO) return -ERRNO.EINVAL;
        const index = readInt(value, GROUP);
        const bound = socket.ip.interface;
        if (bound !== undefined && socket.parts.interfaceAt(index)?.name !== bound) return -ERRNO.EINVAL;
        socket.stickyInterface = index;
        return 0;
      },
    },
  ],
  [
    linux.IPV6_HDRINCL,
    integer(
      ({ raw }) => (raw === null ? -ERRNO.ENOPROTOOPT : Number(raw.headerIncluded)),
      ({ raw }, value) => {
        if (raw === null) return -ERRNO.ENOPROTOOPT;
        raw.headerIncluded = value !== 0;
        return 0;
      },
    ),
  ],
  [
    linux.IPV6_MULTICAST_HOPS,
    integer(
      (socket) => socket.multicast6?.hops ?? -ERRNO.ENOPROTOOPT,
      (socket, value) => {
        const { multicast6 } = socket;
        if (multicast6 === null) return -ERRNO.ENOPROTOOPT;
        if (value < -1 || value > 255) return -ERRNO.EINVAL;
        multicast6.hops = value === -1 ? 1 : value;
        return 0;
      },
    ),
  ],
  [
    linux.IPV6_MULTICAST_LOOP,
    integer(
      (socket) => (socket.multicast6?.loop === false ? 0 : 1),
      (socket, value) => {
        if (value !== 0 && value !== 1) return -ERRNO.EINVAL;
        if (socket.multicast6 !== null) socket.multicast6.loop = value === 1;
        return 0;
      },
    ),
  ],
  [
    linux.IPV6_MULTICAST_IF,
    integer(
      (socket) => socket.multicast6?.interface?.index ?? 0,
      (socket, value) => {
        const { multicast6, parts } = socket;
        if (multicast6 === null) return -ERRNO.ENOPROTOOPT;
        const chosen = parts.interfaceAt(value);
        if (value !== 0 && chosen === undefined) return -ERRNO.ENODEV;
        multicast6.interface = chosen ?? null;
        return 0;
      },
    ),
  ],
  [linux.IPV6_JOIN_GROUP, { write: (socket, value) => join(socket, value) }],
  [linux.IPV6_LEAVE_GROUP, { write: (socket, value) => leave(socket, value) }],
  [linux.IPV6_ADDRFORM, integer((socket) => socket.domain)],
]);

/** A group, in the zone of the interface that is asked for; 0 leaves that to the routes. */
function readMreq(value: Uint8Array): { group: Ipv6Address; index: number } | null {
  if (value.length < MREQ) return null;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return { group: readIpv6(view, 0), index: readInt(value, GROUP) };
}

/** `ipv6_sock_mc_join`. */
function join(socket: Ipv6Settings, value: Uint8Array): number {
  const { groups6, parts } = socket;
  const asked = readMreq(value);
  if (groups6 === null) return -ERRNO.ENOPROTOOPT;
  if (asked === null || !isMulticast6(asked.group)) return -ERRNO.EINVAL;
  const index = asked.index === 0 ? parts.config6.indexFor(asked.group) : asked.index;
  const key = `${asked.group.text}%${index}`;
  if (groups6.has(key)) return -ERRNO.EADDRINUSE;
  const leaveGroup = parts.config6.join(index, asked.group);
  if (leaveGroup === null) return -ERRNO.ENODEV;
  groups6.set(key, leaveGroup);
  return 0;
}

/** `ipv6_sock_mc_drop`. */
function leave(socket: Ipv6Settings, value: Uint8Array): number {
  const { groups6, parts } = socket;
  const asked = readMreq(value);
  if (groups6 === null) return -ERRNO.ENOPROTOOPT;
  if (asked === null || !isMulticast6(asked.group)) return -ERRNO.EINVAL;
  const index = asked.index === 0 ? parts.config6.indexFor(asked.group) : asked.index;
  const key = `${asked.group.text}%${index}`;
  const leaveGroup = groups6.get(key);
  if (leaveGroup === undefined) return -ERRNO.EADDRNOTAVAIL;
  groups6.delete(key);
  leaveGroup();
  return 0;
}

/** What IPV6_PKTINFO tells of a packet: where it was sent to, mapped if it came by IPv4. */
export const infoAddress = ({ address }: Endpoint): string =>
  isIpv6(address) ? address.text : mappedOf(address).text;
