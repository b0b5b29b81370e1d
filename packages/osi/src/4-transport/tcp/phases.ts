import type { AckFacts } from './ack-facts.ts';
import { enterCwr } from './local-congestion.ts';
import { recoveryOf } from './recovery-of.ts';
import type { Tcb } from './tcb.ts';
import { forgetResent, resentUnderWay } from './undo.ts';

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
