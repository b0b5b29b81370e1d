import type { SystemCallArguments, SystemCallName, SystemCallResult } from '@netarium/machine';
import { ERRNO, type SourceLocation } from '@netarium/osi/trace';
import type { FromWorker } from '../protocol.ts';
import type { Outcome } from './hooks.ts';

/** What a task that waits is waiting for. */
interface Waiting {
  readonly tid: number;
  resolve(result: unknown): void;
}

/** The way to the kernel. */
interface Way {
  post(message: FromWorker): void;
  /** Called before each call: hands over what the kernel has to know first. */
  before(): void;
  /** Where in the program the running thread is. */
  where(): SourceLocation | undefined;
  /** Whether a signal waits to be handled by a thread. */
  interrupted(tid: number): boolean;
  /** Waits for the next of the kernel's messages and takes it, where the platform can wait. */
  readonly next?: (() => void) | undefined;
}

/**
 * The process's way to its kernel: makes a message of each system call, and says when every thread waits.
 */
export class SystemCallPort {
  readonly #way: Way;
  readonly #waiting = new Map<number, Waiting>();
  #ids = 0;
  /** The number of threads that do not wait. */
  #running = 0;
  #received = 0;
  #only: number | undefined;
  /** How many system calls were made: whatever was known of the machine is old once this has changed. */
  made = 0;

  constructor(way: Way) {
    this.#way = way;
  }

  /** Makes a call that a thread waits for. @returns a promise of the result, with Linux's negated error numbers. */
  call<N extends SystemCallName>(
    tid: number,
    name: N,
    ...args: SystemCallArguments<N>
  ): Promise<SystemCallResult<N>> {
    let answer: SystemCallResult<N> | undefined;
    let resolve: (result: SystemCallResult<N>) => void = (result) => {
      answer = result;
    };
    this.#make(tid, name, args, (result) => resolve(result));
    if (answer !== undefined) return Promise.resolve(own(answer));
    return new Promise((resolved) => {
      resolve = resolved;
    });
  }

  /**
   * Makes a call that a thread waits for, and then what C gets of its result; bytes in that are only lent. Where the answer can be waited for
   * without suspending the thread, it is.
   */
  ask<N extends SystemCallName>(
    tid: number,
    name: N,
    args: SystemCallArguments<N>,
    finish: (result: SystemCallResult<N>) => number,
  ): Outcome {
    let answered = false;
    let answer = 0;
    let resolve: (result: SystemCallResult<N>) => void = (result) => {
      answered = true;
      answer = finish(result);
    };
    this.#make(tid, name, args, (result) => resolve(result));
    if (answered) return answer;
    return new Promise((resolved) => {
      resolve = (result) => resolved(() => finish(result));
    });
  }

  #make<N extends SystemCallName>(
    tid: number,
    name: N,
    args: SystemCallArguments<N>,
    resolve: (result: SystemCallResult<N>) => void,
  ): void {
    this.#running--;
    const id = this.#send(tid, name, args, false);
    this.#waiting.set(id, { tid, resolve: resolve as (result: unknown) => void });
    const { next } = this.#way;
    if (next === undefined) return;
    // Until something is there for a thread: for this one, it goes on; for another, this one is suspended.
    while (this.#running === 0) next();
  }

  /** Makes a call that nobody waits for: the thread goes on. */
  tell<N extends SystemCallName>(tid: number, name: N, ...args: SystemCallArguments<N>): void {
    this.#send(tid, name, args, true);
  }

  /** A thread other than the main one has ended. */
  ended(tid: number): void {
    this.#running--;
    this.#send(tid, 'exit', [0], true);
  }

  #send(tid: number, name: SystemCallName, args: readonly unknown[], forgotten: boolean): number {
    this.#way.before();
    this.made++;
    const id = ++this.#ids;
    const where = this.#way.where();
    const received = this.#received;
    const quiescent = this.#running === 0;
    const message: FromWorker = {
      type: 'call',
      id,
      tid,
      name,
      arguments: args,
      where,
      quiescent,
      received,
      forgotten,
      interrupted: !forgotten && this.#way.interrupted(tid),
    };
    this.#way.post(message);
    return id;
  }

  /** The kernel's answer has come. */
  returned(id: number, result: unknown): void {
    this.#received++;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (this.#only !== undefined && waiting.tid !== this.#only) {
      this.confirmQuiescent();
      return;
    }
    this.#running++;
    waiting.resolve(result);
  }

  /** From now on no thread runs but one: the others' calls do not return any more. */
  leaveAlone(tid: number): void {
    this.#only = tid;
  }

  /** Makes the call that a thread waits in return -EINTR. @returns whether it waits in one. */
  interrupt(tid: number): boolean {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.tid !== tid) continue;
      this.#way.post({ type: 'interrupt', id });
      return true;
    }
    return false;
  }

  /** A signal has come. */
  signalled(): void {
    this.#received++;
  }

  /** A thread begins to run. */
  started(): void {
    this.#running++;
  }

  /** Says that every thread waits, if that is so: the answer to what the kernel told the process meanwhile. */
  confirmQuiescent(): void {
    if (this.#running === 0) this.#way.post({ type: 'quiescent', received: this.#received });
  }
}

/** What is only lent, in memory that is shared with the kernel's thread, is copied. */
function own<R>(result: R): R {
  if (result instanceof Uint8Array) return result.slice() as R & Uint8Array;
  const data = (result as { data?: unknown } | null)?.data;
  return data instanceof Uint8Array ? { ...result, data: data.slice() } : result;
}

/** -EINTR as the kernel says it. */
export const INTERRUPTED = -ERRNO.EINTR;
