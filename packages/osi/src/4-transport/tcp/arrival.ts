import type { Frame } from '../../1-physical/index.ts';
import { decideAcknowledgment } from './acknowledgment.ts';
import { takeAcknowledgment } from './acks.ts';
import { answerInvalid, challenge } from './challenge.ts';
import { end, enterTimeWait, reset, resetByPeer } from './closing.ts';
import { ACK, FIN, PSH, RST, type Segment, SYN, URG } from './codec.ts';
import { defers } from './defer-accept.ts';
import { takeMark } from './ecn-arrival.ts';
import { settle } from './fast-open/early.ts';
import { fastOpenReset } from './fast-open/health.ts';
import { enterFinWait2 } from './fin-wait.ts';
import { answerRepeatedSyn, arriveHalfOpen, isHalfOpen } from './half-open.ts';
import { established, startTimeout } from './handshake.ts';
import { startPacing } from './pacing.ts';
import { deliver, drop, receiveData, tellDuplicate } from './receiver.ts';
import { checkSpace } from './send-space.ts';
import { output } from './sender.ts';
import { seqAdd, seqAtMost, seqDiff, seqLess } from './sequence.ts';
import { mayReceive } from './state.ts';
import { tallyOf } from './tally-of.ts';
import type { Tcb } from './tcb.ts';
import { keepAlive } from './timeouts.ts';
import { refusesTimestamp, rememberTimestamp, tooOld } from './timestamps.ts';
import { acknowledge, replyReset } from './transmit.ts';
import { noteUrgent } from './urgent.ts';

/**
 * A segment came for a connection in a synchronized state or in SYN_RECV: RFC 9293 section 3.10.7.4, in its
 * order, with RFC 7323's and RFC 5961's additions. Takes the frame over.
 */
export function arrive(tcb: Tcb, frame: Frame, segment: Segment): void {
  countArrival(tcb, frame, segment);
  if (fastPath(tcb, frame, segment)) return;
  tcb.host.gro.end(tcb);
  if (isHalfOpen(tcb)) {
    if (!arriveHalfOpen(tcb, frame, segment)) return;
  } else if (tcb.early && repeatsSyn(tcb, frame, segment)) {
    return;
  }
  if ((segment.flags & (ACK | RST | SYN)) === 0) {
    drop(tcb, frame, 'tcp.no-ack');
    return;
  }
  if (!acceptable(tcb, frame, segment)) return;
  if ((segment.flags & RST) !== 0) {
    resetArrived(tcb, frame, segment);
    return;
  }
  if ((segment.flags & SYN) !== 0 && !crossedSyn(tcb, segment)) {
    challenge(tcb, frame, 'TCPSYNChallenge');
    return;
  }
  const request = tcb.fastOpen === null ? null : tcb.fastOpen.request;
  const opened = tcb.state === 'SYN_RECV' || request !== null;
  const crossed = opened && (segment.flags & SYN) !== 0;
  if (opened && !completeHandshake(tcb, frame, segment)) return;
  if (isCurrent(tcb, segment)) rememberTimestamp(tcb, segment);
  if (!acknowledged(tcb, frame, segment)) return;
  if (request !== null) settle(tcb, request);
  if (opened) startTimeout(tcb);
  finAcknowledged(tcb, segment);
  if (isOver(tcb, segment)) {
    frame.release();
    return;
  }
  const called = urgent(tcb, frame, segment);
  const news = text(tcb, frame, segment);
  if (isClosed(tcb)) return;
  output(tcb);
  checkSpace(tcb);
  // Their SYN is there already: a repetition, which Linux answers as such.
  if (crossed) {
    tellDuplicate(tcb, segment.seq, tcb.rcvNxt);
    acknowledge(tcb, 'tcp.duplicate-ack');
  } else decideAcknowledgment(tcb);
  if (opened) {
    tcb.user?.connected();
    tcb.parent?.established(tcb);
  }
  if (news || called) tcb.user?.readable();
}

