import { expect, test } from 'vitest';
import { type WorkerHandle, Workers } from './workers.ts';

/** Workers that start when they are told to. */
function kept(warm: number) {
  const starting: ((failed?: Error) => void)[] = [];
  const workers = new Workers(
    () =>
      new Promise((resolve, reject) => {
        starting.push((failed) => (failed ? reject(failed) : resolve({} as WorkerHandle)));
      }),
    warm,
  );
  const started = async (failed?: Error) => {
    starting.shift()?.(failed);
    for (let turn = 0; turn < 5; turn++) await null;
  };
  return { workers, starting, started };
}

test('those to be kept warm are started at once, and what was taken is replaced one after the other', async () => {
  const { workers, starting, started } = kept(2);
  expect(starting).toHaveLength(2);
  await started();
  await started();
  await Promise.all([workers.take(), workers.take()]);
  expect(starting).toHaveLength(1);
  await started();
  expect(starting).toHaveLength(1);
  await started();
  expect(starting).toHaveLength(0);
});

test('one that is taken before it is there is waited for; beyond those another is started', async () => {
  const { workers, starting, started } = kept(1);
  const [first, second] = [workers.take(), workers.take()];
  expect(starting).toHaveLength(2);
  await started();
  await started();
  expect(await Promise.all([first, second])).toHaveLength(2);
  expect(starting).toHaveLength(1);
});

test('one that does not start is told to whoever takes it, and is not tried again until then', async () => {
  const { workers, starting, started } = kept(1);
  await started(new Error('no memory'));
  await expect(workers.take()).rejects.toThrow('no memory');
  expect(starting).toHaveLength(0);
  void workers.take();
  expect(starting).toHaveLength(1);
});
