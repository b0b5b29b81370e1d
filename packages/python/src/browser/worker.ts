import type { FromWorker, ToWorker } from '../protocol.ts';
import { given } from '../runtime/given.ts';
import { runWorker } from '../runtime/process.ts';

/** The part of a dedicated worker's global scope that is used here. */
interface WorkerScope {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}
const scope = self as unknown as WorkerScope;

runWorker({
  post: (lent: FromWorker) => {
    const { message, transfer } = given(lent);
    scope.postMessage(message, transfer);
  },
  listen: (receive) => {
    scope.onmessage = ({ data }) => receive(data);
  },
});
