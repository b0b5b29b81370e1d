import { parentPort } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../protocol.ts';
import { runWorker } from '../runtime/process.ts';

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker.');
runWorker({
  post: (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer),
  listen: (receive: (message: ToWorker) => void) => port.on('message', receive),
});
