import type { Link } from '../../2-datalink/index.ts';
import type { Ipv4Address } from '../address.ts';

/** What IP asks of the groups that the machine is in. */
export interface JoinedGroups {
  /** Whether a packet of `protocol` to `group` that came in by `link` is for this machine too. */
  hears(link: Link, group: Ipv4Address, source: Ipv4Address, protocol: number): boolean;
}
