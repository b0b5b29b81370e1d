import { type Nanoseconds, Simulation } from '@netarium/osi/time';
import { TraceRecord } from '@netarium/osi/trace';
import {
  Computer,
  type Main,
  type Network,
  type ProcessInfo,
  Scheduler,
  type SpawnSettings,
  typescriptProgram,
} from '../src/index.ts';
import { FakeNetwork } from './fake-network.ts';

/** One simulation with its scheduler and record, driven as every lab is. */
export class Bench {
  readonly sim: Simulation;
  readonly record = new TraceRecord();
  readonly scheduler = new Scheduler();

  constructor(seed = 1) {
    this.sim = new Simulation(seed);
  }

  /** Runs until nothing is left to happen, or until a virtual time. */
  async run(until: Nanoseconds = Number.POSITIVE_INFINITY): Promise<void> {
    for (;;) {
      if (this.scheduler.busy) await this.scheduler.settle();
      else if (this.sim.nextAt > until || !this.sim.step()) break;
    }
    if (until !== Number.POSITIVE_INFINITY && this.sim.now < until) this.sim.now = until;
  }

  /** A computer on a network that the test holds in its hands. */
  computer(name = 'alice', network: Network = new FakeNetwork()): Computer {
    const { sim, scheduler, record } = this;
    return new Computer({ sim, scheduler, record, name, network });
  }
}

/** Installs an async function as a program and starts it. */
export function start(
  computer: Computer,
  main: Main,
  settings: SpawnSettings & { name?: string; args?: string[] } = {},
): ProcessInfo {
  const name = settings.name ?? 'test';
  computer.install(name, typescriptProgram(main));
  return computer.spawn([name, ...(settings.args ?? [])], settings);
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (data: Uint8Array): string => new TextDecoder().decode(data);
