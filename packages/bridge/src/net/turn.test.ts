import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { Turn } from './turn.ts';

const quiet = () => new Promise<void>((over) => new Turn().take(over));

const tick = () => new Promise<void>((done) => process.nextTick(done));
const immediate = () => new Promise((done) => setImmediate(done));

test('ticks, promises and immediates that follow from one another have all run, however many', async () => {
  let steps = 0;
  const work = async () => {
    for (let i = 0; i < 20; i++) {
      await tick();
      steps++;
      await null;
      await immediate();
      await tick().then(tick);
      steps++;
    }
  };
  void work();
  await quiet();
  expect(steps).toBe(40);
});

test('it is told also where programs follow what belongs to what (AsyncLocalStorage, async_hooks)', async () => {
  let ran = false;
  const work = async () => {
    await tick();
    await immediate();
    ran = true;
  };
  await new AsyncLocalStorage().run('a request', () => {
    void work();
    return quiet();
  });
  expect(ran).toBe(true);

  const hook = createHook({ init() {} }).enable();
  ran = false;
  try {
    void work();
    await quiet();
  } finally {
    hook.disable();
  }
  expect(ran).toBe(true);
});

test('a tick that a promise asks for behind our own is not overlooked', async () => {
  for (let depth = 0; depth < 12; depth++) {
    let done = false;
    const follow = (left: number): void => {
      if (left === 0)
        process.nextTick(() => Promise.resolve().then(() => process.nextTick(() => (done = true))));
      else queueMicrotask(() => follow(left - 1));
    };
    process.nextTick(follow, depth);
    await quiet();
    expect(done).toBe(true);
  }
});
