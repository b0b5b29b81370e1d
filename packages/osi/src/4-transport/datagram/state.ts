import { anyLike, type Sysctl } from '../../3-network/index.ts';
import type { Tracer } from '../../trace/index.ts';
import { formatEndpoint } from '../endpoint.ts';
import type { UdpChannel, UdpOptions } from '../services.ts';

/** Options of a new datagram socket. */
export function defaultDatagramOptions(sysctl: Sysctl): UdpOptions {
  return {
    receiveBuffer: sysctl.get('net.core.rmem_default'),
    sendBuffer: sysctl.get('net.core.wmem_default'),
    broadcast: false,
    receiveErrors: false,
    memberships: null,
    // A multicast goes no further than the next router unless the program says so (RFC 1112 section 6.1).
    multicast: { ttl: 1, loop: true },
    multicast6: { interface: null, hops: 1, loop: true },
    ip: {},
  };
}

/** Writes that a channel was opened, connected or closed. */
export function recordState(tracer: Tracer, channel: UdpChannel, from: string, to: string): void {
  if (!tracer.on) return;
  const local = formatEndpoint(channel.local);
  const remote = formatEndpoint(channel.remote ?? { address: anyLike(channel.local.address), port: 0 });
  tracer.write({ kind: 'socket-state', socket: channel.id, local, remote, from, to });
}
