import type { AckFacts } from './ack-facts.ts';
import type { Segment } from './codec.ts';
import { noteDelivered } from './delivery-rate.ts';
import { type InFlight, RESENT, SACKED, TWICE } from './in-flight.ts';
import { rackAdvance } from './rack.ts';
import { recoveryOf } from './recovery-of.ts';
import { type Sequence, seqAtMost, seqDiff, seqLess, seqMax } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/**
 * Takes the SACK blocks of an acknowledgment into the scoreboard (RFC 2018 section 5; Linux: tcp_sacktag_write_queue).
 * @param una `sndUna` before it.
 */
export function takeSacks(tcb: Tcb, segment: Segment, una: Sequence, facts: AckFacts): void {
  const { sacks, sackEdges } = segment;
  const list = tcb.inFlight;
  const { ext } = tcb.host.counters;
  facts.reordered = tcb.sndNxt;
  const first = isDuplicateSack(tcb, segment, una, facts) ? 1 : 0;
  if (first === 1) takeDuplicate(tcb, sackEdges[0] as number, sackEdges[1] as number, facts);
  if (list === null) return;
  const left = seqMax(una, segment.ack);
  for (let i = first; i < sacks; i++) {
    const start = sackEdges[2 * i] as number;
    const end = sackEdges[2 * i + 1] as number;
    if (!seqLess(left, start) || !seqLess(start, end) || seqLess(tcb.sndNxt, end)) {
      // An invention, unless it is old news after a reordered acknowledgment.
      if (segment.ack === left || seqLess(left, end)) ext.TCPSACKDiscard++;
      continue;
    }
    takeBlock(tcb, list, start, end, facts);
  }
  if (tcb.phase !== 'loss' || tcb.recovery?.undoable === true) noteReordering(tcb, facts.reordered);
}

/**
 * The first block tells of something that came twice when it lies below the acknowledgment or inside the second one
 * (RFC 2883 section 4). One that reports more than was ever sent again is not believed.
 */
function isDuplicateSack(tcb: Tcb, segment: Segment, una: Sequence, facts: AckFacts): boolean {
  const { ext } = tcb.host.counters;
  const { sackEdges } = segment;
  const start = sackEdges[0] as number;
  const end = sackEdges[1] as number;
  if (seqLess(start, segment.ack)) {
    ext.TCPDSACKRecv++;
  } else {
    if (segment.sacks < 2) return false;
    if (seqLess(start, sackEdges[2] as number) || seqLess(sackEdges[3] as number, end)) return false;
    ext.TCPDSACKOfoRecv++;
  }
  const length = seqDiff(end, start);
  if (length <= 0 || length > tcb.maxWindow) {
    ext.TCPDSACKIgnoredDubious++;
    return true;
  }
  const recovery = recoveryOf(tcb);
  const segments = Math.max(1, Math.ceil(length / tcb.mss));
  if (segments === 1 && recovery.probing && recovery.probeEnd === end) facts.probeDuplicate = true;
  recovery.duplicates += segments;
  if (recovery.duplicates > tcb.totalRetransmits) {
    ext.TCPDSACKIgnoredDubious++;
    return true;
  }
  if (recovery.reorderingSeen > 0 && !facts.probeDuplicate) recovery.duplicateSeen = true;
  facts.duplicateSack = true;
  facts.delivered += segments;
  if (
    recovery.undoable &&
    recovery.undoRetransmits > 0 &&
    seqAtMost(end, una) &&
    seqLess(recovery.undoFrom, end)
  ) {
    recovery.undoRetransmits = Math.max(0, recovery.undoRetransmits - segments);
  }
  return true;
}

/** A D-SACK about what is still on the scoreboard: those retransmissions were needless. */
function takeDuplicate(tcb: Tcb, start: Sequence, end: Sequence, facts: AckFacts): void {
  const list = tcb.inFlight;
  const { recovery } = tcb;
  if (list === null || recovery === null || !facts.duplicateSack) return;
  for (let k = list.find(start); k < list.count && seqAtMost(list.endOf(k), end); k++) {
    const marks = list.marks(k);
    if ((marks & (RESENT | TWICE)) !== 0 && recovery.undoable && recovery.undoRetransmits > 0) {
      if (seqLess(recovery.undoFrom, list.endOf(k))) recovery.undoRetransmits--;
    }
    if ((marks & SACKED) !== 0) list.unmarkResent(k);
  }
}

/** Only segments that lie in it as a whole count. */
function takeBlock(tcb: Tcb, list: InFlight, start: Sequence, end: Sequence, facts: AckFacts): void {
  let k = list.find(start);
  let from = k === 0 ? tcb.sndUna : list.endOf(k - 1);
  if (seqLess(from, start)) {
    if (k >= list.count) return;
    from = list.endOf(k);
    k++;
  }
  for (; k < list.count; k++) {
    const to = list.endOf(k);
    if (seqLess(end, to)) return;
    const marks = list.marks(k);
    if ((marks & SACKED) === 0) {
      const sentAt = list.sentAt(k);
      rackAdvance(tcb, list, k, (marks & (RESENT | TWICE)) !== 0);
      if ((marks & (RESENT | TWICE)) === 0) {
        if (list.sackedOut > 0 && seqLess(from, list.highestSacked) && seqLess(from, facts.reordered)) {
          facts.reordered = from;
        }
        const { recovery } = tcb;
        if (recovery !== null && seqAtMost(to, recovery.highSeq)) facts.originalAcked = true;
        if (facts.firstSackedSentAt < 0) facts.firstSackedSentAt = sentAt;
        facts.lastSackedSentAt = sentAt;
      }
      noteDelivered(list, k, facts);
      list.markSacked(k);
      facts.sacked = true;
      facts.delivered++;
    }
    from = to;
  }
}

/**
 * A segment from `low` on arrived later than one sent after it: the path reorders, and losses have to be judged with
 * more patience (Linux: tcp_check_sack_reordering).
 */
export function noteReordering(tcb: Tcb, low: Sequence): void {
  const list = tcb.inFlight;
  const highest = list === null || list.sackedOut === 0 ? tcb.sndUna : list.highestSacked;
  const distance = seqDiff(highest, low);
  if (distance <= 0) return;
  const { sysctl, counters } = tcb.host;
  const recovery = recoveryOf(tcb);
  if (distance > recovery.reordering * tcb.mss) {
    const most = sysctl.values['net.ipv4.tcp_max_reordering'];
    recovery.reordering = Math.min(Math.ceil(distance / tcb.mss), most);
  }
  recovery.reorderingSeen++;
  counters.ext.TCPSACKReorder++;
}
