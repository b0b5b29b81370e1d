import type { Main } from '../program.ts';
import { showConnections } from './netstat/connections.ts';
import { showStatistics } from './netstat/statistics.ts';
import { showInterfaces, showRoutes } from './netstat/tables.ts';
import { complain, parseOptions, print } from './support.ts';

const LONG = {
  all: 'a',
  numeric: 'n',
  tcp: 't',
  udp: 'u',
  listening: 'l',
  programs: 'p',
  timers: 'o',
  extend: 'e',
  route: 'r',
  interfaces: 'i',
  statistics: 's',
  wide: 'W',
};

const HELP = `Usage: netstat [-46antulpoe] connections
       netstat -r [-n]        routes
       netstat -i [-a]        interfaces
       netstat -s [-6tu]      counters
`;

/** netstat(8) of net-tools: reads `/proc/net`, as it does on Linux. */
export const netstat: Main = async (sys, argv) => {
  const { given, operands, wrong } = parseOptions(argv.slice(1), 'antulpoeWris46', LONG);
  if (given.has('help')) {
    await print(sys, HELP);
    return 0;
  }
  if (wrong !== null || operands.length > 0) {
    await complain(sys, `netstat: ${wrong ?? `unexpected argument: ${operands[0]}`}`);
    return 3;
  }
  const has = (letter: string): boolean => given.has(letter);
  if (has('r')) await showRoutes(sys, has('n'));
  else if (has('i')) await showInterfaces(sys, has('a'));
  else if (has('s')) await showStatistics(sys, { tcp: has('t'), udp: has('u'), six: has('6') });
  else await showConnections(sys, has);
  return 0;
};
