import type { Limit } from './busy-time.ts';
import { tallyOf } from './tally-of.ts';
import type { Tcb } from './tcb.ts';

const STRENGTH: Record<Limit, number> = { network: 0, window: 1, buffer: 2 };

/** Something begins; the stronger reason counts. */
export function start(tcb: Tcb, limit: Limit): void {
  const busy = tallyOf(tcb);
  if (busy.limit !== null && STRENGTH[busy.limit] >= STRENGTH[limit]) return;
  busy.set(limit, tcb.host.sim.now);
}

/** It is over: the network is what is waited for, or nothing. */
export function stop(tcb: Tcb, limit: Limit): void {
  const busy = tcb.tally;
  if (busy === null || busy.limit === null) return;
  if (tcb.buffer.length === 0 && tcb.inFlight === null) busy.set(null, tcb.host.sim.now);
  else if (busy.limit === limit) busy.set('network', tcb.host.sim.now);
}
