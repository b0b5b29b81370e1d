/** A file is not the capture it should be: where, what is there, and what should be. */
export class CaptureError extends Error {
  /** Byte of the file, from 0. */
  readonly offset: number;
  readonly found: string;
  readonly expected: string;

  constructor(offset: number, found: string, expected: string) {
    super(`not a valid capture: ${found} at byte ${offset}; expected ${expected}`);
    this.name = 'CaptureError';
    this.offset = offset;
    this.found = found;
    this.expected = expected;
  }
}
