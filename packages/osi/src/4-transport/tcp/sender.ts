import { ACK, FIN, HEADER_LENGTH, SYN } from './codec.ts';
import { TIMESTAMPS_LENGTH } from './options.ts';
import type { TcpReason } from './reasons.ts';
import { backedOff, RTO_MIN } from './retransmission.ts';
import { type Sequence, seqAdd, seqDiff, seqLess } from './sequence.ts';
import { maySend } from './state.ts';
import type { Tcb } from './tcb.ts';
import { transmit, transmitSyn } from './transmit.ts';
import { sendRoom } from './window.ts';

/** A window smaller than this does not make segments smaller (Linux: tcp_bound_to_half_wnd, 68 bytes with header). */
const SMALLEST_BOUND = 48;

/** IPv4 header without options. */
const IP_HEADER_LENGTH = 20;

/** The largest payload that fits: the peer's MSS, the path's MTU, what the program allows; options taken off. */
export function fitMss(tcb: Tcb): void {
  const { ip, sysctl } = tcb.host;
  let mss = Math.min(tcb.peerMss, ip.mtuTo(tcb.remoteAddress) - IP_HEADER_LENGTH - HEADER_LENGTH);
  if (tcb.options.maxSegment > 0) mss = Math.min(mss, tcb.options.maxSegment);
  mss = Math.max(mss, sysctl.get('net.ipv4.tcp_min_snd_mss'));
  if (tcb.timestamps) mss -= TIMESTAMPS_LENGTH;
  if (mss === tcb.mss) return;
  tcb.mss = mss;
  tcb.congestion.segmentSize(mss);
}

/** States in which data or FIN may go out. */
function mayTransmit(tcb: Tcb): boolean {
  switch (tcb.state) {
    case 'ESTABLISHED':
    case 'CLOSE_WAIT':
    case 'FIN_WAIT1':
    case 'CLOSING':
    case 'LAST_ACK':
      return true;
    case 'CLOSED':
    case 'LISTEN':
    case 'SYN_SENT':
    case 'SYN_RECV':
    case 'FIN_WAIT2':
    case 'TIME_WAIT':
      return false;
  }
}

/** Bytes that are taken to be on their way: after a time-out only what has been sent since. */
export const pipe = (tcb: Tcb): number =>
  tcb.phase === 'loss' && seqLess(tcb.lossNext, tcb.recover)
    ? seqDiff(tcb.lossNext, tcb.sndUna)
    : seqDiff(tcb.sndNxt, tcb.sndUna);

/**
 * Sends what may be sent: window, congestion window and Nagle's rule allowing (RFC 9293 section 3.8.6.2.1).
 * @param extra bytes beyond the congestion window (limited transmit, RFC 3042).
 */
export function output(tcb: Tcb, extra = 0, reason: TcpReason = 'tcp.data'): void {
  if (!mayTransmit(tcb)) return;
  if (tcb.phase === 'loss' && !resendLost(tcb)) return;
  restartAfterIdle(tcb);
  const cwnd = tcb.congestion.cwnd + extra;
  const mss = segmentSize(tcb);
  tcb.cwndLimited = false;
  for (;;) {
    const unsent = seqDiff(tcb.bufferEnd, tcb.sndNxt);
    if (unsent <= 0) {
      if (unsent === 0 && tcb.finQueued && sendRoom(tcb) > 0) {
        transmit(tcb, tcb.sndNxt, 0, FIN, 'tcp.fin');
      }
      break;
    }
    const length = Math.min(unsent, mss);
    const flight = seqDiff(tcb.sndNxt, tcb.sndUna);
    if (flight > 0 && flight + length > cwnd) {
      tcb.cwndLimited = true;
      break;
    }
    const room = sendRoom(tcb);
    if (length > room) break;
    const last = length === unsent;
    const finish = last && tcb.finQueued && length < room;
    if (length < mss) {
      if (!finish && mustWait(tcb)) break;
      tcb.smallEnd = seqAdd(tcb.sndNxt, length);
    }
    transmit(tcb, tcb.sndNxt, length, finish ? FIN : 0, reason);
  }
  keepTimer(tcb);
}

/**
 * Nagle's rule with Minshall's refinement, as in Linux: a segment that is not full waits while an earlier one
 * that was not full is unacknowledged.
 */
function mustWait(tcb: Tcb): boolean {
  return !tcb.options.noDelay && seqLess(tcb.sndUna, tcb.smallEnd) && seqDiff(tcb.sndNxt, tcb.sndUna) > 0;
}

