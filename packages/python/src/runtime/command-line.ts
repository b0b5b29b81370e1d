/** What `python3` is asked to do. */
export type Command =
  /** Nothing to run: a text for standard output or standard error. */
  | { readonly kind: 'say'; readonly fd: 1 | 2; readonly text: string; readonly status: number }
  | (Task & Options);

/** A program: in a file, in the command line, in a module; or what standard input says. */
type Task =
  | { readonly kind: 'script'; readonly path: string; readonly argv: readonly string[] }
  | { readonly kind: 'command'; readonly source: string; readonly argv: readonly string[] }
  | { readonly kind: 'module'; readonly name: string; readonly argv: readonly string[] }
  | { readonly kind: 'input'; readonly argv: readonly string[] };

interface Options {
  /** -i: after the program a person can go on with what it leaves. */
  readonly inspect: boolean;
  /** -u: what is written appears at once. */
  readonly unbuffered: boolean;
  /** -q: no greeting. */
  readonly quiet: boolean;
  /** -O, -OO: assertions are left out, and docstrings. */
  readonly optimize: number;
  /** -x: the first line of the file is none of Python's. */
  readonly skipsFirstLine: boolean;
}

const USAGE = 'usage: python3 [option] ... [-c cmd | -m mod | file] [arg] ...\n';
/** Options without an argument that change nothing here: there is nothing to ignore, to cache or to be quiet about. */
const ACCEPTED = new Set([...'bBdEIPsSv']);
/** Options with an argument. */
const WITH_ARGUMENT = new Set([...'WX']);

/**
 * Reads the arguments of `python3`, the first of which is its own name (Python's documentation, "Command line and
 * environment").
 */
export function parseCommandLine(argv: readonly string[], version: string): Command {
  let inspect = false;
  let unbuffered = false;
  let quiet = false;
  let optimize = 0;
  let skipsFirstLine = false;
  const run = (task: Task): Command => ({ ...task, inspect, unbuffered, quiet, optimize, skipsFirstLine });
  for (let index = 1; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (word === '--version') return { kind: 'say', fd: 1, text: `Python ${version}\n`, status: 0 };
    if (word === '--help') return { kind: 'say', fd: 1, text: USAGE, status: 0 };
    if (word.startsWith('--')) return unknown(word);
    if (!word.startsWith('-') || word === '-') {
      if (word === '-') return run({ kind: 'input', argv: argv.slice(index) });
      return run({ kind: 'script', path: word, argv: argv.slice(index) });
    }
    for (let at = 1; at < word.length; at++) {
      const option = word[at] ?? '';
      const attached = word.slice(at + 1);
      if (option === 'V') return { kind: 'say', fd: 1, text: `Python ${version}\n`, status: 0 };
      if (option === 'h' || option === '?') return { kind: 'say', fd: 1, text: USAGE, status: 0 };
      if (option === 'c' || option === 'm') {
        const rest = argv.slice(attached === '' ? index + 2 : index + 1);
        const argument = attached === '' ? argv[index + 1] : attached;
        if (argument === undefined) return missing(option);
        return option === 'c'
          ? run({ kind: 'command', source: argument, argv: ['-c', ...rest] })
          : run({ kind: 'module', name: argument, argv: ['-m', ...rest] });
      }
      if (WITH_ARGUMENT.has(option)) {
        if (attached === '') index++;
        break;
      }
      if (option === 'i') inspect = true;
      else if (option === 'u') unbuffered = true;
      else if (option === 'q') quiet = true;
      else if (option === 'O') optimize++;
      else if (option === 'x') skipsFirstLine = true;
      else if (!ACCEPTED.has(option)) return unknown(`-${option}`);
    }
  }
  return run({ kind: 'input', argv: [''] });
}

function unknown(option: string): Command {
  const text = `unknown option ${option}\n${USAGE}Try \`python3 -h' for more information.\n`;
  return { kind: 'say', fd: 2, text, status: 2 };
}

function missing(option: string): Command {
  const text = `Argument expected for the -${option} option\n${USAGE}Try \`python3 -h' for more information.\n`;
  return { kind: 'say', fd: 2, text, status: 2 };
}
