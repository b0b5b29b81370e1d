import { end, reset } from './closing.ts';
import { tooManyOrphans } from './orphan-count.ts';
import { RTO_MAX } from './retransmission.ts';
import type { Tcb } from './tcb.ts';
import { TIME_WAIT_LENGTH } from './time-wait.ts';

/** Retransmissions of an orphan that is not hopeless, when net.ipv4.tcp_orphan_retries is 0. */
const RETRIES = 8;

/**
 * How often an orphan asks without being answered, from net.ipv4.tcp_orphan_retries (Linux: tcp_orphan_retries). @param alive
 * its timeout has not reached the largest one yet.
 */
export function orphanRetries(tcb: Tcb, alive: boolean): number {
  const set = tcb.softError !== 0 && !alive ? 0 : tcb.host.sysctl.values['net.ipv4.tcp_orphan_retries'];
  return set === 0 && alive ? RETRIES : set;
}

/** A program has left one orphan too many: the peer is told by RST (Linux: __tcp_close). @returns whether that is so. */
export function refuseOrphan(tcb: Tcb): boolean {
  if (tcb.state === 'CLOSED' || tcb.aside || !tooManyOrphans(tcb, 0)) return false;
  tcb.host.counters.ext.TCPAbortOnMemory++;
  reset(tcb, 'tcp.reset-orphan', 0);
  return true;
}

/**
 * An orphan has got no answer in time: when there are too many it is given up. One that has long sent nothing, or whose peer
 * a router calls unreachable, is so sooner (Linux: tcp_out_of_resources). @param tells whether the peer is told by RST; it is
 * in any case when something was sent lately.
 * @returns whether it has ended.
 */
export function giveUpOrphan(tcb: Tcb, tells: boolean): boolean {
  const { host } = tcb;
  const silent = host.sim.now - tcb.lastSentAt;
  const suspicions = (silent > 2 * RTO_MAX || !tells ? 1 : 0) + (tcb.softError !== 0 ? 1 : 0);
  if (!tooManyOrphans(tcb, suspicions)) return false;
  host.counters.ext.TCPAbortOnMemory++;
  if (tells || silent <= TIME_WAIT_LENGTH) reset(tcb, 'tcp.reset-orphan', 0);
  else end(tcb, 0);
  return true;
}