/** A full segment, but at most half of the largest window the peer ever offered (RFC 9293 section 3.8.6.2.1, Fs). */
function segmentSize(tcb: Tcb): number {
  const { maxWindow, mss } = tcb;
  if (maxWindow === 0) return mss;
  const bound = maxWindow > 536 ? maxWindow >> 1 : maxWindow;
  return Math.min(mss, Math.max(bound, SMALLEST_BOUND));
}

/** After a pause the window no longer says what the path bears (RFC 5681 section 4.1). */
function restartAfterIdle(tcb: Tcb): void {
  if (tcb.inFlight !== null || tcb.lastSentAt < 0) return;
  const { rto } = tcb.roundTrip;
  const idle = tcb.host.sim.now - tcb.lastSentAt;
  if (idle <= rto || tcb.host.sysctl.get('net.ipv4.tcp_slow_start_after_idle') === 0) return;
  if (tcb.buffer.length > 0) tcb.congestion.idle(Math.floor(idle / rto));
}

/** What is in flight has a retransmission timer, what cannot be sent has a probe timer, nothing has none. */
export function keepTimer(tcb: Tcb): void {
  const { timers, roundTrip } = tcb;
  if (seqDiff(tcb.sndNxt, tcb.sndUna) > 0) {
    if (timers.send === Number.POSITIVE_INFINITY || timers.sendName !== 'tcp.retransmission') {
      tcb.probes = 0;
      timers.startSend('tcp.retransmission', backedOff(roundTrip.rto, tcb.backoff));
    }
  } else if (hasUnsent(tcb) && mayTransmit(tcb)) {
    if (timers.send === Number.POSITIVE_INFINITY) {
      timers.startSend('tcp.zero-window-probe', Math.max(roundTrip.rto, RTO_MIN));
    }
  } else {
    timers.stopSend();
  }
}

/** Data, or FIN, that has never been sent. */
export const hasUnsent = (tcb: Tcb): boolean =>
  seqDiff(tcb.bufferEnd, tcb.sndNxt) > 0 || (tcb.finQueued && !tcb.finSent);

/**
 * Sends one segment again from `seq` on: as much as was sent of it, fits into a segment and (unless it is the
 * oldest) into the window. @returns how much sequence space it took; 0 when it may not be sent.
 */
export function retransmit(tcb: Tcb, seq: Sequence, reason: TcpReason): number {
  if (tcb.state === 'SYN_SENT') {
    transmitSyn(tcb, SYN, reason);
    return 1;
  }
  if (tcb.state === 'SYN_RECV' && tcb.sndUna === tcb.iss) {
    transmitSyn(tcb, SYN | ACK, reason);
    return 1;
  }
  const room = sendRoom(tcb) + seqDiff(tcb.sndNxt, seq);
  const sent = Math.min(seqDiff(tcb.bufferEnd, seq), seqDiff(tcb.sndNxt, seq));
  let length = Math.max(0, Math.min(sent, segmentSize(tcb)));
  if (room <= 0) {
    if (seq !== tcb.sndUna) return 0;
  } else {
    length = Math.min(length, room);
  }
  const fin = tcb.finSent && length === seqDiff(tcb.bufferEnd, seq);
  if (length === 0 && !fin) return 0;
  transmit(tcb, seq, length, fin ? FIN : 0, reason);
  return length + (fin ? 1 : 0);
}

/** After a time-out: sends again what was in flight then, as the window grows. @returns whether all of it has been. */
function resendLost(tcb: Tcb): boolean {
  if (seqLess(tcb.lossNext, tcb.sndUna)) tcb.lossNext = tcb.sndUna;
  while (seqLess(tcb.lossNext, tcb.recover)) {
    const done = seqDiff(tcb.lossNext, tcb.sndUna);
    if (done > 0 && done + tcb.mss > tcb.congestion.cwnd) return false;
    const count = retransmit(tcb, tcb.lossNext, 'tcp.loss-recovery');
    if (count === 0) return false;
    tcb.host.counters.ext.TCPSlowStartRetrans++;
    tcb.lossNext = seqAdd(tcb.lossNext, count);
  }
  return true;
}

/** How many bytes the program may write: what the buffer has room for (Linux: sk_stream_wspace). */
export function sendSpace(tcb: Tcb): number {
  if (tcb.finQueued || !maySend(tcb.state)) return 0;
  return Math.max(0, tcb.options.sendBuffer - tcb.buffer.length);
}

/** Lets the send buffer hold two congestion windows, so that it is not what limits (Linux: tcp_sndbuf_expand). */
export function fitSendBuffer(tcb: Tcb): void {
  if (tcb.options.sendBufferLocked === true) return;
  const wanted = Math.min(2 * tcb.congestion.cwnd, tcb.host.sysctl.get('net.ipv4.tcp_wmem.max'));
  if (wanted > tcb.options.sendBuffer) tcb.options.sendBuffer = wanted;
}
