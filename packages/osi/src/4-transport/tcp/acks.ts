import { milliseconds, seconds } from '../../time/index.ts';
import { FIN, type Segment, SYN } from './codec.ts';
import { advanced, duplicated } from './recovery.ts';
import { backedOff } from './retransmission.ts';
import { fitSendBuffer, hasUnsent, sendSpace } from './sender.ts';
import { seqDiff, seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';
import { probeInterval } from './timeouts.ts';
import { timestampNow } from './transmit.ts';
import { offeredWindow, sendRoom } from './window.ts';

/** Linux's TCP_TIMEOUT_FALLBACK: the RTO when the handshake measured nothing (RFC 6298 section 5.7). */
const RTO_FALLBACK = seconds(3);

/** What an acknowledgment turned out to be. */
export type Verdict = 'taken' | 'unsent' | 'ancient';

/** Takes the acknowledgment and window of a segment (RFC 9293 section 3.10.7.4, fifth check; RFC 5961 section 5.2). */
export function takeAcknowledgment(tcb: Tcb, segment: Segment): Verdict {
  const { ack, seq } = segment;
  if (seqLess(tcb.sndNxt, ack)) return 'unsent';
  const acked = seqDiff(ack, tcb.sndUna);
  if (acked < 0) return acked < -tcb.maxWindow ? 'ancient' : 'taken';
  tcb.lastHeardAt = tcb.host.sim.now;
  tcb.probes = 0;
  const before = tcb.sndWnd;
  const window = offeredWindow(tcb, segment);
  if (acked > 0 || seqLess(tcb.sndWl1, seq) || (seq === tcb.sndWl1 && (window > before || window === 0))) {
    tcb.sndWl1 = seq;
    tcb.sndWnd = window;
    if (window > tcb.maxWindow) tcb.maxWindow = window;
  }
  if (acked > 0) {
    moveLeftEdge(tcb, segment);
  } else if (
    seqDiff(tcb.sndNxt, tcb.sndUna) > 0 &&
    segment.dataEnd === segment.dataStart &&
    tcb.sndWnd === before &&
    (segment.flags & (SYN | FIN)) === 0
  ) {
    // RFC 5681 section 2, "duplicate acknowledgment", (a) to (e).
    duplicated(tcb);
  }
  if (tcb.sndNxt === tcb.sndUna && hasUnsent(tcb)) watchWindow(tcb);
  return 'taken';
}

/**
 * The left edge of the window moves. In recovery only the first partial acknowledgment restarts the timer: where many
 * segments were lost, slow start after a time-out is faster than one of them per round trip (RFC 6582 section 4,
 * "Impatient").
 */
function moveLeftEdge(tcb: Tcb, segment: Segment): void {
  const { roundTrip, timers, inFlight, host } = tcb;
  const gone = Math.min(seqDiff(segment.ack, tcb.bufferSeq), tcb.buffer.length);
  if (gone > 0) {
    tcb.buffer.drop(gone);
    tcb.bufferSeq = (tcb.bufferSeq + gone) | 0;
  }
  tcb.sndUna = segment.ack;
  let sample = -1;
  if (inFlight !== null) {
    const sentAt = inFlight.acknowledge(segment.ack);
    if (sentAt >= 0) sample = host.sim.now - sentAt;
    if (inFlight.count === 0) {
      host.lists.give(inFlight);
      tcb.inFlight = null;
    }
  }
  if (sample < 0 && tcb.timestamps && segment.hasTimestamps && segment.timestampEcho !== 0) {
    const ticks = (timestampNow(tcb) - segment.timestampEcho) | 0;
    if (ticks >= 0) sample = Math.max(ticks, 1) * milliseconds(1);
  }
  if (sample >= 0) {
    const roundDone = seqLess(tcb.roundEnd, tcb.sndUna);
    if (roundDone) tcb.roundEnd = tcb.sndNxt;
    roundTrip.measure(sample, roundDone);
    tcb.backoff = 0;
  } else if (roundTrip.srtt === 0 && tcb.totalRetransmits > 0 && tcb.state !== 'ESTABLISHED') {
    roundTrip.rto = RTO_FALLBACK;
    tcb.backoff = 0;
  }
  tcb.retransmits = 0;
  host.ip.confirm(tcb.remoteAddress);
  advanced(tcb, Math.max(gone, 0));
  if (tcb.inFlight === null) timers.stopSend();
  else if (tcb.phase !== 'recovery' || tcb.partials <= 1)
    timers.startSend('tcp.retransmission', backedOff(roundTrip.rto, tcb.backoff));
  fitSendBuffer(tcb);
  if (tcb.bufferFull && 3 * sendSpace(tcb) >= tcb.options.sendBuffer) {
    tcb.bufferFull = false;
    tcb.user?.writable();
  }
}

/** Nothing is in flight but something waits: either the window is open now, or its probing goes on. */
function watchWindow(tcb: Tcb): void {
  const { timers } = tcb;
  if (timers.send !== Number.POSITIVE_INFINITY && timers.sendName === 'tcp.retransmission') return;
  const next = Math.min(seqDiff(tcb.bufferEnd, tcb.sndNxt), tcb.mss);
  if (Math.max(next, 1) <= sendRoom(tcb)) {
    tcb.backoff = 0;
    timers.stopSend();
  } else if (timers.send !== Number.POSITIVE_INFINITY) {
    timers.startSend('tcp.zero-window-probe', probeInterval(tcb));
  }
}
