import { milliseconds, seconds } from '../../time/index.ts';
import type { Segment } from './codec.ts';
import { seqDiff, seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/** Linux's TCP_PAWS_24DAYS: after so long the peer's clock may have gone round (RFC 7323 section 5.5). */
const TIMESTAMP_LIFE = seconds(24 * 24 * 3600);

/** PAWS (RFC 7323 section 5.3); a late pure acknowledgment does no harm and is let through, as in Linux. */
export function tooOld(tcb: Tcb, segment: Segment): boolean {
  const behind = seqDiff(tcb.tsRecent, segment.timestamp);
  if (behind <= 0) return false;
  if (tcb.host.sim.now - tcb.tsRecentAt >= TIMESTAMP_LIFE) return false;
  const harmless =
    segment.length === 0 &&
    segment.ack === tcb.sndUna &&
    segment.seq === tcb.rcvNxt &&
    segment.window << tcb.sndScale === tcb.sndWnd &&
    behind <= Math.floor(tcb.roundTrip.rto / milliseconds(1));
  return !harmless;
}

/** RFC 7323 section 4.3: the timestamp to echo is that of the segment which the next acknowledgment is about. */
export function rememberTimestamp(tcb: Tcb, segment: Segment): void {
  if (!tcb.timestamps || !segment.hasTimestamps) return;
  if (seqLess(tcb.rcvWup, segment.seq) || seqLess(segment.timestamp, tcb.tsRecent)) return;
  tcb.tsRecent = segment.timestamp;
  tcb.tsRecentAt = tcb.host.sim.now;
}
