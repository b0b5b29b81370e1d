import { isLoopbackIp } from '../../../3-network/index.ts';
import type { Tcb, TcpHost } from '../tcb.ts';
import type { FastOpen } from './state.ts';

/** Expiries in a row that look like a black hole (Linux: tcp_fastopen_active_detect_blackhole counts from 0). */
const SUSPICIOUS_TIMEOUTS = 2;

/** Whether SYNs may carry data at present; after a pause the connection finds out for all. */
export function mayOpen(host: TcpHost, fast: FastOpen): boolean {
  const { blackHole } = host.fastOpen;
  const pause = host.sysctl.values['net.ipv4.tcp_fastopen_blackhole_timeout_sec'];
  if (!blackHole.isOpen(host.sim.now, pause)) return false;
  fast.trial = pause > 0 && blackHole.times > 0;
  return true;
}

/** Somebody on the way seems to swallow what follows a SYN with data: no more of them for a while. */
function suspect(host: TcpHost): void {
  if (host.sysctl.values['net.ipv4.tcp_fastopen_blackhole_timeout_sec'] === 0) return;
  host.fastOpen.blackHole.found(host.sim.now);
  host.counters.ext.TCPFastOpenBlackhole++;
}

/** The retransmission timer has expired once more. @param last and for the last time. */
export function fastOpenTimedOut(tcb: Tcb, fast: FastOpen, last: boolean): void {
  if (!fast.asked && !fast.sentData && !fast.dataTaken) return;
  const { retransmits } = tcb;
  if (retransmits !== SUSPICIOUS_TIMEOUTS && !(retransmits < SUSPICIOUS_TIMEOUTS && last)) return;
  suspect(tcb.host);
  tcb.host.counters.ext.TCPFastOpenActiveFail++;
}

/** A RST came that is ahead of its turn, and no data did: what came before it was swallowed. */
export function fastOpenReset(tcb: Tcb, fast: FastOpen): void {
  if (fast.asked && tcb.pace === null && tcb.state === 'ESTABLISHED') suspect(tcb.host);
}

/** The connection ends: a FIN that waits for data that never came tells of a black hole, data that came of none. */
export function fastOpenEnded(tcb: Tcb, fast: FastOpen): void {
  if (!fast.asked) return;
  if (tcb.pace === null) {
    if (tcb.reassembly?.onlyFin === true) suspect(tcb.host);
  } else if (fast.trial && !isLoopbackIp(tcb.remoteAddress)) {
    tcb.host.fastOpen.blackHole.times = 0;
  }
}
