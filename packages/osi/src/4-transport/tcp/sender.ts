import { ACK, FIN, HEADER_LENGTH, PSH, SYN } from './codec.ts';
import { INITIAL_SEGMENTS } from './congestion/interface.ts';
import { type InFlight, LOST, RESENT, SACKED } from './in-flight.ts';
import { sackBlocksThatFit, sackLength, TIMESTAMPS_LENGTH } from './options.ts';
import type { TcpReason } from './reasons.ts';
import type { RecoveryState } from './recovery-state.ts';
import { currentThreshold, pipe, reducing } from './reduction.ts';
import { backedOff, RTO_MIN } from './retransmission.ts';
import { rearm, scheduleProbe } from './send-timers.ts';
import { type Sequence, seqAdd, seqDiff, seqLess, seqMin } from './sequence.ts';
import { maySend } from './state.ts';
import type { Tcb } from './tcb.ts';
import { transmit, transmitSyn } from './transmit.ts';
import { isUrgent } from './urgent.ts';
import { usefulWindow } from './useful-window.ts';
import { sendRoom } from './window.ts';

/** A window smaller than this does not make segments smaller (Linux: tcp_bound_to_half_wnd, 68 bytes with header). */
const SMALLEST_BOUND = 48;

/** The largest payload that fits: the peer's MSS, the path's MTU, what the program allows; options taken off. */
export function fitMss(tcb: Tcb): void {
  const { ip, sysctl } = tcb.host;
  let mss = Math.min(tcb.peerMss, ip.roomTo(tcb.remoteAddress) - HEADER_LENGTH);
  if (tcb.options.maxSegment > 0) mss = Math.min(mss, tcb.options.maxSegment);
  mss = Math.max(mss, sysctl.get('net.ipv4.tcp_min_snd_mss'));
  if (tcb.timestamps) mss -= TIMESTAMPS_LENGTH;
  tcb.mss = mss;
  tcb.offload = ip.offloadTo(tcb.remoteAddress);
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
    case 'SYN_RECV':
      return tcb.early;
    case 'CLOSED':
    case 'LISTEN':
    case 'SYN_SENT':
    case 'FIN_WAIT2':
    case 'TIME_WAIT':
      return false;
  }
}

/** Sends what may be sent: window, congestion window and Nagle's rule allowing (RFC 9293 section 3.8.6.2.1). */
export function output(tcb: Tcb, sizes = usual(tcb)): void {
  if (!mayTransmit(tcb)) return;
  restartAfterIdle(tcb);
  sendNew(tcb, tcb.phase === 'disorder' ? 'tcp.limited-transmit' : 'tcp.data', sizes, false);
  keepTimer(tcb);
}

/**
 * Sends new segments, in bursts, as Linux hands them to segmentation offload (and where the cable has it, so do we); the last of several together has PSH, so
 * that the receiver does not wait for more (Linux: __tcp_transmit_skb).
 * @param probe just one, whatever the congestion window and Nagle's rule say: something is needed that will be acknowledged.
 */
export function sendNew(tcb: Tcb, reason: TcpReason, sizes: Sizes, probe: boolean): void {
  const mss = segmentSize(tcb);
  const before = tcb.sndNxt;
  let burst = 0;
  let together = 0;
  let length = sendable(tcb, 0, mss, sizes, probe);
  while (length > 0) {
    let next = probe ? 0 : sendable(tcb, length, mss, sizes, false);
    if (next > 0 && burst === 0) burst = burstSize(tcb, mss);
    together++;
    if (tcb.offload && tcb.sndUrgent === null) {
      for (; next > 0 && together < burst; together++) {
        length += next;
        next = sendable(tcb, length, mss, sizes, false);
      }
    }
    const last = length === seqDiff(tcb.bufferEnd, tcb.sndNxt);
    const finish = last && tcb.finQueued && length < sendRoom(tcb);
    if (length % mss !== 0) tcb.smallEnd = seqAdd(tcb.sndNxt, length);
    const ends = together === burst || next <= 0;
    const push = ends && together > 1 ? PSH : 0;
    transmit(tcb, tcb.sndNxt, length, (finish ? FIN : 0) | push, reason, mss);
    if (ends) together = 0;
    length = next;
  }
  if (tcb.finQueued && tcb.sndNxt === tcb.bufferEnd && sendRoom(tcb) > 0) {
    transmit(tcb, tcb.sndNxt, 0, FIN, 'tcp.fin');
  }
  if (tcb.sndNxt !== before && tcb.inFlight !== null) sentMore(tcb, tcb.inFlight, before);
  noteUsage(tcb, length === HELD_BY_CWND);
}

/** Which segments may go: any; full ones; or by Nagle's rule. */
type Sizes = 'any' | 'full' | 'nagle';

function usual({ options }: Tcb): Sizes {
  if (options.cork) return 'full';
  return options.noDelay ? 'any' : 'nagle';
}

