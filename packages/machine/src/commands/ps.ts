import type { AsyncSystemCalls, Main } from '../program.ts';
import { complain, parseOptions, print, readText, userNames } from './support.ts';

interface Line {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  /** The state with what ps(1) says beside it: leads its session, has several threads, is in the foreground. */
  readonly stat: string;
  readonly terminal: string;
  /** Ticks of 10 ms since the machine was started. */
  readonly started: number;
  /** Ticks it has computed, and that its system calls took. */
  readonly used: number;
  readonly name: string;
  readonly command: string;
  readonly user: string;
}

/** ps(1) with -e (-A), -f and -o. */
export const ps: Main = async (sys, argv) => {
  const { given, operands, wrong } = parseOptions(argv.slice(1), 'eAfo:');
  if (given.has('help')) {
    await print(sys, 'Usage: ps [-e] [-f] [-o COLUMN,...]\n');
    return 0;
  }
  if (wrong !== null || operands.length > 0) {
    await complain(sys, `ps: ${wrong ?? `'${operands[0]}' is not built yet; try ps -ef`}`);
    return 1;
  }
  const columns = (given.get('o') ?? '').split(/[ ,]+/).filter((name) => name !== '');
  const unknown = columns.find((name) => !COLUMNS.has(name));
  if (unknown !== undefined || (given.has('o') && columns.length === 0)) {
    await complain(sys, `ps: unknown column '${unknown ?? ''}'; there are ${[...COLUMNS.keys()].join(', ')}`);
    return 1;
  }
  const all = await processes(sys);
  const own = await sys.getpid();
  const terminal = all.find(({ pid }) => pid === own)?.terminal;
  const shown = given.has('e') || given.has('A') ? all : all.filter((line) => line.terminal === terminal);
  if (columns.length > 0) {
    await print(sys, table(shown, columns));
    return 0;
  }
  // The machine's start, to a second (as `btime` of /proc/stat has it).
  const epoch = Math.round(((await sys.clock_gettime(0)) - (await sys.clock_gettime(1))) / 1e9) * 1e9;
  const rows = shown.map((line) => (given.has('f') ? fullLine(line, epoch) : shortLine(line)));
  const head = given.has('f')
    ? 'UID          PID    PPID  C STIME TTY          TIME CMD'
    : '    PID TTY          TIME CMD';
  await print(sys, `${[head, ...rows].join('\n')}\n`);
  return 0;
};

interface Column {
  readonly head: string;
  readonly width: number;
  readonly right?: boolean;
  readonly value: (line: Line) => string | number;
}

const command: Column = { head: 'COMMAND', width: 27, value: (line) => line.command };
const state: Column = { head: 'S', width: 1, value: (line) => line.state };
const tty: Column = { head: 'TT', width: 8, value: ({ terminal }) => terminal };
/** What -o can ask for, with the heads and widths of procps. */
const COLUMNS: ReadonlyMap<string, Column> = new Map([
  ['pid', { head: 'PID', width: 7, right: true, value: ({ pid }) => pid }],
  ['ppid', { head: 'PPID', width: 7, right: true, value: ({ parent }) => parent }],
  ['stat', { head: 'STAT', width: 4, value: ({ stat }) => stat }],
  ['s', state],
  ['state', state],
  ['user', { head: 'USER', width: 8, value: ({ user }) => user }],
  ['tty', tty],
  ['tt', tty],
  ['time', { head: 'TIME', width: 8, right: true, value: ({ used }) => clock(used) }],
  ['comm', { head: 'COMMAND', width: 15, value: nameOf }],
  ['args', command],
  ['command', command],
  ['cmd', { ...command, head: 'CMD' }],
]);

function table(lines: readonly Line[], names: readonly string[]): string {
  const columns = names.flatMap((name) => COLUMNS.get(name) ?? []);
  const row = (texts: readonly string[]): string =>
    columns
      .map(({ width, right }, i) => (right ? texts[i]?.padStart(width) : texts[i]?.padEnd(width)))
      .join(' ')
      .trimEnd();
  const rows = lines.map((line) => columns.map(({ value }) => String(value(line))));
  return [columns.map(({ head }) => head), ...rows].map((texts) => `${row(texts)}\n`).join('');
}

function nameOf({ name, state }: Line): string {
  return `${name}${state === 'Z' ? ' <defunct>' : ''}`;
}

const shortLine = (line: Line): string =>
  `${String(line.pid).padStart(7)} ${line.terminal.padEnd(8)} ${clock(line.used)} ${nameOf(line)}`;

/** Ticks as hours, minutes, seconds. */
const clock = (ticks: number): string =>
  [360_000, 6000, 100]
    .map((unit) => String(Math.floor(ticks / unit) % (unit === 360_000 ? 100 : 60)).padStart(2, '0'))
    .join(':');

function fullLine({ user, pid, parent, started, terminal, command, used }: Line, epoch: number): string {
  const time = new Date((epoch + started * 1e7) / 1e6).toISOString().slice(11, 16);
  return `${user.padEnd(8)} ${String(pid).padStart(7)} ${String(parent).padStart(7)}  0 ${time} ${terminal.padEnd(8)} ${clock(used)} ${command}`;
}

async function processes(sys: AsyncSystemCalls): Promise<Line[]> {
  const users = await userNames(sys);
  const fd = await sys.open('/proc', 0o200000, 0);
  const entries = fd < 0 ? fd : await sys.getdents(fd);
  if (fd >= 0) await sys.close(fd);
  if (typeof entries === 'number') return [];
  const lines: Line[] = [];
  const pids = entries.map(({ name }) => Number(name)).filter((pid) => Number.isInteger(pid));
  for (const pid of pids.sort((a, b) => a - b)) {
    const stat = await readText(sys, `/proc/${pid}/stat`);
    const cmdline = await readText(sys, `/proc/${pid}/cmdline`);
    const status = await sys.stat(`/proc/${pid}`);
    if (typeof stat === 'number' || typeof cmdline === 'number' || typeof status === 'number') continue;
    const close = stat.lastIndexOf(')');
    const fields = stat.slice(close + 2).split(' ');
    const terminal = Number(fields[4]);
    lines.push({
      pid,
      name: stat.slice(stat.indexOf('(') + 1, close),
      state: fields[0] ?? '?',
      stat: statOf(fields, pid),
      parent: Number(fields[1]),
      // The device number of a pseudo-terminal is 136 << 8 and its number.
      terminal: terminal === 0 ? '?' : `pts/${terminal & 0xff}`,
      started: Number(fields[19]),
      used: Number(fields[11]) + Number(fields[12]),
      command: cmdline.split('\0').join(' ').trim(),
      user: users.get(status.uid) ?? String(status.uid),
    });
  }
  return lines;
}

function statOf(
  [state = '?', , group, session, , foreground, ...rest]: readonly string[],
  pid: number,
): string {
  const threads = Number(rest[11]);
  return `${state}${Number(session) === pid ? 's' : ''}${threads > 1 ? 'l' : ''}${group === foreground ? '+' : ''}`;
}
