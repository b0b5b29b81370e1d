import { S_IFDIR, S_IFMT } from '../kernel/constants.ts';
import { width } from '../line-editor.ts';
import type { AsyncSystemCalls, Main } from '../program.ts';
import type { FileStatus } from '../system-calls.ts';
import { because, complain, groupNames, parseOptions, print, userNames } from './support.ts';

/** Columns of a terminal whose size nobody told. */
const LINE = 80;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** What ls takes for recent: half a Gregorian year, in milliseconds. */
const HALF_YEAR = 31_556_952_000 / 2;

interface Entry {
  readonly name: string;
  readonly status: FileStatus;
  /** Directories: 2 and one for each directory in it. */
  readonly links: number;
}

const isDirectory = (status: FileStatus): boolean => (status.mode & S_IFMT) === S_IFDIR;

/** ls(1) with -l, -a, -A, -1, -d, -i. */
export const ls: Main = async (sys, argv) => {
  const { given, operands, wrong } = parseOptions(argv.slice(1), 'laA1di', { all: 'a', 'almost-all': 'A' });
  if (given.has('help')) {
    await print(sys, 'Usage: ls [-laA1di] [FILE]...\n');
    return 0;
  }
  if (wrong !== null) {
    await complain(sys, `ls: ${wrong}`);
    return 2;
  }
  const files: Entry[] = [];
  const directories: string[] = [];
  let status = 0;
  for (const name of operands.length === 0 ? ['.'] : [...operands].sort()) {
    const found = await sys.stat(name);
    if (typeof found === 'number') {
      await complain(sys, `ls: cannot access '${name}': ${because(found)}`);
      status = 2;
    } else if (isDirectory(found) && !given.has('d')) {
      directories.push(name);
    } else {
      files.push({ name, status: found, links: 1 });
    }
  }
  const terminal = await isTerminal(sys);
  const show = (entries: readonly Entry[], total: boolean) => listing(sys, entries, given, terminal, total);
  const sections: string[] = [];
  if (files.length > 0) sections.push(await show(files, false));
  for (const name of directories) {
    const entries = await readDirectory(sys, name, given);
    if (typeof entries === 'number') {
      await complain(sys, `ls: cannot open directory '${name}': ${because(entries)}`);
      status = 2;
      continue;
    }
    const heading = operands.length > 1 ? `${name}:\n` : '';
    sections.push(heading + (await show(entries, true)));
  }
  await print(sys, sections.join('\n'));
  return status;
};

async function isTerminal(sys: AsyncSystemCalls): Promise<boolean> {
  const status = await sys.fstat(1);
  return typeof status === 'object' && (status.mode & S_IFMT) === 0o020000;
}

async function readDirectory(
  sys: AsyncSystemCalls,
  path: string,
  given: ReadonlyMap<string, string>,
): Promise<Entry[] | number> {
  const fd = await sys.open(path, 0o200000, 0);
  if (fd < 0) return fd;
  const listed = await sys.getdents(fd);
  await sys.close(fd);
  if (typeof listed === 'number') return listed;
  const names = listed
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.') || given.has('a') || given.has('A'));
  const entries: Entry[] = [];
  for (const name of given.has('a') ? ['.', '..', ...names] : names) {
    const status = await sys.stat(`${path}/${name}`);
    if (typeof status === 'number') continue;
    const links = given.has('l') && isDirectory(status) ? await countLinks(sys, `${path}/${name}`) : 1;
    entries.push({ name, status, links });
  }
  return entries;
}

async function countLinks(sys: AsyncSystemCalls, path: string): Promise<number> {
  const fd = await sys.open(path, 0o200000, 0);
  if (fd < 0) return 2;
  const listed = await sys.getdents(fd);
  await sys.close(fd);
  if (typeof listed === 'number') return 2;
  return 2 + listed.filter(({ mode }) => (mode & S_IFMT) === S_IFDIR).length;
}

async function listing(
  sys: AsyncSystemCalls,
  entries: readonly Entry[],
  given: ReadonlyMap<string, string>,
  terminal: boolean,
  total: boolean,
): Promise<string> {
  if (given.has('l')) {
    const blocks = entries.reduce((sum, { status }) => sum + kibibytes(status), 0);
    return (total ? `total ${blocks}\n` : '') + (await longListing(sys, entries, given.has('i')));
  }
  const names = entries.map(({ name, status }) => (given.has('i') ? `${status.ino} ${name}` : name));
  if (given.has('1') || !terminal) return names.map((name) => `${name}\n`).join('');
  return columns(names);
}

/** What a file takes on a disk with blocks of 4 KiB. */
const kibibytes = (status: FileStatus): number => Math.ceil(status.size / 4096) * 4;

async function longListing(
  sys: AsyncSystemCalls,
  entries: readonly Entry[],
  inodes: boolean,
): Promise<string> {
  const users = await userNames(sys);
  const groups = await groupNames(sys);
  const now = (await sys.clock_gettime(0)) / 1e6;
  const rows = entries.map(({ name, status, links }) => [
    modeText(status.mode),
    String(links),
    users.get(status.uid) ?? String(status.uid),
    groups.get(status.gid) ?? String(status.gid),
    String(status.size),
    timeText(status.mtime / 1e6, now),
    name,
    String(status.ino),
  ]);
  const widest = (column: number): number => Math.max(0, ...rows.map((row) => (row[column] ?? '').length));
  const widths = [1, 2, 3, 4, 7].map(widest);
  return rows
    .map(([mode = '', links = '', user = '', group = '', size = '', time = '', name = '', ino = '']) => {
      const [l = 0, u = 0, g = 0, s = 0, i = 0] = widths;
      const number = inodes ? `${ino.padStart(i)} ` : '';
      return `${number}${mode} ${links.padStart(l)} ${user.padEnd(u)} ${group.padEnd(g)} ${size.padStart(s)} ${time} ${name}\n`;
    })
    .join('');
}

/** `drwxr-xr-x`. */
function modeText(mode: number): string {
  const types: Record<number, string> = { 4: 'd', 2: 'c', 12: 's', 1: 'p', 10: 'l' };
  const bits = [...'rwxrwxrwx'].map((letter, i) => ((mode >> (8 - i)) & 1 ? letter : '-'));
  if ((mode & 0o1000) !== 0) bits[8] = bits[8] === 'x' ? 't' : 'T';
  return (types[mode >> 12] ?? '-') + bits.join('');
}

/** `Jan  1 00:00`, or with the year what is older than half a year or in the future. UTC. */
function timeText(milliseconds: number, now: number): string {
  const date = new Date(milliseconds);
  const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
  if (milliseconds > now || milliseconds < now - HALF_YEAR) return `${day}  ${date.getUTCFullYear()}`;
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

/** Names in columns, sorted downwards, two blanks apart, in as few lines as fit. */
function columns(names: readonly string[]): string {
  if (names.length === 0) return '';
  for (let lines = 1; ; lines++) {
    const groups: string[][] = [];
    for (let i = 0; i < names.length; i += lines) groups.push(names.slice(i, i + lines));
    const widths = groups.map((group) => Math.max(...group.map(width)));
    const whole = widths.reduce((sum, w) => sum + w, 0) + 2 * (widths.length - 1);
    if (whole >= LINE && groups.length > 1) continue;
    let text = '';
    for (let line = 0; line < lines; line++) {
      const cells = groups.flatMap((group) => (group[line] === undefined ? [] : [group[line] as string]));
      text += cells
        .map((cell, i) =>
          i === cells.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - width(cell) + 2),
        )
        .join('');
      text += '\n';
    }
    return text;
  }
}
