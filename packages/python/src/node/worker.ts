import { type MessagePort, workerData } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../protocol.ts';
import { runWorker } from '../runtime/process.ts';
import { Bell } from './bell.ts';
import { workerRows } from './call-rows.ts';
import { Doorbell } from './doorbell.ts';

/** What the worker is made with. */
export interface WorkerData {
  readonly port: MessagePort;
  readonly memory: SharedArrayBuffer;
  /** The bell that the worker waits for. */
  readonly bell: { readonly memory: SharedArrayBuffer; readonly number: number };
}

const { port, memory, bell } = workerData as WorkerData;
const doorbell: Doorbell<FromWorker, ToWorker> = new Doorbell({
  port,
  memory,
  side: 1,
  codec: workerRows(() => doorbell),
  bell: new Bell(bell.memory, bell.number),
  theirs: new Bell(memory, 0),
});
runWorker(doorbell);
