import { dropFrame, type Frame, HEADROOM } from '../../1-physical/index.ts';
import { answerRarely } from './challenge.ts';
import { end } from './closing.ts';
import { ACK, FIN, HEADER_LENGTH, RST, type Segment, SYN, writeHeader } from './codec.ts';
import { TIMESTAMPS_LENGTH, writeTimestamps } from './options.ts';
import { finArrived } from './receiver.ts';
import { type Sequence, seqAdd, seqInWindow, seqLess } from './sequence.ts';
import { recordState } from './state-record.ts';
import type { Tcb, TcpHost } from './tcb.ts';
import type { TimeWait } from './time-wait.ts';
import { refusesTimestamp, rememberTimestamp, wholeSeconds } from './timestamps.ts';
import { acknowledge, reply, replyReset, timestampOf } from './transmit.ts';

/** How far behind its predecessor's numbers a successor begins (Linux: tcp_timewait_state_process). */
const ISS_GAP = 65_535 + 2;

/** It is over, early or in its time: nothing finds it any more. */
export function endTimeWait(host: TcpHost, wait: TimeWait): void {
  host.timeWaits.remove(wait);
  host.waiting--;
  host.forget(wait);
  recordState(host.tracer, wait, 'TIME_WAIT', 'CLOSED');
}

/**
 * A segment came for a connection in FIN_WAIT2 whose program is gone: only a FIN is still waited for, and of the rest no
 * more is remembered than in TIME_WAIT (Linux: tcp_timewait_state_process). Takes the frame over.
 */
export function arriveForFin(tcb: Tcb, frame: Frame, segment: Segment): void {
  const { host, rcvNxt } = tcb;
  const { flags, seq, end: behind } = segment;
  const stale = refusesTimestamp(tcb, segment);
  if (stale || !seqInWindow(seq, behind, rcvNxt, seqAdd(rcvNxt, tcb.receiveWindow))) {
    if (stale) host.counters.ext.PAWSEstab++;
    dropFrame(host.tracer, '', frame, stale ? 'tcp.paws' : 'tcp.outside-window');
    if (answerRarely(tcb, segment, 'TCPACKSkippedFinWait2')) acknowledge(tcb, 'tcp.duplicate-ack');
    return;
  }
  if ((flags & RST) !== 0) {
    dropFrame(host.tracer, '', frame, 'tcp.reset');
    end(tcb, 0);
    return;
  }
  const isNews = (flags & ACK) !== 0 && segment.length > 0;
  if (isNews && (flags & FIN) !== 0 && behind === seqAdd(rcvNxt, 1)) {
    frame.release();
    rememberTimestamp(tcb, segment);
    finArrived(tcb);
    return;
  }
  dropFrame(host.tracer, '', frame, 'tcp.after-close');
  if (!isNews && ((flags & SYN) === 0 || seqLess(seq, rcvNxt))) return;
  replyReset(host, segment, 'tcp.reset-after-close');
  end(tcb, 0);
}

/**
 * A segment came for a connection in TIME_WAIT (RFC 9293 section 3.10.7.4, as Linux's tcp_timewait_state_process).
 * Takes the frame over, except when it returns a number: then the segment is a SYN newer than everything of the
 * old connection, which has ended by it, and the number is where the new one begins (RFC 1122 section 4.2.2.13, RFC 6191).
 */
export function arriveInTimeWait(
  host: TcpHost,
  wait: TimeWait,
  frame: Frame,
  segment: Segment,
): Sequence | null {
  const { flags } = segment;
  const { ext } = host.counters;
  const stamped = wait.timestamps && segment.hasTimestamps;
  const stale = refusesTimestamp(wait, segment);
  const isReset = (flags & RST) !== 0;
  if (!stale && segment.seq === wait.rcvNxt && (segment.length === 0 || isReset)) {
    // RFC 1337: a RST may end TIME_WAIT, unless net.ipv4.tcp_rfc1337 says otherwise.
    dropFrame(host.tracer, '', frame, isReset ? 'tcp.reset' : 'tcp.time-wait');
    if (!isReset) host.timeWaits.start(wait);
    else if (host.sysctl.values['net.ipv4.tcp_rfc1337'] === 0) endTimeWait(host, wait);
    if (stamped) {
      wait.tsRecent = segment.timestamp;
      wait.tsRecentAt = wholeSeconds(host.sim.now);
    }
    return null;
  }
  const isNew =
    (flags & (SYN | RST | ACK)) === SYN &&
    !stale &&
    (seqLess(wait.rcvNxt, segment.seq) || (stamped && seqLess(wait.tsRecent, segment.timestamp)));
  if (isNew) {
    ext.TWRecycled++;
    endTimeWait(host, wait);
    return successorSequence(wait);
  }
  if (stale) ext.PAWSEstab++;
  dropFrame(host.tracer, '', frame, stale ? 'tcp.paws' : 'tcp.time-wait');
  if (isReset) return null;
  if (stale || (flags & ACK) !== 0) host.timeWaits.start(wait);
  if (answerRarely(wait, segment, 'TCPACKSkippedTimeWait')) acknowledgeLate(host, wait, segment);
  return null;
}

/** Says again what is expected next: nothing (Linux: tcp_v4_timewait_ack). */
function acknowledgeLate(host: TcpHost, wait: TimeWait, segment: Segment): void {
  const { timestamps } = wait;
  const headerLength = timestamps ? HEADER_LENGTH + TIMESTAMPS_LENGTH : HEADER_LENGTH;
  const frame = host.pool.take(0);
  const { view } = frame;
  const start = HEADROOM - headerLength;
  frame.start = start;
  frame.reason = 'tcp.time-wait-ack';
  writeHeader(
    view,
    start,
    wait.localPort,
    wait.remotePort,
    wait.sndNxt,
    wait.rcvNxt,
    headerLength,
    ACK,
    wait.window,
  );
  if (timestamps)
    writeTimestamps(view, start + HEADER_LENGTH, timestampOf(host, wait.timestampOffset), wait.tsRecent);
  reply(host, frame, segment, wait.ip);
}

/**
 * Whether a new connection may take over the four-tuple of `wait`: with timestamps that tell old from new, after a second
 * (Linux: tcp_twsk_unique; net.ipv4.tcp_tw_reuse 2 allows it over loopback only).
 */
export function mayReplace(host: TcpHost, wait: TimeWait, loopback: boolean): boolean {
  if (!wait.timestamps) return false;
  const reuse = host.sysctl.values['net.ipv4.tcp_tw_reuse'];
  if (reuse === 0 || (reuse === 2 && !loopback)) return false;
  return wholeSeconds(host.sim.now) > wait.tsRecentAt;
}

/** Where a connection at least begins that takes over from `old`. */
export const successorSequence = (old: TimeWait): Sequence => seqAdd(old.sndNxt, ISS_GAP);
