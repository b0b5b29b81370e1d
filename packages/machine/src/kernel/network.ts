import type { GroupEntry, Ipv4Address, Ipv6Address, Sysctl } from '@netarium/osi/3-network';
import type { TcpEntry, UdpEntry } from '@netarium/osi/4-transport';
import type { Credentials, PacketSocket, Socket } from '@netarium/osi/5-session';
import type { KernelMessage } from '@netarium/osi/trace';
import type { NetlinkAnswer, NetlinkRequest } from '../system-calls.ts';

/** What the kernel needs of the machine's stack. */
export interface Network {
  readonly sysctl: Sysctl;
  /** What the kernel has to say of the network (dmesg(1)). */
  readonly kernelLog: readonly KernelMessage[];
  /** @returns a socket, or a negated errno (-EAFNOSUPPORT, -ESOCKTNOSUPPORT, -EPROTONOSUPPORT). */
  socket(domain: number, type: number, protocol: number, by: Credentials): Socket | PacketSocket | number;
  /** Reads or changes links, addresses, routes and neighbours (rtnetlink(7)). @returns 0 or the answers, or a negated errno. */
  netlink(request: NetlinkRequest): number | NetlinkAnswer[];
  /** The groups of each interface, of IP and of its frames. */
  groups(): Iterable<GroupEntry<Ipv4Address>>;
  groups6(): Iterable<GroupEntry<Ipv6Address>>;
  tcpEntries(): Iterable<TcpEntry>;
  udpEntries(): Iterable<UdpEntry>;
  /** Counters of IPv6, of ICMPv6 and of UDP over IPv6 by their names in `/proc/net/snmp6`, in the order printed. */
  counters6(): ReadonlyMap<string, number>;
  /** Counters by Linux's names (`/proc/net/snmp`, `/proc/net/netstat`): `Ip` → `InReceives` → number, in the order printed. */
  counters(): ReadonlyMap<string, ReadonlyMap<string, number>>;
}
