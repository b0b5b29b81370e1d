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
  /** The terminal that the person sits at; null when standard input or output is something else. */
  readonly console: Console | null;
  /** Aborts on Ctrl-C. */
  readonly interrupted: AbortSignal;
}

export interface Console {
  readonly size: () => { readonly rows: number; readonly columns: number };
  /** @returns what ends it. */
  readonly onResize: (changed: () => void) => () => void;
  /**
   * Gives every key to `typed`, and none does anything or is shown by itself. @param closed there will be no more.
   * @returns what ends it.
   */
  readonly takeKeys: (typed: (keys: string) => void, closed: () => void) => () => void;
}

/** Exit statuses, as `netarium help run` explains them. */
export const OK = 0;
export const PROGRAM_FAILED = 1;
export const WRONG_INPUT = 2;

/** A mistake of the person at the keyboard: one line, exit status 2. */
export class UsageError extends Error {}
