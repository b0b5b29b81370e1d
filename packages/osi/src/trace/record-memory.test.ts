import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { RecordMemory } from './record-memory.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What nobody can reach any more is found, and its finalizers have run. */
async function collected(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((turn) => setImmediate(turn));
  }
}

const MEBIBYTE = 1 << 20;

/** Fills eight chunks. */
function write(value: number, shown: Uint8Array[] = []): void {
  const memory = new RecordMemory();
  const bytes = new Uint8Array(MEBIBYTE).fill(value);
  for (let i = 0; i < 8; i++) {
    const at = memory.keep(bytes);
    if (i % 2 === 0) shown.push(memory.show(memory.last, at, 1000));
  }
}

test('what was shown stays as it is when its record is gone and others are written', async () => {
  const shown: Uint8Array[] = [];
  write(1, shown);
  await collected();
  write(2);
  await collected();
  write(3);
  expect(shown.map((bytes) => bytes.every((byte) => byte === 1))).toEqual([true, true, true, true]);
});

test('memory of a record that is gone, and that nobody was shown, serves the next one', async () => {
  write(7);
  await collected();
  const memory = new RecordMemory();
  memory.keep(Uint8Array.of(1));
  // Behind what was written is what an earlier record left; new memory would be zero.
  expect(memory.show(memory.last, 0, MEBIBYTE).at(-1)).not.toBe(0);
});

test('memory that a record gives back serves the next one at once; what was shown is not in it', () => {
  const memory = new RecordMemory();
  const bytes = new Uint8Array(MEBIBYTE).fill(9);
  memory.keep(bytes);
  const shown = memory.show(memory.last, memory.keep(bytes), MEBIBYTE);
  memory.giveBack();
  const next = new RecordMemory();
  for (let i = 0; i < 2; i++) next.keep(Uint8Array.of(1));
  expect(next.show(next.last, 0, MEBIBYTE).at(-1)).toBe(9);
  expect(shown.every((byte) => byte === 9)).toBe(true);
});

test('records that come and go without a rest in between keep no more than 128 MiB', () => {
  const bytes = new Uint8Array(MEBIBYTE);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 200; i++) new RecordMemory().keep(bytes);
  // A collection ends the sweeping of the one before, which another thread does.
  for (let i = 0; i < 3; i++) collect();
  expect((process.memoryUsage().arrayBuffers - before) / MEBIBYTE).toBeLessThanOrEqual(129);
});
