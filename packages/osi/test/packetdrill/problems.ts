/** The script asks for something that the interpreter, or the stack behind it, does not know. */
export class Unsupported extends Error {
  readonly line: number;

  constructor(line: number, what: string) {
    super(what);
    this.name = 'Unsupported';
    this.line = line;
  }
}

/** The text is no packetdrill script. */
export class SyntaxProblem extends Error {
  readonly line: number;

  constructor(line: number, what: string) {
    super(what);
    this.name = 'SyntaxProblem';
    this.line = line;
  }
}

/** The stack did something else than the script says. */
export class Mismatch extends Error {
  readonly line: number;
  /** What the script says, in packetdrill's notation. */
  readonly expected: string;
  /** What happened, in the same notation. */
  readonly actual: string;

  constructor(line: number, what: string, expected = '', actual = '') {
    super(what);
    this.name = 'Mismatch';
    this.line = line;
    this.expected = expected;
    this.actual = actual;
  }
}
