import { Machine, type ProcessInfo, Scheduler } from '@netarium/machine';
import { Cable } from '@netarium/osi/1-physical';
import { Simulation, seconds } from '@netarium/osi/time';
import { type SystemCall, TraceRecord } from '@netarium/osi/trace';
import { afterAll } from 'vitest';
import { pythonProgram } from '../src/node/index.ts';

/** Two real machines on one cable, and Python for them. */
export function machines() {
  const python = pythonProgram({ warm: 2 });
  afterAll(() => python.close());

  function twoMachines() {
    const sim = new Simulation(7);
    const scheduler = new Scheduler();
    const record = new TraceRecord();
    const machine = (name: string, address: string) => {
      const one = new Machine({ sim, scheduler, name, record });
      const port = one.addPort('eth0');
      one.configure({
        addresses: { eth0: [`${address}/24`] },
        hosts: { server: '10.0.0.1', client: '10.0.0.2' },
      });
      one.install('python3', python);
      return { one, port };
    };
    const [server, client] = [machine('server', '10.0.0.1'), machine('client', '10.0.0.2')];
    new Cable(sim, server.port, client.port);
    /** Runs until nothing can happen any more, or until it is done. */
    async function run(done: () => boolean = () => false) {
      while (!done()) {
        if (scheduler.busy) await scheduler.settle();
        else if (sim.now > seconds(1000) || !sim.step()) return;
      }
    }
    function start(machine: Machine, source: string): ProcessInfo {
      machine.files.put('/home/student/program.py', source);
      return machine.spawn(['python3', 'program.py'], { env: { NO_COLOR: '1' } });
    }
    const calls = () => record.events.filter((event): event is SystemCall => event.kind === 'system-call');
    return { sim, scheduler, record, server: server.one, client: client.one, run, start, calls };
  }

  /** Runs one program to its end. @returns what its terminal shows, and its status. */
  async function runAlone(source: string) {
    const { server, run, start, calls } = twoMachines();
    const process = start(server, source);
    await run();
    return { text: process.terminal.text.replaceAll('\r', ''), status: process.status, calls: calls() };
  }

  return { twoMachines, runAlone };
}
