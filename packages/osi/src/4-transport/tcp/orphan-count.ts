import type { Tcb } from './tcb.ts';

/** Its program is done with it: from now on it only brings itself to an end, and counts among the orphans. */
export function abandon(tcb: Tcb): void {
  if (tcb.orphan) return;
  tcb.orphan = true;
  if (tcb.state !== 'CLOSED' && !tcb.aside) tcb.host.orphans++;
}

/**
 * All that is left to do is to wait, for a FIN or for the end of TIME_WAIT: so little that it no longer counts as an orphan
 * (Linux: `inet_timewait_sock`). @returns how many there are of these.
 */
export function setAside(tcb: Tcb): number {
  const { host } = tcb;
  if (tcb.aside) return host.waiting;
  if (tcb.orphan) {
    host.orphans--;
    tcb.tally = null;
  }
  tcb.aside = true;
  return ++host.waiting;
}

/** It is over. */
export function forgetWaiting(tcb: Tcb): void {
  if (tcb.aside) tcb.host.waiting--;
  else if (tcb.orphan) tcb.host.orphans--;
  tcb.aside = false;
}

/**
 * Whether there are more orphans than net.ipv4.tcp_max_orphans says. @param suspicions each one makes them count double
 * (Linux: tcp_too_many_orphans).
 */
export const tooManyOrphans = ({ host }: Tcb, suspicions: number): boolean =>
  host.orphans * 2 ** suspicions > host.sysctl.values['net.ipv4.tcp_max_orphans'];
