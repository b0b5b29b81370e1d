import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Figure, measure, type Result } from './support/measure.ts';
import { tapFigures } from './support/tap.ts';
import { transportFigures } from './support/transport.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '5' },
  },
});

const figures: readonly Figure[] = [...(await transportFigures()), ...tapFigures()];
const known = [...new Set(figures.map((figure) => figure.id.replace(/\/.*/, '')))];
const unknown = positionals.filter((id) => !known.includes(id));
const rounds = Number(values.rounds);
if (unknown.length > 0) stop(`No such measurement: ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
if (!Number.isInteger(rounds) || rounds < 1)
  stop(`--rounds ${values.rounds}: expected a whole number from 1 on.`);

const chosen = figures.filter(
  (figure) => positionals.length === 0 || positionals.includes(figure.id.replace(/\/.*/, '')),
);
const results: Result[] = [];
for (const figure of chosen) {
  const result = await measure(figure, rounds);
  results.push(result);
  const { ours, peer, ratio, unit } = result;
  const wanted = figure.absolute === true ? ` ${unit}` : '×';
  console.log(`${figure.id.padEnd(7)} ${figure.title}`);
  console.log(
    `        ours ${amount(ours)} ${unit}   ${figure.peerName} ${amount(peer)} ${unit}   ` +
      `ratio ${ratio.toFixed(2)}×   (must ${figure.must}${wanted}, aim ${figure.aim}${wanted})`,
  );
  console.log(`        ${figure.conditions}; median of ${rounds} rounds`);
}
for (const figure of figures) await figure.close?.();
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);

function amount(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

function stop(message: string): never {
  console.error(message);
  process.exit(2);
}
