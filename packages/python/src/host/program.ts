import type { Program, RunningProcess, SystemCallArguments, SystemCallName } from '@netarium/machine';
import type { CallMessage, FromWorker } from '../protocol.ts';
import type { WorkerHandle, Workers } from './workers.ts';

/** What a shell reports of a process that aborted: 128 + SIGABRT. */
const ABORTED = 134;

/** `python3`, for a machine to install; ends its spare workers when it is closed. */
export interface PythonProgram extends Program {
  /** Resolves when as many processes as are kept warm could start without waiting for CPython; with none of them, at once. */
  readonly ready: Promise<void>;
  /** Ends the workers that wait for a process. Processes that run are ended by their machines. */
  close(): void;
}

export function programOf(workers: Workers): PythonProgram {
  return {
    get ready() {
      return workers.ready();
    },
    start: (process) => start(process, workers),
    close: () => workers.close(),
  };
}

/** Brings a process to life in a worker: carries its system calls to the kernel, and the answers back. */
function start(process: RunningProcess, workers: Workers): void {
  let worker: WorkerHandle | undefined;
  let over = false;

  const end = () => {
    if (over) return;
    over = true;
    worker?.terminate();
    worker = undefined;
    workers.ended(!resting);
  };
  process.events = { killed: end };
  // They are copied on their way to the worker.
  process.borrow();
  process.keepTime();

  /** How many results and signals were sent to the worker. It is at rest once it has received them all. */
  let sent = 0;
  let resting = false;
  const rest = (received: number) => {
    if (received !== sent) return;
    if (!resting) workers.rests();
    resting = true;
    process.quiescent();
  };
  const work = () => {
    sent++;
    if (resting) workers.works();
    resting = false;
  };
  workers.works();

  /** It is the process's turn: what it does now is waited for here, where the platform can. */
  function follow(): void {
    while (!over && !resting) {
      const message = worker?.wait?.();
      if (message === undefined) return;
      receive(message);
    }
  }

  /** The kernel's numbers of calls that have not returned, by the worker's. */
  const calls = new Map<number, number>();

  function call(message: CallMessage): void {
    workers.called();
    const { id, tid, name, arguments: args, where } = message;
    // The worker's runtime has made the arguments of this name's type; the kernel looks at them again.
    const values = args as unknown as SystemCallArguments<SystemCallName>;
    const number = process.call(tid, name, values, where, (result) => {
      calls.delete(id);
      if (message.forgotten) {
        if (resting) process.quiescent();
        return;
      }
      work();
      worker?.post({ type: 'result', id, result });
      follow();
    });
    if (!message.forgotten) calls.set(id, number);
    if (message.interrupted) process.interrupt(number);
    if (message.quiescent) rest(message.received);
  }

  function fail(message: string): void {
    if (over) return;
    end();
    const text = new TextEncoder().encode(`python3: ${message}\n`);
    process.call(process.pid, 'write', [2, text], undefined, () => process.exited(ABORTED));
    process.quiescent();
  }

  function receive(message: FromWorker): void {
    if (over) return;
    switch (message.type) {
      case 'call':
        call(message);
        break;
      case 'files':
        process.filesChanged(message.changes);
        break;
      case 'computed':
        process.computed(message.time);
        break;
      case 'interrupt': {
        const number = calls.get(message.id);
        if (number !== undefined) process.interrupt(number);
        break;
      }
      case 'quiescent':
        rest(message.received);
        break;
      case 'exit':
        end();
        if (message.signal === undefined) process.exited(message.status);
        else process.endedBy(message.signal);
        break;
      case 'failed':
        fail(message.message);
    }
  }

  function run(taken: WorkerHandle): void {
    if (over) {
      taken.terminate();
      return;
    }
    worker = taken;
    taken.onFailure((message) => fail(`its worker ended: ${message}`));
    taken.listen(receive);
    process.events = {
      killed: end,
      signal: (signal) => {
        work();
        taken.post({ type: 'signal', signal });
      },
      limitsChanged: (limits) => taken.post({ type: 'limits', limits }),
      filesChanged: (changes) => taken.post({ type: 'files', changes }),
    };
    const { pid, argv, env, cwd, hostname, seed, parent, limits } = process;
    const { uid, gid } = process.user;
    // The first process, which nobody sees, is the parent of those that have none.
    const ppid = parent?.pid ?? 1;
    const who = { pid, ppid, uid, gid, argv, env, cwd, hostname, seed };
    taken.post({
      type: 'start',
      process: { ...who, limits: limits.all, inherited: process.inherited(), files: process.files() },
    });
  }

  workers.take().then(run, (error: unknown) => fail(error instanceof Error ? error.message : String(error)));
}
