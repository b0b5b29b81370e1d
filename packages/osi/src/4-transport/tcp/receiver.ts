import { dropFrame, type Frame } from '../../1-physical/index.ts';
import { becomeQuick, noteData } from './acknowledgment.ts';
import { enterTimeWait } from './closing.ts';
import { FIN, type Segment } from './codec.ts';
import { takeMark, takeReduced } from './ecn-arrival.ts';
import type { TcpDrop, TcpReason } from './reasons.ts';
import { hasFin, Reassembly } from './reassembly.ts';
import { noteArrival } from './right-sizing.ts';
import { SelectiveAcks } from './selective-acks.ts';
import { type Sequence, seqAdd, seqDiff, seqLess } from './sequence.ts';
import { tallyOf } from './tally-of.ts';
import type { Tcb } from './tcb.ts';
import { acknowledge } from './transmit.ts';

/** Frames that may wait before a gap for each 512 bytes of receive buffer: a bound for floods of tiny segments. */
const BYTES_PER_WAITING_FRAME = 512;
const WAITING_FRAMES_MIN = 64;

/** Ends the way of a segment's frame, with the rule that ended it. */
export function drop(tcb: Tcb, frame: Frame, reason: TcpDrop): void {
  dropFrame(tcb.host.tracer, '', frame, reason);
}

/** Drops a segment and answers it with an acknowledgment of what there is. */
export function dropAndAcknowledge(tcb: Tcb, frame: Frame, why: TcpDrop, reason: TcpReason): void {
  drop(tcb, frame, why);
  acknowledge(tcb, reason);
}

/**
 * Takes over a segment that has data or FIN and lies in the window (RFC 9293 section 3.10.7.4, seventh and eighth
 * check). @returns whether the program has something new to read: bytes, or the end.
 */
export function receiveData(tcb: Tcb, frame: Frame, segment: Segment): boolean {
  frame.start = segment.dataStart;
  const early = seqDiff(segment.seq, tcb.rcvNxt);
  const fin = (segment.flags & FIN) !== 0;
  const size = frame.end - frame.start;
  const { ecn } = tcb;
  if (ecn !== null) takeReduced(ecn, segment.flags, size);
  if (early + size + (fin ? 1 : 0) <= 0) {
    becomeQuick(tcb);
    tcb.host.counters.ext.DelayedACKLost++;
    tellDuplicate(tcb, segment.seq, segment.end);
    dropAndAcknowledge(tcb, frame, 'tcp.duplicate', 'tcp.duplicate-ack');
    return false;
  }
  // What begins in the window is taken whole, also where it ends beyond (Linux: tcp_data_queue).
  if (size > 0 && tcb.receiveWindow <= Math.max(early, 0)) {
    tcb.host.counters.ext.TCPZeroWindowDrop++;
    dropAndAcknowledge(tcb, frame, 'tcp.zero-window', 'tcp.window-full-ack');
    return false;
  }
  if (ecn !== null) takeMark(tcb, ecn, segment.tos);
  if (early > 0) {
    keepForLater(tcb, frame, segment.seq, fin);
    return false;
  }
  if (early < 0) tellDuplicate(tcb, segment.seq, tcb.rcvNxt);
  frame.start -= early;
  deliver(tcb, frame, fin);
  const waiting = tcb.reassembly;
  if (waiting !== null && waiting.count > 0) {
    tcb.gapFilled = true;
    for (let next = waiting.take(tcb.rcvNxt); next !== null; next = waiting.take(tcb.rcvNxt)) {
      deliver(tcb, next, hasFin(next));
    }
    tellRepeated(tcb, waiting);
    tcb.selective?.advance(tcb.rcvNxt);
  }
  return true;
}

/** The bytes of `frame` are next in the stream; it is taken over. */
export function deliver(tcb: Tcb, frame: Frame, fin: boolean): void {
  const size = frame.end - frame.start;
  if (size > 0) {
    noteData(tcb, frame.segments > 1 ? frame.segmentSize : size, size);
    append(tcb, frame);
    noteArrival(tcb);
  } else {
    frame.release();
  }
  if (fin && !tcb.finReceived) finArrived(tcb);
}

/** The same for data, of which nothing else is made yet. */
export function append(tcb: Tcb, frame: Frame): void {
  const size = frame.length;
  tcb.rcvNxt = seqAdd(tcb.rcvNxt, size);
  (tcb.tally ?? tallyOf(tcb)).bytesReceived += size;
  if (tcb.receiving.push(frame)) tcb.host.counters.ext.TCPRcvCoalesce++;
}

function keepForLater(tcb: Tcb, frame: Frame, seq: number, fin: boolean): void {
  const { ext } = tcb.host.counters;
  tcb.reassembly ??= new Reassembly();
  const most = Math.max(WAITING_FRAMES_MIN, tcb.receiveBuffer / BYTES_PER_WAITING_FRAME);
  tcb.ackPending = true;
  if (tcb.reassembly.count >= most) {
    ext.TCPOFODrop++;
    drop(tcb, frame, 'tcp.out-of-order-full');
    return;
  }
  const end = seqAdd(seq, frame.end - frame.start + (fin ? 1 : 0));
  if (tcb.tally !== null) tcb.tally.outOfOrder += frame.segments;
  ext.TCPOFOQueue++;
  const waited = tcb.reassembly.count;
  tcb.reassembly.insert(frame, seq, fin);
  ext.TCPOFOMerge += waited + 1 - tcb.reassembly.count;
  tellRepeated(tcb, tcb.reassembly);
  if (tcb.sack) (tcb.selective ??= new SelectiveAcks()).add(seq, end);
}

/**
 * The next acknowledgment says that `[seq, end)` came twice (RFC 2883; net.ipv4.tcp_dsack).
 * @param join the same segment has told of such a range already: they are one when they touch.
 */
export function tellDuplicate(tcb: Tcb, seq: Sequence, end: Sequence, join = false): void {
  const { counters, sysctl } = tcb.host;
  if (!tcb.sack || sysctl.values['net.ipv4.tcp_dsack'] === 0) return;
  if (seqLess(seq, tcb.rcvNxt)) counters.ext.TCPDSACKOldSent++;
  else counters.ext.TCPDSACKOfoSent++;
  (tcb.selective ??= new SelectiveAcks()).repeat(seq, end, join);
}

/** The same of what waited behind a gap already. */
function tellRepeated(tcb: Tcb, waiting: Reassembly): void {
  if (waiting.repeatedStart === waiting.repeatedEnd) return;
  tellDuplicate(tcb, waiting.repeatedStart, waiting.repeatedEnd, true);
  waiting.repeatedEnd = waiting.repeatedStart;
}

/** The peer's FIN, and everything before it, is there. */
export function finArrived(tcb: Tcb): void {
  tcb.rcvNxt = seqAdd(tcb.rcvNxt, 1);
  if (tcb.tally !== null) tcb.tally.bytesReceived++;
  tcb.finReceived = true;
  tcb.reassembly?.clear();
  tcb.selective = null;
  switch (tcb.state) {
    case 'ESTABLISHED':
      // Linux expects the program to close soon, so that the acknowledgment can ride on our FIN.
      tcb.move('fin');
      tcb.interactive = true;
      tcb.ackPending = true;
      return;
    case 'FIN_WAIT1':
      tcb.move('fin');
      acknowledge(tcb, 'tcp.fin-ack');
      return;
    case 'FIN_WAIT2':
      tcb.move('fin');
      acknowledge(tcb, 'tcp.fin-ack');
      enterTimeWait(tcb);
      return;
    default:
      return;
  }
}
