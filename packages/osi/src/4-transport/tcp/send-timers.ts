import { milliseconds, seconds } from '../../time/index.ts';
import { backedOff, RTO_MIN } from './retransmission.ts';
import type { Tcb } from './tcb.ts';

/** Linux's TCP_TIMEOUT_MIN_US: no timer of loss detection waits less. */
export const TIMEOUT_MIN = milliseconds(2);

/** Linux's TCP_TIMEOUT_INIT: before a round trip was measured. */
const INITIAL = seconds(1);

/** net.ipv4.tcp_early_retrans: 3 and 4 mean that the tail is probed for. */
const PROBES = 3;

/**
 * Starts the timer of the tail loss probe (RFC 8985 section 7.2): when the last segments of a flight are lost,
 * nothing comes back that could tell of it. @param fresh the retransmission timer is to count from now.
 * @returns whether it was started.
 */
export function scheduleProbe(tcb: Tcb, fresh: boolean): boolean {
  if (tcb.early || !tcb.sack || (tcb.phase !== 'open' && tcb.phase !== 'cwr')) return false;
  const list = tcb.inFlight;
  if (list === null || list.count === 0) return false;
  if (tcb.host.sysctl.values['net.ipv4.tcp_early_retrans'] < PROBES) return false;
  const { srtt } = tcb.roundTrip;
  let wait = srtt === 0 ? INITIAL : 2 * srtt + (list.count === 1 ? RTO_MIN : TIMEOUT_MIN);
  const untilTimeout = fresh ? timeout(tcb) : timeoutLeft(tcb);
  if (untilTimeout > 0) wait = Math.min(wait, untilTimeout);
  tcb.startSend('tcp.loss-probe', wait);
  return true;
}

/** The retransmission timeout, backed off. */
export const timeout = (tcb: Tcb): number => backedOff(tcb.roundTrip.rto, tcb.backoff);

/** How long until the oldest segment is due for retransmission; negative when it is overdue. */
function timeoutLeft(tcb: Tcb): number {
  const list = tcb.inFlight;
  return list === null ? 0 : list.sentAt(0) + timeout(tcb) - tcb.host.sim.now;
}

/** Starts the retransmission timer, or stops it when nothing is in flight (Linux: tcp_rearm_rto). */
export function rearm(tcb: Tcb): void {
  const { timers, inFlight } = tcb;
  // Until the handshake is done it is the SYN+ACK that is sent again, and nothing else.
  if (tcb.early) return;
  if (inFlight === null) {
    timers.stopSend();
    return;
  }
  const waiting = timers.sending === 'tcp.loss-probe' || timers.sending === 'tcp.reordering';
  const wait = waiting ? Math.max(timeoutLeft(tcb), 1) : timeout(tcb);
  // What is sent is not on its way before pacing lets it go (Linux: tcp_pacing_delay).
  tcb.startSend('tcp.retransmission', wait + (tcb.tally?.pacing?.delay ?? 0));
}
