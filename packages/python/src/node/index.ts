/** CPython for machines that live in Node: each process is a worker thread. Needs Node 25 or newer. */
import { Worker } from 'node:worker_threads';
import { type PythonProgram, programOf } from '../host/program.ts';
import { ready, type WorkerHandle, Workers } from '../host/workers.ts';
import type { PythonOptions } from '../index.ts';
import type { FromWorker, ToWorker } from '../protocol.ts';
import { sharedAssets } from './assets.ts';

export type { PythonProgram } from '../host/program.ts';

/**
 * `python3` as a program of a machine.
 * @throws (through the process that starts it) a plain line when the assets are not built or this Node is too old.
 */
export function pythonProgram(options: PythonOptions = {}): PythonProgram {
  const workers = new Workers(makeWorker, options.warm ?? 0);
  return programOf(workers, workers.ready());
}

async function makeWorker(): Promise<WorkerHandle> {
  if (!('promising' in WebAssembly))
    throw new Error(
      `Python needs Node 25 or newer (JavaScript promise integration); this is ${process.version}.`,
    );
  const assets = await sharedAssets();
  const worker = handle(
    new Worker(new URL('./worker.ts', import.meta.url), { stdout: false, stderr: false }),
  );
  worker.post({ type: 'boot', assets });
  return ready(worker);
}

function handle(worker: Worker): WorkerHandle {
  let failed: (message: string) => void = () => undefined;
  let receive: (message: FromWorker) => void = () => undefined;
  worker.on('error', (error) => failed(error instanceof Error ? error.message : String(error)));
  worker.on('exit', (code) => failed(`exit code ${code}`));
  worker.on('message', (message: FromWorker) => receive(message));
  return {
    post: (message: ToWorker) => worker.postMessage(message),
    listen: (listener) => {
      receive = listener;
    },
    onFailure: (listener) => {
      failed = listener;
    },
    terminate: () => {
      failed = () => undefined;
      receive = () => undefined;
      void worker.terminate();
    },
  };
}
