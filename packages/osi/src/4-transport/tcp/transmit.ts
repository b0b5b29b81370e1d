import { type Frame, HEADROOM } from '../../1-physical/index.ts';
import { PROTOCOL_TCP, type SendOptions } from '../../3-network/index.ts';
import { milliseconds } from '../../time/index.ts';
import {
  ACK,
  FIN,
  HEADER_LENGTH,
  RST,
  type Segment,
  writeChecksum,
  writeHeader,
  writePartialChecksum,
  writeUrgent,
} from './codec.ts';
import { ecnFlags, isNewData, synEcnFlags } from './ecn-agreement.ts';
import { headersBeside } from './fit-mss.ts';
import { noteRefused } from './local-congestion.ts';
import {
  fastOpenLength,
  sackBlocksThatFit,
  sackLength,
  TIMESTAMPS_LENGTH,
  writeFastOpen,
  writeSackBlock,
  writeSackHead,
  writeTimestamps,
} from './options.ts';
import type { TcpReason } from './reasons.ts';
import { TCP_OFFLOAD } from './segmentation.ts';
import { type Sequence, seqAdd, seqDiff, seqLess } from './sequence.ts';
import { synOptionsLength, writeSynOptions } from './syn-options.ts';
import { tallyOf } from './tally-of.ts';
import type { Tcb, TcpHost } from './tcb.ts';
import { urgentPointer } from './urgent.ts';
import { offerWindow } from './window.ts';

/** Segments of no connection (RST) are sent as Linux does: not to be fragmented. */
const REPLY_OPTIONS: SendOptions = { dontFragment: true };

/** The clock of our timestamps to this peer: milliseconds, as in Linux. */
export const timestampNow = (tcb: Tcb): number => timestampOf(tcb.host, tcb.timestampOffset);

export const timestampOf = ({ sim }: TcpHost, offset: number): number =>
  (Math.floor(sim.now / milliseconds(1)) + offset) | 0;

/**
 * Builds one segment with `length` bytes of the send buffer from `seq` on, and hands it down. ACK is always set.
 * @param size with segmentation offload: of the segments that it stands for, when there are several.
 * @param joined it follows another one of the same burst.
 * @returns 0 or a negated errno of the network layer, with which the segment counts as lost; or `REFUSED`.
 */
export function transmit(
  tcb: Tcb,
  seq: Sequence,
  length: number,
  flags: number,
  reason: TcpReason,
  size = length,
  joined = false,
): number {
  const { host } = tcb;
  let headerLength = tcb.timestamps ? HEADER_LENGTH + TIMESTAMPS_LENGTH : HEADER_LENGTH;
  const blocks = tcb.selective === null ? 0 : blocksBeside(tcb, length);
  if (blocks > 0) headerLength += sackLength(blocks);
  let { ip } = tcb.options;
  // The usual room in front of a segment has none for them.
  const extra = headersBeside(tcb);
  const front = HEADROOM + extra;
  const frame = host.pool.take(length + extra);
  const { view } = frame;
  const start = front - headerLength;
  frame.start = start;
  frame.end = front + length;
  frame.reason = reason;
  if (length > 0) {
    const offset = seqDiff(seq, tcb.bufferSeq);
    tcb.buffer.copy(offset, length, frame.bytes, front);
    if (host.tracer.on) frame.origins = tcb.buffer.origins(offset, length);
  }
  const { ecn } = tcb;
  if (ecn !== null) {
    const fresh = isNewData(tcb, seq, length);
    flags |= ecnFlags(ecn, fresh);
    if (fresh) ip = ecn.marked;
  }
  const window = offerWindow(tcb);
  writeHeader(view, start, tcb.localPort, tcb.remotePort, seq, tcb.rcvNxt, headerLength, flags | ACK, window);
  if (tcb.timestamps) writeTimestamps(view, start + HEADER_LENGTH, timestampNow(tcb), tcb.tsRecent);
  if (blocks > 0) writeSacks(tcb, view, front - sackLength(blocks), blocks);
  if (tcb.sndUrgent !== null) {
    const pointer = urgentPointer(tcb, seq);
    if (pointer > 0) writeUrgent(view, start, pointer);
  }
  acknowledgmentSent(tcb);
  if (tcb.offload) leaveToOthers(tcb, frame, length, size);
  else writeChecksum(frame, tcb.localAddress, tcb.remoteAddress);
  const { segments } = frame;
  host.counters.tcp.OutSegs += segments;
  if (tcb.tally !== null) tcb.tally.segmentsOut += segments;
  else if (reason !== 'tcp.handshake-ack' && !tcb.orphan) tallyOf(tcb).segmentsOut += segments;
  const { refusal } = host;
  refusal.frame = null;
  frame.refusal = refusal;
  host.sending++;
  const result = host.ip.send(frame, tcb.localAddress, tcb.remoteAddress, PROTOCOL_TCP, ip);
  host.sending--;
  const end = seqAdd(seq, length + (flags & FIN));
  if (refusal.frame === frame) {
    noteRefused(tcb, seq, end, length);
    return REFUSED;
  }
  if (end !== seq) noteSent(tcb, seq, end, length, reason, size, joined);
  return result;
}

