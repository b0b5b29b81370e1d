import type { Frame } from '../1-physical/index.ts';
import type { IpAddress } from './ip-address.ts';
import type { ExtensionHeader, ExtensionHeaders } from './ipv6/extension-headers.ts';

/** Protocol numbers (IANA "Assigned Internet Protocol Numbers"). */
export const PROTOCOL_ICMP = 1;
export const PROTOCOL_IGMP = 2;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;

/**
 * What the network layer hands up with a packet for this machine. One object per layer, written anew
 * for each packet: read what you need before you return, keep nothing.
 */
export interface ReceivedPacket<A extends IpAddress = IpAddress> {
  source: A;
  destination: A;
  protocol: number;
  /** Time to live, or hop limit. */
  ttl: number;
  /** Type of service, or traffic class: the DS field with ECN bits (RFC 3168). */
  tos: number;
  /** Name of the interface it came in by. */
  interface: string;
  /** What stands between the IPv4 header and the payload, with this station in it where it asks for that; null for none. */
  options: Uint8Array | null;
  /** Between the IPv6 header and the payload, copies in their order; null for none. */
  extensions: readonly ExtensionHeader[] | null;
  /** Sent to a broadcast or multicast address; transports that talk to one peer ignore those. */
  broadcast: boolean;
}

/** An ICMP or ICMPv6 error about a packet that a transport of this machine sent. */
export interface IcmpError {
  readonly type: number;
  readonly code: number;
  /** The Linux errno it means for the socket (icmp(7), `icmp_err_convert`, `icmpv6_err_convert`). */
  readonly errno: number;
  /** Whether a stream ends by it outside SYN_SENT; soft errors are only remembered (RFC 1122 section 4.2.3.9). */
  readonly fatal: boolean;
  /** The packet was too large for a link on its way: "fragmentation needed", or "packet too big". */
  readonly tooLarge: boolean;
  /** That link's MTU (RFC 1191, RFC 8201); 0 otherwise. */
  readonly mtu: number;
  /** Who said so. */
  readonly from: IpAddress;
  /** From the packet that the error is about, as we sent it. */
  readonly source: IpAddress;
  readonly destination: IpAddress;
}

/** What a transport protocol gives to the network layer. */
export interface TransportProtocol {
  readonly protocol: number;
  /** A packet for this machine: `frame.start` is at the transport header, `frame.end` at the packet's end. Takes the frame over. */
  receive(frame: Frame, packet: ReceivedPacket): void;
  /** An ICMP error about one of our packets; `original` holds its payload's first bytes (≥ 8) from `at` to its end. */
  receiveError?(error: IcmpError, original: DataView, at: number): void;
  /**
   * Instead of `receiveError`, where the protocol can tell whether an ICMP message is about a packet of ours that is on its
   * way (RFC 5927 section 7). @returns what to do about it once what it says of the path is known; null when it is not
   * believed, and then of no consequence.
   */
  judge?(error: IcmpError, original: DataView, at: number): (() => void) | null;
}

export interface SendOptions {
  /** Or hop limit. Default: sysctl `net.ipv4.ip_default_ttl`, or the hop limit of the interface. */
  ttl?: number;
  /** Type of service, or traffic class. */
  tos?: number;
  /**
   * The Don't Fragment bit; a packet larger than the path's MTU is then refused with EMSGSIZE. With 'if-it-fits' a
   * larger one is cut into fragments without the bit: Linux's default for datagrams, IP_PMTUDISC_WANT of ip(7).
   */
  dontFragment?: boolean | 'if-it-fits';
  /** Bind to this interface instead of asking the routes (SO_BINDTODEVICE). */
  interface?: string;
  /** A multicast does not come back to the sockets of this machine (IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP 0). */
  quiet?: boolean;
  /** Options of the IP header, padded to a multiple of 4 bytes, at most 40. */
  headerOptions?: Uint8Array;
  /** Extension headers of packets over IPv6. */
  extensions?: ExtensionHeaders;
  /** Packets over IPv6 that do not fit are cut into pieces of so many bytes at most (IPV6_MTU). */
  fragmentSize?: number;
}

/** One version of IP as transports see it, or both: then the destination's version decides. */
export interface IpService<A extends IpAddress = IpAddress> {
  register(transport: TransportProtocol): void;
  /**
   * Sends a transport segment (`frame.start` at its header, checksum filled in) and takes the frame over.
   * @returns 0, or a negated Linux errno: -ENETUNREACH, -EHOSTUNREACH, -EMSGSIZE, -EACCES (broadcast not allowed
   * is the caller's matter), -ENETDOWN. An address that no neighbour answers for is reported later, by `receiveError`.
   */
  send(frame: Frame, source: A, destination: A, protocol: number, options?: SendOptions): number;
  /** The address this machine would send from to `destination`, or null without a route. @param by an interface to send by. */
  sourceFor(destination: A, by?: string): A | null;
  /** The largest packet in bytes, IP header included, that the path to `destination` takes as far as is known. */
  mtuTo(destination: A): number;
  /** How much of such a packet is left behind the IP header. */
  roomTo(destination: A): number;
  /** Whether the path to `destination` begins with a cable that has segmentation and checksum offload. */
  offloadTo(destination: A): boolean;
  /** Whether `address` is one of this machine's own (127.0.0.0/8 included). */
  isLocal(address: A): boolean;
  /** Whether it is 255.255.255.255, a multicast address or the broadcast address of one of our networks. */
  isBroadcast(address: A): boolean;
  /**
   * What was sent to `destination` arrived, as an acknowledgment of new data shows: the next hop need not be probed
   * (RFC 1122 section 2.3.2.1; `dst_confirm` in Linux).
   */
  confirm(destination: A): void;
  /** Tells a peer that nobody listens: ICMP port unreachable about the packet in `frame` (RFC 1122 section 4.1.3.1); frame stays the caller's. */
  portUnreachable(frame: Frame, packet: ReceivedPacket): void;
}
