import type { EventId, Tracer } from '@netarium/osi/trace';
import type { SystemCallName } from '../system-calls.ts';
import type { Caller } from './open-file.ts';
import type { Process } from './process.ts';

/** How much a process may write to terminals until the record has only part of what it goes on to write. */
export interface OutputLimit {
  readonly characters: number;
  readonly writes: number;
}

export const NO_OUTPUT_LIMIT: OutputLimit = {
  characters: Number.POSITIVE_INFINITY,
  writes: Number.POSITIVE_INFINITY,
};

/** How many characters of what was left out are told at least: the last ones. */
const TAIL = 8192;
/** While nothing else happens: after how many characters something is told, at first; later less and less often. */
const LEAST_UNTOLD = 256 * 1024;

/** Calls that change nothing that anybody else can see: in between they are no reason to tell, and are not told either. */
const UNSEEN: ReadonlySet<SystemCallName> = new Set([
  'clock_gettime',
  'fstat',
  'getcwd',
  'getitimer',
  'getpid',
  'getppid',
  'getrandom',
  'getrusage',
  'getuid',
  'lseek',
  'sched_yield',
  'stat',
  'uname',
]);

/** Whether a call is one that the record leaves out of a process that floods a terminal. */
export const isUnseen = (process: Process, name: SystemCallName, fd: unknown): boolean =>
  name === 'write'
    ? process.descriptors.get(fd as number)?.isTerminal === true
    : UNSEEN.has(name) && process.untold !== null;

/** What a process has written that is not in the record yet. */
interface Untold {
  readonly process: Process;
  readonly fd: number;
  /** The end of it. */
  text: string;
  characters: number;
  lines: number;
  raw: boolean;
}

/**
 * What of one terminal's output goes into the record: all of it; of a process that floods it only some, so that the record
 * stays small however long that goes on. What is left out is said where it was.
 */
export class TerminalLog {
  readonly #tracer: Tracer;
  readonly #limit: OutputLimit;
  readonly #processes: ReadonlyMap<number, Process>;
  #untold: Untold | null = null;

  constructor(tracer: Tracer, limit: OutputLimit, processes: ReadonlyMap<number, Process>) {
    this.#tracer = tracer;
    this.#limit = limit;
    this.#processes = processes;
  }

  /** @param shown what the screen shows, if not `text` with `\r\n` at line ends. */
  wrote({ pid, fd, call }: Caller, text: string, shown: string | null): void {
    const process = this.#processes.get(pid);
    if (process === undefined || !process.floods) {
      this.tell();
      this.#write(pid, fd, text, shown, call);
      if (process !== undefined) this.#count(process, text, call);
      return;
    }
    if (this.#untold?.process !== process || this.#untold.fd !== fd) this.tell();
    this.#untold ??= { process, fd, text: '', characters: 0, lines: 0, raw: false };
    process.untold = this;
    this.#keep(this.#untold, text, shown !== null);
    const { output } = process;
    output.characters += text.length;
    if (this.#untold.characters > Math.max(LEAST_UNTOLD, output.characters / 4)) this.tell();
  }

  /** Writes down what is not told yet, as far as it is kept: something else happens now. */
  tell(): void {
    const untold = this.#untold;
    if (untold === null) return;
    this.#untold = null;
    const { process, fd, raw, characters, lines, text } = untold;
    process.untold = null;
    const tail = text.slice(-TAIL);
    const end = raw ? '\r\n' : '\n';
    const lost = characters - tail.length;
    const note = lost === 0 ? '' : `[${lost} characters, ${lines} lines in all, are not in the record]${end}`;
    const whole = note + tail;
    this.#write(process.pid, fd, whole, raw ? whole : null, process.output.last);
  }

  #keep(untold: Untold, text: string, raw: boolean): void {
    untold.characters += text.length;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) untold.lines++;
    untold.text += text;
    untold.raw = raw;
    if (untold.text.length > 4 * TAIL) untold.text = untold.text.slice(-TAIL);
  }

  #count({ output }: Process, text: string, call: EventId): void {
    output.characters += text.length;
    output.writes++;
    output.last = call;
    const { characters, writes } = this.#limit;
    if (output.characters >= characters || output.writes >= writes) output.floods = true;
  }

  #write(pid: number, fd: number, text: string, shown: string | null, cause: EventId): void {
    const written = { kind: 'terminal', pid, fd: fd === 2 ? 2 : 1, text, cause } as const;
    this.#tracer.write(shown === null ? written : { ...written, shown });
  }
}
