import { perSimulation, type Simulation } from '../time/index.ts';

/** How many microtasks a program may take between two calls before it is taken for one that has nothing more to ask. */
const PATIENCE = 100;

/** Lets code run, and calls `over` when it has. */
export type Turn = (over: () => void) => void;

/**
 * Keeps virtual time and programs that `await` in step: time moves on only when each has asked for what it waits
 * for next. So promises, too, give the same run for the same seed.
 *
 * A program that waits for something other than the simulation (a real file, a real clock) is not waited for.
 */
export class AsyncTurns {
  /** Programs that were told a result and have not asked for anything since. */
  #running = 0;
  /** What lets callbacks run that were called since the last turn; null when none was. */
  #turn: Turn | null = null;

  /** @internal A call was made. */
  asked(): void {
    if (this.#running > 0) this.#running--;
  }

  /** @internal A promise was fulfilled or broken. */
  answered(): void {
    this.#running++;
  }

  /**
   * @internal Code was called that does not tell when it is done: callbacks, and what follows from them.
   * @param turn lets everything run that such code may have set going: a turn of the event loop.
   */
  called(turn: Turn): void {
    this.#turn = turn;
  }

  get busy(): boolean {
    return this.#running > 0 || this.#turn !== null;
  }

  /** Lets the programs run until all of them wait again. One at a time drives, and asks for that. */
  settle(): Promise<void> {
    const turn = this.#turn;
    if (turn === null) return this.#settleRunning();
    return new Promise((settled) => {
      turn(() => {
        // Callbacks that were called meanwhile have run, too.
        this.#turn = null;
        settled(this.#running === 0 ? undefined : this.#settleRunning());
      });
    });
  }

  async #settleRunning(): Promise<void> {
    for (let i = 0; i < PATIENCE && this.#running > 0; i++) await null;
    this.#running = 0;
  }
}

/** The one of a simulation. Whoever drives it asks `busy` before each event. */
export const turnsOf = perSimulation(() => new AsyncTurns());

/**
 * Runs a simulation until `work`, a program that uses promises of its sockets, has ended.
 * @returns what `work` gives. @throws what `work` throws, and Error when nothing is left to happen while it waits.
 */
export async function drive<T>(sim: Simulation, work: Promise<T>): Promise<T> {
  const turns = turnsOf(sim);
  let over = false;
  const end = () => {
    over = true;
    turns.answered();
  };
  work.then(end, end);
  turns.answered();
  for (;;) {
    if (turns.busy) await turns.settle();
    if (over) return work;
    if (!sim.step())
      throw new Error(`nothing is left to happen at ${sim.now} ns, and the program still waits`);
  }
}
