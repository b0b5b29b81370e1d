import { afterAll } from 'vitest';
import { pythonProgram } from '../src/node/index.ts';
import { twoMachines } from './two-machines.ts';

/** Python for the machines of a test file. */
export function machines() {
  const python = pythonProgram({ warm: 2 });
  afterAll(() => python.close());

  /** Runs one program to its end. @returns what its terminal shows, and its status. */
  async function runAlone(source: string) {
    const { server, run, start, calls } = twoMachines(python);
    const process = start(server, source);
    await run();
    return { text: process.terminal.text.replaceAll('\r', ''), status: process.status, calls: calls() };
  }

  return {
    ready: () => python.ready,
    twoMachines: (recorded?: boolean) => twoMachines(python, recorded),
    runAlone,
  };
}
