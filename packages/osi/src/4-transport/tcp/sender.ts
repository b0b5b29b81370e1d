import { ACK, FIN, HEADER_LENGTH, PSH, SYN } from './codec.ts';
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
 *
 * Segments go out in bursts, as Linux hands them to segmentation offload; the last of several together has PSH, so
 * that the receiver does not wait for more (Linux: __tcp_transmit_skb).
 * @param extra bytes beyond the congestion window (limited transmit, RFC 3042).
 */
export function output(tcb: Tcb, extra = 0, reason: TcpReason = 'tcp.data', sizes = usual(tcb)): void {
  if (!mayTransmit(tcb)) return;
  if (tcb.phase === 'loss' && !resendLost(tcb)) return;
  restartAfterIdle(tcb);
  const cwnd = tcb.congestion.cwnd + extra;
  const mss = segmentSize(tcb);
  let burst = 0;
  let together = 0;
  let length = sendable(tcb, 0, cwnd, mss, sizes);
  while (length > 0) {
    const last = length === seqDiff(tcb.bufferEnd, tcb.sndNxt);
    const finish = last && tcb.finQueued && length < sendRoom(tcb);
    if (length < mss) tcb.smallEnd = seqAdd(tcb.sndNxt, length);
    const next = sendable(tcb, length, cwnd, mss, sizes);
    if (next > 0 && burst === 0) burst = burstSize(tcb, cwnd, mss);
    together++;
    const ends = together === burst || next <= 0;
    const push = ends && together > 1 ? PSH : 0;
    transmit(tcb, tcb.sndNxt, length, (finish ? FIN : 0) | push, reason);
    if (ends) together = 0;
    length = next;
  }
  if (tcb.finQueued && tcb.sndNxt === tcb.bufferEnd && sendRoom(tcb) > 0) {
    transmit(tcb, tcb.sndNxt, 0, FIN, 'tcp.fin');
  }
  noteUsage(tcb, cwnd, length === HELD_BY_CWND);
  keepTimer(tcb);
}

/** Which segments may go: any; full ones; or by Nagle's rule. */
type Sizes = 'any' | 'full' | 'nagle';

function usual({ options }: Tcb): Sizes {
  if (options.cork) return 'full';
  return options.noDelay ? 'any' : 'nagle';
}

/** The largest packet for segmentation offload, in bytes. */
const MAX_BURST = 65_536;

/**
 * How many segments go out together: about a millisecond's worth of the path, more where the round trip is short,
 * and at most half the congestion window (Linux: tcp_tso_autosize, tcp_cwnd_test).
 */
function burstSize(tcb: Tcb, cwnd: number, mss: number): number {
  const { srtt } = tcb.roundTrip;
  const { ssthresh } = tcb.congestion;
  const least = tcb.host.sysctl.get('net.ipv4.tcp_min_tso_segs');
  const ratio = cwnd < ssthresh / 2 ? 2 : 1.2;
  const perTick = srtt === 0 ? MAX_BURST : (ratio * cwnd * 1e9) / srtt / 1024;
  const near = MAX_BURST / 2 ** Math.floor(srtt / 512_000);
  const segments = Math.floor(Math.min(perTick + near, MAX_BURST) / mss);
  const half = Math.max(1, Math.floor(cwnd / (2 * mss)));
  return Math.min(half, Math.max(segments, least));
}

/** Result of `sendable` when only the congestion window holds data back. */
const HELD_BY_CWND = -1;

/** Size of the segment that may follow `ahead` bytes of unsent data; 0 or HELD_BY_CWND for none. */
function sendable(tcb: Tcb, ahead: number, cwnd: number, mss: number, sizes: Sizes): number {
  const unsent = seqDiff(tcb.bufferEnd, tcb.sndNxt) - ahead;
  if (unsent <= 0) return 0;
  const length = Math.min(unsent, mss);
  const flight = seqDiff(tcb.sndNxt, tcb.sndUna) + ahead;
  if (flight > 0 && flight + length > cwnd) return HELD_BY_CWND;
  const room = sendRoom(tcb) - ahead;
  if (length > room) return 0;
  if (length === mss || sizes === 'any') return length;
  const finish = tcb.finQueued && length === unsent && length < room;
  return !finish && (sizes === 'full' || mustWait(tcb, flight)) ? 0 : length;
}

/**
 * Remembers how much of the congestion window was used at most since the last window's worth, or that it was what
 * held sending back: an unused window must not grow (RFC 7661; Linux: tcp_cwnd_validate).
 */
function noteUsage(tcb: Tcb, cwnd: number, held: boolean): void {
  const flight = seqDiff(tcb.sndNxt, tcb.sndUna);
  const limited = held || (flight > 0 && flight + tcb.mss > cwnd);
  const begins = !seqLess(tcb.sndUna, tcb.usageEnd);
  if (!begins && !limited && (tcb.cwndLimited || flight <= tcb.usedWindow)) return;
  tcb.cwndLimited = limited;
  tcb.usedWindow = flight;
  tcb.usageEnd = tcb.sndNxt;
}

/**
 * Nagle's rule with Minshall's refinement, as in Linux: a segment that is not full waits while an earlier one
 * that was not full is unacknowledged.
 */
const mustWait = (tcb: Tcb, flight: number): boolean => flight > 0 && seqLess(tcb.sndUna, tcb.smallEnd);

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
