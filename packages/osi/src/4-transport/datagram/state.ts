import { anyLike } from '../../3-network/index.ts';
import type { Tracer } from '../../trace/index.ts';
import { formatEndpoint } from '../endpoint.ts';
import type { UdpChannel } from '../services.ts';

/** Writes that a channel was opened, connected or closed. */
export function recordState(tracer: Tracer, channel: UdpChannel, from: string, to: string): void {
  if (!tracer.on) return;
  const local = formatEndpoint(channel.local);
  const remote = formatEndpoint(channel.remote ?? { address: anyLike(channel.local.address), port: 0 });
  tracer.write({ kind: 'socket-state', socket: channel.id, local, remote, from, to });
}
