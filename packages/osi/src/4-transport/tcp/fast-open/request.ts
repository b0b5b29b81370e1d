import type { Tcb } from '../tcb.ts';

/** It no longer counts at its listener. @param byPeer the peer reset it. */
export function dropRequest(tcb: Tcb, byPeer: boolean): void {
  const { fastOpen } = tcb;
  if (fastOpen === null || fastOpen.request === null) return;
  const { queue, accepted } = fastOpen.request;
  queue.leave(byPeer && accepted, tcb.host.sim.now);
  fastOpen.request = null;
}
