import { seconds } from '../../time/index.ts';
import { fitMss } from './fit-mss.ts';
import { beginProbing, largestPacket, packetOf, payloadOf } from './path-probe.ts';
import type { PathProbe } from './path-probe-state.ts';
import { reorderingOf } from './recovery-of.ts';
import { currentThreshold, pipe } from './reduction.ts';
import { RECORD_END, type SendChunks } from './send-chunks.ts';
import { seqAdd, seqDiff, seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';
import { REFUSED, transmit } from './transmit.ts';
import { sendRoom } from './window.ts';

/** So many segments the congestion window has at least while a probe is sent: its loss must be noticed (Linux: tcp_mtu_probe). */
const LEAST_WINDOW = 11;

/**
 * Segments of this size never arrive: perhaps routers drop them without a word. After some time-outs in a row smaller
 * ones are sent, at first of tcp_base_mss, then of half the size (Linux: tcp_mtu_probing; net.ipv4.tcp_mtu_probing 1 and 2).
 */
export function suspectBlackHole(tcb: Tcb): void {
  const { sysctl } = tcb.host;
  if (sysctl.values['net.ipv4.tcp_mtu_probing'] === 0) return;
  const { pathProbe } = tcb;
  if (pathProbe === null) {
    beginProbing(tcb);
  } else {
    const half = Math.min(sysctl.values['net.ipv4.tcp_base_mss'], payloadOf(tcb, pathProbe.low) >> 1);
    const floor = Math.max(
      sysctl.values['net.ipv4.tcp_mtu_probe_floor'],
      sysctl.values['net.ipv4.tcp_min_snd_mss'],
    );
    pathProbe.low = packetOf(tcb, Math.max(half, floor));
  }
  fitMss(tcb);
}

/**
 * Tries a larger segment when nothing speaks against it, half-way between what is known to arrive and what may (RFC 4821
 * section 7.3). Enough follows that a loss will show by duplicates. @returns 'wait' when nothing else should be sent
 * until there is room for it.
 */
export function probePath(tcb: Tcb, probe: PathProbe, chunks: SendChunks): 'sent' | 'wait' | 'no' {
  const { congestion, host, selective } = tcb;
  if (probe.size > 0 || tcb.phase !== 'open' || congestion.cwnd < LEAST_WINDOW) return 'no';
  if (selective !== null && (selective.waiting > 0 || selective.duplicate)) return 'no';
  const size = payloadOf(tcb, (probe.high + probe.low) >> 1);
  const interval = probe.high - probe.low;
  if (interval < 0 || interval < host.sysctl.values['net.ipv4.tcp_probe_threshold']) {
    searchAnew(tcb, probe);
    return 'no';
  }
  const needed = size + (reorderingOf(tcb) + 1) * tcb.mss;
  if (seqDiff(tcb.bufferEnd, tcb.sndNxt) < needed || tcb.sndWnd < needed) return 'no';
  if (tcb.sndUrgent !== null || holdsRecordEnd(tcb, chunks, size)) return 'no';
  if (needed > sendRoom(tcb)) return 'wait';
  const flight = pipe(tcb);
  if (flight + 2 > congestion.cwnd) return flight === 0 ? 'no' : 'wait';
  probe.start = tcb.sndNxt;
  probe.end = seqAdd(tcb.sndNxt, size);
  if (transmit(tcb, tcb.sndNxt, size, 0, 'tcp.mtu-probe') === REFUSED) return 'wait';
  // It is as if two were sent.
  congestion.cwnd--;
  probe.size = packetOf(tcb, size);
  return 'sent';
}

/** The segment would go beyond the end of a record (MSG_EOR). */
function holdsRecordEnd(tcb: Tcb, chunks: SendChunks, size: number): boolean {
  const end = seqAdd(tcb.sndNxt, size);
  for (let k = 0; k < chunks.count && seqLess(chunks.endOf(k), end); k++) {
    if (seqLess(tcb.sndNxt, chunks.endOf(k)) && (chunks.marks(k) & RECORD_END) !== 0) return true;
  }
  return false;
}

/** Paths change: after a while the search begins again, from the present size up (Linux: tcp_mtu_check_reprobe). */
function searchAnew(tcb: Tcb, probe: PathProbe): void {
  const { sim, sysctl } = tcb.host;
  if (sim.now - probe.since < seconds(sysctl.values['net.ipv4.tcp_probe_interval'])) return;
  probe.size = 0;
  probe.high = largestPacket(tcb);
  probe.low = packetOf(tcb, tcb.mss);
  probe.since = sim.now;
}

/** What was tried has arrived: segments are of that size from now on, and the window holds as many bytes as before. */
export function probeArrived(tcb: Tcb, probe: PathProbe): void {
  const { congestion, host } = tcb;
  if (probe.size === 0 || seqLess(tcb.sndUna, probe.end)) return;
  congestion.cwnd = Math.max(1, Math.floor((congestion.cwnd * packetOf(tcb, tcb.mss)) / probe.size));
  congestion.forgetCredit();
  congestion.ssthresh = currentThreshold(tcb);
  probe.low = probe.size;
  probe.size = 0;
  fitMss(tcb);
  host.counters.ext.TCPMTUPSuccess++;
}

/**
 * What follows what was tried has arrived, and it has not: the path does not take it, which is no sign of congestion
 * (RFC 4821 section 7.7). @returns whether that is so.
 */
export function probeFailed(tcb: Tcb, probe: PathProbe): boolean {
  if (probe.size === 0 || tcb.sndUna !== probe.start) return false;
  if (tcb.phase !== 'open' && tcb.phase !== 'disorder') return false;
  probe.high = probe.size - 1;
  probe.size = 0;
  tcb.congestion.cwnd++;
  tcb.host.counters.ext.TCPMTUPFail++;
  return true;
}
