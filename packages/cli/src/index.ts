import { readFileSync } from 'node:fs';
import { LabError, suggestion } from 'netarium';
import { type CommandSpec, helpOf, parseArguments, usage } from './arguments.ts';
import { CAPTURE, capture } from './commands/capture.ts';
import { RUN, run } from './commands/run.ts';
import { SERVE, serve } from './commands/serve.ts';
import { type Io, OK, UsageError, WRONG_INPUT } from './io.ts';

export type { Io } from './io.ts';

interface Command {
  readonly spec: CommandSpec;
  readonly main: (args: readonly string[], io: Io) => Promise<number> | number;
}

const COMMANDS: readonly Command[] = [command(RUN, run), command(SERVE, serve), command(CAPTURE, capture)];

function command<Names extends string>(
  spec: CommandSpec<Names>,
  main: (parsed: ReturnType<typeof parseArguments<Names>>, io: Io) => Promise<number> | number,
): Command {
  return {
    spec,
    main(args, io) {
      const parsed = parseArguments(spec, args);
      if (!parsed.help) return main(parsed, io);
      io.out(helpOf(spec));
      return OK;
    },
  };
}

/** The `netarium` command. @param args without the program's own name. @returns the exit status. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(args, io);
  } catch (error) {
    if (error instanceof LabError) io.err(`${error.message}\n`);
    else if (error instanceof UsageError) io.err(`netarium: ${error.message}\n`);
    else throw error;
    return WRONG_INPUT;
  }
}

async function dispatch([name, ...rest]: readonly string[], io: Io): Promise<number> {
  switch (name) {
    case undefined:
      io.err(overview());
      return WRONG_INPUT;
    case '--version':
    case '-V':
      io.out(`${version()}\n`);
      return OK;
    case '--help':
    case '-h':
      io.out(overview());
      return OK;
    case 'help':
      io.out(rest[0] === undefined ? overview() : helpOf(find(rest[0]).spec));
      return OK;
    default:
      return await find(name).main(rest, io);
  }
}

function find(name: string): Command {
  const found = COMMANDS.find(({ spec }) => spec.name === name);
  if (found !== undefined) return found;
  const names = COMMANDS.map(({ spec }) => spec.name);
  throw new UsageError(`there is no command "${name}"${suggestion(name, names)}`);
}

function overview(): string {
  const lines = COMMANDS.map(({ spec }) => `  ${usage(spec).padEnd(34)}${spec.summary.split('\n')[0]}`);
  return [
    'Netarium: a network behind glass.',
    '',
    'Usage:',
    ...lines,
    `  ${'netarium help <command>'.padEnd(34)}Explains a command and its options.`,
    `  ${'netarium --version'.padEnd(34)}Prints the version.`,
    '',
  ].join('\n');
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
