import { microseconds, type Nanoseconds } from '@netarium/osi/time';

/** A process as the scheduler sees it. */
export interface Runnable {
  readonly ended: boolean;
  /** It was resumed and has not come to rest since. */
  running: boolean;
  /** Ends it because it computed for too long; says so on its terminal. */
  overrun(): void;
}

/** The platform's eye on processes that compute for too long: there is no real clock in here. */
export interface Watchdog {
  /** A process begins to run. @param overrun to be called when it took too long. @returns what calls the watch off. */
  watch(overrun: () => void): () => void;
  /** What is done then: `kill` ends the process; `go-on` lets time go on without it, and the run is no longer reproducible. */
  readonly verdict: 'kill' | 'go-on';
}

interface Resumption {
  readonly process: Runnable;
  readonly resume: () => void;
}

/**
 * Who runs next, in one lab: processes run one at a time, in the order in which they became ready, and
 * virtual time stands still until the one that runs waits in system calls again or has ended.
 *
 * A lab is driven by: `for (;;) { if (scheduler.busy) await scheduler.settle(); else if (!sim.step()) break; }`
 */
export class Scheduler {
  /** What one system call takes, in nanoseconds of virtual time; so a polling loop lets time go on. */
  readonly systemCallCost: Nanoseconds;
  /** False once a process was left to compute while time went on: the same seed no longer gives the same bytes. */
  reproducible = true;
  /** Called when a process that time had left behind has made a call: who paces the lab looks at its events again. */
  onStray: (() => void) | null = null;
  #queue: Resumption[] = [];
  #next = 0;
  #current: Runnable | null = null;
  #atRest: (() => void) | null = null;
  #settling: Promise<void> | null = null;

  constructor(options: { readonly systemCallCost?: Nanoseconds } = {}) {
    this.systemCallCost = options.systemCallCost ?? microseconds(1);
  }

  /** Whether a process waits for its turn: time must not move on before `settle`. */
  get busy(): boolean {
    return this.#next < this.#queue.length || this.#current !== null;
  }

  /** Queues a process's turn. `resume` runs it; it says `rested` when it is quiescent or has ended. */
  enqueue(process: Runnable, resume: () => void): void {
    this.#queue.push({ process, resume });
  }

  /** The process waits in system calls, or has ended. */
  rested(process: Runnable): void {
    process.running = false;
    if (this.#current !== process) return;
    this.#current = null;
    this.#atRest?.();
  }

  /** Tells that a process acted outside its turn (it had been left behind by `go-on`). */
  strayed(process: Runnable): void {
    if (this.#current !== process) this.onStray?.();
  }

  /** Gives every process that is ready its turn, one after the other, until none is. Asked again meanwhile, it is the same one. */
  settle(watchdog?: Watchdog): Promise<void> {
    this.#settling ??= this.#settle(watchdog).finally(() => {
      this.#settling = null;
    });
    return this.#settling;
  }

  async #settle(watchdog: Watchdog | undefined): Promise<void> {
    while (this.#next < this.#queue.length) {
      const { process, resume } = this.#take();
      if (process.ended) continue;
      if (process.running) {
        // Left behind earlier and still computing: it gets what is for it, and nobody waits.
        resume();
        continue;
      }
      process.running = true;
      this.#current = process;
      resume();
      if (this.#current !== null) await this.#rest(process, watchdog);
    }
  }

  #take(): Resumption {
    const taken = this.#queue[this.#next++] as Resumption;
    if (this.#next === this.#queue.length) {
      this.#queue = [];
      this.#next = 0;
    }
    return taken;
  }

  #rest(process: Runnable, watchdog: Watchdog | undefined): Promise<void> {
    return new Promise((resolve) => {
      const unwatch = watchdog?.watch(() => {
        if (this.#current !== process) return;
        if (watchdog.verdict === 'kill') {
          process.overrun();
        } else {
          this.reproducible = false;
          this.#current = null;
          this.#atRest?.();
        }
      });
      this.#atRest = () => {
        this.#atRest = null;
        unwatch?.();
        resolve();
      };
    });
  }
}
