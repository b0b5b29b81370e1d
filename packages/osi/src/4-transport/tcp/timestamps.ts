import { milliseconds, type Nanoseconds, seconds } from '../../time/index.ts';
import { ACK, RST, type Segment } from './codec.ts';
import { seqDiff, seqLess } from './sequence.ts';
import type { Tcb, TcpHost } from './tcb.ts';

/** Linux's TCP_PAWS_24DAYS: after so long the peer's clock may have gone round (RFC 7323 section 5.5). */
const TIMESTAMP_LIFE = 24 * 24 * 3600;

/** The clock by which it is known when the peer's last timestamp came. */
export const wholeSeconds = (now: Nanoseconds): number => Math.trunc(now / seconds(1)) | 0;

/** For so long a RST with an old timestamp is not believed where little is remembered of a connection (Linux: TCP_PAWS_MSL). */
const RESET_LIFE = 60;

/** A clock that goes back by one tick is no old one (Linux: TCP_PAWS_WINDOW). */
const PAWS_WINDOW = 1;

/** PAWS (RFC 7323 section 5.3); a late pure acknowledgment does no harm and is let through, as in Linux. */
export function tooOld(tcb: Tcb, segment: Segment): boolean {
  if (!isOlder(tcb, segment, PAWS_WINDOW)) return false;
  const harmless =
    segment.length === 0 &&
    segment.ack === tcb.sndUna &&
    segment.seq === tcb.rcvNxt &&
    !tellsWindow(tcb, segment) &&
    seqDiff(tcb.tsRecent, segment.timestamp) <= Math.floor(tcb.roundTrip.rto / milliseconds(1));
  return !harmless;
}

/** Whether its window would be taken (Linux: tcp_may_update_window). */
function tellsWindow({ sndWl1, sndWnd, sndScale }: Tcb, { seq, window }: Segment): boolean {
  return seqLess(sndWl1, seq) || (seq === sndWl1 && (window << sndScale > sndWnd || window === 0));
}

/** A connection, or what waits in its place. */
interface Stamped extends Pick<Tcb, 'timestamps' | 'tsRecent' | 'tsRecentAt'> {
  readonly host: Pick<TcpHost, 'sim'>;
}

/** PAWS for half-open connections and those that only wait for their end (Linux: tcp_paws_reject). */
export function refusesTimestamp(tcb: Stamped, segment: Segment): boolean {
  if (!tcb.timestamps || !segment.hasTimestamps || !isOlder(tcb, segment, 0)) return false;
  return (segment.flags & RST) === 0 || sinceLast(tcb) < RESET_LIFE;
}

/** Whether its timestamp is older than the latest, by more than `slack`. Some stacks begin with 0. */
const isOlder = (tcb: Stamped, segment: Segment, slack: number): boolean =>
  seqDiff(tcb.tsRecent, segment.timestamp) > slack && tcb.tsRecent !== 0 && sinceLast(tcb) < TIMESTAMP_LIFE;

/** Seconds since the latest timestamp came. */
const sinceLast = (tcb: Stamped): number => wholeSeconds(tcb.host.sim.now) - tcb.tsRecentAt;

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
