import type { FromWorker, Port, ToWorker } from '../protocol.ts';

/** A worker, as a platform makes it. */
export interface WorkerHandle extends Port<ToWorker, FromWorker> {
  /** @param failed called when the worker ended without being asked to, with what is known of why. */
  onFailure(failed: (message: string) => void): void;
  terminate(): void;
}

/** Makes a worker and tells it what to load CPython from. */
export type MakeWorker = () => Promise<WorkerHandle>;

/**
 * After so many milliseconds with fewer system calls than `BUSY` and no process at work at their end, the computer has
 * time to start a worker.
 */
const QUIET = 100;
const BUSY = 40;
/** After so many busy ones it takes the time. */
const PATIENCE = 30;

/** Each takes some seventy megabytes: a program that starts itself again and again must not have all of the computer's memory. */
const MOST_PROCESSES = 128;

/**
 * Workers in which CPython is started before a process needs it. A worker is given out once: it is one process and
 * is ended with it.
 *
 * Those that were given out are replaced when the processes leave the computer time for it, or one of them has ended: to
 * start a worker costs as much as some thousand system calls, and a program's first second is its slowest anyway.
 * When none is left and another is asked for, they are needed more than that.
 */
export class Workers {
  readonly #make: MakeWorker;
  readonly #warm: number;
  readonly #most: number;
  /** How many processes have asked for one and have not ended. */
  #processes = 0;
  readonly #spare: Promise<WorkerHandle>[] = [];
  #closed = false;
  /** Whether a worker is being started in place of one that was taken. */
  #replacing = false;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  /** How many system calls the processes have made since it was last looked, and how often it was put off. */
  #calls = 0;
  #putOff = 0;
  /** How many processes do not wait. */
  #working = 0;

  /** @param warm how many workers to keep ready. @param most how many processes may have one at a time. */
  constructor(make: MakeWorker, warm: number, most = MOST_PROCESSES) {
    this.#most = most;
    this.#make = make;
    this.#warm = warm;
    while (this.#spare.length < warm) this.#add();
  }

  /** @returns a worker that is ready to become a process, until `ended`; rejected where there are too many. */
  take(): Promise<WorkerHandle> {
    if (++this.#processes > this.#most)
      return Promise.reject(new Error(`Cannot allocate memory: ${this.#most} of its processes run already`));
    const spare = this.#spare.shift();
    const worker = spare ?? this.#make();
    this.#putOff = spare === undefined ? PATIENCE : 0;
    // The next is started once this one is there: two starting at once would only delay each other.
    void worker.then(
      () => this.#replaceLater(),
      () => undefined,
    );
    return worker;
  }

  /** A process makes a system call. */
  called(): void {
    this.#calls++;
  }

  /** A process begins, or goes on. */
  works(): void {
    this.#working++;
  }

  /** A process waits. */
  rests(): void {
    this.#working--;
  }

  /** A process has ended: there is time for another. @param worked whether it did not wait. */
  ended(worked: boolean): void {
    this.#processes--;
    if (worked) this.rests();
    this.#putOff = PATIENCE;
    this.#replaceLater();
  }

  /** Starts at once the workers that are missing. Resolves when all are there; rejects when one cannot start. */
  async ready(): Promise<void> {
    while (!this.#closed && this.#spare.length < this.#warm) this.#add();
    await Promise.all(this.#spare);
  }

  /** Ends the spare workers; those that were given out are their owners'. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#waiting);
    for (const worker of this.#spare.splice(0))
      void worker.then(
        (one) => one.terminate(),
        () => undefined,
      );
  }

  get #enough(): boolean {
    return this.#closed || this.#spare.length >= this.#warm;
  }

  #replaceLater(): void {
    clearTimeout(this.#waiting);
    if (this.#enough) return;
    if (this.#putOff >= PATIENCE) {
      this.#replace();
      return;
    }
    this.#calls = 0;
    this.#waiting = setTimeout(() => {
      const quiet = this.#calls < BUSY && this.#working === 0;
      this.#putOff = quiet ? PATIENCE : this.#putOff + 1;
      this.#replaceLater();
    }, QUIET);
  }

  /** Starts those that are missing, one after the other: the programs that run now need the computer, too. */
  #replace(): void {
    if (this.#replacing || this.#enough) return;
    this.#replacing = true;
    this.#putOff = 0;
    this.#add().then(
      () => {
        this.#replacing = false;
        this.#replaceLater();
      },
      () => {
        this.#replacing = false;
      },
    );
  }

  #add(): Promise<WorkerHandle> {
    const worker = this.#make();
    worker.catch(() => undefined);
    this.#spare.push(worker);
    return worker;
  }
}

/** Resolves when CPython has started in a worker. */
export function ready(worker: WorkerHandle): Promise<WorkerHandle> {
  return new Promise((resolve, reject) => {
    const fail = (message: string) => reject(new Error(message));
    worker.onFailure(fail);
    worker.listen((message) => {
      if (message.type === 'ready') resolve(worker);
      else if (message.type === 'failed') fail(message.message);
    });
  });
}
