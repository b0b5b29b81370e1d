import { microseconds, milliseconds } from '../../time/index.ts';
import { ACK, FIN, PSH, SYN } from './codec.ts';
import { INITIAL_SEGMENTS } from './congestion/interface.ts';
import { type InFlight, JOINED, LOST, RESENT, SACKED } from './in-flight.ts';
import { sackBlocksThatFit, sackLength } from './options.ts';
import { pacingRate } from './pacing-rate.ts';
import { probePath } from './path-probing.ts';
import type { TcpReason } from './reasons.ts';
import type { RecoveryState } from './recovery-state.ts';
import { currentThreshold, pipe, reducing } from './reduction.ts';
import { backedOff, RTO_MIN } from './retransmission.ts';
import { PUSHED, RECORD_END } from './send-chunks.ts';
import { noteLimits } from './send-space.ts';
import { rearm, scheduleProbe } from './send-timers.ts';
import { type Sequence, seqAdd, seqDiff, seqLess, seqMin } from './sequence.ts';
import type { Tcb } from './tcb.ts';
import { REFUSED, transmit, transmitSyn } from './transmit.ts';
import { isUrgent } from './urgent.ts';
import { sendRoom } from './window.ts';

/** A window smaller than this does not make segments smaller (Linux: tcp_bound_to_half_wnd, 68 bytes with header). */
const SMALLEST_BOUND = 48;

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
  sendNew(tcb, newReason(tcb), sizes, 'all');
  keepTimer(tcb);
}

/**
 * Sends new segments, chunk by chunk, in bursts as Linux hands them to segmentation offload (Linux: tcp_write_xmit).
 * @param only 'probe' for one segment whatever the congestion window and Nagle's rule say, since something is needed
 * that will be acknowledged; 'burst' for one burst that does not wait to become larger.
 */
export function sendNew(tcb: Tcb, reason: TcpReason, sizes: Sizes, only: 'all' | 'burst' | 'probe'): void {
  const before = tcb.sndNxt;
  const { chunks, pathProbe } = tcb;
  if (pathProbe !== null && chunks !== null && only === 'all') {
    if (probePath(tcb, pathProbe, chunks) === 'wait') return;
  }
  let heldByCwnd = false;
  let heldByWindow = false;
  const pacing = tcb.tally === null ? null : tcb.tally.pacing;
  if (chunks !== null && seqDiff(tcb.bufferEnd, before) > 0) {
    const mss = segmentSize(tcb);
    const most = only === 'probe' ? 1 : mostTogether(tcb, mss);
    do {
      const { sndNxt, bufferEnd } = tcb;
      if (seqDiff(bufferEnd, sndNxt) <= 0) break;
      if (pacing?.holds()) break;
      chunks.sent(sndNxt);
      const end = chunks.endOf(chunks.next);
      const length = seqDiff(end, sndNxt);
      const quota = only === 'probe' ? 1 : cwndQuota(tcb);
      if (quota <= 0) {
        heldByCwnd = true;
        break;
      }
      const room = sendRoom(tcb);
      if (Math.min(length, mss) > room) {
        heldByWindow = true;
        break;
      }
      const finish = end === bufferEnd && tcb.finQueued && length < room;
      const rule = only === 'probe' || end !== bufferEnd || isUrgent(tcb) ? 'any' : sizes;
      let size = Math.min(length, mss);
      if (length > mss) {
        if (only === 'all') {
          const why = waitsForMore(tcb, mss, end, length, room, most);
          if (why !== 'no') {
            heldByCwnd = why === 'congestion window';
            heldByWindow = why === 'window';
            break;
          }
        }
        if (!isUrgent(tcb)) {
          const limit = Math.min(quota, most) * mss;
          if (limit > room || end === bufferEnd) {
            const needed = Math.min(length, room);
            const rest = needed % mss;
            size = limit <= needed ? limit : rest > 0 && holdsBack(tcb, rule) ? needed - rest : needed;
          } else {
            size = Math.min(limit, length);
          }
        }
      } else if (length < mss && !finish && holdsBack(tcb, rule)) {
        break;
      }
      const whole = size === length;
      if (size % mss !== 0) tcb.smallEnd = seqAdd(sndNxt, size);
      let flags = whole && finish ? FIN : 0;
      if (size > mss || (whole && (chunks.marks(chunks.next) & PUSHED) !== 0)) flags |= PSH;
      if (!sendBurst(tcb, size, mss, flags, reason)) break;
    } while (only === 'all' && tcb.chunks === chunks && tcb.state !== 'CLOSED');
  }
  if (tcb.finQueued && tcb.sndNxt === tcb.bufferEnd && sendRoom(tcb) > 0 && mayTransmit(tcb)) {
    transmit(tcb, tcb.sndNxt, 0, FIN, 'tcp.fin');
  }
  const sent = tcb.sndNxt !== before;
  if (sent && tcb.inFlight !== null) sentMore(tcb, tcb.inFlight, before);
  noteUsage(tcb, heldByCwnd);
  if (tcb.tally !== null) noteLimits(tcb, heldByWindow, tcb.cwndLimited);
}

