import { extensionsLength, isIpv6 } from '../../3-network/index.ts';
import { HEADER_LENGTH } from './codec.ts';
import { TIMESTAMPS_LENGTH } from './options.ts';
import { boundByProbing } from './path-probe.ts';
import type { Tcb } from './tcb.ts';

/**
 * The largest payload that fits: the peer's MSS, the path's MTU as it is known or was found by probing, what the program
 * allows; options taken off (Linux: tcp_sync_mss).
 */
export function fitMss(tcb: Tcb): void {
  const { ip, sysctl } = tcb.host;
  let mss = Math.min(tcb.peerMss, ip.roomTo(tcb.remoteAddress) - HEADER_LENGTH);
  if (tcb.options.maxSegment > 0) mss = Math.min(mss, tcb.options.maxSegment);
  const headers = headersBeside(tcb);
  mss -= headers;
  mss = Math.max(mss, sysctl.values['net.ipv4.tcp_min_snd_mss']);
  if (tcb.timestamps) mss -= TIMESTAMPS_LENGTH;
  tcb.mss = tcb.pathProbe === null ? mss : boundByProbing(tcb, tcb.pathProbe, mss);
  tcb.offload = headers === 0 && ip.offloadTo(tcb.remoteAddress);
}

/** Bytes of options in the IPv4 header of each segment, or of extension headers (Linux: icsk_ext_hdr_len). */
export function headersBeside({ options, remoteAddress }: Tcb): number {
  const { headerOptions, extensions } = options.ip;
  if (isIpv6(remoteAddress)) return extensionsLength(extensions);
  return headerOptions === undefined ? 0 : headerOptions.length;
}
