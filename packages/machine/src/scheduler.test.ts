import { milliseconds, Simulation } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { Bench, bytes, start } from '../test/lab.ts';
import { type Program, Scheduler, type Watchdog } from './index.ts';
import type { Runnable } from './scheduler.ts';

class Fake implements Runnable {
  ended = false;
  running = false;
  overruns = 0;
  overrun(): void {
    this.overruns++;
  }
}

/** Lets every promise that is ready go on. */
const breathe = () => new Promise((resolve) => setImmediate(resolve));

describe('the scheduler', () => {
  it('resumes one process at a time, in the order in which they became ready', async () => {
    const scheduler = new Scheduler();
    const [a, b] = [new Fake(), new Fake()];
    const order: string[] = [];
    scheduler.enqueue(a, () => order.push('a'));
    scheduler.enqueue(b, () => {
      order.push('b');
      scheduler.rested(b);
    });
    const settled = scheduler.settle();
    await breathe();
    expect(order).toEqual(['a']);
    expect(scheduler.busy).toBe(true);
    scheduler.rested(a);
    await settled;
    expect(order).toEqual(['a', 'b']);
    expect(scheduler.busy).toBe(false);
  });

  it('asked to settle while it settles goes on with the one it waits for', async () => {
    const scheduler = new Scheduler();
    const [a, b] = [new Fake(), new Fake()];
    const order: string[] = [];
    scheduler.enqueue(a, () => order.push('a'));
    scheduler.enqueue(b, () => {
      order.push('b');
      scheduler.rested(b);
    });
    const both = [scheduler.settle(), scheduler.settle()];
    await breathe();
    expect(order).toEqual(['a']);
    scheduler.rested(a);
    await Promise.all(both);
    expect(order).toEqual(['a', 'b']);
  });

  it('passes over processes that have ended while they waited for their turn', async () => {
    const scheduler = new Scheduler();
    const process = new Fake();
    let resumed = false;
    scheduler.enqueue(process, () => {
      resumed = true;
    });
    process.ended = true;
    await scheduler.settle();
    expect(resumed).toBe(false);
  });

  it('lets a watchdog that says go-on leave a process behind, and the run is no longer reproducible', async () => {
    const scheduler = new Scheduler();
    const process = new Fake();
    let overrun = () => {};
    const watchdog: Watchdog = {
      verdict: 'go-on',
      watch(callback) {
        overrun = callback;
        return () => {};
      },
    };
    scheduler.enqueue(process, () => {});
    const settled = scheduler.settle(watchdog);
    await breathe();
    expect(scheduler.reproducible).toBe(true);
    overrun();
    await settled;
    expect(scheduler.reproducible).toBe(false);
    expect(process.overruns).toBe(0);
    expect(scheduler.busy).toBe(false);
    let strays = 0;
    scheduler.onStray = () => {
      strays++;
    };
    scheduler.strayed(process);
    expect(strays).toBe(1);
  });

  it('ends a process that computes for too long when the watchdog says kill', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    let killed = 0;
    const computing: Program = {
      start(process) {
        process.events = {
          killed() {
            killed++;
          },
        };
      },
    };
    computer.install('compute', computing);
    const process = computer.spawn(['compute']);
    const watchdog: Watchdog = {
      verdict: 'kill',
      watch(overrun) {
        queueMicrotask(overrun);
        return () => {};
      },
    };
    while (bench.sim.step());
    await bench.scheduler.settle(watchdog);
    expect(process.status).toBe(137);
    expect(killed).toBe(1);
    expect(process.terminal.text).toBe('compute: ended: it ran for too long without making a system call\n');
    expect(bench.scheduler.reproducible).toBe(true);
  });

  it('charges what a system call costs', async () => {
    const scheduler = new Scheduler({ systemCallCost: milliseconds(1) });
    const bench = new Bench();
    const custom = Object.assign(bench, { scheduler, sim: new Simulation(1) });
    const times: number[] = [];
    start(custom.computer(), async (sys) => {
      times.push(await sys.clock_gettime(1), await sys.clock_gettime(1));
      return 0;
    });
    await custom.run();
    expect(times).toEqual([milliseconds(1), milliseconds(2)]);
  });
});

describe('a run', () => {
  async function recorded(seed: number) {
    const bench = new Bench(seed);
    const computer = bench.computer();
    for (const name of ['one', 'two', 'three']) {
      start(
        computer,
        async (sys) => {
          for (let i = 0; i < 5; i++) {
            const random = await sys.getrandom(2);
            if (typeof random === 'number') return 1;
            await sys.nanosleep((random[0] ?? 0) * 1000);
            await sys.write(1, bytes(`${name} ${random.join(' ')}\n`));
          }
          return 0;
        },
        { name },
      );
    }
    await bench.run();
    return JSON.stringify(bench.record.events);
  }

  it('is the same for the same seed, and another for another', async () => {
    expect(await recorded(7)).toBe(await recorded(7));
    expect(await recorded(7)).not.toBe(await recorded(8));
  });
});
