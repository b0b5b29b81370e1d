import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { dumbbellFigures } from './support/dumbbell.ts';
import { faceFigures } from './support/faces.ts';
import { idleFigures } from './support/idle.ts';
import { machineFigures } from './support/machines.ts';
import { describe, type Figure, measure, type Result } from './support/measure.ts';
import { pythonFigures } from './support/python.ts';
import { tapFigures } from './support/tap.ts';
import { transportFigures } from './support/transport.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '5' },
  },
});

const figures: readonly Figure[] = [
  ...(await transportFigures()),
  ...(await faceFigures()),
  ...idleFigures(),
  ...dumbbellFigures(),
  ...machineFigures(),
  ...pythonFigures(),
  ...tapFigures(),
];
/** A row may be asked for by its own name (`B7/10`), or with all of its figure (`B7`). */
const namesOf = ({ id }: Figure): string[] => [id.replace(/\/.*/, ''), id];
const known = [...new Set(figures.map((figure) => figure.id.replace(/\/.*/, '')))];
const unknown = positionals.filter((name) => !figures.some((figure) => namesOf(figure).includes(name)));
const rounds = Number(values.rounds);
if (unknown.length > 0) stop(`No such measurement: ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
if (!Number.isInteger(rounds) || rounds < 1)
  stop(`--rounds ${values.rounds}: expected a whole number from 1 on.`);

const chosen = figures.filter(
  (figure) => positionals.length === 0 || namesOf(figure).some((name) => positionals.includes(name)),
);
const results: Result[] = [];
for (const figure of chosen) {
  const result = await measure(figure, rounds);
  results.push(result);
  console.log(`${figure.id.padEnd(7)} ${figure.title}`);
  console.log(`        ${describe(figure, result)}`);
  console.log(`        ${figure.conditions}; median of ${rounds} rounds`);
}
for (const figure of figures) await figure.close?.();
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);

function stop(message: string): never {
  console.error(message);
  process.exit(2);
}