/** The most data in a packet for segmentation offload: 64 KiB less Linux's MAX_TCP_HEADER + 1 (sk_setup_caps), in bytes. */
const MAX_BURST = 65_536 - 321;

/**
 * How many segments go out together: about a millisecond's worth of the path, more where the round trip is short,
 * and at most half the congestion window (Linux: tcp_tso_autosize, tcp_cwnd_test).
 */
function burstSize(tcb: Tcb, mss: number): number {
  const { srtt } = tcb.roundTrip;
  const { cwnd, ssthresh } = tcb.congestion;
  const least = tcb.host.sysctl.get('net.ipv4.tcp_min_tso_segs');
  const ratio = cwnd < ssthresh / 2 ? 2 : 1.2;
  const perTick = srtt === 0 ? MAX_BURST : (ratio * cwnd * mss * 1e9) / srtt / 1024;
  const near = MAX_BURST / 2 ** Math.floor(srtt / 512_000);
  const segments = Math.floor(Math.min(perTick + near, MAX_BURST) / mss);
  return Math.min(Math.max(1, cwnd >> 1), Math.max(segments, least));
}

/** Result of `sendable` when only the congestion window holds data back. */
const HELD_BY_CWND = -1;

/** Size of the segment that may follow `ahead` bytes of unsent data (none, or some segments); 0 or HELD_BY_CWND for none. */
function sendable(tcb: Tcb, ahead: number, mss: number, sizes: Sizes, probe: boolean): number {
  const unsent = seqDiff(tcb.bufferEnd, tcb.sndNxt) - ahead;
  if (unsent <= 0) return 0;
  const length = Math.min(unsent, mss);
  if (!probe && pipe(tcb) + Math.ceil(ahead / mss) >= tcb.congestion.cwnd) return HELD_BY_CWND;
  const room = sendRoom(tcb) - ahead;
  if (length > room) return 0;
  if (length === mss || sizes === 'any' || isUrgent(tcb)) return length;
  const finish = tcb.finQueued && length === unsent && length < room;
  return !finish && (sizes === 'full' || mustWait(tcb, ahead)) ? 0 : length;
}

/** New segments went out, from `from` on: the timers of the oldest and of the last one follow. */
function sentMore(tcb: Tcb, list: InFlight, from: Sequence): void {
  const first = list.find(from);
  if (tcb.recovery !== null && reducing(tcb)) tcb.recovery.sent += list.count - first;
  if (first === 0 || tcb.timers.sending === 'tcp.loss-probe') rearm(tcb);
  scheduleProbe(tcb, false);
}

/**
 * Remembers how much of the congestion window was used at most since the last window's worth, or that it was what
 * held sending back: an unused window must not grow (RFC 7661; Linux: tcp_cwnd_validate).
 */
function noteUsage(tcb: Tcb, held: boolean): void {
  const count = tcb.inFlight?.count ?? 0;
  const limited = held || pipe(tcb) >= tcb.congestion.cwnd;
  const begins = !seqLess(tcb.sndUna, tcb.usageEnd);
  if (!begins && !limited && (tcb.cwndLimited || count <= tcb.usedWindow)) return;
  tcb.cwndLimited = limited;
  tcb.usedWindow = count;
  tcb.usageEnd = tcb.sndNxt;
}

/** Whether the congestion window was what held sending back: in slow start half of it is enough. */
export function windowLimited(tcb: Tcb): boolean {
  if (tcb.cwndLimited) return true;
  const { congestion } = tcb;
  return congestion.slowStart && congestion.cwnd < 2 * tcb.usedWindow;
}

/**
 * Nagle's rule with Minshall's refinement, as in Linux: a segment that is not full waits while an earlier one
 * that was not full is unacknowledged.
 */
function mustWait(tcb: Tcb, ahead: number): boolean {
  const flight = seqDiff(tcb.sndNxt, tcb.sndUna) + ahead;
  return flight > 0 && seqLess(tcb.sndUna, tcb.smallEnd);
}

/** A full segment, but at most half of the largest window the peer ever offered (RFC 9293 section 3.8.6.2.1, Fs). */
export function segmentSize(tcb: Tcb): number {
  const { maxWindow, selective } = tcb;
  let { mss } = tcb;
  if (selective !== null && selective.waiting > 0) {
    mss -= sackLength(Math.min(selective.waiting, sackBlocksThatFit(tcb.timestamps)));
  }
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
  if (tcb.buffer.length === 0) return;
  const { congestion } = tcb;
  congestion.ssthresh = currentThreshold(tcb);
  const restart = Math.min(INITIAL_SEGMENTS, congestion.cwnd);
  const halvings = Math.min(Math.floor(idle / rto), 30);
  congestion.cwnd = Math.max(restart, congestion.cwnd >> halvings);
}

