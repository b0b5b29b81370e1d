import type { Frame } from '../../1-physical/index.ts';
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
