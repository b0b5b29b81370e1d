import { milliseconds, type Nanoseconds, seconds } from '../../time/index.ts';
import { AckFacts } from './ack-facts.ts';
import { ECE, type Segment, SYN } from './codec.ts';
import { BY_DELAY, BY_TRAIN } from './congestion/interface.ts';
import { noteDelivered, takeRate } from './delivery-rate.ts';
import { RESENT, SACKED, TWICE } from './in-flight.ts';
import { stop } from './limits.ts';
import { probeArrived } from './path-probing.ts';
import { fitReorderingWindow, rackAdvance } from './rack.ts';
import { judge, limitDuplicates } from './recovery.ts';
import { reduce, reducing } from './reduction.ts';
import { noteReordering, takeSacks } from './scoreboard.ts';
import { rearm, scheduleProbe } from './send-timers.ts';
import { hasUnsent, output, resendLost, windowLimited } from './sender.ts';
import { type Sequence, seqDiff, seqLess } from './sequence.ts';
import { probeAnswered } from './tail-loss.ts';
import type { Tally } from './tally.ts';
import type { Tcb } from './tcb.ts';
import { probeInterval, probeLater } from './timeouts.ts';
import { timestampNow } from './transmit.ts';
import { offeredWindow, sendRoom } from './window.ts';

/** Linux's TCP_TIMEOUT_FALLBACK: the RTO when the handshake measured nothing (RFC 6298 section 5.7). */
const RTO_FALLBACK = seconds(3);

/** What an acknowledgment turned out to be. */
export type Verdict = 'taken' | 'unsent' | 'ancient';

const facts = new AckFacts();

/** Takes the acknowledgment and window of a segment (RFC 9293 section 3.10.7.4, fifth check; RFC 5961 section 5.2). */
export function takeAcknowledgment(tcb: Tcb, segment: Segment): Verdict {
  const { ack } = segment;
  const una = tcb.sndUna;
  const acked = seqDiff(ack, una);
  if (seqLess(tcb.sndNxt, ack)) return 'unsent';
  if (acked < 0 && acked < -furthestBack(tcb)) return 'ancient';
  facts.begin();
  facts.hasTimestampEcho = tcb.timestamps && segment.hasTimestamps;
  facts.timestampEcho = segment.timestampEcho;
  const sacks = tcb.sack && segment.sacks > 0;
  if (acked < 0) {
    if (sacks) takeLate(tcb, segment, una);
    return 'taken';
  }
  facts.advanced = acked > 0;
  if (acked > 0 && tcb.tally !== null) tcb.tally.bytesAcknowledged += acked;
  facts.data = segment.dataEnd > segment.dataStart;
  takeWindow(tcb, segment);
  const prior = tcb.inFlight;
  const highest = !tcb.sack || prior === null || prior.sackedOut === 0 ? una : prior.highestSacked;
  if (sacks) takeSacks(tcb, segment, una, facts);
  if (tcb.ecn !== null && (segment.flags & (ECE | SYN)) === ECE) facts.echo = true;
  tcb.lastHeardAt = tcb.host.sim.now;
  tcb.probes = 0;
  if (acked > 0) tcb.retransmits = 0;
  if (prior === null) {
    if (facts.duplicateSack) judge(tcb, una, facts);
    probeAnswered(tcb, ack, facts);
    if (tcb.sndNxt === tcb.sndUna && hasUnsent(tcb)) watchWindow(tcb);
    return 'taken';
  }
  if (acked > 0) moveLeftEdge(tcb, segment);
  clean(tcb, una, highest, ack);
  fitReorderingWindow(tcb);
  probeAnswered(tcb, ack, facts);
  if (tcb.phase !== 'open' || facts.isDubious) judge(tcb, una, facts);
  if (facts.setTimer && !scheduleProbe(tcb, true)) rearm(tcb);
  if (acked > 0) tcb.host.ip.confirm(tcb.remoteAddress);
  if (tcb.tally !== null) sampleRate(tcb, tcb.tally);
  control(tcb);
  resend(tcb);
  if (tcb.sndNxt === tcb.sndUna && hasUnsent(tcb)) watchWindow(tcb);
  return 'taken';
}

/** How far back an acknowledgment may lie: a window, and not before what was acknowledged first (Linux: tcp_ack). */
const furthestBack = ({ maxWindow, tally, passive }: Tcb): number =>
  Math.min(maxWindow, tally === null ? (passive ? 0 : 1) : tally.bytesAcknowledged);

function sampleRate(tcb: Tcb, tally: Tally): void {
  if (facts.delivered > 0 && tcb.inFlight !== null) tcb.inFlight.lastDelivered = tcb.host.sim.now;
  takeRate(tcb, tally, facts);
}

/** An acknowledgment that was overtaken can still say what has arrived. */
function takeLate(tcb: Tcb, segment: Segment, una: Sequence): void {
  takeSacks(tcb, segment, una, facts);
  if (tcb.inFlight === null) return;
  judge(tcb, una, facts);
  countDelivered(tcb);
  if (tcb.tally !== null) sampleRate(tcb, tcb.tally);
  resend(tcb);
}

