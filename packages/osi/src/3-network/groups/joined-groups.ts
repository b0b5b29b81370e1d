import type { Link } from '../../2-datalink/index.ts';
import type { IpAddress } from '../ip-address.ts';

/** What IP asks of the groups that the machine is in. */
export interface JoinedGroups<A extends IpAddress> {
  /** Whether a packet of `source` to `group` that came in by `link` is for this machine too. @param own what it bears is about groups themselves. */
  hears(link: Link, group: A, source: A, own: boolean): boolean;
}
