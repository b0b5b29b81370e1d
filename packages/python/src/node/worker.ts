import { type MessagePort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../protocol.ts';
import { runWorker } from '../runtime/process.ts';
import { workerRows } from './call-rows.ts';
import { Doorbell } from './doorbell.ts';

/** What the worker is made with. */
export interface WorkerData {
  readonly port: MessagePort;
  readonly memory: SharedArrayBuffer;
}

const { port, memory } = workerData as WorkerData;
const doorbell: Doorbell<FromWorker, ToWorker> = new Doorbell(
  port,
  memory,
  1,
  workerRows(() => doorbell),
);
runWorker(doorbell);
