/** CPython for machines that live in Node: each process is a worker thread. Needs Node 25 or newer. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { type PythonProgram, programOf } from '../host/program.ts';
import { ready, type WorkerHandle, Workers } from '../host/workers.ts';
import type { PythonOptions } from '../index.ts';
import type { FromWorker, ToWorker } from '../protocol.ts';
import { sharedAssets } from './assets.ts';
import { Bell, Bells } from './bell.ts';
import { machineRows } from './call-rows.ts';
import { Doorbell } from './doorbell.ts';
import type { WorkerData } from './worker.ts';
import { workerFile } from './worker-file.ts';

export type { PythonProgram } from '../host/program.ts';

/**
 * `python3` as a program of a machine.
 * @throws (through the process that starts it) a plain line when the assets are not built or this Node is too old.
 */
export function pythonProgram(options: PythonOptions = {}): PythonProgram {
  const workers = new Workers(makeWorker, options.warm ?? 0);
  return programOf(workers);
}

async function makeWorker(): Promise<WorkerHandle> {
  if (!('promising' in WebAssembly))
    throw new Error(
      `Python needs Node 25 or newer (JavaScript promise integration); this is ${process.version}.`,
    );
  const assets = await sharedAssets();
  const worker = makeHandle();
  worker.post({ type: 'boot', assets });
  return ready(worker);
}

/** How long to wait for a process with this thread standing still, and how long in a row, in milliseconds. */
const MOMENT = 2;
const MOMENTS = 8;
/** When the event loop came round last: who listens on this thread has its turn at least every `MOMENTS`. */
let wentRound = 0;

/** Of all workers of this thread. */
const bells = new Bells();
/** Of the worker that was heard last: it waits, and longer than a moment if another is told something. */
let heard: Bell | undefined;

function makeHandle(): WorkerHandle {
  const { port1: port, port2 } = new MessageChannel();
  const memory = new SharedArrayBuffer(Doorbell.size);
  const bell = bells.take();
  const workerData: WorkerData = { port: port2, memory, bell: { memory: bell.memory, number: bell.number } };
  const worker = new Worker(workerFile(), {
    stdout: false,
    stderr: false,
    workerData,
    transferList: [port2],
  });
  const doorbell: Doorbell<ToWorker, FromWorker> = new Doorbell({
    port,
    memory,
    side: 0,
    codec: machineRows(() => doorbell),
    bell: new Bell(memory, 0),
    theirs: bell,
    leaving: () => heard,
  });
  let failed: (message: string) => void = () => undefined;
  let receive: (message: FromWorker) => void = () => undefined;
  worker.on('error', (error) => failed(error instanceof Error ? error.message : String(error)));
  worker.on('exit', (code) => {
    bells.free(bell);
    failed(`exit code ${code}`);
  });
  doorbell.listen((message) => {
    wentRound = performance.now();
    receive(message);
  });
  return {
    post: (message: ToWorker) => doorbell.post(message),
    wait: () => {
      if (performance.now() - wentRound >= MOMENTS) return undefined;
      const message = doorbell.wait(MOMENT);
      if (message !== undefined) heard = bell;
      return message;
    },
    listen: (listener) => {
      receive = listener;
    },
    onFailure: (listener) => {
      failed = listener;
    },
    terminate: () => {
      failed = () => undefined;
      receive = () => undefined;
      port.close();
      void worker.terminate();
    },
  };
}
