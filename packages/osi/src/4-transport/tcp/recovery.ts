import type { AckFacts } from './ack-facts.ts';
import { type InFlight, LOST, RESENT, SACKED } from './in-flight.ts';
import { probeFailed } from './path-probing.ts';
import { keepOpen, tryToOpen } from './phases.ts';
import { detectLoss, loseSegment, rackMarkLost, timeLeft } from './rack.ts';
import type { TcpReason } from './reasons.ts';
import { recoveryOf, reorderingOf } from './recovery-of.ts';
import { beginReduction, currentThreshold, endReduction, pipe, reduce, reducing } from './reduction.ts';
import { noteReordering } from './scoreboard.ts';
import { rearm } from './send-timers.ts';
import { hasUnsent, resendLost, resendSegment, segmentSize } from './sender.ts';
import { type Sequence, seqDiff, seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';
import {
  answersOriginal,
  forgetResent,
  rememberWindow,
  undo,
  undoByDuplicates,
  undoLoss,
  undoRecovery,
} from './undo.ts';
import { sendRoom } from './window.ts';

/*
 * Loss recovery: what an acknowledgment means that is not simply the next one. Segments are found lost by RACK
 * (`rack.ts`) when the peer acknowledges selectively, by three duplicate acknowledgments (RFC 5681, RFC 6582) when it
 * does not. The phases are Linux's (`tcp_fastretrans_alert`):
 *
 * - `open`      nothing special.
 * - `disorder`  duplicates have come; new data goes out for each (limited transmit, RFC 3042).
 * - `cwr`       congestion was told of by the network (ECN): the window is being reduced.
 * - `recovery`  something is lost: the window is being reduced, losses are sent again (fast recovery).
 * - `loss`      the retransmission timer has expired: slow start from one segment.
 */

/** Judges a dubious acknowledgment. @param una `sndUna` before it. */
export function judge(tcb: Tcb, una: Sequence, facts: AckFacts): void {
  const recovery = recoveryOf(tcb);
  const list = tcb.inFlight;
  const duplicate = facts.isDuplicate;
  if (facts.echo) recovery.priorSsthresh = 0;
  if (facts.reneging && facts.advanced) {
    // The peer has thrown away what it said it had. It may still say so once more: waits a moment, then starts anew.
    const wait = Math.max(Math.floor(tcb.roundTrip.srtt / 2), RENEGING_WAIT);
    tcb.startSend('tcp.retransmission', wait);
    facts.setTimer = false;
    return;
  }
  if (tcb.phase === 'open') {
    recovery.resentSince = false;
  } else if (!seqLess(tcb.sndUna, recovery.highSeq)) {
    if (tcb.phase === 'cwr') {
      // Until something behind it is acknowledged: so that the CWR mark has arrived.
      if (tcb.sndUna !== recovery.highSeq) {
        endReduction(tcb);
        tcb.phase = 'open';
      }
    } else if (tcb.phase === 'recovery') {
      if (!tcb.sack && list !== null) list.sackedOut = 0;
      if (undoRecovery(tcb, facts)) return;
      endReduction(tcb);
    }
  }
  switch (tcb.phase) {
    case 'recovery':
      if (!inRecovery(tcb, una, duplicate, facts)) return;
      break;
    case 'loss':
      inLoss(tcb, duplicate, facts);
      findLosses(tcb, facts);
      if ((tcb.phase as string) !== 'open' && !facts.resentLost) return;
      if (!outsideRecovery(tcb, duplicate, facts)) return;
      break;
    default:
      if (!outsideRecovery(tcb, duplicate, facts)) return;
  }
  facts.resend = 'lost';
}

/** Linux's least wait for a peer that may have reneged on its SACKs. */
const RENEGING_WAIT = 10_000_000;

/** @returns whether losses are to be sent again. */
function inRecovery(tcb: Tcb, una: Sequence, duplicate: boolean, facts: AckFacts): boolean {
  if (!facts.advanced) {
    if (!tcb.sack && duplicate) addDuplicate(tcb, facts);
  } else if (undoPartly(tcb, una, facts)) {
    return false;
  }
  if (undoByDuplicates(tcb)) tryToOpen(tcb, facts);
  findLosses(tcb, facts);
  if (tcb.phase !== 'recovery') {
    if (!timeToRecover(tcb)) return false;
    enterRecovery(tcb, facts.echo);
  }
  return true;
}

/** @returns whether losses are to be sent again: recovery has begun. */
function outsideRecovery(tcb: Tcb, duplicate: boolean, facts: AckFacts): boolean {
  const list = tcb.inFlight;
  if (!tcb.sack && list !== null) {
    if (facts.advanced) list.sackedOut = 0;
    if (duplicate) addDuplicate(tcb, facts);
  }
  if (tcb.phase === 'open' || tcb.phase === 'disorder') undoByDuplicates(tcb);
  findLosses(tcb, facts);
  if (!timeToRecover(tcb)) {
    tryToOpen(tcb, facts);
    return false;
  }
  if (tcb.pathProbe !== null && probeFailed(tcb, tcb.pathProbe)) {
    resegment(tcb);
    return false;
  }
  enterRecovery(tcb, facts.echo);
  return true;
}

/** After a time-out (Linux: tcp_process_loss), with F-RTO in its form for SACK (RFC 5682 section 3). */
function inLoss(tcb: Tcb, duplicate: boolean, facts: AckFacts): void {
  const recovery = recoveryOf(tcb);
  const recovered = !seqLess(tcb.sndUna, recovery.highSeq);
  if (facts.advanced && undoLoss(tcb, facts, false)) return;
  if (recovery.frto) {
    // Step 3b: something that was sent only once, before the time-out, has arrived. It was needless.
    if (facts.originalAcked && undoLoss(tcb, facts, true)) return;
    if (seqLess(recovery.highSeq, tcb.sndNxt)) {
      // Step 3a: what was sent after it has arrived, or a duplicate says so. The loss was real.
      if (facts.sacked || duplicate) recovery.frto = false;
    } else if (facts.advanced && !recovered) {
      // Step 2b: new data, so that its acknowledgment can tell.
      if (hasUnsent(tcb) && sendRoom(tcb) > 0) {
        facts.resend = 'new';
        return;
      }
      recovery.frto = false;
    }
  }
  if (recovered) {
    undoRecovery(tcb, facts);
    return;
  }
  if (!tcb.sack && tcb.inFlight !== null) {
    if (seqLess(recovery.highSeq, tcb.sndNxt) && duplicate) addDuplicate(tcb, facts);
    else if (facts.advanced) tcb.inFlight.sackedOut = 0;
  }
  facts.resend = 'lost';
}

/**
 * A partial acknowledgment in recovery whose timestamp says that the original arrived, late: nothing more is taken as
 * lost. @returns whether retransmissions are still under way, so that no more can be said now.
 */
function undoPartly(tcb: Tcb, una: Sequence, facts: AckFacts): boolean {
  const recovery = recoveryOf(tcb);
  if (!recovery.undoable || !answersOriginal(tcb, facts)) return false;
  if (tcb.sack) noteReordering(tcb, una);
  if ((tcb.inFlight?.resentOut ?? 0) > 0) return true;
  forgetResent(tcb);
  undo(tcb, true);
  tcb.host.counters.ext.TCPPartialUndo++;
  keepOpen(tcb);
  return false;
}

/** Without SACK a duplicate acknowledgment says that some segment has arrived (Linux: tcp_add_reno_sack). */
function addDuplicate(tcb: Tcb, facts: AckFacts): void {
  const list = tcb.inFlight;
  if (list === null) return;
  const before = list.sackedOut;
  list.sackedOut++;
  limitDuplicates(tcb, list, 0);
  if (list.sackedOut > before) facts.delivered++;
}

/** More duplicates than segments that could have caused them: the path reorders, or the network duplicates. */
export function limitDuplicates(tcb: Tcb, list: InFlight, acked: number): void {
  const holes = Math.min(Math.max(list.lostOut, 1), list.count);
  if (list.sackedOut + holes <= list.count) return;
  list.sackedOut = list.count - holes;
  const recovery = recoveryOf(tcb);
  const most = tcb.host.sysctl.values['net.ipv4.tcp_max_reordering'];
  recovery.reordering = Math.min(list.count + acked, most);
  recovery.reorderingSeen++;
  tcb.host.counters.ext.TCPRenoReorder++;
}

function findLosses(tcb: Tcb, facts: AckFacts): void {
  const list = tcb.inFlight;
  if (list === null) return;
  if (tcb.sack) {
    rackMarkLost(tcb, facts);
    return;
  }
  // NewReno: the oldest, by three duplicates; in recovery again by each partial acknowledgment (RFC 6582 section 3.2).
  const found =
    tcb.phase === 'recovery' ? facts.advanced : tcb.phase !== 'loss' && list.sackedOut >= reorderingOf(tcb);
  if (!found || (list.marks(0) & LOST) !== 0) return;
  loseSegment(tcb, list, 0, facts);
}

const timeToRecover = (tcb: Tcb): boolean => (tcb.inFlight?.lostOut ?? 0) > 0;

function enterRecovery(tcb: Tcb, echo: boolean): void {
  const { ext } = tcb.host.counters;
  if (tcb.sack) ext.TCPSackRecovery++;
  else ext.TCPRenoRecovery++;
  const threshold = currentThreshold(tcb);
  rememberWindow(tcb, 0);
  if (!reducing(tcb)) {
    if (!echo) recoveryOf(tcb).priorSsthresh = threshold;
    beginReduction(tcb);
  }
  tcb.phase = 'recovery';
}

/** RACK's timer: what was late has not come (RFC 8985 section 6.3). */
export function reorderingOver(tcb: Tcb): void {
  const list = tcb.inFlight;
  if (list === null) return;
  const { lostOut } = list;
  const before = list.pipe;
  const wait = detectLoss(tcb, null);
  if (list.pipe !== before) {
    if (tcb.phase !== 'recovery') {
      enterRecovery(tcb, false);
      reduce(tcb, 1, list.lostOut - lostOut, false);
    }
    resendLost(tcb);
  }
  if (wait > 0 && tcb.timers.sending !== 'tcp.retransmission') {
    tcb.startSend('tcp.reordering', wait);
  } else if (tcb.timers.sending !== 'tcp.retransmission') {
    rearm(tcb);
  }
}

/** The retransmission timer expired: what is in flight is taken as lost (RFC 5681 section 3.1; Linux: tcp_enter_loss). @returns whether the oldest was sent again. */
export function timedOut(tcb: Tcb): boolean {
  const list = tcb.inFlight;
  if (list === null) return true;
  enterLoss(tcb);
  return resendSegment(tcb, list, 0, 'tcp.rto');
}

/** Takes what is in flight as lost, and begins anew with one segment. */
export function enterLoss(tcb: Tcb): void {
  const recovery = recoveryOf(tcb);
  const { congestion, phase } = tcb;
  const list = tcb.inFlight;
  const fresh = phase !== 'recovery' && phase !== 'loss';
  if (list !== null) loseAll(tcb, list);
  const inside = phase === 'recovery' || phase === 'loss' || phase === 'cwr';
  // Once in a window of data; a second expiry for the same segment reduces no further.
  if (!inside || !seqLess(tcb.sndUna, recovery.highSeq) || (phase === 'loss' && tcb.retransmits === 0)) {
    const threshold = currentThreshold(tcb);
    recovery.priorCwnd = congestion.cwnd;
    congestion.ssthresh = congestion.reduced();
    rememberWindow(tcb, threshold);
  }
  congestion.cwnd = pipe(tcb) + 1;
  congestion.timedOut();
  const base = tcb.host.sysctl.values['net.ipv4.tcp_reordering'];
  if (!inside && list !== null && list.sackedOut >= base)
    recovery.reordering = Math.min(recovery.reordering, base);
  tcb.phase = 'loss';
  recovery.highSeq = tcb.sndNxt;
  recovery.probing = false;
  if (tcb.ecn !== null) tcb.ecn.tellReduced = true;
  const pathProbed = tcb.pathProbe !== null && tcb.pathProbe.size > 0;
  recovery.frto =
    tcb.host.sysctl.values['net.ipv4.tcp_frto'] !== 0 && !pathProbed && (fresh || tcb.retransmits > 0);
}

function loseAll(tcb: Tcb, list: InFlight): void {
  if ((list.marks(0) & SACKED) !== 0) {
    tcb.host.counters.ext.TCPSACKReneging++;
    list.unmarkSacked();
  } else if (!tcb.sack) {
    list.sackedOut = 0;
  }
  for (let k = 0; k < list.count; k++) {
    // RFC 8985 section 6.3: what was sent within the last round trip may still arrive.
    if (k > 0 && tcb.sack && timeLeft(tcb, list, k, 0) > 0) continue;
    loseSegment(tcb, list, k, null);
  }
}

/** The path takes only smaller segments: what was too large is sent again in pieces, without blaming congestion (RFC 1191 section 6.4). */
export function resegment(tcb: Tcb): void {
  const list = tcb.inFlight;
  if (list === null) return;
  const size = segmentSize(tcb);
  let from = tcb.sndUna;
  for (let k = 0; k < list.count; k++) {
    const end = list.endOf(k);
    if (seqDiff(end, from) > size && (list.marks(k) & (SACKED | RESENT)) === 0)
      loseSegment(tcb, list, k, null);
    from = end;
  }
  resendBlamelessly(tcb, list, 'tcp.path-mtu');
}

/** The SYN was acknowledged and the data in it was not: the server did not take it, which is no loss of the path. */
export function resendSynData(tcb: Tcb, list: InFlight): void {
  for (let k = 0; k < list.count; k++) loseSegment(tcb, list, k, null);
  resendBlamelessly(tcb, list, 'tcp.syn-data-rejected');
}

/** Sends what is taken as lost again, though not for congestion: the window stays (Linux: tcp_non_congestion_loss_retransmit). */
function resendBlamelessly(tcb: Tcb, list: InFlight, reason: TcpReason): void {
  if (list.lostOut === 0) return;
  if (!tcb.sack) list.sackedOut = 0;
  if (tcb.phase !== 'loss') {
    const recovery = recoveryOf(tcb);
    recovery.highSeq = tcb.sndNxt;
    tcb.congestion.ssthresh = currentThreshold(tcb);
    recovery.priorSsthresh = 0;
    recovery.undoable = false;
    recovery.frto = false;
    tcb.phase = 'loss';
  }
  resendLost(tcb, reason);
}
