import type { Frame } from '../../1-physical/index.ts';
import type { Ipv6Address } from './address.ts';
import type { Ip6Counters } from './counters.ts';
import type { Ipv6Interface } from './interface.ts';

/** What IPv6 has ICMPv6 tell the sender of a packet. */
export interface ErrorReports6 {
  /**
   * Sends an ICMPv6 error unless the rules forbid it; the frame stays the caller's.
   * @param at where in the frame's slot the packet's header begins; the packet reaches to `frame.end`.
   * @param info the message's second word: an MTU, a pointer, or 0. @param group the packet came in a group frame.
   * @param by how it came; null for a packet of our own.
   */
  report(
    type: number,
    code: number,
    info: number,
    frame: Frame,
    at: number,
    group: boolean,
    by: Ipv6Interface | null,
  ): void;
}

/** What IPv6 has neighbour discovery tell the sender of a packet that a router passes on. */
export interface BetterWays {
  /** The packet leaves by the interface it came by; the frame stays the caller's. */
  tell(
    frame: Frame,
    by: Ipv6Interface,
    source: Ipv6Address,
    destination: Ipv6Address,
    nextHop: Ipv6Address,
  ): void;
}

/** What the parts of IPv6 that judge packets need of it. */
export interface PacketPath {
  readonly counters: Ip6Counters;
  readonly reports: ErrorReports6 | null;
  readonly betterWays: BetterWays | null;
  /** Hands a packet to a link: to a group's MAC address, or a neighbour's when that is known. Takes it over. */
  transmit(by: Ipv6Interface, frame: Frame, nextHop: Ipv6Address, group: boolean): void;
  /** Gives a packet up under a name. */
  drop(frame: Frame, reason: string, by?: Ipv6Interface | null): void;
}
