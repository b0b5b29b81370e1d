import type { Link } from '../../2-datalink/index.ts';
import type { Ipv4Address } from '../address.ts';

/** What an address is to this machine: its own, the broadcast address of one of its networks, any group (255.255.255.255 too), or another's. */
export type AddressKind = 'own' | 'broadcast' | 'group' | 'other';

/** Where a packet goes next. */
export interface Hop {
  /** Null where there is no route. */
  readonly link: Link | null;
  /** The router that it goes by; null for the destination itself. */
  readonly gateway: Ipv4Address | null;
  /** The destination is a broadcast or multicast address. */
  readonly group: boolean;
}

/** What was decided about an address. Addresses of which the same holds have one in common. */
export class Way implements Hop {
  readonly kind: AddressKind;
  /** Where a packet to it goes; null also when that depends on more than the address. */
  readonly link: Link | null;
  readonly gateway: Ipv4Address | null;
  readonly group: boolean;
  /** The address to send from to it; null when there is none. */
  readonly source: Ipv4Address | null;

  constructor(kind: AddressKind, link: Link | null, gateway: Ipv4Address | null, source: Ipv4Address | null) {
    this.kind = kind;
    this.link = link;
    this.gateway = gateway;
    this.group = kind === 'broadcast' || kind === 'group';
    this.source = source;
  }
}

/** The address that a packet is handed to on its link. */
export const nextHopTo = (destination: Ipv4Address, { gateway }: Hop): Ipv4Address => gateway ?? destination;
