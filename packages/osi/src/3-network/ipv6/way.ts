import type { Nanoseconds } from '../../time/index.ts';
import type { Place } from '../ways.ts';
import { ANY6, type Ipv6Address } from './address.ts';
import type { LocalAddress6 } from './addresses.ts';
import type { Ipv6Interface } from './interface.ts';

/** What was decided about an address: written anew when tables have changed, or another address takes its place. */
export class Way6 implements Place {
  key = 0;
  version = -1;
  address: Ipv6Address = ANY6;
  /** An address of this machine. */
  own = false;
  /** Where a packet to it goes depends on more than the address: a group, an address without its zone, one of several routers. */
  open = false;
  /** Null without a route. */
  by: Ipv6Interface | null = null;
  nextHop: Ipv6Address = ANY6;
  /** `nextHop` is a group. */
  group = false;
  /** The line of the address to send from to it, until then: others are preferred later. */
  source: LocalAddress6 | null = null;
  sourceUntil: Nanoseconds = Number.NEGATIVE_INFINITY;
}

export const newWay6 = (): Way6 => new Way6();

/** In place of one: no address's. */
export const NO_WAY6: Readonly<Way6> = new Way6();
