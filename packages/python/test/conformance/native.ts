import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcomes } from './outcomes.ts';
import type { Deadlines, TestProcess } from './process.ts';
import type { Suite } from './suite.ts';

const RUNNER = fileURLToPath(new URL('runner.py', import.meta.url));
/** How often a process is looked at, and how long it may take to say where it hangs: milliseconds. */
const LOOK = 200;
const LAST_WORDS = 2000;

/** Runs cases on a CPython of this computer, to compare with. @param command its name, or words to start it with. */
export function onThisComputer(suite: Suite, command: string, { wall }: Deadlines): TestProcess {
  return {
    async run(module, outcomes) {
      const folder = mkdtempSync(join(tmpdir(), 'cpython-tests-'));
      try {
        writeFileSync(join(folder, 'done'), outcomes.cases.map(({ id }) => `${id}\n`).join(''));
        const [program = '', ...words] = command.split(' ');
        const process = spawn(program, [...words, RUNNER, module, join(folder, 'done')], {
          cwd: folder,
          env: { ...globalThis.process.env, PYTHONPATH: suite.folder, TERM: 'dumb' },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        return await watch(process, outcomes, wall);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function watch(process: ChildProcess, outcomes: Outcomes, wall: number): Promise<string | null> {
  let running: string | null = null;
  let began = Date.now();
  let reason: string | null = null;
  for (const stream of [process.stdout, process.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => outcomes.write(text));
  const timer = setInterval(() => {
    if (outcomes.current !== running) {
      running = outcomes.current;
      began = Date.now();
    }
    const late = Date.now() - began;
    if (running === null || late < wall * 1000) return;
    if (reason === null) process.kill('SIGUSR1');
    else if (late > wall * 1000 + LAST_WORDS) process.kill('SIGKILL');
    reason = `it takes longer than ${wall} s`;
  }, LOOK);
  return new Promise((resolve) => {
    process.on('error', (error) => {
      clearInterval(timer);
      resolve(error.message);
    });
    process.on('close', (status, signal) => {
      clearInterval(timer);
      resolve(outcomes.ended ? null : (reason ?? `the process ended with ${signal ?? `status ${status}`}`));
    });
  });
}
