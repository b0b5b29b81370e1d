import { seconds } from '../../time/index.ts';
import type { Tcb } from './tcb.ts';

/**
 * How fast a connection may send, in bytes a second: twice its window in a round trip in slow start, 1.2 times later
 * (net.ipv4.tcp_pacing_ss_ratio, tcp_pacing_ca_ratio), at most SO_MAX_PACING_RATE (Linux: tcp_update_pacing_rate).
 */
export function pacingRate(tcb: Tcb): number {
  const { roundTrip, congestion, options, host } = tcb;
  if (roundTrip.srtt === 0) return options.maxPacingRate;
  const { values } = host.sysctl;
  const percent =
    congestion.cwnd < congestion.ssthresh / 2
      ? values['net.ipv4.tcp_pacing_ss_ratio']
      : values['net.ipv4.tcp_pacing_ca_ratio'];
  const window = Math.max(congestion.cwnd, tcb.inFlight?.count ?? 0) * tcb.mss;
  return Math.min((percent / 100) * ((window * seconds(1)) / roundTrip.srtt), options.maxPacingRate);
}