/** The queue of the own interface was full (Linux: NET_XMIT_DROP). What was new counts as not sent. */
export const REFUSED = 1;

/** The cable has offload: nobody computes the checksum, and segments that go out together are one frame. */
function leaveToOthers(tcb: Tcb, frame: Frame, length: number, size: number): void {
  frame.offload = TCP_OFFLOAD;
  if (length > size) {
    frame.segments = Math.ceil(length / size);
    frame.segmentSize = size;
    frame.packetSize = frame.length - length + size;
  }
  writePartialChecksum(frame, tcb.localAddress, tcb.remoteAddress);
}

/** How many SACK blocks go out with `length` bytes: none when they would make the packet too large. */
function blocksBeside(tcb: Tcb, length: number): number {
  let count = Math.min(tcb.selective?.waiting ?? 0, sackBlocksThatFit(tcb.timestamps));
  while (count > 0 && length > 0 && length + sackLength(count) > tcb.mss) count--;
  return count;
}

function writeSacks(tcb: Tcb, view: DataView, at: number, count: number): void {
  const { selective } = tcb;
  if (selective === null) return;
  let next = writeSackHead(view, at, count);
  for (let i = 0; i < count; i++) next = writeSackBlock(view, next, selective.start(i), selective.end(i));
  selective.duplicate = false;
}

/**
 * Sends SYN, or SYN+ACK, with the options that are offered or agreed.
 * @param length how many bytes of the send buffer go with it (RFC 7413). @returns as `transmit`.
 */
export function transmitSyn(tcb: Tcb, flags: number, reason: TcpReason, length = 0): number {
  const { host } = tcb;
  const cookie = tcb.fastOpen === null ? null : tcb.fastOpen.option;
  // The path may have become known to take less since (Linux: tcp_advertise_mss).
  tcb.advMss = Math.min(tcb.advMss, host.ip.roomTo(tcb.remoteAddress) - HEADER_LENGTH);
  const headerLength = HEADER_LENGTH + synOptionsLength(tcb) + (cookie === null ? 0 : fastOpenLength(cookie));
  const extra = headersBeside(tcb);
  const front = HEADROOM + extra;
  const frame = host.pool.take(length + extra);
  const { view } = frame;
  const start = front - headerLength;
  frame.start = start;
  frame.end = front + length;
  frame.reason = reason;
  if (length > 0) {
    tcb.buffer.copy(0, length, frame.bytes, front);
    if (host.tracer.on) frame.origins = tcb.buffer.origins(0, length);
  }
  writeHeader(
    view,
    start,
    tcb.localPort,
    tcb.remotePort,
    tcb.iss,
    (flags & ACK) !== 0 ? tcb.rcvNxt : 0,
    headerLength,
    tcb.ecn === null ? flags : flags | synEcnFlags(tcb, flags),
    Math.min(tcb.rcvWnd, 0xffff),
  );
  const echo = (flags & ACK) !== 0 ? tcb.tsRecent : 0;
  const at = writeSynOptions(view, start + HEADER_LENGTH, tcb, timestampNow(tcb), echo);
  if (cookie !== null) writeFastOpen(view, at, cookie);
  noteSyn(tcb, length, reason);
  if ((flags & ACK) !== 0) acknowledgmentSent(tcb);
  writeChecksum(frame, tcb.localAddress, tcb.remoteAddress);
  host.counters.tcp.OutSegs++;
  if (tcb.tally !== null) tcb.tally.segmentsOut++;
  host.sending++;
  const result = host.ip.send(frame, tcb.localAddress, tcb.remoteAddress, PROTOCOL_TCP, tcb.options.ip);
  host.sending--;
  return result;
}

/** An empty segment at `sndNxt` that acknowledges everything received. */
export function acknowledge(tcb: Tcb, reason: TcpReason): void {
  transmit(tcb, tcb.sndNxt, 0, 0, reason);
}

/** RST of a connection (RFC 9293 section 3.10.5): its sequence number is the next one expected. */
export function transmitReset(tcb: Tcb, reason: TcpReason): void {
  tcb.host.counters.tcp.OutRsts++;
  transmit(tcb, tcb.sndNxt, 0, RST, reason);
}

/**
 * RST in answer to a segment of no connection (RFC 9293 section 3.10.7.1): its number is what the segment
 * acknowledges, or else 0 with an acknowledgment of the whole segment.
 */
export function replyReset(host: TcpHost, segment: Segment, reason: TcpReason): void {
  if ((segment.flags & RST) !== 0) return;
  const frame = host.pool.take(0);
  frame.start = HEADROOM - HEADER_LENGTH;
  frame.reason = reason;
  const acks = (segment.flags & ACK) !== 0;
  writeHeader(
    frame.view,
    frame.start,
    segment.destinationPort,
    segment.sourcePort,
    acks ? segment.ack : 0,
    acks ? 0 : segment.end,
    HEADER_LENGTH,
    acks ? RST : RST | ACK,
    0,
  );
  reply(host, frame, segment);
  host.counters.tcp.OutRsts++;
}

