import type { AsyncSystemCalls, Main } from '../program.ts';
import { complain, parseOptions, print, readText, userNames } from './support.ts';

interface Line {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly terminal: string;
  /** Ticks of 10 ms since the machine was started. */
  readonly started: number;
  /** Ticks it has computed, and that its system calls took. */
  readonly used: number;
  readonly name: string;
  readonly command: string;
  readonly user: string;
}

/** ps(1) with -e (-A) and -f. */
export const ps: Main = async (sys, argv) => {
  const { given, operands, wrong } = parseOptions(argv.slice(1), 'eAf');
  if (given.has('help')) {
    await print(sys, 'Usage: ps [-e] [-f]\n');
    return 0;
  }
  if (wrong !== null || operands.length > 0) {
    await complain(sys, `ps: ${wrong ?? `'${operands[0]}' is not built yet; try ps -ef`}`);
    return 1;
  }
  const all = await processes(sys);
  const own = await sys.getpid();
  const terminal = all.find(({ pid }) => pid === own)?.terminal;
  const shown = given.has('e') || given.has('A') ? all : all.filter((line) => line.terminal === terminal);
  // The machine's start, to a second (as `btime` of /proc/stat has it).
  const epoch = Math.round(((await sys.clock_gettime(0)) - (await sys.clock_gettime(1))) / 1e9) * 1e9;
  const rows = shown.map((line) => (given.has('f') ? fullLine(line, epoch) : shortLine(line)));
  const head = given.has('f')
    ? 'UID          PID    PPID  C STIME TTY          TIME CMD'
    : '    PID TTY          TIME CMD';
  await print(sys, `${[head, ...rows].join('\n')}\n`);
  return 0;
};

const shortLine = ({ pid, terminal, name, state, used }: Line): string =>
  `${String(pid).padStart(7)} ${terminal.padEnd(8)} ${clock(used)} ${name}${state === 'Z' ? ' <defunct>' : ''}`;

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
