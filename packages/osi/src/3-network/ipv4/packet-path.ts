import type { Frame } from '../../1-physical/index.ts';
import type { Link } from '../../2-datalink/index.ts';
import type { KernelLog, Tracer } from '../../trace/index.ts';
import type { Ipv4Address } from '../address.ts';
import type { IpFaults, IpTraffic } from '../counters.ts';
import type { Sysctl } from '../sysctl.ts';
import type { AddressTable } from './addresses.ts';
import type { Way } from './way.ts';

/** What the parts of IPv4 that judge and pass on packets need of it. */
export interface PacketPath4 extends IpTraffic {
  readonly faults: IpFaults;
  readonly sysctl: Sysctl;
  readonly tracer: Tracer;
  readonly addresses: AddressTable;
  /** What is known of an address: to be read at once. */
  wayOf(address: Ipv4Address): Way;
  sourceFor(destination: Ipv4Address): Ipv4Address | null;
  /** What the machine's kernel says. */
  readonly log: KernelLog;
  /** Milliseconds since midnight UT. */
  readonly timeOfDay: number;
  /** Has ICMP tell a packet's sender of an error; the frame stays the caller's. @param at where its header begins. */
  report(type: number, code: number, info: number, frame: Frame, at: number, group: boolean): void;
  /** Cuts a packet and sends the pieces; takes it over. */
  sendFragments(link: Link, packet: Frame, nextHop: Ipv4Address, group: boolean, mtu: number): void;
  /** Gives a packet up under a name. */
  drop(frame: Frame, reason: string, link?: Link | null): void;
}
