import { formatIp, parseIp } from '@netarium/osi/3-network';
import type { Stack } from '@netarium/osi/5-session';
import { ERRNO } from '@netarium/osi/trace';
import type { NetlinkAnswer } from './system-calls.ts';

/** What TCP remembers of destinations, as the `tcp_metrics` family of netlink(7) gives it. */
export function tcpMetricsAnswers({ tcp, sim }: Stack): NetlinkAnswer[] {
  return Array.from(tcp.fastOpen.cache.entries(), (entry) => ({
    type: 'tcpmetrics',
    destination: formatIp(entry.destination),
    source: formatIp(entry.source),
    age: sim.now - entry.notedAt,
    mss: entry.mss,
    cookie: entry.cookie === null ? null : hexadecimal(entry.cookie.bytes),
    synDrops: entry.synDrops,
    sinceSynDrop: sim.now - entry.lastSynDrop,
  }));
}

/** Forgets one destination, or all. @returns 0; -EINVAL; -ESRCH when nothing is known of it. */
export function forgetTcpMetrics({ tcp }: Stack, address: string | undefined): number {
  const { cache } = tcp.fastOpen;
  if (address === undefined) {
    cache.flush();
    return 0;
  }
  const destination = parseIp(address);
  if (destination === null) return -ERRNO.EINVAL;
  return cache.flush(destination) ? 0 : -ERRNO.ESRCH;
}

const hexadecimal = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
