import {
  type Configuration,
  type GroupRequest,
  type IpService,
  type Ipv6Address,
  ipv6Codec,
  isIpv6,
  isMulticast6,
  type Memberships,
  mappedOf,
  readIpv6,
  type SendOptions,
} from '../3-network/index.ts';
import type { Endpoint, Multicast6, RawOptions } from '../4-transport/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import { extensionOptions } from './extension-options.ts';
import { type GroupFamily, groupOptions, joining } from './group-options.ts';
import { flag, integer, ints, type Option, type OptionTable, readInt, readShort } from './option-table.ts';

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
  /** Bits of `RECEIVED`. */
  receiveOptions: number;
  dontFragment6: boolean;
  receivePathMtu: boolean;
  /** IPV6_MTU, in bytes; 0 for what the path takes. Streams have no use for it. */
  fragmentSize: number;
  /** Bound, or connected: then IPV6_V6ONLY is settled. */
  readonly settled: boolean;
  /** Null for all but raw sockets. */
  readonly raw: RawOptions | null;
  /** The number of the interface that IPV6_PKTINFO names; 0 for none. */
  stickyInterface: number;
  /** Null for streams. */
  readonly multicast6: Multicast6 | null;
  /** The groups that it is in; null for streams. */
  readonly memberships6: Memberships<Ipv6Address> | null;
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
/** `struct ip6_mtuinfo`: a socket address, and a number. */
const MTUINFO = 32;
const { IPV6_LEAST_MTU } = ipv6Codec;

const FAMILY: GroupFamily<Ipv6Settings, Ipv6Address> = {
  memberships: (socket) => socket.memberships6,
  readAddress: (value, at) =>
    readShort(value, at) === linux.AF_INET6 ? readIpv6(viewOf(value), at + 8) : null,
  otherFamily: ERRNO.EADDRNOTAVAIL,
};

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
  ...extensionOptions<Ipv6Settings>(),
  [
    linux.IPV6_DONTFRAG,
    {
      read: (socket, length) => ints(Number(socket.dontFragment6)).subarray(0, length),
      // What is too short counts as 0 here.
      write: (socket, value) => {
        socket.dontFragment6 = value.length >= 4 && readInt(value, 0) !== 0;
        return 0;
      },
    },
  ],
  // What is read is the path's; what is written, the size of the pieces of datagrams that do not fit it (`ip6_setup_cork`).
  [
    linux.IPV6_MTU,
    integer(pathMtuOf, (socket, value) => {
      if (value !== 0 && value < IPV6_LEAST_MTU) return -ERRNO.EINVAL;
      socket.fragmentSize = value;
      return 0;
    }),
  ],
  // RFC 3542 section 11.4: `struct ip6_mtuinfo`, of which Linux leaves the address empty.
  [
    linux.IPV6_PATHMTU,
    {
      read: (socket, length) => {
        if (length < MTUINFO) return -ERRNO.EINVAL;
        const mtu = pathMtuOf(socket);
        return mtu < 0 ? mtu : ints(0, 0, 0, 0, 0, 0, 0, mtu);
      },
    },
  ],
  [
    linux.IPV6_RECVPATHMTU,
    flag(
      (socket) => socket.receivePathMtu,
      (socket, on) => {
        socket.receivePathMtu = on;
      },
    ),
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
  [
    linux.IPV6_MULTICAST_ALL,
    flag(
      (socket) => socket.memberships6?.all !== false,
      ({ memberships6 }, on) => {
        if (memberships6 !== null) memberships6.all = on;
      },
    ),
  ],
  [linux.IPV6_JOIN_GROUP, joining(FAMILY, MREQ, (groups, value) => groups.join(mreq(value)))],
  [
    linux.IPV6_LEAVE_GROUP,
    joining(FAMILY, MREQ, (groups, value) => {
      const request = mreq(value);
      return isMulticast6(request.group) ? groups.leave(request) : -ERRNO.EINVAL;
    }),
  ],
  ...groupOptions(FAMILY),
  [linux.IPV6_ADDRFORM, integer((socket) => socket.domain)],
]);

/** The MTU of the path to the peer; -ENOTCONN without one. */
function pathMtuOf({ peer, parts }: Ipv6Settings): number {
  return peer === null ? -ERRNO.ENOTCONN : parts.internet.mtuTo(peer.address);
}

/** A `struct ipv6_mreq`: a group, and an interface's number. */
const mreq = (value: Uint8Array): GroupRequest<Ipv6Address> => ({
  group: readIpv6(viewOf(value), 0),
  index: readInt(value, GROUP),
});

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** What IPV6_PKTINFO tells of a packet: where it was sent to, mapped if it came by IPv4. */
export const infoAddress = ({ address }: Endpoint): string =>
  isIpv6(address) ? address.text : mappedOf(address).text;