/**
 * Sends `size` bytes as segments of `mss`, in one frame where the cable has offload; the last one has `flags`.
 * @returns whether the own interface had room for all of them.
 */
function sendBurst(tcb: Tcb, size: number, mss: number, flags: number, reason: TcpReason): boolean {
  const whole = transmitBurst(tcb, size, mss, flags, reason);
  if (tcb.tally !== null && tcb.tally.pacing !== null) tcb.tally.pacing.sent(size);
  return whole;
}

function transmitBurst(tcb: Tcb, size: number, mss: number, flags: number, reason: TcpReason): boolean {
  if (tcb.offload && tcb.sndUrgent === null) {
    return transmit(tcb, tcb.sndNxt, size, flags, reason, mss) !== REFUSED;
  }
  for (let left = size; left > mss; left -= mss) {
    if (transmit(tcb, tcb.sndNxt, mss, 0, reason, mss, left < size) === REFUSED) return false;
  }
  const last = size % mss === 0 ? mss : size % mss;
  return transmit(tcb, tcb.sndNxt, last, flags, reason, last, last < size) !== REFUSED;
}

/** The first chunk is full while the program still writes: sends what may go of it at once (Linux: tcp_push_one). */
export function pushOne(tcb: Tcb): void {
  if (!mayTransmit(tcb)) return;
  restartAfterIdle(tcb);
  sendNew(tcb, newReason(tcb), 'any', 'burst');
  keepTimer(tcb);
}

const newReason = (tcb: Tcb): TcpReason => (tcb.phase === 'disorder' ? 'tcp.limited-transmit' : 'tcp.data');

/** Which segments may go: any; full ones; or by Nagle's rule. */
export type Sizes = 'any' | 'full' | 'nagle';

export function usual({ options }: Tcb): Sizes {
  if (options.cork) return 'full';
  return options.noDelay ? 'any' : 'nagle';
}

/** The most data in a packet for segmentation offload: 64 KiB less Linux's MAX_TCP_HEADER + 1 (sk_setup_caps), in bytes. */
const MAX_BURST = 65_536 - 321;

/**
 * How many segments go out together: about a millisecond's worth of the path, more where the round trip is short
 * (Linux: tcp_tso_autosize).
 */
function mostTogether(tcb: Tcb, mss: number): number {
  const { srtt } = tcb.roundTrip;
  const least = tcb.host.sysctl.values['net.ipv4.tcp_min_tso_segs'];
  const perTick = pacingRate(tcb) / 1024;
  const near = MAX_BURST >> Math.min(Math.floor(srtt / 512_000), 31);
  return Math.max(Math.floor(Math.min(perTick + near, MAX_BURST) / mss), least);
}

/** Segments that the congestion window has room for; at most half of it goes out together (Linux: tcp_cwnd_test). */
function cwndQuota(tcb: Tcb): number {
  const { cwnd } = tcb.congestion;
  return Math.min(cwnd - pipe(tcb), Math.max(1, cwnd >> 1));
}

/** Whether a segment that is not full has to wait. */
const holdsBack = (tcb: Tcb, sizes: Sizes): boolean =>
  sizes === 'full' || (sizes === 'nagle' && mustWait(tcb));