/** What is in flight has a retransmission timer, what cannot be sent has a probe timer, nothing has none. */
export function keepTimer(tcb: Tcb): void {
  const { timers, roundTrip } = tcb;
  // The timer is that of the SYN+ACK.
  if (tcb.early) return;
  if (seqDiff(tcb.sndNxt, tcb.sndUna) > 0) {
    if (timers.sending === null || timers.sending === 'tcp.zero-window-probe') {
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

/** Sends our SYN, or SYN+ACK, again. */
export function resendSyn(tcb: Tcb, reason: TcpReason): void {
  transmitSyn(tcb, tcb.state === 'SYN_SENT' ? SYN : SYN | ACK, reason);
}

/**
 * Sends segment `k` of what is in flight again: cut where it is too large for the path or the window by now, and
 * joined by its neighbours as long as they fit in. @returns whether it may be sent: behind the window only the oldest may.
 */
export function resendSegment(tcb: Tcb, list: InFlight, k: number, reason: TcpReason): boolean {
  const start = k === 0 ? tcb.sndUna : list.endOf(k - 1);
  const size = segmentSize(tcb);
  const room = seqDiff((tcb.sndUna + tcb.sndWnd) | 0, start);
  if (room <= 0 && start !== tcb.sndUna) return false;
  const most = room > 0 ? Math.min(size, room) : size;
  const data = seqDiff(seqMin(list.endOf(k), tcb.bufferEnd), start);
  if (data > most) list.split(k, seqAdd(start, most));
  else if (data < most && tcb.host.sysctl.get('net.ipv4.tcp_retrans_collapse') !== 0) {
    collapse(tcb, list, k, start, most);
  }
  const end = list.endOf(k);
  const length = seqDiff(seqMin(end, tcb.bufferEnd), start);
  const push = tcb.fastOpen?.sentData === true && tcb.fastOpen.dataEnd === end ? PSH : 0;
  transmit(tcb, start, length, (seqLess(tcb.bufferEnd, end) ? FIN : 0) | push, reason);
  return true;
}

/** Small segments that follow are sent again as one with it (Linux: tcp_retrans_try_collapse). */
function collapse(tcb: Tcb, list: InFlight, k: number, start: Sequence, most: number): void {
  if (!tcb.sack && list.sackedOut > 0) return;
  while (k + 1 < list.count && (list.marks(k + 1) & SACKED) === 0) {
    const end = list.endOf(k + 1);
    if (seqDiff(end, start) > most || seqLess(tcb.bufferEnd, end)) return;
    list.join(k);
  }
}

/** Sends lost segments again as the congestion window allows, the oldest first (Linux: tcp_xmit_retransmit_queue). */
export function resendLost(tcb: Tcb, reason: TcpReason | null = null): void {
  const { host, congestion, recovery } = tcb;
  const list = tcb.inFlight;
  if (list === null || recovery === null) return;
  const inReduction = reducing(tcb);
  for (let k = 0; k < list.count && list.resentOut < list.lostOut; k++) {
    const marks = list.marks(k);
    if ((marks & (LOST | SACKED | RESENT)) !== LOST) continue;
    if (list.pipe >= congestion.cwnd) return;
    if (!resendSegment(tcb, list, k, reason ?? reasonToResend(tcb, recovery))) return;
    host.counters.ext[tcb.phase === 'loss' ? 'TCPSlowStartRetrans' : 'TCPFastRetrans']++;
    if (inReduction) recovery.sent++;
    if (k === 0 && tcb.timers.sending !== 'tcp.reordering') {
      tcb.timers.startSend('tcp.retransmission', backedOff(tcb.roundTrip.rto, tcb.backoff));
    }
  }
}

function reasonToResend(tcb: Tcb, recovery: RecoveryState): TcpReason {
  if (tcb.phase === 'loss') return 'tcp.loss-recovery';
  if (tcb.sack) return 'tcp.rack-retransmit';
  return recovery.undoFrom === tcb.sndUna ? 'tcp.fast-retransmit' : 'tcp.partial-ack';
}

/** How many bytes the program may write: what the buffer has room for (Linux: sk_stream_wspace). */
export function sendSpace(tcb: Tcb): number {
  if (tcb.finQueued || !(maySend(tcb.state) || tcb.early)) return 0;
  return Math.max(0, tcb.options.sendBuffer - tcb.buffer.length);
}

/** Lets the send buffer hold two congestion windows, so that it is not what limits (Linux: tcp_sndbuf_expand). */
export function fitSendBuffer(tcb: Tcb): void {
  if (tcb.options.sendBufferLocked === true) return;
  const { options, roundTrip } = tcb;
  let wanted = 2 * tcb.cwndBytes;
  if (wanted <= options.sendBuffer) return;
  wanted = Math.min(wanted, usefulWindow(roundTrip.srtt), tcb.host.sysctl.get('net.ipv4.tcp_wmem.max'));
  if (wanted > options.sendBuffer) options.sendBuffer = wanted;
}