function countArrival(tcb: Tcb, frame: Frame, segment: Segment): void {
  const hasData = segment.dataEnd > segment.dataStart;
  // What completes the handshake alone is what a tally begins with; and nobody asks an orphan for it.
  if (tcb.tally === null && (tcb.orphan || (tcb.state === 'SYN_RECV' && !hasData))) return;
  const tally = tcb.tally ?? tallyOf(tcb);
  tally.segmentsIn += frame.segments;
  if (hasData) tally.dataSegmentsIn += frame.segments;
}

const isClosed = (tcb: Tcb): boolean => tcb.state === 'CLOSED';

/** Nothing is wanted of the rest of a segment that has acknowledged our FIN, except a FIN. */
const isOver = (tcb: Tcb, { flags }: Segment): boolean =>
  tcb.state === 'CLOSED' || tcb.state === 'TIME_WAIT' || (tcb.aside && (flags & FIN) === 0);

/**
 * Header prediction (Van Jacobson): the next segment of a connection where nothing special happens is either the
 * data that is expected or an acknowledgment of ours. @returns whether it was, and has been dealt with.
 */
function fastPath(tcb: Tcb, frame: Frame, segment: Segment): boolean {
  if (
    tcb.state !== 'ESTABLISHED' ||
    (segment.flags & ~PSH) !== ACK ||
    segment.seq !== tcb.rcvNxt ||
    segment.window << tcb.sndScale !== tcb.sndWnd ||
    tcb.phase !== 'open' ||
    segment.sacks > 0 ||
    tcb.orphan ||
    tcb.urgent !== null ||
    tcb.timestamps !== segment.hasTimestamps
  ) {
    return false;
  }
  if (tcb.timestamps && seqLess(segment.timestamp, tcb.tsRecent)) return false;
  const { counters } = tcb.host;
  const size = segment.dataEnd - segment.dataStart;
  if (size === 0) {
    if (!seqLess(tcb.sndUna, segment.ack) || seqLess(tcb.sndNxt, segment.ack)) return false;
    tcb.host.gro.end(tcb);
    counters.ext.TCPHPAcks++;
    rememberTimestamp(tcb, segment);
    frame.release();
    takeAcknowledgment(tcb, segment);
    output(tcb);
    checkSpace(tcb);
    return true;
  }
  if (
    segment.ack !== tcb.sndUna ||
    size > tcb.receiveWindow ||
    (tcb.reassembly !== null && tcb.reassembly.count > 0)
  ) {
    return false;
  }
  frame.start = segment.dataStart;
  if (tcb.host.gro.joins(tcb, frame, segment)) return true;
  counters.ext.TCPHPHits++;
  rememberTimestamp(tcb, segment);
  tcb.lastHeardAt = tcb.host.sim.now;
  tcb.probes = 0;
  if (tcb.ecn !== null) takeMark(tcb, tcb.ecn, segment.tos);
  if (tcb.host.gro.begins(tcb, frame, segment)) return true;
  deliver(tcb, frame, false);
  decideAcknowledgment(tcb);
  tcb.user?.readable();
  return true;
}

/** First check: timestamp and sequence number. What fails is answered, since the peer may have missed something. */
function acceptable(tcb: Tcb, frame: Frame, segment: Segment): boolean {
  const { ext } = tcb.host.counters;
  const isReset = (segment.flags & RST) !== 0;
  if (tcb.timestamps && segment.hasTimestamps && !isReset && tooOld(tcb, segment)) {
    if ((segment.flags & SYN) !== 0) {
      challenge(tcb, frame, 'TCPSYNChallenge');
      return false;
    }
    ext.PAWSEstab++;
    answerInvalid(tcb, frame, segment, 'tcp.paws', 'TCPACKSkippedPAWS');
    return false;
  }
  const early = seqDiff(segment.seq, tcb.rcvNxt) > tcb.receiveWindow;
  const late = seqLess(segment.end, tcb.rcvWup);
  const beyond = !early && endsBeyond(tcb, segment);
  if (!early && !late && !beyond) return true;
  if (beyond) ext.BeyondWindow++;
  // RFC 7323 and Linux would echo an older timestamp here. But then, when acknowledgments are lost, the peer takes
  // the time since its first attempt for the path's, and each loss makes its RTO longer.
  if (late && !isReset) rememberTimestamp(tcb, segment);
  if (isReset && resets(tcb, segment)) return true;
  if (isReset) drop(tcb, frame, 'tcp.outside-window');
  else if ((segment.flags & SYN) !== 0) challenge(tcb, frame, 'TCPSYNChallenge');
  else if (beyond)
    answerInvalid(tcb, frame, segment, 'tcp.beyond-window', 'TCPACKSkippedSeq', 'tcp.window-full-ack');
  else answerInvalid(tcb, frame, segment, 'tcp.outside-window', 'TCPACKSkippedSeq');
  return false;
}

