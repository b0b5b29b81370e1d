import { milliseconds, type Nanoseconds, seconds } from '../../time/index.ts';
import { ACK, type Segment } from './codec.ts';
import { seqDiff, seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/** Linux's TCP_PAWS_24DAYS: after so long the peer's clock may have gone round (RFC 7323 section 5.5). */
const TIMESTAMP_LIFE = 24 * 24 * 3600;

/** The clock by which it is known when the peer's last timestamp came. */
export const wholeSeconds = (now: Nanoseconds): number => Math.trunc(now / seconds(1)) | 0;

/** PAWS (RFC 7323 section 5.3); a late pure acknowledgment does no harm and is let through, as in Linux. */
export function tooOld(tcb: Tcb, segment: Segment): boolean {
  const behind = seqDiff(tcb.tsRecent, segment.timestamp);
  if (behind <= 0) return false;
  if (wholeSeconds(tcb.host.sim.now) - tcb.tsRecentAt >= TIMESTAMP_LIFE) return false;
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
  if (seqLess(segment.seq, tcb.rcvWup) && !isRepetition(tcb, segment)) return;
  tcb.tsRecent = segment.timestamp;
  tcb.tsRecentAt = wholeSeconds(tcb.host.sim.now);
}

/**
 * Whether an old segment is a repetition by the peer, and none that somebody made who guesses: a timestamp of theirs
 * from the future would make everything that follows look old (RFC 5961 section 5.2 asks the same of acknowledgments).
 */
function isRepetition(tcb: Tcb, segment: Segment): boolean {
  const behind = seqDiff(tcb.rcvWup, segment.seq);
  if (behind > Math.max(tcb.windowLimit, tcb.rcvMss)) return false;
  if ((segment.flags & ACK) === 0) return tcb.state === 'SYN_RECV' && segment.seq === tcb.irs;
  return !seqLess(tcb.sndNxt, segment.ack) && seqDiff(tcb.sndUna, segment.ack) <= tcb.maxWindow;
}
