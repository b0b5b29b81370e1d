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
 * Workers in which CPython is started before a process needs it. A worker is given out once: it is one process and
 * is ended with it.
 */
export class Workers {
  readonly #make: MakeWorker;
  readonly #warm: number;
  readonly #spare: Promise<WorkerHandle>[] = [];
  #closed = false;
  /** Whether a worker is being started in place of one that was taken. */
  #replacing = false;

  /** @param warm how many workers to keep ready. */
  constructor(make: MakeWorker, warm: number) {
    this.#make = make;
    this.#warm = warm;
    while (this.#spare.length < warm) this.#add();
  }

  /** @returns a worker that is ready to become a process. */
  take(): Promise<WorkerHandle> {
    const worker = this.#spare.shift() ?? this.#make();
    // The next is started once this one is there: two starting at once would only delay each other.
    void worker.then(
      () => this.#replace(),
      () => undefined,
    );
    return worker;
  }

  /** Resolves when the spare workers that are now being started are there. */
  async ready(): Promise<void> {
    await Promise.all(this.#spare);
  }

  /** Ends the spare workers; those that were given out are their owners'. */
  close(): void {
    this.#closed = true;
    for (const worker of this.#spare.splice(0))
      void worker.then(
        (one) => one.terminate(),
        () => undefined,
      );
  }

  /** Starts those that are missing, one after the other: the programs that run now need the computer, too. */
  #replace(): void {
    if (this.#closed || this.#replacing || this.#spare.length >= this.#warm) return;
    this.#replacing = true;
    this.#add().then(
      () => {
        this.#replacing = false;
        this.#replace();
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
