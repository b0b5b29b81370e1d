import type { Segment } from '../codec.ts';
import { resendSynData } from '../recovery.ts';
import type { Tcb } from '../tcb.ts';
import type { FastOpen } from './state.ts';

/**
 * The SYN+ACK came, and its acknowledgment has been taken: remembers the cookie, and sees what became of the data
 * (Linux: tcp_rcv_fastopen_synack). @returns whether the data was not taken, and went out again.
 */
export function synAnswered(tcb: Tcb, fast: FastOpen, segment: Segment): boolean {
  if (!fast.asked && !fast.sentData) return false;
  const { host, inFlight } = tcb;
  const { ext } = host.counters;
  const gave = fast.asked && segment.fastOpen >= 0;
  const again = tcb.totalRetransmits > 0;
  host.fastOpen.cache.note(
    tcb.remoteAddress,
    tcb.localAddress,
    segment.mss > 0 ? segment.mss : tcb.peerMss,
    gave && segment.fastOpen > 0
      ? {
          bytes: segment.fastOpenCookie.slice(0, segment.fastOpen),
          experimental: segment.fastOpenExperimental,
        }
      : null,
    fast.asked && again && !gave && inFlight !== null,
    fast.asked && !again && !gave && !fast.sentData ? (fast.experimental ? 'done' : 'now') : 'not yet',
    host.sim.now,
  );
  if (inFlight !== null) {
    fast.failure = again ? 'SYN sent again' : 'data not acknowledged';
    ext.TCPFastOpenActiveFail++;
    resendSynData(tcb, inFlight);
    return true;
  }
  if (fast.sentData) {
    fast.dataTaken = true;
    ext.TCPFastOpenActive++;
    // SYN and data are one segment, though they are kept as two.
    if (tcb.delivered > 1) tcb.delivered--;
  }
  return false;
}
