/** `/proc`: the kernel's tables as files. */
import { ERRNO } from '@netarium/osi/trace';
import type { SysctlName } from '@netarium/osi/3-network';
import { LiveDirectory, ROOT } from '../../files/inode.ts';
import type { Kernel } from '../kernel.ts';
import { mountInterfaceSettings } from './interface-settings.ts';
import { deviceGroupTable, filterTable, filterTable6, groupTable6, igmpTable } from './multicast.ts';
import { arpTable, counterTable, deviceTable, routeTable, tcpTable, udpTable } from './net.ts';
import { addressTable6, counterTable6 } from './net6.ts';
import { processDirectory } from './processes.ts';
import { textFile } from './text-file.ts';

/** The groups of counters that `/proc/net/netstat` has; `/proc/net/snmp` has the others. */
const EXTENDED = (group: string): boolean => group.endsWith('Ext');

export function mountProc(kernel: Kernel): void {
  const { files, network } = kernel;
  files.mount(
    '/proc',
    new LiveDirectory(
      files.nextInode(),
      0o555,
      ROOT,
      (name) => (/^\d+$/.test(name) ? processDirectory(kernel, Number(name)) : undefined),
      () => [...kernel.processes.keys()].map(String),
    ),
  );
  const folder = (path: string): void => {
    files.mount(
      path,
      new LiveDirectory(
        files.nextInode(),
        0o555,
        ROOT,
        () => undefined,
        () => [],
      ),
    );
  };
  const add = (path: string, read: () => string, write?: (text: string) => number): void => {
    files.mount(path, textFile(files.nextInode(), read, write === undefined ? {} : { write }));
  };
  folder('/proc/net');
  add('/proc/net/tcp', () => tcpTable(kernel));
  add('/proc/net/udp', () => udpTable(kernel));
  add('/proc/net/tcp6', () => tcpTable(kernel, true));
  add('/proc/net/udp6', () => udpTable(kernel, true));
  add('/proc/net/if_inet6', () => addressTable6(kernel));
  add('/proc/net/route', () => routeTable(kernel));
  add('/proc/net/arp', () => arpTable(kernel));
  add('/proc/net/igmp', () => igmpTable(kernel));
  add('/proc/net/igmp6', () => groupTable6(kernel));
  add('/proc/net/mcfilter', () => filterTable(kernel));
  add('/proc/net/mcfilter6', () => filterTable6(kernel));
  add('/proc/net/dev_mcast', () => deviceGroupTable(kernel));
  add('/proc/net/dev', () => deviceTable(kernel));
  add('/proc/net/snmp', () => counterTable(kernel, (group) => !EXTENDED(group)));
  add('/proc/net/snmp6', () => counterTable6(kernel));
  add('/proc/net/netstat', () => counterTable(kernel, EXTENDED));
  add('/proc/uptime', () => {
    const up = (kernel.sim.now / 1e9).toFixed(2);
    return `${up} ${up}\n`;
  });
  folder('/proc/sys');
  const tunable = (name: string, read: () => string): void => {
    const path = `/proc/sys/${name.replaceAll('.', '/')}`;
    for (
      let slash = path.indexOf('/', '/proc/sys/'.length);
      slash > 0;
      slash = path.indexOf('/', slash + 1)
    ) {
      const above = path.slice(0, slash);
      if (typeof files.find(above) === 'number') folder(above);
    }
    add(
      path,
      () => `${read()}\n`,
      (text) => (network.sysctl.setText(name, text.trimEnd()) ? 0 : -ERRNO.EINVAL),
    );
  };
  for (const [name] of network.sysctl.entries()) {
    tunable(name, () => network.sysctl.text(name as SysctlName));
  }
  for (const { name, read } of network.sysctl.texts()) tunable(name, read);
  mountInterfaceSettings(kernel);
}
