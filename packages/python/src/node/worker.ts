import { type MessagePort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../protocol.ts';
import { runWorker } from '../runtime/process.ts';
import { Doorbell } from './doorbell.ts';

/** What the worker is made with. */
export interface WorkerData {
  readonly port: MessagePort;
  readonly memory: SharedArrayBuffer;
}

const { port, memory } = workerData as WorkerData;
const doorbell = new Doorbell(port, memory, 'worker');
runWorker({
  post: (message: FromWorker, transfer) => doorbell.post(message, transfer),
  listen: (receive: (message: ToWorker) => void) => port.on('message', receive),
  wait: () => doorbell.wait() as ToWorker,
});
