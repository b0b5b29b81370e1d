import type { TcpOptions } from '../services.ts';
import type { Segment } from './codec.ts';

/**
 * What a connection of a listener begins with: the listener's options, but that it need not be deferred any more, and
 * that its packets bear the IP options that answer those of the SYN, not the listener's (Linux: tcp_v4_save_options).
 */
export function childOptions(options: TcpOptions, { replyOptions }: Segment): TcpOptions {
  const { deferAccept, ip } = options;
  const begun = deferAccept > 0 ? { ...options, deferAccept: 0 } : options;
  if (replyOptions === null && ip.headerOptions === undefined) return begun;
  return { ...begun, ip: { ...ip, headerOptions: replyOptions ?? undefined } };
}
