import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pythonProgram } from '../../src/node/index.ts';
import { inMachine } from './in-machine.ts';
import { onThisComputer } from './native.ts';
import { type Case, type Counts, count, Outcomes } from './outcomes.ts';
import { runModule } from './process.ts';
import { chooseModules, findSuite } from './suite.ts';

const USAGE = `Usage: npm run cpython-tests -- DIR [MODULE…] [--json FILE] [--verbose] [--deadline SECONDS] [--native PYTHON]
DIR is where CPython's tests are unpacked (docs/python-conformance.md); without MODULE those of sockets, waiting, threads
and servers are run. --native runs them on a CPython of this computer instead, to compare.`;

/** Runs CPython's own tests on a machine of a lab and says how they came out. */
async function main(): Promise<number> {
  const parsed = parseArguments();
  if (typeof parsed === 'string') return stop(`${parsed}\n${USAGE}`);
  const { values, positionals } = parsed;
  const [given, ...names] = positionals;
  if (given === undefined) return stop(USAGE);
  const wall = Number(values.deadline);
  if (!(wall > 0)) return stop(`--deadline ${values.deadline}: expected seconds.`);
  // npm runs commands in the workspace's root: names are meant from where it was called.
  const from = process.env.INIT_CWD ?? process.cwd();
  const suite = findSuite(resolve(from, given));
  if (typeof suite === 'string') return stop(suite);
  const modules = chooseModules(suite, names);
  if (typeof modules === 'string') return stop(modules);

  const deadlines = { wall, virtual: 10 * wall };
  const python = values.native === undefined ? pythonProgram({ warm: 1 }) : null;
  const tests =
    python === null
      ? onThisComputer(suite, values.native ?? '', deadlines)
      : inMachine(suite, python, deadlines);
  const results: (Counts & { readonly module: string; readonly cases: readonly Case[] })[] = [];
  for (const module of modules) {
    const began = Date.now();
    const outcomes = new Outcomes(`test.${module}`);
    await runModule(module, tests, outcomes);
    const counts = count(outcomes.cases);
    results.push({ module, ...counts, cases: outcomes.cases });
    console.log(`${line(module, counts)}  ${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s`);
    for (const each of outcomes.cases) show(each, values.verbose);
  }
  python?.close();
  const all = count(results.flatMap(({ cases }) => cases));
  console.log(`\n${line('all', all)}`);
  if (values.json !== undefined)
    writeFileSync(resolve(from, values.json), `${JSON.stringify({ results }, null, 2)}\n`);
  return all.fail + all.error > 0 ? 1 : 0;
}

function parseArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'string' },
        verbose: { type: 'boolean', default: false },
        deadline: { type: 'string', default: '60' },
        native: { type: 'string' },
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message.replace(/\. .*/, '.') : String(error);
  }
}

function stop(text: string): number {
  console.error(text);
  return 2;
}

function line(module: string, { run, ok, fail, error, skip }: Counts): string {
  const number = (value: number) => String(value).padStart(4);
  return `${module.padEnd(32)} run ${number(run)}  ok ${number(ok)}  fail ${number(fail)}  error ${number(error)}  skip ${number(skip)}`;
}

/** A line for each failure; when everything is to be told also the reasons of skips, and tracebacks. */
function show({ id, result, message, where, text }: Case, verbose: boolean): void {
  if (result === 'fail' || result === 'error')
    console.log(`  ${result.padEnd(5)} ${id}: ${message}${where ? ` (${where})` : ''}`);
  else if (verbose && result === 'skip') console.log(`  skip  ${id}: ${message}`);
  if (verbose && text) console.log(text.replace(/^/gm, '        '));
}

process.exit(await main());
