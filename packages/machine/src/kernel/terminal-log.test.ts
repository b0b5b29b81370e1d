import type { TraceEvent } from '@netarium/osi/trace';
import { describe, expect, it } from 'vitest';
import { FakeNetwork } from '../../test/fake-network.ts';
import { Bench, bytes, start } from '../../test/lab.ts';
import { Computer } from '../computer.ts';
import type { AsyncSystemCalls, Main } from '../program.ts';

const LIMIT = { characters: 100_000, writes: 50 };

/** Runs a program whose output the record has to a limit. */
async function flood(
  main: Main,
  during: (computer: Computer, bench: Bench) => Promise<void> = async () => {},
) {
  const bench = new Bench();
  const { sim, scheduler, record } = bench;
  const computer = new Computer({
    sim,
    scheduler,
    record,
    name: 'alice',
    network: new FakeNetwork(),
    outputLimit: LIMIT,
  });
  const process = start(computer, main);
  await during(computer, bench);
  await bench.run();
  return { events: record.events, screen: process.terminal.text, calls: callsIn(record.events) };
}

const callsIn = (events: readonly TraceEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'system-call' ? [event.name] : []));
const outputIn = (events: readonly TraceEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'terminal' && event.fd !== 0 ? [event.text] : []));

const writes = async (sys: AsyncSystemCalls, count: number, text: (i: number) => string): Promise<void> => {
  for (let i = 0; i < count; i++) await sys.write(1, bytes(text(i)));
};

describe('the record of a program that floods its terminal', () => {
  it('has all up to the limit, then the end, and says what is missing; the terminal has everything', async () => {
    const { events, screen, calls } = await flood(async (sys) => {
      await writes(sys, 5000, (i) => `line ${i}\n`);
      return 0;
    });
    const output = outputIn(events);
    expect(output.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => `line ${i}\n`));
    expect(output).toHaveLength(51);
    const last = output.at(-1) ?? '';
    expect(last).toMatch(/^\[\d+ characters, 4950 lines in all, are not in the record\]\n/);
    expect(last.endsWith('line 4998\nline 4999\n')).toBe(true);
    expect(last.length).toBeLessThan(9000);
    expect(calls.filter((name) => name === 'write')).toHaveLength(50);
    expect(screen.split('\n')).toHaveLength(5001);
  });

  it('hardly grows, however long that goes on, and whatever is asked for in between that nobody sees', async () => {
    const sizes: number[] = [];
    for (const count of [1000, 30_000]) {
      const { events } = await flood(async (sys) => {
        for (let i = 0; i < count; i++) {
          await sys.clock_gettime(1);
          await sys.write(1, bytes(`${'go'.repeat(500)}\n`));
        }
        return 0;
      });
      sizes.push(events.length);
    }
    expect((sizes[1] ?? 0) - (sizes[0] ?? 0)).toBeLessThan(40);
  });

  it('tells what came before something else happens: a call that others see, a key, the end', async () => {
    const { events } = await flood(
      async (sys) => {
        await writes(sys, 60, (i) => `${i}\n`);
        await sys.kill(await sys.getpid(), 0);
        await writes(sys, 2, () => 'after\n');
        await sys.read(0, 10);
        await writes(sys, 2, () => 'end\n');
        return 0;
      },
      async (computer, bench) => {
        await bench.run();
        computer.terminals[0]?.enter('key');
      },
    );
    const rest = events.slice(
      events.findLastIndex((event) => event.kind === 'terminal' && event.text === '49\n') + 1,
    );
    const told = rest.flatMap((event) =>
      event.kind === 'terminal' ? [event.text] : event.kind === 'system-call' ? [event.name] : [],
    );
    const before = Array.from({ length: 10 }, (_, i) => `${50 + i}\n`).join('');
    expect(told).toEqual([before, 'kill', 'after\nafter\n', 'read', 'key\r', 'end\nend\n', 'exit_group']);
  });

  it('without a limit has everything', async () => {
    const bench = new Bench();
    start(bench.computer(), async (sys) => {
      await writes(sys, 300, () => 'x'.repeat(1000));
      return 0;
    });
    await bench.run();
    expect(outputIn(bench.record.events)).toHaveLength(300);
  });
});
