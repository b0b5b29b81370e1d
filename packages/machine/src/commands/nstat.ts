import { O_CREAT, O_TRUNC, O_WRONLY } from '../kernel/constants.ts';
import type { AsyncSystemCalls, Main } from '../program.ts';
import { complain, parseOptions, print, readText } from './support.ts';

const LONG = {
  ignore: 'a',
  nooutput: 'n',
  reset: 'r',
  noupdate: 's',
  zeros: 'z',
};

const HELP = `Usage: nstat [OPTION] [ PATTERN [ PATTERN ] ]
   -a, --ignore        ignore history
   -n, --nooutput      do history only
   -r, --reset         reset history
   -s, --noupdate      don't update history
   -z, --zeros         show entries with zero activity
`;

/** What is no count of events (`useless_number` of iproute2). */
const LEFT_OUT = new Set([
  'IpForwarding',
  'IpDefaultTTL',
  'TcpRtoAlgorithm',
  'TcpRtoMin',
  'TcpRtoMax',
  'TcpMaxConn',
  'TcpCurrEstab',
]);

type Counters = ReadonlyMap<string, number>;

/** nstat(8) of iproute2: what the kernel has counted since it was last asked, by the names of `/proc/net`. */
export const nstat: Main = async (sys, argv, env) => {
  const { given, operands, wrong } = parseOptions(argv.slice(1), 'anrszh', LONG);
  if (given.has('help') || given.has('h')) {
    await print(sys, HELP);
    return 0;
  }
  if (wrong !== null) {
    await complain(sys, `nstat: ${wrong}`);
    return 255;
  }
  const history = env.NSTAT_HISTORY ?? `/tmp/.nstat.u${await sys.getuid()}`;
  const now = await counters(sys);
  const before =
    given.has('a') || given.has('r') ? new Map<string, number>() : await readHistory(sys, history);
  const wanted = (name: string): boolean =>
    operands.length === 0 || operands.some((pattern) => matches(pattern, name));
  const lines = [...now].flatMap(([name, value]) => {
    const more = value - (before.get(name) ?? 0);
    return wanted(name) && (more !== 0 || given.has('z')) ? [line(name, more)] : [];
  });
  if (!given.has('n')) await print(sys, `#kernel\n${lines.join('')}`);
  if (!given.has('s')) await writeHistory(sys, history, now);
  return 0;
};

/** Without a history there is no rate. */
const line = (name: string, value: number): string => `${name.padEnd(32)}${String(value).padEnd(16)}   0.0\n`;

async function counters(sys: AsyncSystemCalls): Promise<Counters> {
  const all = new Map<string, number>();
  const add = (name: string, value: number): void => {
    if (!LEFT_OUT.has(name)) all.set(name, value);
  };
  const tables = async (path: string): Promise<void> => {
    const file = await readText(sys, path);
    const lines = typeof file === 'number' ? [] : file.trimEnd().split('\n');
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const [group = '', names = ''] = (lines[i] ?? '').split(': ');
      const values = ((lines[i + 1] ?? '').split(': ')[1] ?? '').split(' ');
      for (const [k, name] of names.split(' ').entries()) add(group + name, Number(values[k]));
    }
  };
  await tables('/proc/net/snmp');
  const six = await readText(sys, '/proc/net/snmp6');
  for (const [, name = '', value] of typeof six === 'number' ? [] : six.matchAll(/^(\w+)\s+(\d+)$/gm)) {
    add(name, Number(value));
  }
  await tables('/proc/net/netstat');
  return all;
}

async function readHistory(sys: AsyncSystemCalls, path: string): Promise<Counters> {
  const text = await readText(sys, path);
  const lines = typeof text === 'number' ? [] : text.matchAll(/^(\w+)\s+(\d+)\s/gm);
  return new Map(Array.from(lines, ([, name = '', value]) => [name, Number(value)]));
}

async function writeHistory(sys: AsyncSystemCalls, path: string, all: Counters): Promise<void> {
  const fd = await sys.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600);
  if (fd < 0) return;
  const text = Array.from(all, ([name, value]) => (value === 0 ? '' : line(name, value))).join('');
  await sys.write(fd, new TextEncoder().encode(`#kernel\n${text}`));
  await sys.close(fd);
}

/** fnmatch(3) with `*` and `?`. */
function matches(pattern: string, name: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
}
