import { Interpreter, type RunOptions } from './interpreter.ts';
import { parseScript } from './parser.ts';
import { Mismatch, SyntaxProblem, Unsupported } from './problems.ts';
import { readSettings } from './settings.ts';

/** How a script came out. */
export interface Outcome {
  readonly result: 'pass' | 'fail' | 'unsupported';
  /** What was wrong; null when it passed. */
  readonly reason: string | null;
  /** Of the event where it ended; 0 when it passed. */
  readonly line: number;
  readonly expected: string;
  readonly actual: string;
  /** Packets that went either way just before, in packetdrill's notation. */
  readonly history: readonly string[];
  /** What was passed over and may matter. */
  readonly notes: readonly string[];
}

/** How many packets before the end an outcome tells of. */
const HISTORY = 12;

/** Runs a script against a new stack, in virtual time. Never throws for what the script or the stack does. */
export function runScript(source: string, options: RunOptions = {}): Outcome {
  const notes: string[] = [];
  const history: string[] = [];
  const ended = (result: Outcome['result'], reason: string | null, line = 0, expected = '', actual = '') => ({
    result,
    reason,
    line,
    expected,
    actual,
    history: history.slice(-HISTORY),
    notes,
  });
  try {
    const { ipVersion = null } = options;
    const script = parseScript(source, options.defined, ipVersion);
    new Interpreter(script, readSettings(script, ipVersion), options, notes, history).run();
    return ended('pass', null);
  } catch (error) {
    if (error instanceof Unsupported) return ended('unsupported', error.message, error.line);
    if (error instanceof SyntaxProblem) return ended('fail', `syntax: ${error.message}`, error.line);
    if (error instanceof Mismatch)
      return ended('fail', error.message, error.line, error.expected, error.actual);
    const crash = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return ended('fail', `the stack failed: ${crash}`);
  }
}
