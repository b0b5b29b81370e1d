import { ANY6, type IpAddress, type Ipv4Address, isIpv6, parseIpv4 } from '@netarium/osi/3-network';
import type { TcpEntry, UdpEntry } from '@netarium/osi/4-transport';
import { TCP_STATE_NUMBERS } from '@netarium/osi/5-session';
import type { NetlinkAnswer, NetlinkRequest } from '../../system-calls.ts';
import type { Kernel } from '../kernel.ts';
import { asIpv6, sockets6 } from './net6.ts';

/** The files of `/proc/net` in Linux's exact text format (proc_net(5); net/ipv4/tcp_ipv4.c, fib_trie.c, arp.c, proc.c). */

const TIMERS: Record<TcpEntry['timer']['kind'], number> = {
  off: 0,
  on: 1,
  keepalive: 2,
  timewait: 3,
  probe: 4,
};
/** Width of a line of `/proc/net/tcp` and `/proc/net/udp` without its end. */
const SOCKET_LINE = 149;
const UDP_LINE = 127;
const ROUTE_LINE = 127;
/** Nanoseconds of one clock tick as user space sees it (USER_HZ is 100). */
const TICK = 10_000_000;

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
const decimal = (value: number, digits: number): string => String(value).padStart(digits);

/** An address as a little-endian machine prints the 32 bits that are in network order in its memory. */
function hexAddress(address: IpAddress): string {
  if (isIpv6(address)) return [address.a, address.b, address.c, address.d].map(hexWord).join('');
  return hexWord(address);
}

function hexWord(address: number): string {
  const swapped =
    ((address & 0xff) << 24) |
    ((address & 0xff00) << 8) |
    ((address >>> 8) & 0xff00) |
    ((address >>> 24) & 0xff);
  return hex(swapped >>> 0, 8);
}

interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

const NOWHERE: Endpoint = { address: 0 as Ipv4Address, port: 0 };
const endpoint = ({ address, port }: Endpoint): string => `${hexAddress(address)}:${hex(port, 4)}`;

function owner(kernel: Kernel, id: string): { uid: number; inode: number } {
  for (const file of kernel.sockets) if (file.socket.id === id) return { uid: file.uid, inode: file.inode };
  return { uid: 0, inode: 0 };
}

/** How the tables of IPv6 begin: with wider columns than those of IPv4, and lines that are not filled up. */
const HEAD6 =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const NOWHERE6: Endpoint = { address: ANY6, port: 0 };
const endpoint6 = ({ address, port }: Endpoint): string => endpoint({ address: asIpv6(address), port });

