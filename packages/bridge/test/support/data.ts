import { createHash, randomBytes } from 'node:crypto';
import type { AsyncSocket } from '@netarium/osi/5-session';

export const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

export const anyBytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** A connection's bytes to their end, as `length digest`. */
export async function drain(socket: AsyncSocket): Promise<string> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of socket) {
    hash.update(chunk);
    length += chunk.length;
  }
  return `${length} ${hash.digest('hex')}`;
}
