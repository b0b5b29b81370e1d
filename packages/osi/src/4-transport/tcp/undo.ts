import type { AckFacts } from './ack-facts.ts';
import { TWICE } from './in-flight.ts';
import { persistWindow } from './rack.ts';
import { recoveryOf } from './recovery-of.ts';
import { seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/** Remembers what a reduction takes away, in case that it turns out to be a mistake (Linux: tcp_init_undo). */
export function rememberWindow(tcb: Tcb, threshold: number): void {
  const recovery = recoveryOf(tcb);
  recovery.undoable = true;
  recovery.undoFrom = tcb.sndUna;
  recovery.priorSsthresh = threshold;
  // Retransmissions under way may still be reported as needless. Without one nothing can be shown.
  const probe = recovery.probing && recovery.probeResent ? 1 : 0;
  const underWay = (tcb.inFlight?.resentOut ?? 0) + probe;
  recovery.undoRetransmits = underWay > 0 ? underWay : -1;
}

/**
 * Whether all that was sent again was sent needlessly: D-SACKs have told so of each (RFC 3708), or the
 * acknowledgment answers a segment sent before the first retransmission, by its timestamp (RFC 3522, Eifel detection).
 */
function mistaken(tcb: Tcb, facts: AckFacts): boolean {
  const { recovery } = tcb;
  if (recovery === null || !recovery.undoable) return false;
  return recovery.undoRetransmits === 0 || answersOriginal(tcb, facts);
}

export function answersOriginal(tcb: Tcb, facts: AckFacts): boolean {
  const { recovery } = tcb;
  if (recovery === null || !recovery.resentSince) {
    // Nothing was sent again yet; but without SACK that is also forgotten when recovery has come to its end.
    return tcb.sack || recovery === null || seqLess(tcb.sndUna, recovery.highSeq);
  }
  return (
    facts.hasTimestampEcho &&
    facts.timestampEcho !== 0 &&
    seqLess(facts.timestampEcho, recovery.resentTimestamp)
  );
}

/** Takes window and threshold back to what they were. */
export function undo(tcb: Tcb, unmark: boolean): void {
  const recovery = recoveryOf(tcb);
  const { congestion } = tcb;
  if (unmark) tcb.inFlight?.unmarkLost();
  if (recovery.priorSsthresh > 0) {
    congestion.cwnd = Math.max(congestion.cwnd, recovery.priorCwnd);
    if (recovery.priorSsthresh > congestion.ssthresh) {
      congestion.ssthresh = recovery.priorSsthresh;
      if (tcb.ecn !== null) tcb.ecn.tellReduced = false;
    }
  }
  recovery.undoable = false;
  // What was thought lost is to be looked at again.
  tcb.rackMoved = true;
}

/** Nothing more of what was sent twice is under way: later timestamps are compared with a later retransmission. */
export function forgetResent(tcb: Tcb): void {
  if (tcb.recovery !== null && !resentUnderWay(tcb)) tcb.recovery.resentSince = false;
}

/** Whether something sent again is still unacknowledged, at the front or under way (Linux: tcp_any_retrans_done). */
export function resentUnderWay(tcb: Tcb): boolean {
  const list = tcb.inFlight;
  if (list === null || list.count === 0) return false;
  return list.resentOut > 0 || (list.marks(0) & TWICE) !== 0;
}

/**
 * Everything that was in flight when recovery began is acknowledged. @returns whether the phase stays nevertheless:
 * without SACK until something more is, so that late duplicates start no second recovery (RFC 6582 section 4).
 */
export function undoRecovery(tcb: Tcb, facts: AckFacts): boolean {
  const recovery = recoveryOf(tcb);
  const { ext } = tcb.host.counters;
  if (mistaken(tcb, facts)) {
    if (tcb.phase === 'loss') ext.TCPLossUndo++;
    else ext.TCPFullUndo++;
    undo(tcb, false);
  } else if (recovery.windowPersists > 0) {
    recovery.windowPersists--;
  }
  if (heldOpen(tcb)) {
    forgetResent(tcb);
    return true;
  }
  tcb.phase = 'open';
  return false;
}

/** RFC 6582: whether what ended a recovery is not behind it yet. */
const heldOpen = (tcb: Tcb): boolean => !tcb.sack && tcb.sndUna === tcb.recovery?.highSeq;

/** All retransmissions of this recovery have been reported as duplicates. */
export function undoByDuplicates(tcb: Tcb): boolean {
  const { recovery } = tcb;
  if (recovery === null || !recovery.undoable || recovery.undoRetransmits !== 0) return false;
  persistWindow(tcb);
  undo(tcb, false);
  tcb.host.counters.ext.TCPDSACKUndo++;
  return true;
}

/** In phase `loss`: the time-out was needless. @param shown F-RTO has shown it. */
export function undoLoss(tcb: Tcb, facts: AckFacts, shown: boolean): boolean {
  if (!shown && !mistaken(tcb, facts)) return false;
  const { ext } = tcb.host.counters;
  undo(tcb, true);
  ext.TCPLossUndo++;
  if (shown) ext.TCPSpuriousRTOs++;
  tcb.retransmits = 0;
  if (heldOpen(tcb)) {
    forgetResent(tcb);
    return true;
  }
  if (shown || tcb.sack) tcb.phase = 'open';
  return true;
}