function countDelivered(tcb: Tcb): void {
  const { ext } = tcb.host.counters;
  tcb.delivered += facts.delivered;
  ext.TCPDelivered += facts.delivered;
  if (!facts.echo || tcb.ecn === null) return;
  ext.TCPDeliveredCE += facts.delivered;
  tcb.ecn.deliveredMarked += facts.delivered;
}

/** The window is taken from segments in their order (RFC 9293 section 3.10.7.4: SND.WL1, SND.WL2). */
function takeWindow(tcb: Tcb, segment: Segment): void {
  const { seq } = segment;
  const window = offeredWindow(tcb, segment);
  const newer = facts.advanced || seqLess(tcb.sndWl1, seq);
  if (!newer && !(seq === tcb.sndWl1 && (window > tcb.sndWnd || window === 0))) return;
  facts.windowUpdate = true;
  tcb.sndWl1 = seq;
  tcb.sndWnd = window;
  if (window > tcb.maxWindow) tcb.maxWindow = window;
}

/** The left edge of the window moves: what is acknowledged leaves the send buffer. */
function moveLeftEdge(tcb: Tcb, segment: Segment): void {
  const gone = Math.min(seqDiff(segment.ack, tcb.bufferSeq), tcb.buffer.length);
  if (gone > 0) {
    tcb.dequeue(gone);
    tcb.bufferSeq = (tcb.bufferSeq + gone) | 0;
    dropChunks(tcb);
    if (tcb.awaited !== null) tellAcknowledged(tcb, tcb.awaited);
  }
  tcb.sndUna = segment.ack;
}

function tellAcknowledged(tcb: Tcb, awaited: NonNullable<Tcb['awaited']>): void {
  for (
    let next = awaited[0];
    next !== undefined && seqDiff(next.end, tcb.bufferSeq) <= 0;
    next = awaited[0]
  ) {
    awaited.shift();
    tcb.user?.acknowledged?.(next.call);
  }
  if (awaited.length === 0) tcb.awaited = null;
}

function dropChunks(tcb: Tcb): void {
  const { chunks } = tcb;
  if (chunks === null) return;
  chunks.drop(tcb.bufferSeq);
  if (chunks.count > 0) return;
  tcb.host.chunks.give(chunks);
  tcb.chunks = null;
}

/** What is acknowledged leaves the scoreboard, and measures the path (Linux: tcp_clean_rtx_queue). */
function clean(tcb: Tcb, una: Sequence, highest: Sequence, ack: Sequence): void {
  const list = tcb.inFlight;
  if (list === null) return;
  const { recovery, sack } = tcb;
  let start = una;
  let first: Nanoseconds = -1;
  let last: Nanoseconds = -1;
  let reordered = tcb.sndNxt;
  let acked = 0;
  while (list.count > 0) {
    const end = list.endOf(0);
    if (seqLess(ack, end)) break;
    const marks = list.marks(0);
    const sentAt = list.sentAt(0);
    if ((marks & (RESENT | TWICE)) !== 0) {
      facts.resentAcked = true;
    } else if ((marks & SACKED) === 0) {
      last = sentAt;
      if (first < 0) first = sentAt;
      if (seqLess(start, reordered)) reordered = start;
      if (recovery !== null && !seqLess(recovery.highSeq, end)) facts.originalAcked = true;
    }
    if ((marks & SACKED) === 0) noteDelivered(list, 0, facts);
    if (sack && (marks & SACKED) === 0) {
      facts.delivered++;
      const twice = (marks & (RESENT | TWICE)) !== 0;
      if (!twice || !answeredBefore(tcb, sentAt)) rackAdvance(tcb, list, 0, twice);
    }
    if (end === ((tcb.iss + 1) | 0) && start === tcb.iss) facts.synAcked = true;
    else facts.dataAcked = true;
    list.shift();
    acked++;
    start = end;
  }
  if (acked > 0) {
    if (tcb.pathProbe !== null) probeArrived(tcb, tcb.pathProbe);
    facts.setTimer = true;
    if (list.count > 0 && (list.marks(0) & SACKED) !== 0) facts.reneging = true;
    if (sack) {
      if (seqLess(reordered, highest)) noteReordering(tcb, reordered);
    } else {
      removeDuplicates(tcb, acked);
    }
  }
  if (list.count === 0) {
    tcb.host.lists.give(list);
    tcb.inFlight = null;
    if (tcb.tally !== null) stop(tcb, 'network');
  }
  measure(tcb, facts.resentAcked ? -1 : first, facts.resentAcked ? -1 : last, acked > 0);
  if (acked === 0 && facts.firstSackedSentAt >= 0 && list.count > 0) {
    // The round trip of what was sent after the oldest: its own timer is not put off for ever.
    if (facts.firstSackedSentAt < list.sentAt(0)) facts.setTimer = true;
  }
  if (acked > 0 && tcb.roundTrip.srtt === 0 && tcb.totalRetransmits > 0 && tcb.state !== 'ESTABLISHED') {
    tcb.roundTrip.rto = RTO_FALLBACK;
    tcb.backoff = 0;
  }
  countDelivered(tcb);
}

