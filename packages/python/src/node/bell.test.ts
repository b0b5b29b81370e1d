import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Bell, Bells } from './bell.ts';

/** Words of a bell: what the thread does that waits for it, and the words for that. */
const STRIDE = 16;
const STATE = 1;
const LOOKING = 1;
const ASLEEP = 2;

function two() {
  const memory = new SharedArrayBuffer(2 * Bell.size);
  return { memory, words: new Int32Array(memory), a: new Bell(memory, 0), b: new Bell(memory, 1) };
}

/** A thread that sleeps until bell 1 of the memory is rung. @returns what comes to pass when it has woken. */
async function sleeper(memory: SharedArrayBuffer): Promise<() => Promise<string>> {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const words = new Int32Array(workerData);
     Atomics.store(words, ${STRIDE + STATE}, ${ASLEEP});
     parentPort.postMessage('sleeps');
     Atomics.wait(words, ${STRIDE}, 0);
     parentPort.postMessage('awake');`,
    { eval: true, workerData: memory },
  );
  const next = () => new Promise<string>((resolve) => worker.once('message', resolve));
  expect(await next()).toBe('sleeps');
  return next;
}

test('who looked at a bell before it was rung does not sleep', () => {
  const { a } = two();
  const before = a.rung;
  a.ring();
  expect(a.lookOut(before)).toBe(true);
  expect(a.sleep(before, Number.POSITIVE_INFINITY)).toBe(true);
});

test('without a ring the time that was given passes', () => {
  const { a } = two();
  expect(a.lookOut(a.rung)).toBe(false);
  expect(a.sleep(a.rung, 0)).toBe(false);
});

test('a ring wakes a thread that sleeps', async () => {
  const { memory, b } = two();
  const awake = await sleeper(memory);
  b.ring();
  expect(await awake()).toBe('awake');
});

test('it is left to a thread that looks out to wake another, which it does before it sleeps', async () => {
  const { memory, words, a, b } = two();
  const awake = await sleeper(memory);
  words[STATE] = LOOKING;
  b.ring(a);
  a.sleep(a.rung, 0);
  expect(await awake()).toBe('awake');
});

test('and if that thread ends first, it is done all the same', async () => {
  const bells = new Bells();
  const [a, b] = [bells.take(), bells.take()];
  const { memory } = a;
  expect([memory, a.number, b.number]).toEqual([b.memory, 0, 1]);
  const awake = await sleeper(memory);
  new Int32Array(memory)[STATE] = LOOKING;
  b.ring(a);
  bells.free(a);
  expect(await awake()).toBe('awake');
  expect(bells.take().number).toBe(0);
});

test('whoever does not look out is not charged with it', async () => {
  const { memory, a, b } = two();
  const awake = await sleeper(memory);
  b.ring(a);
  expect(await awake()).toBe('awake');
});