/** Hands a segment down that belongs to no connection, in answer to another one. */
export function reply(
  host: TcpHost,
  frame: Frame,
  { source: to, destination: from, replyOptions }: Segment,
  ip = REPLY_OPTIONS,
): void {
  writeChecksum(frame, from, to);
  host.counters.tcp.OutSegs++;
  host.sending++;
  const how = replyOptions === null ? ip : { ...ip, headerOptions: replyOptions };
  host.ip.send(frame, from, to, PROTOCOL_TCP, how);
  host.sending--;
}

/** What goes out carries the acknowledgment: none is owed any more. */
function acknowledgmentSent(tcb: Tcb): void {
  if (tcb.quickAcks > 0) tcb.quickAcks--;
  tcb.ackPending = false;
  tcb.pushed = false;
  tcb.gapFilled = false;
  if (tcb.ecn !== null) tcb.ecn.answerNow = false;
  tcb.timers.stopAck();
}

/** A SYN went out; data in it counts as a segment of its own, since only the SYN is sent again (Linux: tcp_send_syn_data). */
function noteSyn(tcb: Tcb, length: number, reason: TcpReason): void {
  const first = seqAdd(tcb.iss, 1);
  const request = tcb.fastOpen === null ? null : tcb.fastOpen.request;
  if (request !== null) {
    // The SYN+ACK is not among what is in flight: that is data already.
    if (reason === 'tcp.syn-ack-early') return;
    request.sentAgain = true;
    tcb.totalRetransmits++;
    tcb.host.counters.tcp.RetransSegs++;
    return;
  }
  noteSent(tcb, tcb.iss, first, 0, reason);
  if (length > 0) noteSent(tcb, first, seqAdd(first, length), length, reason);
}

/** Keeps the books of what takes sequence space: new, or sent again. */
function noteSent(
  tcb: Tcb,
  seq: Sequence,
  end: Sequence,
  length: number,
  reason: TcpReason,
  size = length,
  joined = false,
): void {
  const { host, delivered } = tcb;
  const { now } = host.sim;
  const tally = length > 0 ? (tcb.tally ?? tallyOf(tcb)) : tcb.tally;
  const limited = tally !== null && tally.limitedUntil !== 0;
  if (length > 0 && (tcb.inFlight === null || tcb.inFlight.pipe === 0)) {
    tcb.congestion.resumed(now - tcb.lastSentAt, now);
  }
  if (seqDiff(end, tcb.sndNxt) <= 0) {
    noteResent(tcb, seq, end, reason, limited);
    tcb.totalRetransmits++;
    host.counters.tcp.RetransSegs++;
    if (tally !== null) tally.bytesResent += length;
  } else {
    tcb.inFlight ??= host.lists.take();
    for (let at = size; at < length; at += size) {
      tcb.inFlight.add(seqAdd(seq, at), now, joined || at > size, delivered, limited);
      host.counters.ext.TCPOrigDataSent++;
      if (tally !== null) tally.dataSegmentsOut++;
    }
    tcb.inFlight.add(end, now, joined || length > size, delivered, limited);
    tcb.sndNxt = end;
    if (length > 0) host.counters.ext.TCPOrigDataSent++;
  }
  if (length > 0) {
    if (tally !== null) {
      tally.dataSegmentsOut++;
      tally.bytesSent += length;
    }
    // An answer to what came a moment ago: the connection goes to and fro (Linux: tcp_event_data_sent).
    if (now - tcb.lastDataAt < tcb.ackTimeout) tcb.interactive = true;
    tcb.lastSentAt = now;
  }
}

/** Segment `[seq, end)` goes out again: it counts as under way, except as a probe (Linux: tcp_retransmit_skb). */
function noteResent(tcb: Tcb, seq: Sequence, end: Sequence, reason: TcpReason, limited: boolean): void {
  const { inFlight, recovery, host } = tcb;
  // The network is in trouble: nothing follows from what becomes of a probe.
  if (tcb.pathProbe !== null) tcb.pathProbe.size = 0;
  if (inFlight === null) return;
  const counted = reason !== 'tcp.loss-probe' && seqDiff(end, tcb.iss) !== 1;
  for (let k = inFlight.find(seq); k < inFlight.count; k++) {
    inFlight.markResent(k, host.sim.now, counted, tcb.delivered, limited);
    if (!seqLess(inFlight.endOf(k), end)) break;
  }
  if (!counted || recovery === null) return;
  if (!recovery.resentSince) {
    recovery.resentSince = true;
    recovery.resentTimestamp = timestampNow(tcb);
  }
  recovery.undoRetransmits = Math.max(recovery.undoRetransmits, 0) + 1;
}
