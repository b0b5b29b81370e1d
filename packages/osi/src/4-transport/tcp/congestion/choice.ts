import { Cubic } from './cubic.ts';
import type { CongestionControl } from './interface.ts';
import { NewReno } from './newreno.ts';

/** What there is to choose from, by Linux's names (net.ipv4.tcp_available_congestion_control). */
export const CONGESTION_CONTROLS: readonly string[] = ['cubic', 'reno'];

/** Congestion control of a new connection, or one that changes it. */
export const congestionControl = (name: string): CongestionControl =>
  name === 'reno' ? new NewReno() : new Cubic();
