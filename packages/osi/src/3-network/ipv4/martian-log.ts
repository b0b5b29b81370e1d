import type { Frame } from '../../1-physical/index.ts';
import { ETHERNET_HEADER, type Link } from '../../2-datalink/index.ts';
import { KERN_INFO, KERN_WARNING, type KernelLog } from '../../trace/index.ts';
import { formatIpv4, type Ipv4Address } from '../address.ts';
import type { Advice } from './redirects.ts';

/** Says that a packet's source cannot be where it came from, and who sent it (`ip_handle_martian_source`, `log_martians`). */
export function logMartianSource(
  log: KernelLog,
  link: Link,
  { bytes, start }: Frame,
  source: Ipv4Address,
  destination: Ipv4Address,
): void {
  const header = [...bytes.subarray(start - ETHERNET_HEADER, start)];
  const hex = header.map((byte) => byte.toString(16).padStart(2, '0'));
  log.sayRarely(
    KERN_WARNING,
    `IPv4: martian source ${formatIpv4(destination)} from ${formatIpv4(source)}, on dev ${link.name}`,
    `ll header: 00000000: ${hex.join(' ')}`,
  );
}

export function logMartianDestination(
  log: KernelLog,
  link: Link,
  source: Ipv4Address,
  destination: Ipv4Address,
): void {
  log.sayRarely(
    KERN_WARNING,
    `IPv4: martian destination ${formatIpv4(destination)} from ${formatIpv4(source)}, dev ${link.name}`,
  );
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
