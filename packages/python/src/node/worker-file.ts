import { existsSync, readFileSync, statSync } from 'node:fs';
import { WORKER, WORKER_SOURCES } from '../assets.ts';

/** The files that the worker was built from: when each was changed last, in milliseconds since 1970. */
export type WorkerSources = Readonly<Record<string, number>>;

const build = new URL('../../build/', import.meta.url);

/** The worker as it was built, as long as its sources are what they were then; otherwise its source. */
export function workerFile(): URL {
  return isFresh() ? new URL(WORKER, build) : new URL('./worker.ts', import.meta.url);
}

function isFresh(): boolean {
  const list = new URL(WORKER_SOURCES, build);
  if (!existsSync(list)) return false;
  const sources = JSON.parse(readFileSync(list, 'utf8')) as WorkerSources;
  return Object.entries(sources).every(
    ([path, changed]) => statSync(path, { throwIfNoEntry: false })?.mtimeMs === changed,
  );
}
