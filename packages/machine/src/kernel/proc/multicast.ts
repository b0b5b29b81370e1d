import {
  ALL_NODES,
  type GroupEntry,
  type IpAddress,
  type Ipv4Address,
  SCOPE_LINK,
  scopeOf,
} from '@netarium/osi/3-network';
import type { Kernel } from '../kernel.ts';
import { digitsOf } from './net6.ts';

/** The files of `/proc/net` about groups, in Linux's exact text format (net/ipv4/igmp.c, net/ipv6/mcast.c,
 * net/core/dev_addr_lists.c). */

/** Nanoseconds of one clock tick as user space sees it (USER_HZ is 100). */
const TICK = 10_000_000;

const decimal = (value: number, width: number): string => String(value).padStart(width);

/** `/proc/net/igmp`: addresses are in the byte order of the machine, which is little-endian. */
export function igmpTable(kernel: Kernel): string {
  let text = 'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n';
  const groups = [...kernel.network.groups()];
  let shown: GroupEntry<Ipv4Address>['link'] | null = null;
  for (const { link, version, address, users, timeLeft, reporter } of groups) {
    if (link !== shown) {
      const count = groups.filter((other) => other.link === link).length;
      text += `${link.index}\t${link.name.padEnd(10)}: ${decimal(count, 5)}      V${version}\n`;
      shown = link;
    }
    const swapped = [0, 8, 16, 24].map((shift) => hex((address >>> shift) & 255, 2)).join('');
    const time = `${timeLeft === null ? 0 : 1}:${hex(Math.floor((timeLeft ?? 0) / TICK), 8)}`;
    text += `\t\t\t\t${swapped} ${decimal(users, 5)} ${time}\t\t${reporter ? 1 : 0}\n`;
  }
  return text;
}

/** MAF_TIMER_RUNNING, MAF_LAST_REPORTER, MAF_LOADED, MAF_NOREPORT of net/if_inet6.h. */
const [WAITS, REPORTER, LOADED, NOT_REPORTED] = [1, 2, 4, 8];

/** `/proc/net/igmp6` (`igmp6_mc_seq_show`). */
export function groupTable6({ network }: Kernel): string {
  let text = '';
  for (const { link, address, users, timeLeft, reporter } of network.groups6()) {
    const local = scopeOf(address) < SCOPE_LINK;
    const unreported = local || address.inZone(0).equals(ALL_NODES);
    const flags =
      (timeLeft === null ? 0 : WAITS) |
      (reporter ? REPORTER : 0) |
      (local ? 0 : LOADED) |
      (unreported ? NOT_REPORTED : 0);
    const device = `${String(link.index).padEnd(4)} ${link.name.padEnd(15)}`;
    const left = Math.floor((timeLeft ?? 0) / TICK);
    text += `${device} ${digitsOf(address)} ${decimal(users, 5)} ${hex(flags, 8)} ${left}\n`;
  }
  return text;
}

/** `/proc/net/mcfilter` (`igmp_mcf_seq_show`): the sources of each group, and how many filters include and exclude them. */
export function filterTable({ network }: Kernel): string {
  const text = (address: Ipv4Address) => `0x${hex(address, 8).toLowerCase()}`;
  return `Idx Device        MCA        SRC    INC    EXC\n${filterLines(network.groups(), text)}`;
}

/** `/proc/net/mcfilter6` (`igmp6_mcf_seq_show`). */
export function filterTable6({ network }: Kernel): string {
  const head = 'Idx Device                Multicast Address                   Source Address    INC    EXC\n';
  return head + filterLines(network.groups6(), digitsOf);
}

function filterLines<A extends IpAddress>(
  groups: Iterable<GroupEntry<A>>,
  text: (address: A) => string,
): string {
  let lines = '';
  for (const { link, address: group, sources } of groups) {
    for (const { address, include, exclude } of sources) {
      const device = `${decimal(link.index, 3)} ${link.name.slice(0, 6).padStart(6)}`;
      lines += `${device} ${text(group)} ${text(address)} ${decimal(include, 6)} ${decimal(exclude, 6)}\n`;
    }
  }
  return lines;
}

/** `/proc/net/dev_mcast`: the group addresses that cards listen to, and how many groups each is for. */
export function deviceGroupTable({ network }: Kernel): string {
  const four = network.netlink({ type: 'getmaddr' });
  const six = network.netlink({ type: 'getmaddr6' });
  const users = new Map<string, number>();
  for (const answer of [...(typeof four === 'number' ? [] : four), ...(typeof six === 'number' ? [] : six)]) {
    if (answer.type !== 'maddr' || answer.mac === null) continue;
    const device = `${String(answer.index).padEnd(4)} ${answer.interface.padEnd(15)}`;
    const key = `${device} ${answer.mac}`;
    users.set(key, (users.get(key) ?? 0) + 1);
  }
  return [...users]
    .map(([key, count]) => {
      const mac = key.slice(-17).replaceAll(':', '');
      return `${key.slice(0, -17)}${String(count).padEnd(5)} ${'0'.padEnd(5)} ${mac}\n`;
    })
    .join('');
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
