import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { WorkerSources } from '../src/node/worker-file.ts';

/**
 * Makes one file of plain JavaScript of the worker: each worker that reads TypeScript would load Node's translator for
 * it, which takes as long as the rest of its start, and ten megabytes.
 *
 * @returns the sources it was made of, with the times of their last changes.
 */
export async function bundleWorker(folder: URL, name: string): Promise<WorkerSources> {
  const entry = fileURLToPath(new URL('../src/node/worker.ts', import.meta.url));
  const result = await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: entry,
      outDir: fileURLToPath(folder),
      emptyOutDir: false,
      target: 'esnext',
      minify: false,
      rollupOptions: { output: { entryFileNames: name, codeSplitting: false } },
    },
  });
  const sources: Record<string, number> = {};
  if ('output' in result)
    for (const file of result.output)
      if (file.type === 'chunk')
        for (const path of file.moduleIds)
          if (path.startsWith('/') || /^[A-Z]:/.test(path)) sources[path] = (await stat(path)).mtimeMs;
  return sources;
}
