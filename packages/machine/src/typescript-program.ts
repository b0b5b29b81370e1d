import type { AsyncSystemCalls, Main, Program, RunningProcess } from './program.ts';
import type { SystemCallArguments, SystemCallName, SystemCallResult } from './system-calls.ts';

/**
 * How many microtasks without a new call make a program that waits in a call count as at rest. A program written
 * with async functions reaches its next call a few microtasks after the last one returned: one for each function it
 * returns through, three where a function returns another's promise. A deeper one is still run in a fixed order,
 * only with virtual time going on in between.
 */
const MICROTASKS_TO_REST = 48;
/** After so many without any call that it waits in, it waits for something else; then only a watchdog can tell. */
const MICROTASKS_TO_GIVE_UP = 10_000;

/** Makes a program of an async function: it runs in microtasks, between system calls. */
export function typescriptProgram(main: Main): Program {
  return { start: (process) => new RunningMain(process).run(main) };
}

class RunningMain {
  readonly #process: RunningProcess;
  /** Calls that have not returned. */
  readonly #waiting = new Set<number>();
  #ended = false;
  #ticking = false;
  #ticks = 0;
  /** A signal came while no call waited: the next one that waits is interrupted. */
  #interruptNext = false;

  constructor(process: RunningProcess) {
    this.#process = process;
  }

  run(main: Main): void {
    const process = this.#process;
    process.events.killed = () => {
      this.#ended = true;
    };
    this.#watchForRest();
    main(this.#systemCalls(), process.argv, process.env).then(
      (status) => this.#end(status),
      (error: unknown) => this.#crash(error),
    );
  }

  #systemCalls(): AsyncSystemCalls {
    const call =
      (name: SystemCallName) =>
      (...args: unknown[]) =>
        this.#call(name, args as never);
    return new Proxy({} as AsyncSystemCalls, {
      get: (_target, name) =>
        typeof name === 'string' && name !== 'then' ? call(name as SystemCallName) : undefined,
    });
  }

  #call<N extends SystemCallName>(name: N, args: SystemCallArguments<N>): Promise<SystemCallResult<N>> {
    const process = this.#process;
    if (name === 'rt_sigaction' && args[1] === 'handler') process.events.signal = () => this.#signalled();
    return new Promise((resolve) => {
      if (this.#ended) return;
      this.#ticks = 0;
      const number: number = process.call(process.pid, name, args, undefined, (result) => {
        this.#waiting.delete(number);
        resolve(result);
        this.#watchForRest();
      });
      this.#waiting.add(number);
      if (this.#interruptNext && process.interrupt(number)) this.#interruptNext = false;
      this.#watchForRest();
    });
  }

  #signalled(): void {
    let waited = false;
    for (const number of this.#waiting) if (this.#process.interrupt(number)) waited = true;
    if (!waited) this.#interruptNext = true;
    this.#watchForRest();
  }

  /** Says `quiescent` once the program's microtasks have run dry and it waits in a call. */
  #watchForRest(): void {
    this.#ticks = 0;
    if (this.#ticking) return;
    this.#ticking = true;
    const tick = (): void => {
      if (this.#ended) {
        this.#ticking = false;
      } else if (this.#waiting.size > 0 && ++this.#ticks >= MICROTASKS_TO_REST) {
        this.#ticking = false;
        this.#process.quiescent();
      } else if (this.#waiting.size === 0 && ++this.#ticks >= MICROTASKS_TO_GIVE_UP) {
        this.#ticking = false;
      } else {
        queueMicrotask(tick);
      }
    };
    queueMicrotask(tick);
  }

  #end(status: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#process.exited(status);
  }

  /** An exception nobody caught: its message on standard error, and status 1. */
  #crash(error: unknown): void {
    if (this.#ended) return;
    const text = `${this.#process.argv[0] ?? 'program'}: ${error instanceof Error ? error.message : String(error)}\n`;
    void this.#call('write', [2, new TextEncoder().encode(text)]).then(() => this.#end(1));
  }
}
