import type { Nanoseconds } from '@netarium/osi/time';
import type { SourceLocation, SystemCall, TraceRecord } from '@netarium/osi/trace';

/** What became of a program. */
export interface ProgramResult {
  readonly node: string;
  readonly pid: number;
  readonly argv: readonly string[];
  readonly started: Nanoseconds;
  /** Its exit status (128 + signal when a signal ended it); null while it has not ended. */
  readonly status: number | null;
  readonly ended: Nanoseconds | null;
  /** The system calls it waits in, one for each thread that does; empty once it has ended. */
  readonly waitsIn: readonly SystemCall[];
}

/** Something a program wrote to its terminal. */
export interface Output {
  readonly time: Nanoseconds;
  readonly node: string;
  readonly pid: number;
  /** 1 standard output, 2 standard error. */
  readonly fd: number;
  readonly text: string;
}

/** The programs of a record in the order in which they started. */
export function programResults(record: TraceRecord): ProgramResult[] {
  const programs = new Map<string, ProgramResult & { waitsIn: SystemCall[] }>();
  const calls = new Map<number, SystemCall>();
  for (const event of record.events) {
    if (event.kind === 'process') {
      const key = `${event.node} ${event.pid}`;
      const { node, pid, argv, time } = event;
      const known = programs.get(key) ?? {
        node,
        pid,
        argv,
        started: time,
        status: null,
        ended: null,
        waitsIn: [],
      };
      const over = event.change === 'exit';
      programs.set(key, over ? { ...known, status: event.status ?? 0, ended: time } : known);
    } else if (event.kind === 'system-call') {
      calls.set(event.id, event);
    } else if (event.kind === 'system-call-returned') {
      calls.delete(event.call);
    }
  }
  for (const call of calls.values()) {
    const program = programs.get(`${call.node} ${call.pid}`);
    if (program?.status === null) program.waitsIn.push(call);
  }
  return [...programs.values()];
}

/** Everything that programs wrote to their terminals, in order. */
export function outputs(record: TraceRecord): Output[] {
  return record.events.flatMap((event) =>
    event.kind === 'terminal' && event.fd !== 0
      ? [{ time: event.time, node: event.node, pid: event.pid, fd: event.fd, text: event.text }]
      : [],
  );
}

/** `server.py:16 accept()`: a system call as a person would say it, with its line where there is one. */
export function callText(call: SystemCall): string {
  return `${call.where === undefined ? call.program : whereText(call.where)} ${callName(call)}()`;
}

/** `server.py:16`: without the folder, which is the machine's home for a person's own programs. */
export function whereText({ file, line }: SourceLocation): string {
  return `${file.slice(file.lastIndexOf('/') + 1)}:${line}`;
}

/** System calls by the names that programs and textbooks use for them. */
function callName({ name, args }: SystemCall): string {
  if (name === 'accept4') return 'accept';
  if (name === 'nanosleep') return 'sleep';
  // The C library's send() and recv() are sendto() and recvfrom() without an address.
  if (name === 'sendto') return / NULL, 0$/.test(args) ? 'send' : name;
  if (name === 'recvfrom') return / NULL, NULL$/.test(args) ? 'recv' : name;
  return name;
}
