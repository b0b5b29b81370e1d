import type { Frame } from '../../1-physical/index.ts';
import { milliseconds } from '../../time/index.ts';
import { answerRarely, mayAnswer } from './challenge.ts';
import { end, resetByPeer } from './closing.ts';
import { ACK, RST, type Segment, SYN } from './codec.ts';
import type { TcpDrop, TcpReason } from './reasons.ts';
import { drop } from './receiver.ts';
import { resendSyn } from './sender.ts';
import { seqAdd, seqDiff, seqInWindow } from './sequence.ts';
import type { Tcb } from './tcb.ts';
import { refusesTimestamp, rememberTimestamp } from './timestamps.ts';
import { acknowledge, replyReset, timestampNow } from './transmit.ts';

/** Whether only a listener knows of the connection: its SYN+ACK is not acknowledged (Linux: `request_sock`). */
export const isHalfOpen = (tcb: Tcb): boolean =>
  tcb.state === 'SYN_RECV' && tcb.parent !== null && !tcb.early && tcb.sndUna === tcb.iss;

/**
 * A segment came for a half-open connection: the checks of RFC 9293 section 3.10.7.4 in Linux's order (tcp_check_req).
 * Takes the frame over, unless it may complete the handshake. @returns whether it may.
 */
export function arriveHalfOpen(tcb: Tcb, frame: Frame, segment: Segment): boolean {
  const { flags, seq } = segment;
  const { ext } = tcb.host.counters;
  const stale = refusesTimestamp(tcb, segment);
  if ((flags & (SYN | ACK | RST)) === SYN && seq === tcb.irs && !stale) {
    answerRepeatedSyn(tcb, frame, segment);
    return false;
  }
  if ((flags & ACK) !== 0 && segment.ack !== seqAdd(tcb.iss, 1)) {
    replyReset(tcb.host, segment, 'tcp.reset-bad-ack');
    drop(tcb, frame, 'tcp.bad-ack');
    return false;
  }
  const unechoed = echoesNothing(tcb, segment);
  if (stale || unechoed || !seqInWindow(seq, segment.end, tcb.rcvNxt, seqAdd(tcb.rcvNxt, tcb.rcvWnd))) {
    if (stale) ext.PAWSEstab++;
    const why = stale || unechoed ? 'tcp.paws' : 'tcp.outside-window';
    if ((flags & RST) !== 0) drop(tcb, frame, why);
    else answer(tcb, frame, segment, why, 'tcp.duplicate-ack');
    return false;
  }
  if ((flags & RST) !== 0 && seq !== tcb.rcvNxt) {
    ext.TCPChallengeACK++;
    answer(tcb, frame, segment, 'tcp.challenged', 'tcp.challenge-ack');
    return false;
  }
  if ((flags & RST) !== 0) {
    drop(tcb, frame, 'tcp.reset');
    resetByPeer(tcb);
    return false;
  }
  // Its own SYN, repeated with data, is truncated; another one cannot be (RFC 9293: return to LISTEN; Linux: "bad SYN").
  if ((flags & SYN) !== 0 && seq !== tcb.irs) {
    tcb.host.counters.tcp.AttemptFails++;
    ext.EmbryonicRsts++;
    replyReset(tcb.host, segment, 'tcp.reset-bad-syn');
    drop(tcb, frame, 'tcp.bad-syn');
    end(tcb, 0);
    return false;
  }
  if ((flags & ACK) === 0) {
    drop(tcb, frame, 'tcp.no-ack');
    return false;
  }
  return true;
}

/** The peer has not got our SYN+ACK, and calls again. */
export function answerRepeatedSyn(tcb: Tcb, frame: Frame, segment: Segment): void {
  rememberTimestamp(tcb, segment);
  drop(tcb, frame, 'tcp.duplicate');
  if (mayAnswer(tcb, 'TCPACKSkippedSynRecv')) resendSyn(tcb, 'tcp.syn-ack');
}

/** The timestamp that it echoes is none that our SYN+ACK had. */
function echoesNothing(tcb: Tcb, { flags, hasTimestamps, timestampEcho }: Segment): boolean {
  if (!tcb.timestamps || !hasTimestamps || timestampEcho === 0 || (flags & ACK) === 0) return false;
  const age = seqDiff(timestampNow(tcb), timestampEcho);
  return age < 0 || milliseconds(age - 1) > tcb.host.sim.now - tcb.lastHeardAt;
}

/** As `answerRarely`, with the window of our SYN+ACK, rounded down to what scaling can express (Linux: tcp_v4_reqsk_send_ack). */
function answer(tcb: Tcb, frame: Frame, segment: Segment, why: TcpDrop, reason: TcpReason): void {
  const { rcvWnd, windowLimit, rcvScale } = tcb;
  tcb.rcvWnd = (rcvWnd >> rcvScale) << rcvScale;
  tcb.windowLimit = tcb.rcvWnd;
  drop(tcb, frame, why);
  if (answerRarely(tcb, segment, 'TCPACKSkippedSynRecv')) acknowledge(tcb, reason);
  tcb.rcvWnd = rcvWnd;
  tcb.windowLimit = windowLimit;
}