/** By its timestamp the acknowledgment answers a copy older than the one sent at `sentAt`. */
function answeredBefore(tcb: Tcb, sentAt: Nanoseconds): boolean {
  if (!facts.hasTimestampEcho || facts.timestampEcho === 0) return false;
  const sent = (Math.floor(sentAt / milliseconds(1)) + tcb.timestampOffset) | 0;
  return seqLess(facts.timestampEcho, sent);
}

/** Without SACK: one of those acknowledged was the hole, the others had caused duplicates (Linux: tcp_remove_reno_sacks). */
function removeDuplicates(tcb: Tcb, acked: number): void {
  const list = tcb.inFlight;
  if (facts.resentAcked) facts.originalAcked = false;
  if (list === null) return;
  facts.delivered += Math.max(acked - list.sackedOut, 1);
  list.sackedOut = Math.max(0, list.sackedOut - (acked - 1));
  limitDuplicates(tcb, list, acked);
}

/** Round-trip time from what was acknowledged in order, else selectively, else from the timestamp (RFC 6298, RFC 7323 section 4). */
function measure(tcb: Tcb, first: Nanoseconds, last: Nanoseconds, acked: boolean): void {
  const { host, roundTrip } = tcb;
  const { now } = host.sim;
  let sample = first >= 0 ? now - first : -1;
  let latest = last >= 0 ? now - last : -1;
  if (facts.firstSackedSentAt >= 0) {
    if (sample < 0) sample = now - facts.firstSackedSentAt;
    latest = now - facts.lastSackedSentAt;
  }
  if (sample < 0 && acked && facts.hasTimestampEcho && facts.timestampEcho !== 0) {
    const ticks = (timestampNow(tcb) - facts.timestampEcho) | 0;
    if (ticks >= 0) {
      sample = Math.max(ticks, 1) * milliseconds(1);
      latest = sample;
    }
  }
  if (sample < 0) return;
  const roundDone = seqLess(tcb.roundEnd, tcb.sndUna);
  if (roundDone) tcb.roundEnd = tcb.sndNxt;
  roundTrip.measure(sample, roundDone);
  roundTrip.noteShortest(latest, now);
  tcb.backoff = 0;
  const paced = tcb.tally !== null && tcb.tally.pacing !== null;
  const found = tcb.congestion.measured(latest, now, tcb.sndUna, tcb.sndNxt, paced);
  if (found !== 0) countSlowStartEnd(tcb, found);
}

/** HyStart has ended slow start: by what, and at which window. */
function countSlowStartEnd(tcb: Tcb, found: number): void {
  const { ext } = tcb.host.counters;
  const { cwnd } = tcb.congestion;
  if ((found & BY_TRAIN) !== 0) {
    ext.TCPHystartTrainDetect++;
    ext.TCPHystartTrainCwnd += cwnd;
  }
  if ((found & BY_DELAY) !== 0) {
    ext.TCPHystartDelayDetect++;
    ext.TCPHystartDelayCwnd += cwnd;
  }
}

/** The window after this acknowledgment: smaller while it is being reduced, otherwise perhaps larger. */
function control(tcb: Tcb): void {
  if (reducing(tcb)) {
    reduce(tcb, facts.delivered, facts.lost, facts.advanced);
  } else if (facts.delivered > 0 && mayGrow(tcb) && windowLimited(tcb)) {
    tcb.congestion.acknowledged(facts.delivered, tcb.host.sim.now);
  }
}

/** On a path that reorders every delivery counts, otherwise only what is acknowledged in order (Linux: tcp_may_raise_cwnd). */
const mayGrow = (tcb: Tcb): boolean =>
  facts.dataAcked ||
  (facts.sacked &&
    tcb.recovery !== null &&
    tcb.recovery.reordering > tcb.host.sysctl.values['net.ipv4.tcp_reordering']);

function resend(tcb: Tcb): void {
  const { recovery } = tcb;
  if (facts.resend === 'nothing' || recovery === null) return;
  if (facts.resend === 'new') {
    const { highSeq } = recovery;
    output(tcb);
    if (seqLess(highSeq, tcb.sndNxt)) return;
    recovery.frto = false;
  }
  resendLost(tcb);
}

/** Nothing is in flight but something waits: either the window is open now, or its probing goes on. */
function watchWindow(tcb: Tcb): void {
  const { timers } = tcb;
  if (timers.send !== Number.POSITIVE_INFINITY && timers.sendName !== 'tcp.zero-window-probe') return;
  const next = Math.min(seqDiff(tcb.bufferEnd, tcb.sndNxt), tcb.mss);
  if (Math.max(next, 1) <= sendRoom(tcb)) {
    tcb.backoff = 0;
    tcb.probingSince = 0;
    timers.stopSend();
  } else if (timers.send !== Number.POSITIVE_INFINITY) {
    probeLater(tcb, probeInterval(tcb));
  }
}
