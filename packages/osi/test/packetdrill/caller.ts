import { errnoName } from '../../src/trace/index.ts';
import { Arguments, type Call, type Program } from './calls.ts';
import type { Clock, Planned } from './clock.ts';
import { formatCall } from './format-call.ts';
import { POLL_CALLS } from './poll-calls.ts';
import { Mismatch, Unsupported } from './problems.ts';
import type { ScriptEvent, SystemCallSpec } from './script.ts';
import { SOCKET_CALLS } from './socket-calls.ts';
import { symbol } from './symbols.ts';

/** How long another system call waits for one that blocks, in microseconds. */
const WAIT_FOR_IDLE = 1_000_000;

/** Calls whose result is a descriptor: any is right where the script has one. */
const GIVE_DESCRIPTORS = new Set(['socket', 'accept', 'epoll_create']);

/** Makes the system calls of a script: at once, or beside the other events for those that may block. */
export class Caller {
  readonly #program: Program;
  readonly #clock: Clock;
  #problem: unknown = null;
  #waiting: { readonly line: number; readonly name: string } | null = null;

  constructor(program: Program, clock: Clock) {
    this.#program = program;
    this.#clock = clock;
  }

  /** A call beside the others went wrong: `rethrow` tells how. */
  get failed(): boolean {
    return this.#problem !== null;
  }

  rethrow(): void {
    if (this.#problem !== null) throw this.#problem;
  }

  /** Waits a while for a call that blocks. @returns whether none does any more. */
  awaitIdle(): boolean {
    this.#clock.until(this.#clock.now + WAIT_FOR_IDLE, () => this.#waiting === null || this.failed);
    this.rethrow();
    return this.#waiting === null;
  }

  /** The script is over: so must be its calls. */
  finish(): void {
    const waiting = this.#waiting;
    if (this.awaitIdle() || waiting === null) return;
    throw new Mismatch(waiting.line, `${waiting.name}() still blocks at the end of the script`);
  }

  call(event: ScriptEvent, spec: SystemCallSpec, planned: Planned): void {
    const { line } = event;
    if (spec.blocking && !this.awaitIdle())
      throw new Mismatch(line, `${spec.name}() while another system call blocks`);
    const prepare = Object.hasOwn(SOCKET_CALLS, spec.name) ? SOCKET_CALLS[spec.name] : POLL_CALLS[spec.name];
    if (prepare === undefined) throw new Unsupported(line, `the system call ${spec.name}()`);
    const args = new Arguments(this.#program, spec, line);
    const call = prepare(args);
    let result: number | null = null;
    const finished = (value: number) => {
      result = value;
      verify(args, call, value);
      if (spec.blocking)
        this.#clock.check(
          event,
          { at: planned.end, end: planned.end },
          this.#clock.now,
          planned.at,
          `return of ${spec.name}()`,
        );
    };
    if (spec.blocking) this.#waiting = { line, name: spec.name };
    this.#start(call, (value) => {
      this.#waiting = null;
      finished(value);
    });
    if (spec.blocking) return;
    // A call that is not marked as blocking, but does block, holds up the script.
    this.#clock.untilDone(() => result !== null || this.failed);
    this.rethrow();
    if (result === null) throw new Mismatch(line, `${spec.name}() never returned`);
  }

  /** Tries, and tries again whenever something changes, until there is a result. */
  #start(call: Call, finished: (result: number) => void): void {
    const first = call.attempt();
    if (first !== null) {
      finished(first);
      return;
    }
    const { sim } = this.#program.stack;
    const leave: (() => void)[] = [];
    let over = false;
    let queued = false;
    const end = (result: number) => {
      over = true;
      for (const each of leave) each();
      finished(result);
    };
    const guarded = (work: () => void) => () => {
      try {
        if (!over) work();
      } catch (error) {
        over = true;
        this.#problem ??= error;
      }
    };
    const again = guarded(() => {
      queued = false;
      const result = call.attempt();
      if (result !== null) end(result);
    });
    // Woken inside the stack, the program runs when the stack has done its part.
    const wake = () => {
      if (!queued && !over) sim.after(0, again);
      queued = true;
    };
    for (const socket of call.watch ?? []) leave.push(socket.subscribe(wake));
    if (call.patience !== undefined)
      sim.after(
        call.patience,
        guarded(() => end(call.late ?? 0)),
      );
  }
}

/** @throws Mismatch when the result, the errno or what the call handed out is not the script's. */
function verify(args: Arguments, call: Call, result: number): void {
  const { expected, line } = args;
  const { name, error } = args.call;
  const [value, errno] = result < 0 ? [-1, -result] : [result, 0];
  const text = formatCall(args.call);
  const wanted = `${text} = ${expected}${error === null ? '' : ` ${error}`}`;
  const got = `${text} = ${value}${errno === 0 ? '' : ` ${errnoName(errno)}`}`;
  const right = GIVE_DESCRIPTORS.has(name) && expected >= 0 ? value >= 0 : value === expected;
  if (!right) throw new Mismatch(line, 'result of a system call', wanted, got);
  if (error !== null) {
    const number = symbol(error);
    if (number === undefined) throw new Unsupported(line, `the error '${error}'`);
    if (number !== errno) throw new Mismatch(line, 'error of a system call', wanted, got);
  }
  const wrong = call.check?.(result) ?? null;
  if (wrong !== null) throw new Mismatch(line, `${name}(): ${wrong}`, text, wrong);
}
