import type { AsyncSystemCalls } from '../../program.ts';
import { readNames } from '../hosts.ts';
import { print, readTable, readText } from '../support.ts';

const dotted = (hex: string): string => {
  const number = Number.parseInt(hex, 16);
  return [number & 255, (number >> 8) & 255, (number >> 16) & 255, (number >> 24) & 255].join('.');
};

/** `netstat -r`. */
export async function showRoutes(sys: AsyncSystemCalls, numeric: boolean): Promise<void> {
  const names = numeric ? null : await readNames(sys);
  let text = 'Kernel IP routing table\n';
  text += 'Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n';
  for (const fields of (await readTable(sys, '/proc/net/route')).slice(1)) {
    const [
      device = '',
      to = '',
      via = '',
      flagText = '',
      ,
      ,
      ,
      mask = '',
      mss = '0',
      window = '0',
      irtt = '0',
    ] = fields;
    const flags = Number.parseInt(flagText, 16);
    const destination = dotted(to);
    const isDefault = destination === '0.0.0.0' && dotted(mask) === '0.0.0.0';
    const gateway = dotted(via);
    const shown = isDefault && names !== null ? 'default' : (names?.hosts.get(destination) ?? destination);
    const letters = `U${flags & 2 ? 'G' : ''}${flags & 4 ? 'H' : ''}`;
    text += `${shown.padEnd(15)} ${(names?.hosts.get(gateway) ?? gateway).padEnd(15)} ${dotted(mask).padEnd(15)} `;
    text += `${letters.padEnd(6)}${mss.padStart(5)} ${window.padEnd(5)} ${irtt.padStart(6)} ${device}\n`;
  }
  await print(sys, text);
}

/** `netstat -i`; with -a also those that are down. */
export async function showInterfaces(sys: AsyncSystemCalls, all: boolean): Promise<void> {
  const links = await sys.netlink({ type: 'getlink' });
  const counters = await readText(sys, '/proc/net/dev');
  if (typeof links === 'number' || typeof counters === 'number') return;
  const numbers = new Map<string, number[]>();
  for (const line of counters.split('\n')) {
    const [name = '', values] = line.split(':');
    if (values !== undefined) numbers.set(name.trim(), values.trim().split(/\s+/).map(Number));
  }
  let text = 'Kernel Interface table\n';
  text += 'Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n';
  const shown = links.flatMap((link) => (link.type === 'link' && (link.up || all) ? [link] : []));
  for (const link of shown.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const n = numbers.get(link.name) ?? [];
    const at = (i: number, digits: number): string => String(n[i] ?? 0).padStart(digits);
    const running = link.up && link.carrier ? 'R' : '';
    const flags = `${link.loopback ? 'L' : 'BM'}${running}${link.up ? 'U' : ''}`;
    text += `${link.name.padEnd(16)}${String(link.mtu).padStart(5)} ${at(1, 8)} ${at(2, 6)} ${at(3, 6)} `;
    text += `${String(n[4] ?? 0).padEnd(6)} ${at(9, 8)} ${at(10, 6)} ${at(11, 6)} ${at(12, 6)} ${flags}\n`;
  }
  await print(sys, text);
}
