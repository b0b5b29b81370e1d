import { giveUp } from '../closing.ts';
import { ACK, SYN } from '../codec.ts';
import { enterLoss } from '../recovery.ts';
import { backedOff } from '../retransmission.ts';
import { rearm } from '../send-timers.ts';
import type { Tcb } from '../tcb.ts';
import { transmitSyn } from '../transmit.ts';
import { dropRequest } from './request.ts';
import type { EarlyRequest } from './state.ts';

/** Nobody has acknowledged our SYN: it is sent again, and nothing else is (Linux: tcp_fastopen_synack_timer). */
export function earlyTimeout(tcb: Tcb, request: EarlyRequest): void {
  const { host } = tcb;
  const { ext } = host.counters;
  ext.TCPTimeouts++;
  if (request.timeouts >= host.sysctl.values['net.ipv4.tcp_synack_retries'] + 1) {
    giveUp(tcb);
    return;
  }
  if (tcb.retransmits === 1) enterLoss(tcb);
  ext.TCPSynRetrans++;
  transmitSyn(tcb, SYN | ACK, 'tcp.rto');
  request.timeouts++;
  tcb.retransmits++;
  tcb.startSend('tcp.retransmission', backedOff(request.patience, request.timeouts));
}

/** The peer has acknowledged our SYN: from now on it is a connection like all others (Linux: tcp_rcv_synrecv_state_fastopen). */
export function settle(tcb: Tcb, request: EarlyRequest): void {
  dropRequest(tcb, false);
  tcb.retransmits = 0;
  tcb.delivered++;
  tcb.host.counters.ext.TCPDelivered++;
  if (tcb.phase === 'loss' && tcb.inFlight === null) tcb.phase = 'open';
  // The timer is that of the data now.
  rearm(tcb);
  if (request.sentAgain || tcb.roundTrip.srtt !== 0) return;
  tcb.roundTrip.measure(tcb.host.sim.now - request.sentAt, true);
}
