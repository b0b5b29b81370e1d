import type { Link } from '../../2-datalink/index.ts';
import { ANY, type Ipv4Address } from '../address.ts';
import type { Place } from '../ways.ts';

/** What an address is to this machine: its own, the broadcast address of one of its networks, any group (255.255.255.255 too), or another's. */
export type AddressKind = 'own' | 'broadcast' | 'group' | 'other';

/** What was decided about an address: written anew when tables have changed, or another address takes its place. */
export class Way implements Place {
  /** The address as a signed number, which an engine keeps as an integer. */
  key = 0;
  version = -1;
  kind: AddressKind = 'other';
  /** Where a packet to it goes; null when that depends on more than the address, and where there is no route. */
  link: Link | null = null;
  nextHop: Ipv4Address = ANY;
  /** `nextHop` is a broadcast or multicast address. */
  group = false;
  /** The address to send from to it; null when there is none. */
  source: Ipv4Address | null = null;
}

export const newWay = (): Way => new Way();

/** In place of one: no address's. */
export const NO_WAY: Readonly<Way> = new Way();
