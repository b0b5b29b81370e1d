import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { define } from './parser.ts';
import { type Outcome, runScript } from './run-script.ts';
import { IP_VERSIONS } from './settings.ts';

const USAGE =
  'Usage: npm run packetdrill -- DIR [--lenient] [--json FILE] [--define NAME=VALUE] [--ip_version VERSION] [--verbose]';

/** Runs every script in a folder and says how it came out. */
function main(): number {
  const parsed = parseArguments();
  if (typeof parsed === 'string') return stop(`${parsed}\n${USAGE}`);
  const { values, positionals } = parsed;
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) return stop(USAGE);
  // npm runs commands in the workspace's root: names are meant from where it was called.
  const from = process.env.INIT_CWD ?? process.cwd();
  const path = resolve(from, folder);
  if (!existsSync(path)) return stop(`${folder}: there is no such file or folder.`);
  const files = statSync(path).isDirectory() ? scriptsIn(path) : [path];
  if (files.length === 0) return stop(`${folder}: there are no .pkt files in it.`);

  const ipVersion = IP_VERSIONS.find((version) => version === values.ip_version) ?? null;
  if (values.ip_version !== undefined && ipVersion === null) {
    return stop(`--ip_version ${values.ip_version}: expected ${IP_VERSIONS.join(', ')}.`);
  }
  const defined = new Map<string, string>();
  for (const each of values.define) define(defined, each);
  const results = files.map((file) => {
    const outcome = runScript(readFileSync(file, 'utf8'), {
      lenient: values.lenient,
      folder: dirname(file),
      defined,
      ipVersion,
    });
    const name = file === path ? folder : relative(path, file);
    show(name, outcome, values.verbose);
    return { file: name, ...outcome };
  });
  const count = (result: Outcome['result']) => results.filter((each) => each.result === result).length;
  const mode = values.lenient ? 'lenient' : 'strict';
  console.log(
    `\n${results.length} scripts, ${mode}: ${count('pass')} passed, ${count('fail')} failed, ${count('unsupported')} unsupported`,
  );
  if (values.json !== undefined)
    writeFileSync(resolve(from, values.json), `${JSON.stringify({ mode, results }, null, 2)}\n`);
  return count('fail') > 0 ? 1 : 0;
}

function parseArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        lenient: { type: 'boolean', default: false },
        json: { type: 'string' },
        define: { type: 'string', short: 'D', multiple: true, default: [] },
        ip_version: { type: 'string' },
        verbose: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message.replace(/\. .*/, '.') : String(error);
  }
}

function scriptsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.pkt'))
    .sort()
    .map((name) => join(folder, name));
}

function show(name: string, outcome: Outcome, verbose: boolean): void {
  const { result, reason, line, expected, actual, history, notes } = outcome;
  console.log(
    `${result.padEnd(11)} ${name}${line > 0 ? `:${line}` : ''}${reason === null ? '' : `: ${reason}`}`,
  );
  if (result === 'fail') {
    if (expected !== '') console.log(`            expected ${expected}`);
    if (actual !== '') console.log(`            actual   ${actual}`);
  }
  if (!verbose) return;
  for (const each of history) console.log(`              ${each}`);
  for (const note of notes) console.log(`            note: ${note}`);
}

function stop(message: string): number {
  console.error(message);
  return 2;
}

process.exitCode = main();
