import type { AckFacts } from './ack-facts.ts';
import { keepOpen } from './phases.ts';
import { recoveryOf } from './recovery-of.ts';
import { beginReduction, endReduction } from './reduction.ts';
import { rearm, timeout } from './send-timers.ts';
import { hasUnsent, resendSegment, sendNew } from './sender.ts';
import { seqDiff, seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/** Two round trips without an answer: sends something that will be answered (section 7.3). */
export function probeTail(tcb: Tcb): void {
  const recovery = recoveryOf(tcb);
  const list = tcb.inFlight;
  if (list === null || recovery.probing) {
    rearm(tcb);
    return;
  }
  recovery.probeResent = false;
  const before = tcb.sndNxt;
  if (hasUnsent(tcb)) sendNew(tcb, 'tcp.loss-probe', 'any', 'probe');
  if (tcb.sndNxt === before) {
    if (!resendSegment(tcb, list, list.count - 1, 'tcp.loss-probe')) {
      rearm(tcb);
      return;
    }
    recovery.probeResent = true;
  }
  recovery.probing = true;
  recovery.probeEnd = tcb.sndNxt;
  tcb.host.counters.ext.TCPLossProbes++;
  tcb.startSend('tcp.retransmission', timeout(tcb));
}

/** What an acknowledgment says of the probe: whether it repaired a loss, which then was congestion (section 7.4). */
export function probeAnswered(tcb: Tcb, ack: number, facts: AckFacts): void {
  const { recovery } = tcb;
  if (recovery === null || !recovery.probing || seqLess(ack, recovery.probeEnd)) return;
  if (!recovery.probeResent || facts.probeDuplicate) {
    recovery.probing = false;
  } else if (seqDiff(ack, recovery.probeEnd) > 0) {
    beginReduction(tcb);
    tcb.phase = 'cwr';
    endReduction(tcb);
    keepOpen(tcb);
    tcb.host.counters.ext.TCPLossProbeRecovery++;
  } else if (facts.isDuplicate && !facts.sacked) {
    recovery.probing = false;
  }
}
