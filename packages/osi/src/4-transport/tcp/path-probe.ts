import { HEADER_LENGTH } from './codec.ts';
import { TIMESTAMPS_LENGTH } from './options.ts';
import { PathProbe } from './path-probe-state.ts';
import type { Tcb } from './tcb.ts';

/** What is in a packet before its data, when there are no SACK blocks. */
function headers(tcb: Tcb): number {
  const { ip } = tcb.host;
  const network = ip.mtuTo(tcb.remoteAddress) - ip.roomTo(tcb.remoteAddress);
  return network + HEADER_LENGTH + (tcb.timestamps ? TIMESTAMPS_LENGTH : 0);
}

/** The payload of a packet of `size` bytes (Linux: tcp_mtu_to_mss), and the packet with that payload (tcp_mss_to_mtu). */
export const payloadOf = (tcb: Tcb, size: number): number => size - headers(tcb);
export const packetOf = (tcb: Tcb, payload: number): number => payload + headers(tcb);

/** What the peer takes at most, whatever the path does. */
export const largestPacket = (tcb: Tcb): number =>
  packetOf(tcb, tcb.peerMss - (tcb.timestamps ? TIMESTAMPS_LENGTH : 0));

/** Segments of what is known to arrive. @param mss what else allows. */
export function boundByProbing(tcb: Tcb, probe: PathProbe, mss: number): number {
  probe.high = Math.min(probe.high, tcb.host.ip.mtuTo(tcb.remoteAddress));
  return Math.min(mss, payloadOf(tcb, probe.low));
}

/** With net.ipv4.tcp_mtu_probing 2 a connection begins with segments of tcp_base_mss and searches upwards. */
export function beginProbing(tcb: Tcb): void {
  const { sysctl, sim } = tcb.host;
  const low = packetOf(tcb, sysctl.values['net.ipv4.tcp_base_mss']);
  tcb.pathProbe = new PathProbe(low, largestPacket(tcb), sim.now);
}
