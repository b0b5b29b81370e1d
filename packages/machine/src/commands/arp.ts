import type { Main } from '../program.ts';
import { readNames, resolve } from './hosts.ts';
import { complain, parseOptions, print, readTable } from './support.ts';

const HEAD = 'Address                  HWtype  HWaddress           Flags Mask            Iface';

/** arp(8) with -n, -a and -e: the ARP cache as `/proc/net/arp` has it. */
export const arp: Main = async (sys, argv) => {
  const { given, operands, wrong } = parseOptions(argv.slice(1), 'nae', { numeric: 'n' });
  if (given.has('help')) {
    await print(sys, 'Usage: arp [-n] [-a] [-e] [HOST]\n');
    return 0;
  }
  if (wrong !== null) {
    await complain(sys, `arp: ${wrong} (to change entries: ip neigh)`);
    return 1;
  }
  const names = await readNames(sys);
  const wanted = operands[0] === undefined ? null : await resolve(sys, operands[0]);
  if (operands[0] !== undefined && wanted === null) {
    await complain(sys, `${operands[0]}: Unknown host`);
    return 255;
  }
  const rows = (await readTable(sys, '/proc/net/arp'))
    .slice(1)
    .filter(([address]) => wanted === null || address === wanted);
  const lines = rows.map(([address = '', , flags, mac = '', , device = '']) => {
    const complete = flags !== '0x0';
    const name = names.hosts.get(address);
    if (given.has('a')) {
      const what = complete ? `${mac} [ether]` : '<incomplete>';
      return `${given.has('n') ? '?' : (name ?? '?')} (${address}) at ${what} on ${device}`;
    }
    const shown = (given.has('n') ? address : (name ?? address)).slice(0, 23).padEnd(23);
    const type = complete ? 'ether' : '';
    const hardware = complete ? mac.padEnd(18) : '(incomplete)'.padEnd(18);
    return `${shown}  ${type.padEnd(6)}  ${hardware}  ${(complete ? 'C' : '').padEnd(5)} ${' '.repeat(15)} ${device}`;
  });
  if (wanted !== null && rows.length === 0) {
    await print(sys, `${operands[0]} (${wanted}) -- no entry\n`);
    return 0;
  }
  const table = given.has('a') || lines.length === 0 ? lines : [HEAD, ...lines];
  await print(sys, table.map((line) => `${line}\n`).join(''));
  return 0;
};
