/** What a command may touch of the process it runs in. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard output is a terminal, and its columns if so. */
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  /** All that comes on standard input, to its end. */
  readonly input: () => string;
  /** Aborts on Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** Exit statuses, as `netarium help run` explains them. */
export const OK = 0;
export const PROGRAM_FAILED = 1;
export const WRONG_INPUT = 2;

/** A mistake of the person at the keyboard: one line, exit status 2. */
export class UsageError extends Error {}
