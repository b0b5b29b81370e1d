import { milliseconds, seconds } from '@netarium/osi/time';
import { Lab } from 'netarium';
import { expect, test } from 'vitest';
import { type Outside, RealTime } from './real-time.ts';

/** A clock that goes on by a tenth of a millisecond each time it is read, and otherwise as it is told. */
function clock() {
  const told = { now: 1000, read: () => (told.now += 0.1) };
  return told;
}

/** Something that frames come from when the test says so. */
class Source implements Outside {
  waiting = 0;
  taken: number[] = [];
  #arrived: (() => void) | null = null;
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  watch(arrived: (() => void) | null): void {
    this.#arrived = arrived;
  }

  take(most: number): number {
    const count = Math.min(most, this.waiting);
    this.waiting -= count;
    if (count > 0) this.taken.push(this.#lab.sim.now);
    return count;
  }

  arrive(count: number): void {
    this.waiting += count;
    this.#arrived?.();
  }
}

function running() {
  const lab = new Lab();
  const time = clock();
  const live = new RealTime(lab, time.read);
  const stop = new AbortController();
  const source = new Source(lab);
  live.attach(source);
  return { lab, time, live, source, stop, done: live.run(stop.signal) };
}

/** Lets the driver work until nothing of it is left but waiting. */
const turns = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

test('virtual time is real time since the start, also while nothing happens', async () => {
  const { lab, time, live, stop, done } = running();
  await turns();
  time.now += 5000;
  live.enter(() => {
    expect(lab.sim.now).toBeGreaterThanOrEqual(seconds(5));
    expect(lab.sim.now).toBeLessThan(seconds(5.1));
  });
  stop.abort();
  await done;
});

test('an event never happens before its time', async () => {
  const { lab, time, live, stop, done } = running();
  let happened = false;
  live.enter(() =>
    lab.sim.after(milliseconds(100), () => {
      happened = true;
    }),
  );
  await turns();
  time.now += 80;
  live.enter(() => {});
  await turns();
  expect(happened).toBe(false);
  time.now += 20;
  live.enter(() => {});
  await turns();
  expect(happened).toBe(true);
  stop.abort();
  await done;
});

test('when it is late, frames that wait come before the timers that are overdue', async () => {
  const { lab, time, live, source, stop, done } = running();
  await turns();
  const order: string[] = [];
  live.enter(() => lab.sim.after(milliseconds(200), () => order.push(`timer after ${source.taken.length}`)));
  time.now += 1000;
  source.arrive(1);
  await turns();
  expect(order).toEqual(['timer after 1']);
  expect(source.taken[0]).toBeLessThan(milliseconds(250));
  stop.abort();
  await done;
});

test('when it is late, the answer to what was sent late comes before what is due after it', async () => {
  const { lab, time, live, source, stop, done } = running();
  await turns();
  const order: string[] = [];
  live.enter(() => {
    lab.sim.after(milliseconds(100), () => source.arrive(1));
    lab.sim.after(milliseconds(200), () => order.push(`timer after ${source.taken.length}`));
  });
  time.now += 1000;
  live.enter(() => {});
  await turns();
  expect(order).toEqual(['timer after 1']);
  stop.abort();
  await done;
});

test('a flood of frames is taken in portions, and events come in between', async () => {
  const { source, stop, done } = running();
  await turns();
  source.arrive(1000);
  await turns();
  expect(source.waiting).toBe(0);
  expect(source.taken.length).toBeGreaterThan(10);
  stop.abort();
  await done;
});

test('what is no longer attached is not asked any more', async () => {
  const { live, source, stop, done } = running();
  live.detach(source);
  source.arrive(1);
  live.enter(() => {});
  await turns();
  expect(source.waiting).toBe(1);
  stop.abort();
  await done;
});

test('a program of the lab begins when it is entered, and goes on by itself', async () => {
  const { lab, live, stop, done } = running();
  const host = lab.host('box');
  const status = live.enter(() => host.start(async () => 7).exit);
  expect(await status).toBe(7);
  stop.abort();
  await done;
});

test('what goes wrong in the lab ends the run and is thrown; nobody else drives meanwhile', async () => {
  const { lab, live, done } = running();
  await expect(lab.run()).rejects.toThrow('the lab is being driven already');
  live.enter(() =>
    lab.sim.after(0, () => {
      throw new Error('a fault in a node');
    }),
  );
  await expect(done).rejects.toThrow('a fault in a node');
  expect(await lab.run()).toBe('idle');
});

test('aborted, it stops at once, also while it sleeps', async () => {
  const { lab, live, stop, done } = running();
  live.enter(() => lab.sim.after(seconds(3600), () => {}));
  await turns();
  stop.abort();
  await done;
  expect(lab.sim.now).toBeLessThan(seconds(1));
});