/**
 * It has data behind the end of the window, which is taken only while nothing waits to be read (Linux: tcp_sequence); a FIN there
 * does no harm.
 */
function endsBeyond(tcb: Tcb, { end, flags }: Segment): boolean {
  const size = seqDiff(end, tcb.rcvNxt) - ((flags & FIN) === 0 ? 0 : 1);
  return size > tcb.receiveWindow && tcb.queue.length > 0;
}

/** Second check. */
function resetArrived(tcb: Tcb, frame: Frame, segment: Segment): void {
  if (!resets(tcb, segment)) {
    if (tcb.fastOpen !== null) fastOpenReset(tcb, tcb.fastOpen);
    challenge(tcb, frame, 'TCPChallengeACK');
    return;
  }
  drop(tcb, frame, 'tcp.reset');
  resetByPeer(tcb);
}

/**
 * Only a RST with exactly the next number ends the connection (RFC 5961 section 3.2), or with that behind all that has come;
 * a peer that has sent FIN may not count it (Linux: tcp_reset_check).
 */
function resets({ state, rcvNxt, selective }: Tcb, { seq }: Segment): boolean {
  if (seq === rcvNxt) return true;
  if (seqAdd(seq, 1) === rcvNxt) return state === 'CLOSE_WAIT' || state === 'LAST_ACK' || state === 'CLOSING';
  return selective !== null && selective.count > 0 && seq === selective.last;
}

/** Both have sent SYN at once: theirs comes again as SYN+ACK, and completes the handshake. */
const crossedSyn = (tcb: Tcb, segment: Segment): boolean =>
  tcb.state === 'SYN_RECV' &&
  !tcb.passive &&
  (segment.flags & ACK) !== 0 &&
  segment.ack === tcb.sndNxt &&
  seqAdd(segment.seq, 1) === tcb.rcvNxt &&
  segment.length === 1;

/** The peer has not got our SYN+ACK, and calls again: it does not know that the connection is open. @returns whether it was that. */
function repeatsSyn(tcb: Tcb, frame: Frame, segment: Segment): boolean {
  const isRepeated = (segment.flags & (SYN | ACK | RST)) === SYN && segment.seq === tcb.irs;
  if (!isRepeated || refusesTimestamp(tcb, segment)) return false;
  answerRepeatedSyn(tcb, frame, segment);
  return true;
}

/** Fifth check in SYN_RECV. @returns whether the connection is established. */
function completeHandshake(tcb: Tcb, frame: Frame, segment: Segment): boolean {
  if (tcb.early) return completeEarly(tcb, frame, segment);
  if (!seqLess(tcb.iss, segment.ack) || !seqAtMost(segment.ack, tcb.sndNxt)) {
    replyReset(tcb.host, segment, 'tcp.reset-bad-ack');
    drop(tcb, frame, 'tcp.bad-ack');
    return false;
  }
  const { parent } = tcb;
  if (parent !== null && parent.deferAccept > 0 && defers(tcb, parent, segment)) {
    rememberTimestamp(tcb, segment);
    drop(tcb, frame, 'tcp.deferred');
    return false;
  }
  if (parent?.full) {
    parent.overflowed();
    // The queue of the listener is full: as if the acknowledgment had been lost (Linux: tcp_check_req).
    drop(tcb, frame, 'tcp.backlog-full');
    if (tcb.host.sysctl.values['net.ipv4.tcp_abort_on_overflow'] !== 0) reset(tcb, 'tcp.reset-backlog', 0);
    return false;
  }
  established(tcb);
  startPacing(tcb);
  // The program has closed already, while both SYNs crossed.
  if (tcb.finQueued) tcb.move('finish');
  return true;
}

