import type { Sysctl } from '../../3-network/index.ts';
import { seconds } from '../../time/index.ts';
import type { TcpOptions } from '../services.ts';

const IP = { dontFragment: true } as const;

/** What a connection begins with, as tcp(7) and socket(7) say, from `net.ipv4.tcp_*`. */
export function defaultOptions(sysctl: Sysctl): TcpOptions {
  return {
    receiveBuffer: sysctl.values['net.ipv4.tcp_rmem.default'],
    sendBuffer: sysctl.values['net.ipv4.tcp_wmem.default'],
    receiveBufferLocked: false,
    sendBufferLocked: false,
    noDelay: false,
    cork: false,
    congestion: sysctl.text('net.ipv4.tcp_congestion_control'),
    keepAlive: false,
    keepIdle: seconds(sysctl.values['net.ipv4.tcp_keepalive_time']),
    keepInterval: seconds(sysctl.values['net.ipv4.tcp_keepalive_intvl']),
    keepCount: sysctl.values['net.ipv4.tcp_keepalive_probes'],
    linger: null,
    notSentLow: 0,
    userTimeout: 0,
    maxSegment: 0,
    urgentInline: false,
    delaysAcks: false,
    synRetries: 0,
    deferAccept: 0,
    linger2: 0,
    windowClamp: 0,
    maxPacingRate: Number.POSITIVE_INFINITY,
    fastOpen: null,
    ip: IP,
  };
}

/** Options that were made of others. */
export interface OptionChange {
  readonly before: TcpOptions;
  readonly changes: Partial<TcpOptions>;
  readonly after: TcpOptions;
}

export function sameChanges(one: Partial<TcpOptions>, other: Partial<TcpOptions>): boolean {
  for (const name in one) if (!(name in other)) return false;
  for (const name in other) {
    if (!(name in one) || one[name as keyof TcpOptions] !== other[name as keyof TcpOptions]) return false;
  }
  return true;
}
