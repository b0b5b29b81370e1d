import type { Socket, Stack } from '../../src/5-session/index.ts';
import type { Nanoseconds } from '../../src/time/index.ts';
import type { Epoll } from './epoll.ts';
import { flags, integer } from './evaluate.ts';
import { Mismatch } from './problems.ts';
import type { Expression, SystemCallSpec } from './script.ts';
import type { Settings } from './settings.ts';
import { Subject } from './subject.ts';

/** An open descriptor of the program that a script plays. */
export interface SocketDescriptor {
  readonly kind: 'socket';
  readonly socket: Socket;
  readonly subject: Subject;
  nonBlocking: boolean;
}

export type Descriptor = SocketDescriptor | Epoll;

/** What system calls act on: one program with its descriptors. */
export class Program {
  readonly stack: Stack;
  readonly settings: Settings;
  /** By the numbers of the script. */
  readonly descriptors = new Map<number, Descriptor>();
  /** All conversations, and the one that packets of the script belong to: the latest. */
  readonly subjects: Subject[] = [];
  subject: Subject | null = null;

  constructor(stack: Stack, settings: Settings) {
    this.stack = stack;
    this.settings = settings;
  }

  begin(protocol: Subject['protocol'], socket: Socket | null): Subject {
    const subject = new Subject(this.settings, protocol, socket);
    this.subjects.unshift(subject);
    this.subject = subject;
    return subject;
  }
}

/** A system call that has begun. */
export interface Call {
  /** Does what can be done now. @returns its result, errors as negated errno; or null when it has to wait. */
  attempt(): number | null;
  /** Whom to wait for. */
  readonly watch?: readonly Socket[];
  /** After how long it gives up, and its result then. */
  readonly patience?: Nanoseconds;
  readonly late?: number;
  /** What is wrong with what it handed out, or null. */
  check?(result: number): string | null;
}

/** The words of a system call in the script. */
export class Arguments {
  readonly call: SystemCallSpec;
  readonly line: number;
  readonly program: Program;

  constructor(program: Program, call: SystemCallSpec, line: number) {
    this.program = program;
    this.call = call;
    this.line = line;
  }

  at(index: number): Expression | undefined {
    return this.call.args[index];
  }

  /** @throws SyntaxProblem */
  integer(index: number): number {
    return integer(this.at(index), this.line);
  }

  /** @throws Unsupported for a MSG_ flag that the socket layer does not have. */
  flags(index: number): number {
    return flags(this.at(index), this.line);
  }

  get expected(): number {
    return integer(this.call.result, this.line);
  }

  descriptor(index: number): Descriptor {
    const fd = this.integer(index);
    const found = this.program.descriptors.get(fd);
    if (found === undefined) throw new Mismatch(this.line, `the descriptor ${fd} is not open`);
    return found;
  }

  socket(index: number): SocketDescriptor {
    const found = this.descriptor(index);
    if (found.kind !== 'socket') throw new Mismatch(this.line, `${this.integer(index)} is no socket`);
    return found;
  }

  isNull(index: number): boolean {
    const expression = this.at(index);
    return expression?.kind === 'word' ? expression.name === 'NULL' : expression?.kind === 'integer';
  }
}
