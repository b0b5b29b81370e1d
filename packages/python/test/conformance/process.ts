import type { Outcomes } from './outcomes.ts';

/** How long one case may take. */
export interface Deadlines {
  /** Seconds of the clock on the wall. */
  readonly wall: number;
  /** Seconds of the machine's own time, which passes quickly where programs only wait. */
  readonly virtual: number;
}

/** Runs a module's cases in one process, without those that are done already, until it ends or must be ended. */
export interface TestProcess {
  /** @returns why the process is gone before it said that it has run everything, or null. */
  run(module: string, outcomes: Outcomes): Promise<string | null>;
}

/** Runs all cases of a module, in as many processes as it takes. */
export async function runModule(module: string, process: TestProcess, outcomes: Outcomes): Promise<void> {
  while (!outcomes.ended) {
    const lost = await process.run(module, outcomes);
    if (lost !== null && !outcomes.ended) outcomes.lost(lost);
  }
}
