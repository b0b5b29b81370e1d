import { expect, test } from 'vitest';
import { LentBuffers } from './lent-buffers.ts';

test('a buffer that was given back is lent again, at the length that is asked for', () => {
  const buffers = new LentBuffers();
  const first = buffers.take(65_536) ?? new Uint8Array(0);
  const second = buffers.take(20_000) ?? new Uint8Array(0);
  expect([first.length, second.length, first.buffer === second.buffer]).toEqual([65_536, 20_000, false]);
  buffers.giveBack(second.subarray(0, 5));
  expect(buffers.take(30_000)?.buffer).toBe(second.buffer);
});

test('little is not worth it, and more than a buffer holds does not fit', () => {
  const buffers = new LentBuffers();
  expect([buffers.take(100), buffers.take(65_537)]).toEqual([undefined, undefined]);
});

test('what was not lent, or is shared with another thread, is not taken', () => {
  const buffers = new LentBuffers();
  const shared = new Uint8Array(new SharedArrayBuffer(65_536));
  buffers.giveBack(new Uint8Array(100));
  buffers.giveBack(shared);
  expect(buffers.take(65_536)?.buffer).not.toBe(shared.buffer);
});
