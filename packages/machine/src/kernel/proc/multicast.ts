import type { GroupEntry } from '@netarium/osi/3-network';
import type { Kernel } from '../kernel.ts';

/** The files of `/proc/net` about groups, in Linux's exact text format (net/ipv4/igmp.c, net/core/dev_addr_lists.c). */

/** Nanoseconds of one clock tick as user space sees it (USER_HZ is 100). */
const TICK = 10_000_000;

const decimal = (value: number, width: number): string => String(value).padStart(width);

/** `/proc/net/igmp`: addresses are in the byte order of the machine, which is little-endian. */
export function igmpTable(kernel: Kernel): string {
  let text = 'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n';
  const groups = [...kernel.network.groups()];
  let shown: GroupEntry['link'] | null = null;
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
