import type { AckFacts } from './ack-facts.ts';
import { recoveryOf } from './recovery-of.ts';
import { beginReduction } from './reduction.ts';
import type { Tcb } from './tcb.ts';
import { forgetResent, resentUnderWay } from './undo.ts';

/** The network says that it is congested (RFC 3168 section 6.1.2), without a loss. */
function enterCwr(tcb: Tcb): void {
  const recovery = recoveryOf(tcb);
  recovery.priorSsthresh = 0;
  if (tcb.phase !== 'open' && tcb.phase !== 'disorder') return;
  recovery.undoable = false;
  beginReduction(tcb);
  tcb.phase = 'cwr';
}

/** Nothing is lost: `open` as far as possible, or `cwr` when the network tells of congestion. */
export function tryToOpen(tcb: Tcb, facts: AckFacts): void {
  forgetResent(tcb);
  if (facts.echo) enterCwr(tcb);
  if (tcb.phase !== 'cwr') keepOpen(tcb);
}

/** `open`, or `disorder` while something is missing. */
export function keepOpen(tcb: Tcb): void {
  const list = tcb.inFlight;
  const disorder = (list !== null && list.sackedOut + list.lostOut > 0) || resentUnderWay(tcb);
  const phase = disorder ? 'disorder' : 'open';
  if (tcb.phase === phase) return;
  tcb.phase = phase;
  recoveryOf(tcb).highSeq = tcb.sndNxt;
}
