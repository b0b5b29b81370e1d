import { keepTimer, output, pipe, retransmit } from './sender.ts';
import { seqAdd, seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/** Duplicate acknowledgments that mean a loss (RFC 5681 section 3.2). */
const DUPLICATE_THRESHOLD = 3;

/**
 * Loss detection and recovery by NewReno (RFC 5681, RFC 6582). It finds out what is lost and sends it again; how
 * much may be in flight meanwhile is the matter of congestion control.
 *
 * An acknowledgment moved `sndUna` by `acked` bytes.
 */
export function advanced(tcb: Tcb, acked: number): void {
  const { congestion } = tcb;
  // What duplicate acknowledgments have told of has been delivered before now (Linux: tcp_remove_reno_sacks).
  const known = Math.min(tcb.duplicates * tcb.mss, Math.max(0, acked - tcb.mss));
  tcb.duplicates = 0;
  switch (tcb.phase) {
    case 'open':
      congestion.acknowledged(acked - known, limited(tcb));
      return;
    case 'loss':
      if (!seqLess(tcb.sndUna, tcb.recover)) tcb.phase = 'open';
      congestion.acknowledged(acked, true);
      return;
    case 'recovery':
      if (!seqLess(tcb.sndUna, tcb.recover)) {
        // Full acknowledgment. RFC 6582 section 3.2 step 3, option 2, as Linux.
        tcb.phase = 'open';
        congestion.cwnd = congestion.ssthresh;
        return;
      }
      tcb.partials++;
      // Partial acknowledgment: the next hole. Deflate by what left the path, one segment back in.
      retransmit(tcb, tcb.sndUna, 'tcp.partial-ack');
      congestion.cwnd = Math.max(congestion.cwnd - acked, tcb.mss) + (acked >= tcb.mss ? tcb.mss : 0);
      return;
  }
}

/** A duplicate acknowledgment came: a segment has left the path, though not the one that is missing. */
export function duplicated(tcb: Tcb): void {
  const { congestion } = tcb;
  tcb.duplicates++;
  switch (tcb.phase) {
    case 'loss':
      return;
    case 'recovery':
      congestion.cwnd += tcb.mss;
      output(tcb);
      return;
    case 'open':
      if (tcb.duplicates < DUPLICATE_THRESHOLD) {
        output(tcb, tcb.duplicates * tcb.mss, 'tcp.limited-transmit');
      } else if (tcb.duplicates === DUPLICATE_THRESHOLD && careful(tcb)) {
        enterRecovery(tcb);
      }
      return;
  }
}

/** RFC 6582 section 3.2 step 2: what the acknowledgment asks for lies behind the last recovery, so it is a new loss. */
const careful = (tcb: Tcb): boolean => seqLess(tcb.recover, tcb.sndUna);

function enterRecovery(tcb: Tcb): void {
  const { congestion } = tcb;
  const { ext } = tcb.host.counters;
  congestion.lost(pipe(tcb));
  tcb.phase = 'recovery';
  tcb.partials = 0;
  tcb.recover = tcb.sndNxt;
  ext.TCPRenoRecovery++;
  ext.TCPFastRetrans++;
  retransmit(tcb, tcb.sndUna, 'tcp.fast-retransmit');
  congestion.cwnd = congestion.ssthresh + DUPLICATE_THRESHOLD * tcb.mss;
  output(tcb);
  keepTimer(tcb);
}

/** The retransmission timer expired: all in flight is taken as lost (RFC 5681 section 3.1, RFC 6582 section 4). */
export function timedOut(tcb: Tcb): void {
  // In fast recovery the window has been halved already (Linux: tcp_enter_loss).
  const first = tcb.phase === 'open' || (tcb.phase === 'loss' && tcb.retransmits === 0);
  tcb.congestion.timedOut(pipe(tcb), first);
  tcb.phase = 'loss';
  tcb.duplicates = 0;
  tcb.recover = tcb.sndNxt;
  tcb.lossNext = tcb.sndUna;
  const count = retransmit(tcb, tcb.sndUna, 'tcp.rto');
  tcb.lossNext = seqAdd(tcb.sndUna, count);
}

/** The path takes only smaller segments: what was in flight is sent again in such, without blaming congestion (RFC 1191 section 6.4). */
export function resegment(tcb: Tcb): void {
  if (tcb.flight === 0) return;
  tcb.phase = 'loss';
  tcb.duplicates = 0;
  tcb.recover = tcb.sndNxt;
  const count = retransmit(tcb, tcb.sndUna, 'tcp.path-mtu');
  tcb.lossNext = seqAdd(tcb.sndUna, count);
  output(tcb);
}

/** Whether the congestion window was what held sending back; in slow start, whether half of it was used (Linux: tcp_is_cwnd_limited). */
function limited(tcb: Tcb): boolean {
  const { cwnd, ssthresh } = tcb.congestion;
  return tcb.cwndLimited || (cwnd < ssthresh && cwnd < 2 * tcb.usedWindow);
}
