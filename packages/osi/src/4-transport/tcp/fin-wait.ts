import { type Nanoseconds, seconds } from '../../time/index.ts';
import { end, reset } from './closing.ts';
import { FIN, type Segment } from './codec.ts';
import { setAside } from './orphan-count.ts';
import { timeout } from './send-timers.ts';
import { seqAdd, seqLess } from './sequence.ts';
import type { Tcb } from './tcb.ts';
import { TIME_WAIT_LENGTH } from './time-wait.ts';
import { replyReset } from './transmit.ts';

/** A FIN is waited for so long at least: three and a half retransmission timeouts (Linux: tcp_fin_time, tcp_time_wait). */
const leastWait = (tcb: Tcb): Nanoseconds => 3.5 * timeout(tcb);

/** How long FIN_WAIT2 lasts when the program is gone: TCP_LINGER2, else net.ipv4.tcp_fin_timeout. */
function finWait(tcb: Tcb): Nanoseconds {
  const chosen = tcb.options.linger2 || seconds(tcb.host.sysctl.values['net.ipv4.tcp_fin_timeout']);
  return Math.max(chosen, leastWait(tcb));
}

/**
 * Our FIN is acknowledged, the peer's has not come. A program that is there waits for it, for ever if need be; without one
 * it is waited for some time, or, with a TCP_LINGER2 below 0, not at all.
 * @param segment what acknowledged the FIN; null when the program closes in this state.
 */
export function enterFinWait2(tcb: Tcb, segment: Segment | null): void {
  if (!tcb.orphan) return;
  const { host, options } = tcb;
  if (options.linger2 < 0 || (segment !== null && bringsData(tcb, segment))) {
    if (segment === null) {
      host.counters.ext.TCPAbortOnLinger++;
      reset(tcb, 'tcp.reset-fin-wait', 0);
    } else {
      host.counters.ext.TCPAbortOnData++;
      replyReset(host, segment, 'tcp.reset-fin-wait');
      end(tcb, 0);
    }
    return;
  }
  const wait = finWait(tcb);
  // A longer one has two parts as long as what it is beyond a minute, whatever was asked for: that is Linux's arithmetic.
  if (wait > TIME_WAIT_LENGTH) tcb.startWait('tcp.fin-wait-2', wait - TIME_WAIT_LENGTH);
  else waitAside(tcb, wait);
}

/** Whether it has data that has not come before, or a FIN that comes too early: nobody will read it. */
function bringsData({ rcvNxt }: Tcb, { flags, length, end: behind }: Segment): boolean {
  return length > 0 && seqLess(rcvNxt, (flags & FIN) === 0 ? behind : seqAdd(behind, -1));
}

/** The timer of FIN_WAIT2 has expired (Linux: tcp_keepalive_timer, then that of the `inet_timewait_sock`). */
export function finWaitOver(tcb: Tcb): void {
  if (tcb.aside) {
    end(tcb, 0);
    return;
  }
  const left = finWait(tcb) - TIME_WAIT_LENGTH;
  if (left > 0) waitAside(tcb, left);
  else reset(tcb, 'tcp.reset-fin-wait', 0);
}

function waitAside(tcb: Tcb, wait: Nanoseconds): void {
  const { sysctl, counters } = tcb.host;
  if (setAside(tcb) > sysctl.values['net.ipv4.tcp_max_tw_buckets']) {
    counters.ext.TCPTimeWaitOverflow++;
    end(tcb, 0);
    return;
  }
  tcb.startWait('tcp.fin-wait-2', Math.max(wait, leastWait(tcb)));
}
