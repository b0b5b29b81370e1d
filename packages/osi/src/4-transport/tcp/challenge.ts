import type { Frame } from '../../1-physical/index.ts';
import { milliseconds } from '../../time/index.ts';
import { becomeQuick } from './acknowledgment.ts';
import { type Segment, SYN } from './codec.ts';
import type { TcpDrop, TcpReason } from './reasons.ts';
import { drop, dropAndAcknowledge, tellDuplicate } from './receiver.ts';
import { seqLess, seqMin } from './sequence.ts';
import type { Tcb, TcpHost } from './tcb.ts';
import { acknowledge } from './transmit.ts';

/** A connection, or what waits in its place. */
interface Answerer {
  readonly host: Pick<TcpHost, 'sim' | 'sysctl' | 'counters'>;
  lastChallengeAt: number;
}

/** What counts the answers that were left out. */
type Skipped =
  | 'TCPACKSkippedPAWS'
  | 'TCPACKSkippedSeq'
  | 'TCPACKSkippedSynRecv'
  | 'TCPACKSkippedFinWait2'
  | 'TCPACKSkippedTimeWait'
  | 'TCPACKSkippedChallenge';

/** Answers what does not fit with an acknowledgment, rarely. */
export function answerInvalid(
  tcb: Tcb,
  frame: Frame,
  segment: Segment,
  why: 'tcp.paws' | 'tcp.outside-window' | 'tcp.beyond-window',
  skipped: 'TCPACKSkippedPAWS' | 'TCPACKSkippedSeq',
  reason: TcpReason = 'tcp.duplicate-ack',
): void {
  if (!answerRarely(tcb, segment, skipped)) {
    drop(tcb, frame, why);
    return;
  }
  if (segment.length > 0 && seqLess(segment.seq, tcb.rcvNxt)) {
    tcb.host.counters.ext.DelayedACKLost++;
    becomeQuick(tcb);
    tellDuplicate(tcb, segment.seq, seqMin(segment.end, tcb.rcvNxt));
  }
  dropAndAcknowledge(tcb, frame, why, reason);
}

/**
 * Whether a segment that does not fit is answered: two stacks that answer each other must not do so for ever, so what is
 * no data is answered rarely (Linux: tcp_oow_rate_limited, net.ipv4.tcp_invalid_ratelimit).
 */
export function answerRarely(tcb: Answerer, segment: Segment, skipped: Skipped): boolean {
  return (segment.length > 0 && (segment.flags & SYN) === 0) || mayAnswer(tcb, skipped);
}

/** Whether the last answer of that kind is long enough ago; then the next one has to wait for this. What is left out is counted. */
export function mayAnswer(tcb: Answerer, skipped: Skipped): boolean {
  const { sim, sysctl, counters } = tcb.host;
  if (sim.now - tcb.lastChallengeAt < milliseconds(sysctl.values['net.ipv4.tcp_invalid_ratelimit'])) {
    counters.ext[skipped]++;
    return false;
  }
  tcb.lastChallengeAt = sim.now;
  return true;
}

/** RFC 5961 sections 3 to 5: what could be forged is answered by a question. */
export function challenge(
  tcb: Tcb,
  frame: Frame,
  counter: 'TCPSYNChallenge' | 'TCPChallengeACK',
  why: TcpDrop = 'tcp.challenged',
): void {
  const { ext } = tcb.host.counters;
  drop(tcb, frame, why);
  if (!mayAnswer(tcb, 'TCPACKSkippedChallenge')) return;
  ext[counter]++;
  if (counter !== 'TCPChallengeACK') ext.TCPChallengeACK++;
  acknowledge(tcb, 'tcp.challenge-ack');
}
