import type { Nanoseconds } from '../../time/index.ts';
import { HEADER_LENGTH } from './codec.ts';
import { TIMESTAMPS_LENGTH } from './options.ts';
import type { Sequence } from './sequence.ts';
import type { Tcb } from './tcb.ts';

/**
 * The search for the largest packet that a path takes, by trying (RFC 4821, "packetization layer path MTU discovery"), for
 * where no router says it. Sizes are of IP packets, in bytes.
 */
export class PathProbe {
  /** A packet of this size is known to arrive, and one larger than `high` is not tried. */
  low: number;
  high: number;
  /** What is being tried: a packet of this size with the bytes `[start, end)`; 0 while nothing is. */
  size = 0;
  start: Sequence = 0;
  end: Sequence = 0;
  /** When the present search began. */
  since: Nanoseconds;

  constructor(low: number, high: number, since: Nanoseconds) {
    this.low = low;
    this.high = high;
    this.since = since;
  }
}

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
  const low = packetOf(tcb, sysctl.get('net.ipv4.tcp_base_mss'));
  tcb.pathProbe = new PathProbe(low, largestPacket(tcb), sim.now);
}
