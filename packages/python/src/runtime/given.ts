import type { FromWorker } from '../protocol.ts';

/** Copying is quicker than giving away up to about so many bytes. */
const COPIED = 8192;

/**
 * A message as it can cross a port: bytes that are the process's memory are copied, and large ones given away so that
 * they need not be copied again on their way.
 */
export function given(message: FromWorker): { message: FromWorker; transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  if (message.type !== 'call' || !message.arguments.some((argument) => argument instanceof Uint8Array))
    return { message, transfer };
  const args = message.arguments.map((argument) => {
    if (!(argument instanceof Uint8Array)) return argument;
    const copy = argument.slice();
    if (copy.length > COPIED) transfer.push(copy.buffer);
    return copy;
  });
  return { message: { ...message, arguments: args }, transfer };
}
