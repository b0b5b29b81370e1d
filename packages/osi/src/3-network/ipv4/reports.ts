import type { Frame } from '../../1-physical/index.ts';

/** What IP has ICMP tell the sender of a packet. */
export interface ErrorReports {
  /**
   * Sends an ICMP error unless the rules forbid it; the frame stays the caller's.
   * @param at where in the frame's slot the packet's IP header begins; the packet reaches to `frame.end`.
   * @param info the message's second word: an MTU, a pointer, or 0. @param group the packet came in a group frame.
   */
  report(type: number, code: number, info: number, frame: Frame, at: number, group: boolean): void;
}
