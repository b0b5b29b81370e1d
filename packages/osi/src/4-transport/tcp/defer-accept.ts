import type { Segment } from './codec.ts';
import { seqAdd } from './sequence.ts';
import type { Parent, Tcb } from './tcb.ts';

/** In seconds: how long the first SYN+ACK waits for its answer, and the longest that one waits (TCP_TIMEOUT_INIT, TCP_RTO_MAX). */
const FIRST = 1;
const LONGEST = 120;
/** What Linux keeps in a byte. */
const MOST = 255;

/** TCP_DEFER_ACCEPT is set in seconds and kept as the number of timeouts of a SYN+ACK that are not over sooner. */
export function timeoutsIn(seconds: number): number {
  if (seconds <= 0) return 0;
  let timeouts = 1;
  for (let wait = FIRST, all = wait; seconds > all && timeouts < MOST; timeouts++) {
    wait = Math.min(2 * wait, LONGEST);
    all += wait;
  }
  return timeouts;
}

/** The seconds that so many timeouts take: what TCP_DEFER_ACCEPT is read as. */
export function secondsOf(timeouts: number): number {
  let all = 0;
  for (let i = 0, wait = FIRST; i < timeouts; i++, wait = Math.min(2 * wait, LONGEST)) all += wait;
  return all;
}

/**
 * Whether the handshake's last acknowledgment is passed over, since it brings no data and the listener wants connections
 * with data only (tcp(7) TCP_DEFER_ACCEPT; Linux: tcp_check_req). After the time that it set it takes them without.
 */
export function defers(tcb: Tcb, parent: Parent, segment: Segment): boolean {
  if (tcb.retransmits >= parent.deferAccept || segment.end !== seqAdd(tcb.irs, 1)) return false;
  tcb.deferred = true;
  tcb.host.counters.ext.TCPDeferAcceptDrop++;
  return true;
}

/** Whether a peer that has acknowledged the SYN+ACK is still waited for, whatever net.ipv4.tcp_synack_retries says. */
export const waitsForData = (tcb: Tcb): boolean =>
  tcb.deferred && tcb.parent !== null && tcb.retransmits < tcb.parent.deferAccept;

/** Until the end of that time it is not sent again: then once more, as a last chance for the peer (Linux: syn_ack_recalc). */
export const keepsSynAck = (tcb: Tcb): boolean =>
  tcb.deferred && tcb.parent !== null && tcb.retransmits < tcb.parent.deferAccept - 1;
