import { readFileSync } from 'node:fs';
import { Machine, type ProcessInfo, Scheduler, type Watchdog } from '@netarium/machine';
import { Cable } from '@netarium/osi/1-physical';
import { Simulation, seconds } from '@netarium/osi/time';
import type { PythonProgram } from '../../src/node/index.ts';
import type { Outcomes } from './outcomes.ts';
import type { Deadlines, TestProcess } from './process.ts';
import { type Suite, suiteFiles } from './suite.ts';

const SIGUSR1 = 10;
const SIGKILL = 9;
/** Where the machine has the library's tests. */
const LIBRARY = '/usr/lib/python3.14';
const HOME = '/home/student';
const RUNNER = readFileSync(new URL('runner.py', import.meta.url));
/** Seconds of virtual time in which a process that hangs may say where. */
const LAST_WORDS = 5;

/** Runs cases in a process of a machine, which has a neighbour on its network. */
export function inMachine(suite: Suite, python: PythonProgram, deadlines: Deadlines): TestProcess {
  return {
    async run(module, outcomes) {
      const { machine, drive } = makeLab(deadlines.wall);
      machine.install('python3', python);
      for (const [name, bytes] of suiteFiles(suite, module)) machine.files.put(`${LIBRARY}/${name}`, bytes);
      machine.files.put(`${HOME}/runner.py`, RUNNER);
      machine.files.put(`${HOME}/done`, outcomes.cases.map(({ id }) => `${id}\n`).join(''));
      const process = machine.spawn(['python3', 'runner.py', module, 'done'], {
        env: { PYTHONPATH: LIBRARY, TERM: 'dumb' },
      });
      process.terminal.subscribe((text) => outcomes.write(text.replaceAll('\r\n', '\n')));
      const lost = await drive(process, outcomes, deadlines);
      machine.close();
      return lost;
    },
  };
}

function makeLab(patience: number) {
  const sim = new Simulation(1);
  const scheduler = new Scheduler();
  const hosts = { machine: '10.0.0.1', neighbour: '10.0.0.2' };
  const addresses6 = { machine: '2001:db8::1', neighbour: '2001:db8::2' };
  const connect = (name: keyof typeof hosts) => {
    const machine = new Machine({ sim, scheduler, name });
    const port = machine.addPort('eth0');
    machine.configure({
      addresses: { eth0: [`${hosts[name]}/24`] },
      ipv6: { addresses: { eth0: `${addresses6[name]}/64` } },
      hosts,
    });
    return { machine, port };
  };
  const { machine, port } = connect('machine');
  new Cable(sim, port, connect('neighbour').port);

  const watchdog: Watchdog = {
    verdict: 'kill',
    watch(overrun) {
      const timer = setTimeout(overrun, patience * 1000);
      return () => clearTimeout(timer);
    },
  };

  /** Lets time pass until the process has ended. @returns why it did not end by itself. */
  async function drive(process: ProcessInfo, outcomes: Outcomes, { wall, virtual }: Deadlines) {
    let running: string | null = null;
    let [startedAt, began] = [0, 0];
    while (!process.ended) {
      if (outcomes.current !== running) {
        running = outcomes.current;
        startedAt = sim.now;
        began = Date.now();
      }
      if (scheduler.busy) await scheduler.settle(watchdog);
      else if (!sim.step()) return hung(process, 'it waits for what never comes');
      if (sim.now - startedAt > seconds(virtual) && running !== null)
        return hung(process, `it takes longer than ${virtual} s of the machine's time`);
      if (Date.now() - began > wall * 1000 && running !== null)
        return hung(process, `it takes longer than ${wall} s`);
    }
    return outcomes.ended ? null : `the process ended with status ${process.status}`;
  }

  /** Asks a process where it stands, and ends it. */
  async function hung(process: ProcessInfo, reason: string): Promise<string> {
    process.kill(SIGUSR1);
    const until = sim.now + seconds(LAST_WORDS);
    while (!process.ended && sim.now < until) {
      if (scheduler.busy) await scheduler.settle(watchdog);
      else if (!sim.step()) break;
    }
    process.kill(SIGKILL);
    return reason;
  }

  return { machine, drive };
}
