import { formatMac, type Link, multicastMac, type Neighbour } from '@netarium/osi/2-datalink';
import {
  type AddressDetails,
  formatIpv4,
  type GroupEntry,
  type Ipv4Address,
  type Ipv6Address,
  ipv4FromNumber,
  type LocalAddress,
  parseIpv4,
  type Route,
  type Sysctl,
} from '@netarium/osi/3-network';
import type { TcpEntry, UdpEntry } from '@netarium/osi/4-transport';
import {
  AF_PACKET,
  type Credentials,
  type PacketSocket,
  type Socket,
  type Stack,
} from '@netarium/osi/5-session';
import { ERRNO, type KernelMessage } from '@netarium/osi/trace';
import type { Network } from './kernel/network.ts';
import {
  addressAnswers6,
  counters6,
  groupAnswers6,
  neighbourAnswers6,
  removeNeighbour6,
  routeAnswers6,
} from './stack-network6.ts';
import type { NetlinkAnswer, NetlinkRequest } from './system-calls.ts';
import { forgetTcpMetrics, tcpMetricsAnswers } from './tcp-metrics.ts';

type Counters = Readonly<Record<string, number>>;

/** The stack as the kernel's tables and rtnetlink(7) show it. */
export class StackNetwork implements Network {
  readonly #stack: Stack;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  get sysctl(): Sysctl {
    return this.#stack.sysctl;
  }

  socket(domain: number, type: number, protocol: number, by: Credentials): Socket | PacketSocket | number {
    if (domain === AF_PACKET) return this.#stack.packetSocket(type, protocol, by);
    return this.#stack.socket(domain, type, protocol, by);
  }

  groups(): Iterable<GroupEntry<Ipv4Address>> {
    return this.#stack.igmp.entries();
  }

  groups6(): Iterable<GroupEntry<Ipv6Address>> {
    return this.#stack.config6.groups.entries();
  }

  tcpEntries(): Iterable<TcpEntry> {
    return this.#stack.tcp.entries();
  }

  udpEntries(): Iterable<UdpEntry> {
    return this.#stack.udp.entries();
  }

  get kernelLog(): readonly KernelMessage[] {
    return this.#stack.kernelLog;
  }

  counters(): ReadonlyMap<string, ReadonlyMap<string, number>> {
    const { ip, icmp, tcp, udp, sysctl } = this.#stack;
    const general = {
      // 1 forwards, 2 does not (RFC 4293 ipForwarding).
      Forwarding: sysctl.get('net.ipv4.ip_forward') === 0 ? 2 : 1,
      DefaultTTL: sysctl.get('net.ipv4.ip_default_ttl'),
    };
    const groups: Record<string, Counters> = {
      Ip: { ...general, ...ip.counters },
      Icmp: icmp.counters,
      Tcp: tcp.counters.tcp,
      Udp: udp.counters,
      TcpExt: { ...tcp.counters.ext, IPReversePathFilter: ip.reversePathFiltered },
    };
    return new Map(Object.entries(groups).map(([name, group]) => [name, new Map(Object.entries(group))]));
  }

  counters6(): ReadonlyMap<string, number> {
    return counters6(this.#stack);
  }

  netlink(request: NetlinkRequest): number | NetlinkAnswer[] {
    const stack = this.#stack;
    switch (request.type) {
      case 'getlink':
        return stack.interfaces.map(linkAnswer);
      case 'getaddr':
        return stack.addresses.map(addressAnswer);
      case 'getaddr6':
        return addressAnswers6(stack);
      case 'getroute6':
        return routeAnswers6(stack);
      case 'getneigh6':
        return neighbourAnswers6(stack);
      case 'getroute':
        return [...stack.routes].sort(byDestination).map(routeAnswer);
      case 'getmaddr':
        return Array.from(stack.igmp.entries(), groupAnswer);
      case 'getmaddr6':
        return groupAnswers6(stack);
      case 'getneigh':
        return Array.from(stack.neighbours(), ({ link, neighbour }) => neighbourAnswer(link, neighbour));
      case 'gettcpmetrics':
        return tcpMetricsAnswers(stack);
      case 'deltcpmetrics':
        return forgetTcpMetrics(stack, request.address);
      case 'setlink':
        return this.#setLink(request);
      case 'newaddr':
        return stack.addAddress(request.interface, request.prefix, true, detailsOf(request));
      case 'deladdr':
        return stack.removeAddress(request.interface, request.prefix);
      case 'newroute':
        return stack.addRoute(request);
      case 'delroute':
        return stack.removeRoute(request);
      case 'delneigh': {
        if (request.address.includes(':')) return removeNeighbour6(stack, request.interface, request.address);
        const link = stack.interface(request.interface);
        const address = parseIpv4(request.address);
        if (link === undefined) return -ERRNO.ENODEV;
        if (address === null) return -ERRNO.EINVAL;
        return link.neighbours?.remove(address) === true ? 0 : -ERRNO.ENOENT;
      }
    }
  }

  #setLink(request: Extract<NetlinkRequest, { type: 'setlink' }>): number {
    const { name, mtu, up, receiveOffload } = request;
    const link = this.#stack.interface(name);
    if (link === undefined) return -ERRNO.ENODEV;
    if (receiveOffload !== undefined) link.receiveOffload = receiveOffload;
    const resized = mtu === undefined ? 0 : this.#stack.setLinkMtu(name, mtu);
    if (resized < 0 || up === undefined) return resized;
    return this.#stack.setLinkUp(name, up);
  }
}

