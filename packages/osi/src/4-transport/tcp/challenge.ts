import type { Frame } from '../../1-physical/index.ts';
import { milliseconds } from '../../time/index.ts';
import { becomeQuick } from './acknowledgment.ts';
import type { Segment } from './codec.ts';
import type { TcpDrop } from './reasons.ts';
import { drop, dropAndAcknowledge, tellDuplicate } from './receiver.ts';
import { seqLess, seqMin } from './sequence.ts';
import type { Tcb } from './tcb.ts';
import { acknowledge } from './transmit.ts';

/** Answers with an acknowledgment. Two stacks that answer each other must not do so for ever: without data, rarely. */
export function answerInvalid(
  tcb: Tcb,
  frame: Frame,
  segment: Segment,
  why: 'tcp.paws' | 'tcp.outside-window',
  skipped: 'TCPACKSkippedPAWS' | 'TCPACKSkippedSeq',
): void {
  const quiet = frame.end === frame.start + (frame.view.getUint8(frame.start + 12) >> 4) * 4;
  if (quiet && tooSoon(tcb)) {
    tcb.host.counters.ext[skipped]++;
    drop(tcb, frame, why);
    return;
  }
  if (quiet) tcb.lastChallengeAt = tcb.host.sim.now;
  else if (seqLess(segment.seq, tcb.rcvNxt)) {
    tcb.host.counters.ext.DelayedACKLost++;
    becomeQuick(tcb);
    tellDuplicate(tcb, segment.seq, seqMin(segment.end, tcb.rcvNxt));
  }
  dropAndAcknowledge(tcb, frame, why, 'tcp.duplicate-ack');
}

function tooSoon(tcb: Tcb): boolean {
  const { sim, sysctl } = tcb.host;
  return sim.now - tcb.lastChallengeAt < milliseconds(sysctl.values['net.ipv4.tcp_invalid_ratelimit']);
}

/** RFC 5961 section 3 and 4: what could be forged is answered by a question. */
export function challenge(
  tcb: Tcb,
  frame: Frame,
  counter: 'TCPSYNChallenge' | 'TCPChallengeACK',
  why: TcpDrop = 'tcp.challenged',
): void {
  const { ext } = tcb.host.counters;
  drop(tcb, frame, why);
  if (tooSoon(tcb)) {
    ext.TCPACKSkippedChallenge++;
    return;
  }
  tcb.lastChallengeAt = tcb.host.sim.now;
  ext[counter]++;
  if (counter !== 'TCPChallengeACK') ext.TCPChallengeACK++;
  acknowledge(tcb, 'tcp.challenge-ack');
}
