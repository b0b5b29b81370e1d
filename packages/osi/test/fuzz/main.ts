import { parseArgs } from 'node:util';
import { FuzzFailure, type FuzzReport, fuzz } from './fuzz.ts';

const USAGE = 'Usage: npm run fuzz -- [--frames N] [--seed S]';
const PROGRESS = 1_000_000;

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
  },
});
const frames = numberOf('frames', values.frames, 1);
const seed = numberOf('seed', values.seed, 0);

const began = performance.now();
let told = 0;
try {
  const report = fuzz({ frames, seed, progress });
  print(report);
} catch (error) {
  if (!(error instanceof FuzzFailure)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

function progress(report: FuzzReport): void {
  if (report.frames - told < PROGRESS) return;
  told = report.frames;
  console.log(`${count(report.frames)} frames, ${rate(report)}; ${memory()}`);
}

function print(report: FuzzReport): void {
  const { byAttack, drops, states, conversations, bytes, mostFrames, time } = report;
  console.log(
    `${count(report.frames)} frames, ${rate(report)}, ${(time / 3.6e12).toFixed(1)} h of virtual time`,
  );
  console.log(
    `No exception, nothing unbounded, nothing lost; at most ${count(mostFrames)} frames in use; ${memory()}`,
  );
  console.log(
    `${count(conversations)} conversations through it all, ${count(bytes)} bytes, each as it was sent`,
  );
  console.log(`TCP states reached: ${[...states].sort().join(', ')}`);
  console.log(`\nFrames by kind\n${table(byAttack)}\n\nDropped, by reason\n${table(drops)}`);
}

function table(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, n]) => `${count(n).padStart(14)}  ${name}`)
    .join('\n');
}

function rate(report: FuzzReport): string {
  return `${count(Math.round(report.frames / ((performance.now() - began) / 1000)))} frames/s`;
}

function memory(): string {
  return `${Math.round(process.memoryUsage().rss / 1e6)} MB resident`;
}

function count(n: number): string {
  return n.toLocaleString('en-US').replaceAll(',', ' ');
}

function numberOf(name: string, text: string, least: number): number {
  const n = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(n) && n >= least) return n;
  console.error(`--${name} ${text}: expected a whole number from ${least} on.\n${USAGE}`);
  process.exit(2);
}