/** `/proc/net/tcp`. @param six `/proc/net/tcp6`: the sockets of AF_INET6. */
export function tcpTable(kernel: Kernel, six = false): string {
  const width = six ? 0 : SOCKET_LINE;
  const head =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const lines = [six ? HEAD6 : head.padEnd(width)];
  const all = [...kernel.network.tcpEntries()];
  const is6 = sockets6(kernel, all);
  const entries = all.filter((entry) => is6(entry) === six);
  const place = six ? endpoint6 : endpoint;
  // Linux lists its table of listeners, then that of connections.
  const ordered = [
    ...entries.filter(({ state }) => state === 'LISTEN'),
    ...entries.filter(({ state }) => state !== 'LISTEN'),
  ];
  for (const [i, entry] of ordered.entries()) {
    const { uid, inode } = owner(kernel, entry.id);
    const listening = entry.state === 'LISTEN';
    const timer = TIMERS[entry.timer.kind];
    lines.push(
      [
        `${decimal(i, 4)}:`,
        place(entry.local),
        place(entry.remote),
        hex(TCP_STATE_NUMBERS[entry.state], 2),
        `${hex(listening ? 0 : entry.sendQueue, 8)}:${hex(entry.receiveQueue, 8)}`,
        `${hex(timer, 2)}:${hex(timer === 0 ? 0 : Math.floor(entry.timer.left / TICK), 8)}`,
        hex(0, 8),
        decimal(uid, 5),
        decimal(0, 8),
        `${inode} ${entry.state === 'TIME_WAIT' ? 3 : 1} 0000000000000000`,
      ]
        .join(' ')
        .padEnd(width),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** `/proc/net/udp`. @param six `/proc/net/udp6`: the sockets of AF_INET6. */
export function udpTable(kernel: Kernel, six = false): string {
  const width = six ? 0 : UDP_LINE;
  const head =
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops';
  const lines = [six ? `${HEAD6} ref pointer drops` : head.padEnd(width)];
  const is6 = sockets6(kernel, []);
  for (const entry of kernel.network.udpEntries()) {
    if (is6(entry) !== six) continue;
    const { uid, inode } = owner(kernel, entry.id);
    lines.push(udpLine(entry, uid, inode, lines.length - 1, six).padEnd(width));
  }
  return `${lines.join('\n')}\n`;
}

function udpLine(entry: UdpEntry, uid: number, inode: number, slot: number, six: boolean): string {
  const state = entry.remote === null ? TCP_STATE_NUMBERS.CLOSED : TCP_STATE_NUMBERS.ESTABLISHED;
  return [
    `${decimal(slot, 5)}:`,
    six ? endpoint6(entry.local) : endpoint(entry.local),
    six ? endpoint6(entry.remote ?? NOWHERE6) : endpoint(entry.remote ?? NOWHERE),
    hex(state, 2),
    `${hex(0, 8)}:${hex(entry.receiveQueue, 8)}`,
    `00:${hex(0, 8)}`,
    hex(0, 8),
    decimal(uid, 5),
    decimal(0, 8),
    `${inode} 2 0000000000000000 0`,
  ].join(' ');
}

function ask<T extends NetlinkAnswer['type']>(
  kernel: Kernel,
  request: NetlinkRequest,
  type: T,
): Extract<NetlinkAnswer, { type: T }>[] {
  const answers = kernel.network.netlink(request);
  if (typeof answers === 'number') return [];
  return answers.filter((answer): answer is Extract<NetlinkAnswer, { type: T }> => answer.type === type);
}

/** RTF_UP, RTF_GATEWAY, RTF_HOST (linux/route.h). */
const ROUTE_UP = 1;
const ROUTE_GATEWAY = 2;
const ROUTE_HOST = 4;

export function routeTable(kernel: Kernel): string {
  const lines = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT'.padEnd(ROUTE_LINE),
  ];
  for (const route of ask(kernel, { type: 'getroute' }, 'route')) {
    const [text = '', bits = '0'] =
      route.destination === 'default' ? ['0.0.0.0', '0'] : route.destination.split('/');
    const destination = parseIpv4(text);
    const via = route.via === null ? NOWHERE.address : parseIpv4(route.via);
    if (destination === null || via === null || route.interface === 'lo') continue;
    const length = Number(bits);
    const mask = (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0) as Ipv4Address;
    const flags = ROUTE_UP | (route.via === null ? 0 : ROUTE_GATEWAY) | (length === 32 ? ROUTE_HOST : 0);
    lines.push(
      [
        route.interface,
        hexAddress(destination),
        hexAddress(via),
        hex(flags, 4),
        '0',
        '0',
        String(route.metric),
        hexAddress(mask),
        '0',
        '0',
        '0',
      ]
        .join('\t')
        .padEnd(ROUTE_LINE),
    );
  }
  return `${lines.join('\n')}\n`;
}

export function arpTable(kernel: Kernel): string {
  const lines = ['IP address       HW type     Flags       HW address            Mask     Device'];
  for (const { address, mac, interface: device, state } of ask(kernel, { type: 'getneigh' }, 'neigh')) {
    // ATF_COM 2: the address is known (linux/if_arp.h). Those that failed are not listed.
    if (state === 'FAILED' || state === 'NONE') continue;
    const known = mac !== null;
    lines.push(
      `${address.padEnd(16)} 0x1         ${(known ? '0x2' : '0x0').padEnd(12)}${mac ?? '00:00:00:00:00:00'}     *        ${device}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

export function deviceTable(kernel: Kernel): string {
  const lines = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
  ];
  for (const { name, statistics: s } of ask(kernel, { type: 'getlink' }, 'link')) {
    const received = [s.rxBytes, s.rxPackets, 0, s.rxDropped, 0, 0, 0, 0];
    const sent = [s.txBytes, s.txPackets, 0, s.txDropped, 0, 0, 0, 0];
    const columns = [
      ...received.map((value, i) => decimal(value, [7, 7, 4, 4, 4, 5, 10, 9][i] ?? 0)),
      ...sent.map((value, i) => decimal(value, [8, 7, 4, 4, 4, 5, 7, 10][i] ?? 0)),
    ];
    lines.push(`${name.padStart(6)}: ${columns.join(' ')}`);
  }
  return `${lines.join('\n')}\n`;
}

/** `/proc/net/snmp` and `/proc/net/netstat`: a line of names and a line of numbers for each group. */
export function counterTable(kernel: Kernel, groups: (name: string) => boolean): string {
  let text = '';
  for (const [group, counters] of kernel.network.counters()) {
    if (!groups(group)) continue;
    text += `${group}: ${[...counters.keys()].join(' ')}\n${group}: ${[...counters.values()].join(' ')}\n`;
  }
  return text;
}
