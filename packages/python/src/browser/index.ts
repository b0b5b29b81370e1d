/**
 * CPython for machines that live in a page, or in a worker of one: each process is a Web Worker. Needs a browser with
 * JavaScript promise integration, and nothing else: no SharedArrayBuffer, no special headers.
 */
import { type PythonProgram, programOf } from '../host/program.ts';
import { ready, type WorkerHandle, Workers } from '../host/workers.ts';
import type { PythonOptions } from '../index.ts';
import type { FromWorker, ToWorker } from '../protocol.ts';
import { loadAssets } from './assets.ts';

export type { PythonProgram } from '../host/program.ts';

export interface BrowserPythonOptions extends PythonOptions {
  /** Address of the folder that the files of `ASSET_FILES` were copied to; relative to the page or worker. */
  readonly assets: string | URL;
}

/**
 * `python3` as a program of a machine.
 * @throws (through the process that starts it) a plain line when a file is missing or the browser cannot do it.
 */
export function pythonProgram(options: BrowserPythonOptions): PythonProgram {
  const folder = new URL(options.assets, location.href);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  const assets = isAble()
    ? loadAssets(folder)
    : Promise.reject(
        new Error(
          'this browser cannot run Python (it lacks JavaScript promise integration): Chrome, Edge and others from Chromium 137 on can.',
        ),
      );
  assets.catch(() => undefined);

  async function makeWorker(): Promise<WorkerHandle> {
    const worker = handle(
      new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'python3' }),
    );
    try {
      worker.post({ type: 'boot', assets: await assets });
    } catch (error) {
      worker.terminate();
      throw error;
    }
    return ready(worker);
  }

  const workers = new Workers(makeWorker, options.warm ?? 0);
  return programOf(workers);
}

const isAble = () => 'promising' in WebAssembly;

function handle(worker: Worker): WorkerHandle {
  let failed: (message: string) => void = () => undefined;
  let receive: (message: FromWorker) => void = () => undefined;
  worker.onerror = (event) => {
    event.preventDefault();
    failed(event.message || 'it could not be loaded');
  };
  worker.onmessage = (event: MessageEvent<FromWorker>) => receive(event.data);
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
      worker.terminate();
    },
  };
}
