import { Machine, type ProcessInfo, Scheduler, type Terminal } from '@netarium/machine';
import { Cable } from '@netarium/osi/1-physical';
import { Simulation, seconds } from '@netarium/osi/time';
import { type SystemCall, TraceRecord } from '@netarium/osi/trace';
import type { PythonProgram } from '../src/host/program.ts';

/**
 * Two real machines on one cable, with Python: the same in a page and in Node.
 *
 * @param recorded whether what happens is kept.
 */
export function twoMachines(python: PythonProgram, recorded = true) {
  const sim = new Simulation(7);
  const scheduler = new Scheduler();
  const record = new TraceRecord();
  const machine = (name: string, address: string) => {
    const one = new Machine({ sim, scheduler, name, record: recorded ? record : null });
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
  function start(machine: Machine, source: string, terminal?: Terminal): ProcessInfo {
    machine.files.put('/home/student/program.py', source);
    const settings = { env: { NO_COLOR: '1' }, ...(terminal !== undefined && { terminal }) };
    return machine.spawn(['python3', 'program.py'], settings);
  }
  const calls = () => record.events.filter((event): event is SystemCall => event.kind === 'system-call');
  return { sim, scheduler, record, server: server.one, client: client.one, run, start, calls };
}
