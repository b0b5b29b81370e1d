import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SOURCE = fileURLToPath(new URL('../peers/dumbbell.cc', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../node_modules/.cache/bench/dumbbell', import.meta.url));
const MODULES = ['core', 'network', 'internet', 'point-to-point', 'applications', 'traffic-control'];

/** @returns null when ns-3 and a compiler are there; otherwise how to get them. */
export function whyNoNs3(): string | null {
  if (!existsSync('/usr/include/ns3/core-module.h'))
    return 'no ns-3 here (Debian: apt install libns3-dev g++)';
  try {
    execFileSync('g++', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'no g++ here (Debian: apt install g++)';
  }
}

/** What a run of ns-3 has come to: seconds of real time, and Mbit/s. */
interface Outcome {
  readonly wall: number;
  readonly goodput: number;
}

/** `peers/dumbbell.cc`, compiled when it is first needed. */
export class Ns3 {
  latest: Outcome | null = null;
  readonly #argv: string[];

  constructor(flows: number, duration: number) {
    this.#argv = [String(flows), String(duration)];
  }

  async run(): Promise<Outcome> {
    compile();
    const { stdout } = await promisify(execFile)(PROGRAM, this.#argv);
    const [wall = Number.NaN, goodput = Number.NaN] = stdout.trim().split(' ').map(Number);
    this.latest = { wall, goodput };
    return this.latest;
  }
}

function compile(): void {
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs > statSync(SOURCE).mtimeMs) return;
  mkdirSync(dirname(PROGRAM), { recursive: true });
  // Without pkg-config: that of ns-3 asks for libraries that its package does not bring.
  const libraries = MODULES.map((name) => `-lns3-${name}`);
  execFileSync('g++', ['-O2', '-o', PROGRAM, SOURCE, ...libraries], { stdio: 'inherit' });
}