/** Linux puts a burst off only if it sent something within this time. */
const DEFER_WITHIN = milliseconds(1);

/**
 * Whether to let a burst become larger: the next acknowledgment comes soon and will make room for more (Linux:
 * tcp_tso_should_defer). @returns why, or 'no'.
 */
function waitsForMore(
  tcb: Tcb,
  mss: number,
  end: Sequence,
  length: number,
  room: number,
  most: number,
): 'no' | 'congestion window' | 'window' | 'data' {
  if (tcb.phase === 'recovery' || tcb.phase === 'loss') return 'no';
  const { inFlight, congestion, host } = tcb;
  const { now } = host.sim;
  if (inFlight === null || now - tcb.lastSentAt >= DEFER_WITHIN) return 'no';
  const cwndRoom = (congestion.cwnd - inFlight.pipe) * mss;
  const limit = Math.min(room, cwndRoom);
  const isTail = end === tcb.bufferEnd;
  if (limit >= most * mss || (!isTail && limit >= length)) return 'no';
  const divisor = host.sysctl.values['net.ipv4.tcp_tso_win_divisor'];
  if (divisor > 0) {
    if (limit >= Math.floor(Math.min(tcb.sndWnd, congestion.cwnd * mss) / divisor)) return 'no';
  } else if (limit > MOST_DEFERRED * mss) {
    return 'no';
  }
  const soon = Math.max(tcb.roundTrip.srtt / 2, microseconds(1));
  if (now - inFlight.sentAt(0) < soon) return 'no';
  if (cwndRoom < room) {
    if (cwndRoom <= length) return 'congestion window';
  } else if (room <= length) {
    return 'window';
  }
  const complete = (isTail && tcb.finQueued) || ((tcb.chunks?.marksAt(end) ?? 0) & RECORD_END) !== 0;
  return complete ? 'no' : 'data';
}

/** Linux's tcp_max_tso_deferred_mss. */
const MOST_DEFERRED = 3;

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
const mustWait = (tcb: Tcb): boolean => tcb.sndNxt !== tcb.sndUna && seqLess(tcb.sndUna, tcb.smallEnd);

/** A full segment, but at most half of the largest window the peer ever offered (RFC 9293 section 3.8.6.2.1, Fs). */
export function segmentSize(tcb: Tcb): number {
  const { selective } = tcb;
  let { mss } = tcb;
  if (selective !== null && selective.waiting > 0) {
    mss -= sackLength(Math.min(selective.waiting, sackBlocksThatFit(tcb.timestamps)));
  }
  return bound(tcb, mss);
}

/** Half of the largest window that the peer ever offered, when `size` is more (Linux: tcp_bound_to_half_wnd). */
export function bound({ maxWindow }: Tcb, size: number): number {
  if (maxWindow === 0) return size;
  const most = maxWindow > 536 ? maxWindow >> 1 : maxWindow;
  return Math.min(size, Math.max(most, SMALLEST_BOUND));
}

