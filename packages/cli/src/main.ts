import { readFileSync } from 'node:fs';
import process from 'node:process';
import { main } from './index.ts';
import { consoleOf } from './platform.ts';

const interrupted = new AbortController();
process.on('SIGINT', () => {
  // A second Ctrl-C does not wait for anything.
  if (interrupted.signal.aborted) process.exit(130);
  interrupted.abort();
});
process.on('SIGTERM', () => interrupted.abort());
// Whoever reads our output may stop reading: `netarium run … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const status = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  input: () => readFileSync(0, 'utf8'),
  env: process.env,
  isTTY: process.stdout.isTTY === true,
  // A terminal that does not know its width says 0.
  columns: (process.stdout.isTTY && process.stdout.columns) || undefined,
  console: consoleOf(process.stdin, process.stdout),
  interrupted: interrupted.signal,
});
process.exitCode = status;