/** As Linux's table gives them: by address, the default route first; among one address the longer prefix first. */
const byDestination = (a: Route, b: Route): number =>
  a.destination - b.destination || b.length - a.length || a.metric - b.metric;

function linkAnswer(link: Link): NetlinkAnswer {
  const { name, index, mtu, up, carrier, loopback, offload, receiveOffload } = link;
  const { rxPackets, rxBytes, rxErrors, rxDropped, rxMulticast, txPackets, txBytes, txDropped } =
    link.statistics;
  return {
    type: 'link',
    index,
    name,
    mtu,
    mac: formatMac(link.mac),
    up,
    carrier,
    loopback,
    offload,
    receiveOffload,
    statistics: { rxPackets, rxBytes, rxErrors, rxDropped, rxMulticast, txPackets, txBytes, txDropped },
  };
}

function addressAnswer({
  link,
  address,
  length,
  told,
  scope,
  secondary,
  label,
}: LocalAddress): NetlinkAnswer {
  const prefix = `${formatIpv4(address)}/${length}`;
  const broadcast = told === null ? null : formatIpv4(told);
  return { type: 'addr', interface: link.name, prefix, broadcast, scope, secondary, label };
}

function detailsOf({
  broadcast,
  scope,
  label,
}: Extract<NetlinkRequest, { type: 'newaddr' }>): AddressDetails {
  const told = broadcast === '+' ? broadcast : parseIpv4(broadcast ?? '');
  return { scope, label, ...(told !== null && { broadcast: told }) };
}

function routeAnswer({ destination, length, gateway, link, metric, source, protocol }: Route): NetlinkAnswer {
  return {
    type: 'route',
    destination: length === 0 ? 'default' : `${formatIpv4(destination)}/${length}`,
    via: gateway === null ? null : formatIpv4(gateway),
    interface: link.name,
    metric,
    source: source === null ? null : formatIpv4(source),
    protocol,
  };
}

function groupAnswer({ link, address, users }: GroupEntry<Ipv4Address>): NetlinkAnswer {
  return {
    type: 'maddr',
    interface: link.name,
    index: link.index,
    address: formatIpv4(address),
    mac: link.loopback ? null : formatMac(multicastMac(address)),
    users,
  };
}

function neighbourAnswer(link: Link, { address, mac, state }: Readonly<Neighbour>): NetlinkAnswer {
  return {
    type: 'neigh',
    interface: link.name,
    address: formatIpv4(ipv4FromNumber(address)),
    mac: state === 'INCOMPLETE' || state === 'FAILED' ? null : formatMac(mac),
    state,
  };
}