/** After a pause the window no longer says what the path bears (RFC 5681 section 4.1). */
function restartAfterIdle(tcb: Tcb): void {
  if (tcb.inFlight !== null) return;
  const { rto } = tcb.roundTrip;
  const idle = tcb.host.sim.now - tcb.lastSentAt;
  if (idle <= rto || tcb.host.sysctl.values['net.ipv4.tcp_slow_start_after_idle'] === 0) return;
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
      tcb.startSend('tcp.retransmission', backedOff(roundTrip.rto, tcb.backoff));
    }
  } else if (hasUnsent(tcb) && mayTransmit(tcb)) {
    if (timers.send === Number.POSITIVE_INFINITY) {
      tcb.startSend('tcp.zero-window-probe', Math.max(backedOff(roundTrip.rto, tcb.backoff), RTO_MIN));
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
 * joined by its neighbours as long as they fit in. @param together it ends a burst, so it has PSH.
 * @returns whether it was: behind the window only the oldest may be, and the own interface may be busy.
 */
export function resendSegment(
  tcb: Tcb,
  list: InFlight,
  k: number,
  reason: TcpReason,
  together = false,
): boolean {
  const start = k === 0 ? tcb.sndUna : list.endOf(k - 1);
  const size = segmentSize(tcb);
  const room = seqDiff((tcb.sndUna + tcb.sndWnd) | 0, start);
  if (room <= 0 && start !== tcb.sndUna) return false;
  const most = room > 0 ? Math.min(size, room) : size;
  const data = seqDiff(seqMin(list.endOf(k), tcb.bufferEnd), start);
  if (data > most) list.split(k, seqAdd(start, most));
  else if (data < most && tcb.host.sysctl.values['net.ipv4.tcp_retrans_collapse'] !== 0) {
    collapse(tcb, list, k, start, most);
  }
  const end = list.endOf(k);
  const length = seqDiff(seqMin(end, tcb.bufferEnd), start);
  const push = together || ((tcb.chunks?.marksAt(seqMin(end, tcb.bufferEnd)) ?? 0) & PUSHED) !== 0;
  const flags = (length > 0 && push ? PSH : 0) | (seqLess(tcb.bufferEnd, end) ? FIN : 0);
  const result = transmit(tcb, start, length, flags, reason);
  if (tcb.tally !== null && tcb.tally.pacing !== null) tcb.tally.pacing.sent(length);
  return result !== REFUSED;
}

/** Small segments that follow are sent again as one with it (Linux: tcp_retrans_try_collapse). */
function collapse(tcb: Tcb, list: InFlight, k: number, start: Sequence, most: number): void {
  if (!tcb.sack && list.sackedOut > 0) return;
  while (k + 1 < list.count && (list.marks(k + 1) & SACKED) === 0) {
    const end = list.endOf(k + 1);
    if (seqDiff(end, start) > most || seqLess(tcb.bufferEnd, end)) return;
    if (((tcb.chunks?.marksAt(list.endOf(k)) ?? 0) & RECORD_END) !== 0) return;
    list.join(k);
  }
}

/** Sends lost segments again as the congestion window allows, the oldest first (Linux: tcp_xmit_retransmit_queue). */
export function resendLost(tcb: Tcb, reason: TcpReason | null = null): void {
  const { host, congestion, recovery } = tcb;
  const list = tcb.inFlight;
  if (list === null || recovery === null) return;
  const inReduction = reducing(tcb);
  const most = mostTogether(tcb, segmentSize(tcb));
  let together = 0;
  for (let k = 0; k < list.count && list.resentOut < list.lostOut; k++) {
    const marks = list.marks(k);
    if ((marks & (LOST | SACKED | RESENT)) !== LOST) continue;
    if (tcb.tally?.pacing?.holds()) return;
    if (list.pipe >= congestion.cwnd) return;
    together = together > 0 && (marks & JOINED) !== 0 ? together + 1 : 1;
    const ends = together === most || !goesOn(list, k, congestion.cwnd);
    if (!resendSegment(tcb, list, k, reason ?? reasonToResend(tcb, recovery), ends && together > 1)) return;
    if (ends) together = 0;
    if (tcb.phase === 'loss') host.counters.ext.TCPSlowStartRetrans++;
    else host.counters.ext.TCPFastRetrans++;
    if (inReduction) recovery.sent++;
    if (k === 0 && tcb.timers.sending !== 'tcp.reordering') {
      tcb.startSend('tcp.retransmission', backedOff(tcb.roundTrip.rto, tcb.backoff));
    }
  }
}

/** Whether segment `k + 1` was sent in one burst with `k`, and will be again. */
const goesOn = (list: InFlight, k: number, cwnd: number): boolean =>
  k + 1 < list.count &&
  (list.marks(k + 1) & (LOST | SACKED | RESENT | JOINED)) === (LOST | JOINED) &&
  list.pipe + 1 < cwnd;

function reasonToResend(tcb: Tcb, recovery: RecoveryState): TcpReason {
  if (tcb.phase === 'loss') return 'tcp.loss-recovery';
  if (tcb.sack) return 'tcp.rack-retransmit';
  return recovery.undoFrom === tcb.sndUna ? 'tcp.fast-retransmit' : 'tcp.partial-ack';
}
