import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type WorkerHandle, Workers } from './workers.ts';

/** Workers that start when they are told to. */
function kept(warm: number, most?: number) {
  const starting: ((failed?: Error) => void)[] = [];
  const workers = new Workers(
    () =>
      new Promise((resolve, reject) => {
        starting.push((failed) =>
          failed ? reject(failed) : resolve({ terminate: () => undefined } as WorkerHandle),
        );
      }),
    warm,
    most,
  );
  const started = async (failed?: Error) => {
    starting.shift()?.(failed);
    for (let turn = 0; turn < 5; turn++) await null;
  };
  return { workers, starting, started };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** As long as no worker is started yet in place of one that was taken just now. */
const SOON = 90;
/** Until one is, whatever the processes do. */
const LONG = 4000;

test('those to be kept warm are started at once; what was taken is replaced one after the other, in quiet moments', async () => {
  const { workers, starting, started } = kept(2);
  expect(starting).toHaveLength(2);
  await started();
  await started();
  await Promise.all([workers.take(), workers.take()]);
  await vi.advanceTimersByTimeAsync(SOON);
  expect(starting).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(SOON);
  expect(starting).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(LONG);
  expect(starting).toHaveLength(1);
  await started();
  await vi.advanceTimersByTimeAsync(2 * SOON);
  expect(starting).toHaveLength(1);
  await started();
  await vi.advanceTimersByTimeAsync(LONG);
  expect(starting).toHaveLength(0);
});

test('processes that make many system calls are not disturbed by it, but not for ever', async () => {
  const { workers, starting, started } = kept(1);
  await started();
  await workers.take();
  const talks = setInterval(() => workers.called(), 1);
  await vi.advanceTimersByTimeAsync(2000);
  expect(starting).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(LONG);
  expect(starting).toHaveLength(1);
  clearInterval(talks);
});

test('nor is one that is at work, as all are that begin', async () => {
  const { workers, starting, started } = kept(1);
  await started();
  await workers.take();
  workers.works();
  await vi.advanceTimersByTimeAsync(1000);
  expect(starting).toHaveLength(0);
  workers.rests();
  await vi.advanceTimersByTimeAsync(2 * SOON);
  expect(starting).toHaveLength(1);
});

test('when a process has ended another worker is started', async () => {
  const { workers, starting, started } = kept(1);
  await started();
  await workers.take();
  workers.works();
  workers.ended(true);
  expect(starting).toHaveLength(1);
  workers.works();
  workers.ended(true);
  await started();
  // That two have ended is no reason to hurry when the next is taken.
  await workers.take();
  await vi.advanceTimersByTimeAsync(SOON);
  expect(starting).toHaveLength(0);
});

test('one that is taken before it is there is waited for; beyond those another is started, and at once one to be kept', async () => {
  const { workers, starting, started } = kept(1);
  const [first, second] = [workers.take(), workers.take()];
  expect(starting).toHaveLength(2);
  await started();
  await started();
  expect(await Promise.all([first, second])).toHaveLength(2);
  expect(starting).toHaveLength(1);
});

test('who waits until all are there does not wait for a quiet moment', async () => {
  const { workers, starting, started } = kept(2);
  await started();
  await started();
  await workers.take();
  const ready = workers.ready();
  expect(starting).toHaveLength(1);
  await started();
  await ready;
  workers.close();
  await vi.advanceTimersByTimeAsync(LONG);
  expect(starting).toHaveLength(0);
});

test('one that does not start is told to whoever takes it, and is not tried again until then', async () => {
  const { workers, starting, started } = kept(1);
  await started(new Error('no memory'));
  await expect(workers.take()).rejects.toThrow('no memory');
  await vi.advanceTimersByTimeAsync(LONG);
  expect(starting).toHaveLength(0);
  void workers.take();
  expect(starting).toHaveLength(1);
});

test('only so many processes have one at a time: one more is refused, until another has ended', async () => {
  const { workers } = kept(0, 2);
  void workers.take();
  void workers.take();
  await expect(workers.take()).rejects.toThrow('Cannot allocate memory: 2 of its processes run already');
  workers.ended(false);
  await expect(workers.take()).rejects.toThrow('Cannot allocate memory');
  workers.ended(false);
  workers.ended(false);
  void workers.take();
  await expect(workers.take()).rejects.toThrow('Cannot allocate memory');
});
