import { describe, expect, it } from 'vitest';
import { Bench, bytes, start } from '../test/lab.ts';

describe('a TypeScript program', () => {
  it('may go through many async functions between two calls: no virtual time goes by', async () => {
    const bench = new Bench();
    const times: number[] = [];
    start(bench.computer(), async (sys) => {
      const deep = async (levels: number): Promise<number> =>
        levels === 0 ? sys.clock_gettime(1) : await deep(levels - 1);
      times.push(await deep(10), await deep(10));
      for (let i = 0; i < 1000; i++) await Promise.resolve();
      times.push(await sys.clock_gettime(1));
      return 0;
    });
    // Another process whose events would be run too early if the first were taken for being at rest.
    start(bench.computer('bob'), async (sys) => -(await sys.nanosleep(2500)), { name: 'other' });
    await bench.run();
    expect(times).toEqual([1000, 2000, 3000]);
  });

  it('may make several calls at once', async () => {
    const bench = new Bench();
    let order = '';
    const process = start(bench.computer(), async (sys) => {
      await Promise.all([
        sys.nanosleep(3000).then(() => {
          order += 'c';
        }),
        sys.nanosleep(1000).then(() => {
          order += 'a';
        }),
        sys.nanosleep(2000).then(async () => {
          order += 'b';
          await sys.write(1, bytes('in between\n'));
        }),
      ]);
      return 0;
    });
    await bench.run();
    expect(order).toBe('abc');
    expect(process.terminal.text).toBe('in between\n');
  });

  it('that waits for something else than a system call is left to the watchdog', async () => {
    const bench = new Bench();
    const process = start(bench.computer(), () => new Promise(() => {}));
    while (bench.sim.step());
    let told = 0;
    await bench.scheduler.settle({
      verdict: 'kill',
      watch(overrun) {
        const timer = setTimeout(() => {
          told++;
          overrun();
        }, 5);
        return () => clearTimeout(timer);
      },
    });
    expect([told, process.status]).toEqual([1, 137]);
  });

  it('whose signal comes between two calls finds the next one interrupted', async () => {
    const bench = new Bench();
    const results: number[] = [];
    const process = start(bench.computer(), async (sys) => {
      await sys.rt_sigaction(2, 'handler');
      process.kill(2);
      await sys.getpid();
      results.push(await sys.nanosleep(1e9));
      return 0;
    });
    await bench.run();
    expect(results).toEqual([-4]);
  });
});