/** The same where the connection has been open since the peer's SYN: it may have sent, and closed, meanwhile. */
function completeEarly(tcb: Tcb, frame: Frame, segment: Segment): boolean {
  if (seqLess(segment.ack, tcb.sndUna) || seqLess(tcb.sndNxt, segment.ack)) {
    replyReset(tcb.host, segment, 'tcp.reset-bad-ack');
    drop(tcb, frame, 'tcp.bad-ack');
    return false;
  }
  if (tcb.state !== 'SYN_RECV') return true;
  tcb.move('established');
  startPacing(tcb);
  if (tcb.options.keepAlive) keepAlive(tcb);
  if (tcb.finQueued) tcb.move('finish');
  return true;
}

/** What it acknowledges is in flight: then its timestamp is the one to echo in what it makes us send (Linux: tcp_ack). */
const isCurrent = (tcb: Tcb, segment: Segment): boolean =>
  seqAtMost(tcb.sndUna, segment.ack) && seqAtMost(segment.ack, tcb.sndNxt);

/** Fifth check. @returns whether to go on. */
function acknowledged(tcb: Tcb, frame: Frame, segment: Segment): boolean {
  const verdict = takeAcknowledgment(tcb, segment);
  if (verdict === 'taken') return true;
  challenge(tcb, frame, 'TCPChallengeACK', verdict === 'unsent' ? 'tcp.bad-ack' : 'tcp.old-ack');
  return false;
}

/** Moves on when all we had to send, FIN included, is acknowledged. */
function finAcknowledged(tcb: Tcb, segment: Segment): void {
  if (!tcb.finSent || tcb.sndUna !== tcb.sndNxt) return;
  switch (tcb.state) {
    case 'FIN_WAIT1':
      tcb.move('fin-acknowledged');
      enterFinWait2(tcb, segment);
      return;
    case 'CLOSING':
      tcb.move('fin-acknowledged');
      enterTimeWait(tcb);
      return;
    case 'LAST_ACK':
      end(tcb, 0);
      return;
    default:
      return;
  }
}

/** Sixth check: URG. @returns whether the program is to be told. */
function urgent(tcb: Tcb, frame: Frame, segment: Segment): boolean {
  const { flags, seq, urgentPointer, dataStart, dataEnd } = segment;
  if ((flags & URG) === 0 && tcb.urgent === null) return false;
  if (!mayReceive(tcb.state)) return false;
  return noteUrgent(tcb, flags, urgentPointer, seq, frame.bytes, dataStart, dataEnd);
}

/** Seventh and eighth check: data and FIN. Takes the frame over. @returns whether there is something new to read. */
function text(tcb: Tcb, frame: Frame, segment: Segment): boolean {
  const size = segment.dataEnd - segment.dataStart;
  if (size === 0 && (segment.flags & FIN) === 0) {
    tcb.host.counters.ext.TCPPureAcks++;
    frame.release();
    return false;
  }
  if (!mayReceive(tcb.state) && !seqLess(segment.seq, tcb.rcvNxt)) {
    drop(tcb, frame, 'tcp.after-close');
    return false;
  }
  const end = (segment.flags & FIN) === 0 ? segment.end : seqAdd(segment.end, -1);
  if (tcb.state !== 'ESTABLISHED' && seqLess(tcb.rcvNxt, end) && (tcb.receiveShutdown || tcb.finReceived)) {
    // Nobody will ever read it, and the peer must know (RFC 1122 section 4.2.2.13).
    tcb.host.counters.ext.TCPAbortOnData++;
    drop(tcb, frame, 'tcp.after-close');
    replyReset(tcb.host, segment, 'tcp.reset-after-close');
    resetByPeer(tcb);
    return false;
  }
  return receiveData(tcb, frame, segment);
}
