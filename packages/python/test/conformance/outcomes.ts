/** What `runner.py` says of the cases of a module, line by line. */

type Result = 'ok' | 'fail' | 'error' | 'skip';

export interface Case {
  /** As unittest names it: `test.test_socket.GeneralModuleTests.test_repr`. */
  readonly id: string;
  readonly result: Result;
  /** Of an error its class and first line, of a skip the reason. */
  readonly message?: string;
  /** File and line that raised it. */
  readonly where?: string;
  /** The traceback, or where every thread stood. */
  readonly text?: string;
}

type Line =
  | { readonly kind: 'start'; readonly id: string }
  | ({ readonly kind: 'case' } & Case)
  | { readonly kind: 'stacks'; readonly text: string }
  /** The whole module is skipped, or cannot be imported. */
  | { readonly kind: 'skipped'; readonly message: string }
  | { readonly kind: 'broken'; readonly message: string; readonly where: string; readonly text: string }
  | { readonly kind: 'end' };

/** What has been said so far, by one process after the other. */
export class Outcomes {
  readonly cases: Case[] = [];
  /** Nothing is left to run. */
  ended = false;
  /** The case that runs. */
  current: string | null = null;
  /** Where the threads of the process stand, once it has been asked. */
  stacks = '';
  readonly #module: string;
  #buffer = '';
  #noise = '';

  constructor(module: string) {
    this.#module = module;
  }

  /** What the process writes: its own lines, and whatever the cases print between them. */
  write(text: string): void {
    this.#buffer += text;
    for (;;) {
      const end = this.#buffer.indexOf('\n');
      if (end < 0) return;
      const line = this.#buffer.slice(0, end);
      this.#buffer = this.#buffer.slice(end + 1);
      const at = line.indexOf(SEPARATOR);
      if (at < 0) this.#noise = `${this.#noise}${line}\n`.slice(-NOISE_KEPT);
      else this.#take(JSON.parse(line.slice(at + 1)) as Line);
    }
  }

  /** The process is gone before all was run: the case that ran has failed so. */
  lost(reason: string): void {
    const text = this.stacks || this.#noise + this.#buffer;
    const id = this.current ?? this.#module;
    this.cases.push({ id, result: 'error', message: reason, where: '', text });
    // Without a case there is nothing to go on with.
    if (this.current === null) this.ended = true;
    this.current = null;
    this.stacks = '';
    this.#buffer = '';
    this.#noise = '';
  }

  #take(line: Line): void {
    switch (line.kind) {
      case 'start':
        this.current = line.id;
        break;
      case 'case': {
        const { kind: _, ...outcome } = line;
        // A class's fixture is set up anew in each process.
        if (!this.cases.some(({ id }) => id === outcome.id)) this.cases.push(outcome);
        this.current = null;
        break;
      }
      case 'stacks':
        this.stacks = line.text;
        break;
      case 'skipped':
        this.cases.push({ id: this.#module, result: 'skip', message: line.message });
        break;
      case 'broken': {
        const { kind: _, ...outcome } = line;
        this.cases.push({ id: this.#module, result: 'error', ...outcome });
        this.ended = true;
        break;
      }
      case 'end':
        this.ended = true;
    }
  }
}

const SEPARATOR = '\x1e';
/** How many characters of what the cases print are kept, for a process that ends unexpectedly. */
const NOISE_KEPT = 4000;

export interface Counts {
  readonly run: number;
  readonly ok: number;
  readonly fail: number;
  readonly error: number;
  readonly skip: number;
}

/** `run` is what was not skipped. */
export function count(cases: readonly Case[]): Counts {
  const of = (result: Result) => cases.filter((each) => each.result === result).length;
  const [ok, fail, error, skip] = [of('ok'), of('fail'), of('error'), of('skip')];
  return { run: ok + fail + error, ok, fail, error, skip };
}
