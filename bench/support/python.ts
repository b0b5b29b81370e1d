import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type PythonProgram, pythonProgram } from '@netarium/python/node';
import { Lab } from 'netarium';
import type { Figure } from './measure.ts';
import { inALab, onThisComputer } from './python/two-programs.ts';

const CHUNK = 65_536;
const GIGABIT = 1e9;
/** The first second of a process is its slowest: V8 compiles. */
const TRIPS = 20_000;
const FIRST_TRIPS = 5_000;
const CHUNKS = 1_500;
const conditions = 'MTU 1500, checksums computed and verified';

/** C1 to C4 of `targets.md`: CPython as a process of a machine. */
export function pythonFigures(): Figure[] {
  let made: PythonProgram | undefined;
  const python = () => {
    made ??= pythonProgram({ warm: 2 });
    return made;
  };
  const source = readFileSync(new URL('python/measured.py', import.meta.url), 'utf8');
  const peerName = 'CPython over loopback';

  const talking = (id: string, record: boolean, trips = TRIPS): Figure => ({
    id,
    title: `Python: send and receive of 64 bytes between two machines, one connection, ${trips.toLocaleString('en')} times`,
    unit: 'round trips/s',
    conditions: `${conditions}, ${record ? 'recorder on' : 'no recorder'}`,
    peerName,
    must: 5_000,
    aim: 15_000,
    absolute: true,
    ours: async () => trips / (await inALab(python(), source, 'pingpong', trips, record)),
    peer: async () => trips / (await onThisComputer('pingpong', trips)),
  });
  const bulk = (id: string, record: boolean): Figure => ({
    id,
    title: 'Python: sendall and recv of 64 KiB between two machines, one connection',
    unit: 'Gbit/s',
    conditions: `${conditions}, ${record ? 'recorder on' : 'no recorder'}`,
    peerName,
    must: 1,
    aim: 3,
    absolute: true,
    ours: async () => gigabits(await inALab(python(), source, 'bulk', CHUNKS, record)),
    peer: async () => gigabits(await onThisComputer('bulk', CHUNKS)),
  });

  return [
    {
      id: 'C1',
      title: 'from `python3 hello.py` to its first output, a worker warmed ahead',
      unit: 'ms',
      conditions: 'recorder on',
      peerName: 'plain Pyodide from nothing',
      must: 300,
      aim: 150,
      absolute: true,
      less: true,
      cold: true,
      ours: () => firstOutput(python()),
      peer: () => child('pyodide.ts'),
      close: async () => made?.close(),
    },
    {
      id: 'C1/cold',
      title: 'the same in a process of Node that has loaded nothing yet',
      unit: 'ms',
      conditions: 'recorder on',
      peerName: 'plain Pyodide from nothing',
      must: 2_000,
      aim: 1_000,
      absolute: true,
      less: true,
      cold: true,
      ours: () => child('start.ts'),
      peer: () => child('pyodide.ts'),
    },
    talking('C2', false),
    talking('C2/first', false, FIRST_TRIPS),
    talking('C2/recorded', true),
    bulk('C3', false),
    bulk('C3/recorded', true),
    {
      id: 'C4',
      title: 'memory of one more Python process that waits in accept()',
      unit: 'MiB',
      conditions: 'resident set of Node, each in a worker',
      peerName: 'plain Pyodide',
      must: 1.2,
      aim: 1.05,
      less: true,
      cold: true,
      ours: () => child('memory.ts', 'lab'),
      peer: () => child('memory.ts', 'pyodide'),
    },
  ];
}

const gigabits = (time: number) => (CHUNKS * CHUNK * 8) / GIGABIT / time;

async function firstOutput(python: PythonProgram): Promise<number> {
  const lab = new Lab({ seed: 1 });
  try {
    const host = lab.host('server');
    host.install('python3', python);
    host.write('hello.py', "print('hello')\n");
    await python.ready;
    const begin = performance.now();
    const { terminal } = host.start('python3 hello.py');
    await lab.until(() => terminal.text.includes('hello'));
    return performance.now() - begin;
  } finally {
    lab.close();
  }
}

/** Runs a script of this folder's in a process of its own. @returns the number it prints. */
async function child(script: string, ...args: string[]): Promise<number> {
  const path = fileURLToPath(new URL(`python/${script}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args]);
  return Number(stdout);
}
