import { recoveryOf } from './recovery-of.ts';
import { beginReduction } from './reduction.ts';
import type { Sequence } from './sequence.ts';
import { seqDiff, seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/** Congestion is known of without a loss: the network says so (RFC 3168 section 6.1.2), or the own interface. */
export function enterCwr(tcb: Tcb): void {
  const recovery = recoveryOf(tcb);
  recovery.priorSsthresh = 0;
  if (tcb.phase !== 'open' && tcb.phase !== 'disorder') return;
  recovery.undoable = false;
  beginReduction(tcb);
  tcb.phase = 'cwr';
}

/**
 * The queue of the own interface had no room for segment `[seq, end)`. That is congestion, but no loss: what is new has not
 * been sent, and what was to be sent again is still to be (Linux: NET_XMIT_DROP in __tcp_transmit_skb, tcp_retransmit_skb).
 */
export function noteRefused(tcb: Tcb, seq: Sequence, end: Sequence, length: number): void {
  enterCwr(tcb);
  const { inFlight, host } = tcb;
  if (end === seq || seqDiff(end, tcb.sndNxt) > 0 || inFlight === null) return;
  tcb.totalRetransmits++;
  host.counters.tcp.RetransSegs++;
  host.counters.ext.TCPRetransFail++;
  if (tcb.tally !== null) tcb.tally.bytesResent += length;
  for (let k = inFlight.find(seq); k < inFlight.count; k++) {
    inFlight.markTried(k);
    if (!seqLess(inFlight.endOf(k), end)) break;
  }
}
