import { afterAll } from 'vitest';
import { pythonProgram } from '../src/node/index.ts';
import { type FakeMachine, FakeNetwork, type FakeProcess, type SpawnOptions } from './fake-kernel.ts';

/** Two machines, and Python for them: what each test of a file starts from. */
export function lab() {
  const python = pythonProgram({ warm: 2 });
  afterAll(() => python.close());

  function network() {
    const network = new FakeNetwork();
    return {
      network,
      server: network.machine('server', '10.0.0.1'),
      client: network.machine('client', '10.0.0.2'),
    };
  }

  /** Starts a program from its source, as /home/student/`name`. */
  function start(
    machine: FakeMachine,
    name: string,
    source: string,
    options: SpawnOptions & { argv?: string[] } = {},
  ) {
    machine.write(`/home/student/${name}`, source);
    return machine.spawn(python, ['python3', name, ...(options.argv ?? [])], options);
  }

  /** Runs one program on a machine of its own until it ends or waits for ever. */
  async function run(source: string, options: SpawnOptions & { argv?: string[] } = {}): Promise<FakeProcess> {
    const { network: net, server } = network();
    const process = start(server, 'program.py', source, options);
    await net.run();
    return process;
  }

  return { python, network, start, run };
}
