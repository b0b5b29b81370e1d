import type { Frame } from '../../1-physical/index.ts';
import { ETHERNET_HEADER, type Link } from '../../2-datalink/index.ts';
import { KERN_INFO, KERN_WARNING, type KernelLog } from '../../trace/index.ts';
import { formatIpv4 } from '../address.ts';
import { readDestination, readSource } from './codec.ts';
import type { Advice } from './redirects.ts';

/** Says that a packet's source cannot be where it came from, and who sent it (`ip_handle_martian_source`, `log_martians`). */
export function logMartianSource(log: KernelLog, link: Link, frame: Frame): void {
  const { bytes, view, start } = frame;
  const header = [...bytes.subarray(start - ETHERNET_HEADER, start)];
  const hex = header.map((byte) => byte.toString(16).padStart(2, '0'));
  log.sayRarely(
    KERN_WARNING,
    `IPv4: martian source ${formatIpv4(readDestination(view, start))} from ${formatIpv4(readSource(view, start))}, on dev ${link.name}`,
    `ll header: 00000000: ${hex.join(' ')}`,
  );
}

export function logMartianDestination(log: KernelLog, link: Link, { view, start }: Frame): void {
  const [destination, source] = [readDestination(view, start), readSource(view, start)].map(formatIpv4);
  log.sayRarely(KERN_WARNING, `IPv4: martian destination ${destination} from ${source}, dev ${link.name}`);
}

export function logIgnoredRedirect(
  log: KernelLog,
  by: string,
  { from, gateway, source, destination }: Advice,
): void {
  log.sayRarely(
    KERN_INFO,
    `IPv4: Redirect from ${formatIpv4(from)} on ${by} about ${formatIpv4(gateway)} ignored`,
    `  Advised path = ${formatIpv4(source)} -> ${formatIpv4(destination)}`,
  );
}
