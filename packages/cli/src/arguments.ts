import { UsageError } from './io.ts';

/** An option as help shows it. Without `value` it is a switch. */
interface OptionSpec {
  readonly value?: string;
  readonly short?: string;
  readonly help: string;
}

export interface CommandSpec<Names extends string = string> {
  readonly name: string;
  /** Names of the positional arguments, all required. */
  readonly operands: readonly string[];
  readonly summary: string;
  readonly options: Readonly<Record<Names, OptionSpec>>;
  /** What help says after the options. */
  readonly notes?: string;
}

export interface Parsed<Names extends string> {
  readonly operands: readonly string[];
  readonly options: { readonly [N in Names]?: string };
  readonly help: boolean;
}

/** Reads a command's arguments: `--name value`, `--name=value`, `-n value`, and operands anywhere. @throws UsageError */
export function parseArguments<Names extends string>(
  spec: CommandSpec<Names>,
  args: readonly string[],
): Parsed<Names> {
  const options: Partial<Record<Names, string>> = {};
  const operands: string[] = [];
  let onlyOperands = false;
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] as string;
    if (onlyOperands || !argument.startsWith('-') || argument === '-') {
      operands.push(argument);
      continue;
    }
    if (argument === '--') {
      onlyOperands = true;
      continue;
    }
    if (argument === '--help' || argument === '-h') return { operands, options, help: true };
    const [written = '', ...rest] = argument.split('=');
    const name = optionNamed(spec, written);
    if (name === undefined) {
      throw new UsageError(`unknown option ${written}; see "netarium help ${spec.name}"`);
    }
    const { value } = spec.options[name];
    if (value === undefined) {
      if (rest.length > 0) throw new UsageError(`option ${written} takes no value`);
      options[name] = 'yes';
    } else {
      const given = rest.length > 0 ? rest.join('=') : args[++i];
      if (given === undefined) throw new UsageError(`option ${written} needs a value: ${written} ${value}`);
      options[name] = given;
    }
  }
  const missing = spec.operands[operands.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing; usage: ${usage(spec)}`);
  const extra = operands[spec.operands.length];
  if (extra !== undefined) throw new UsageError(`unexpected "${extra}"; usage: ${usage(spec)}`);
  return { operands, options, help: false };
}

function optionNamed<Names extends string>(spec: CommandSpec<Names>, written: string): Names | undefined {
  return (Object.keys(spec.options) as Names[]).find(
    (name) =>
      written === `--${name}` ||
      (spec.options[name].short !== undefined && written === `-${spec.options[name].short}`),
  );
}

export function usage(spec: CommandSpec): string {
  return ['netarium', spec.name, ...spec.operands, Object.keys(spec.options).length > 0 ? '[options]' : '']
    .filter((word) => word !== '')
    .join(' ');
}

export function helpOf(spec: CommandSpec): string {
  const rows = Object.entries(spec.options).map(([name, { short, value, help }]) => ({
    left: `  ${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    help,
  }));
  const width = Math.max(0, ...rows.map(({ left }) => left.length)) + 2;
  const options = rows.map(
    ({ left, help }) => left.padEnd(width) + help.split('\n').join(`\n${' '.repeat(width)}`),
  );
  return [
    `Usage: ${usage(spec)}`,
    '',
    spec.summary,
    ...(options.length > 0 ? ['', 'Options:', ...options] : []),
    ...(spec.notes === undefined ? [] : ['', spec.notes]),
    '',
  ].join('\n');
}
