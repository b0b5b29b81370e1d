import { errnoMessage } from '@netarium/osi/trace';
import { RLIM_INFINITY } from '../kernel/limits.ts';
import type { AsyncSystemCalls, Main } from '../program.ts';
import { RESOURCES, type Resource } from './resources.ts';
import { because, complain, print } from './support.ts';

const USAGE = `Usage:
 prlimit [--<resource>=<limit>] [-p PID]
 prlimit [--<resource>=<limit>] COMMAND

Show or change the resource limits of a process.

Resources:
${[...RESOURCES]
  .sort((a, b) => a.name.localeCompare(b.name))
  .map((each) => ` -${letterOf(each)}, --${each.name.padEnd(12)} ${each.description}\n`)
  .join('')}
A limit is a number or "unlimited" for both; soft:hard, soft: or :hard.
`;
/** Where the shell's command has another letter. */
function letterOf({ letter }: Resource): string {
  return letter === 'R' ? 'y' : letter;
}

interface Asked {
  readonly resource: Resource;
  /** As it was written; null asks what it is. */
  readonly value: string | null;
}

interface Request {
  readonly help: boolean;
  readonly pid: number;
  readonly asked: readonly Asked[];
  readonly command: readonly string[];
}

/** prlimit(1) of util-linux: limits of a process that runs, or of a command that is run with them. */
export const prlimit: Main = async (sys, argv, env) => {
  const request = parse(argv.slice(1));
  if (typeof request === 'string') return fail(sys, request);
  const { help, pid, command } = request;
  if (help) {
    await print(sys, USAGE);
    return 0;
  }
  const rows: string[][] = [];
  const asked =
    request.asked.length > 0 || command.length > 0
      ? request.asked
      : [...RESOURCES]
          .sort((a, b) => a.name.localeCompare(b.name))
          .map((resource) => ({ resource, value: null }));
  for (const { resource, value } of asked) {
    const name = resource.name.toUpperCase();
    const before = await sys.prlimit64(pid, resource.number, null);
    if (typeof before === 'number')
      return fail(sys, `failed to get the ${name} resource limit: ${because(before)}`);
    if (value === null) {
      rows.push([name, resource.description, text(before.soft), text(before.hard), resource.counted]);
      continue;
    }
    const limit = parseLimit(value, before);
    if (limit === null) return fail(sys, `failed to parse ${name} limit`);
    if (limit.soft > limit.hard) return fail(sys, `the soft limit ${name} cannot exceed the hard limit`);
    const result = await sys.prlimit64(pid, resource.number, limit);
    if (typeof result === 'number')
      return fail(sys, `failed to set the ${name} resource limit: ${because(result)}`);
  }
  if (rows.length > 0) await print(sys, table(rows));
  const [file] = command;
  if (file === undefined) return 0;
  const result = await sys.execve(file, command, env);
  await complain(sys, `prlimit: failed to execute ${file}: ${errnoMessage(-result)}`);
  // As env(1) and shells do: 127 for what is not there, 126 for what cannot be run.
  return result === -2 ? 127 : 126;
};

async function fail(sys: AsyncSystemCalls, message: string): Promise<number> {
  await complain(sys, `prlimit: ${message}`);
  return 1;
}

const TRY = "Try 'prlimit --help' for more information.";

/** @returns what is wrong. */
function parse(words: readonly string[]): Request | string {
  let [pid, help] = [0, false];
  const asked: Asked[] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    const [, long, longValue] = /^--([^=]+)(?:=(.*))?$/.exec(word) ?? [];
    const [, letter, attached] = /^-([^-])=?(.*)$/.exec(word) ?? [];
    if (long === undefined && letter === undefined) break;
    const value = long === undefined ? attached || null : (longValue ?? null);
    const resource = RESOURCES.find((each) => each.name === long || letterOf(each) === letter);
    if (long === 'help' || letter === 'h') help = true;
    else if (long === 'pid' || letter === 'p') {
      const given = value ?? words[++at] ?? '';
      if (!/^\d+$/.test(given)) return `invalid PID argument: '${given}'`;
      pid = Number(given);
    } else if (resource !== undefined) asked.push({ resource, value });
    else if (long === undefined) return `invalid option -- '${letter}'\n${TRY}`;
    else return `unrecognized option '--${long}'\n${TRY}`;
  }
  const command = words.slice(at);
  return pid !== 0 && command.length > 0
    ? 'options --pid and COMMAND are mutually exclusive'
    : { help, pid, asked, command };
}

function parseLimit(
  value: string,
  before: { soft: bigint; hard: bigint },
): { soft: bigint; hard: bigint } | null {
  const [first = '', second] = value.split(':');
  const number = (part: string, absent: bigint): bigint | null => {
    if (part === '') return absent;
    if (part === 'unlimited') return RLIM_INFINITY;
    return /^\d+$/.test(part) ? BigInt(part) : null;
  };
  if (first === '' && (second === undefined || second === '')) return null;
  const soft = number(first, before.soft);
  const hard = second === undefined ? soft : number(second, before.hard);
  return soft === null || hard === null ? null : { soft, hard };
}

const text = (value: bigint): string => (value === RLIM_INFINITY ? 'unlimited' : String(value));

function table(rows: readonly (readonly string[])[]): string {
  const lines = [['RESOURCE', 'DESCRIPTION', 'SOFT', 'HARD', 'UNITS'], ...rows];
  const width = (column: number): number => Math.max(...lines.map((line) => (line[column] ?? '').length));
  const widths = [0, 1, 2, 3].map(width);
  return lines
    .map(
      ([name = '', description = '', soft = '', hard = '', units = '']) =>
        `${name.padEnd(widths[0] ?? 0)} ${description.padEnd(widths[1] ?? 0)} ${soft.padStart(widths[2] ?? 0)} ${hard.padStart(widths[3] ?? 0)} ${units}\n`,
    )
    .join('');
}
