import { INFINITE } from './congestion/interface.ts';
import { recoveryOf } from './recovery-of.ts';
import type { Tcb } from './tcb.ts';

/** Segments taken to be on their way. */
export const pipe = (tcb: Tcb): number => tcb.inFlight?.pipe ?? 0;

/** Whether the window is being reduced: after congestion was told of (ECN) or a loss was found. */
export const reducing = (tcb: Tcb): boolean => tcb.phase === 'cwr' || tcb.phase === 'recovery';

/** The threshold to go back to: not the one of a reduction under way (Linux: tcp_current_ssthresh). */
export function currentThreshold(tcb: Tcb): number {
  const { cwnd, ssthresh } = tcb.congestion;
  return reducing(tcb) ? ssthresh : Math.max(ssthresh, (cwnd >> 1) + (cwnd >> 2));
}

/** Congestion: sets the threshold; the window follows it by proportional rate reduction. */
export function beginReduction(tcb: Tcb): void {
  const recovery = recoveryOf(tcb);
  const { congestion } = tcb;
  recovery.highSeq = tcb.sndNxt;
  recovery.probing = false;
  congestion.forgetCredit();
  recovery.priorCwnd = congestion.cwnd;
  recovery.delivered = 0;
  recovery.sent = 0;
  congestion.ssthresh = congestion.reduced();
  if (tcb.ecn !== null) tcb.ecn.tellReduced = true;
}

/**
 * Proportional rate reduction (RFC 6937 section 3): as much is sent as is delivered, times the reduction, so that
 * the window has come down evenly when one round trip is over; below the threshold it comes up again by slow start,
 * though only while losses do not go on (the "slow start reduction bound", as Linux chooses it).
 */
export function reduce(tcb: Tcb, delivered: number, lost: number, advanced: boolean): void {
  const recovery = recoveryOf(tcb);
  if (delivered <= 0 || recovery.priorCwnd === 0) return;
  const { congestion } = tcb;
  const flight = pipe(tcb);
  const below = congestion.ssthresh - flight;
  recovery.delivered += delivered;
  let more: number;
  if (below < 0) {
    more = Math.ceil((congestion.ssthresh * recovery.delivered) / recovery.priorCwnd) - recovery.sent;
  } else {
    more = Math.max(recovery.delivered - recovery.sent, delivered);
    if (advanced && lost === 0) more++;
    more = Math.min(below, more);
  }
  // The first retransmission goes out in any case.
  congestion.cwnd = flight + Math.max(more, recovery.sent > 0 ? 0 : 1);
}

/** The reduction is over. */
export function endReduction(tcb: Tcb): void {
  const { congestion } = tcb;
  if (congestion.ssthresh === INFINITE) return;
  if (tcb.phase === 'cwr' || tcb.recovery?.undoable === true) congestion.cwnd = congestion.ssthresh;
}
