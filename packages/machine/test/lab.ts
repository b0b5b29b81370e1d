import { Cable, FramePool } from '@netarium/osi/1-physical';
import { Switch } from '@netarium/osi/2-datalink';
import { microseconds, type Nanoseconds, Simulation } from '@netarium/osi/time';
import { TraceRecord } from '@netarium/osi/trace';
import {
  Computer,
  Machine,
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

/** Two machines, `alice` 10.0.0.1 and `bob` 10.0.0.2, on a switch; 50 µs along each cable. */
export function twoMachines(bench: Bench): { alice: Machine; bob: Machine; centre: Switch } {
  const { sim, scheduler, record } = bench;
  const pool = new FramePool();
  const centre = new Switch({ sim, name: 'switch', record, pool });
  const machine = (name: string, number: number): Machine => {
    const made = new Machine({ sim, scheduler, record, name, pool });
    const port = made.addPort('eth0', { mac: `02:00:00:00:00:0${number}` });
    new Cable(sim, port, centre.addPort(), { delay: microseconds(50) });
    made.configure({ addresses: { eth0: [`10.0.0.${number}/24`] } });
    return made;
  };
  return { alice: machine('alice', 1), bob: machine('bob', 2), centre };
}
