/** Why there is no TAP device, in one line for the one who asked for it. */
export class TapError extends Error {
  override readonly name = 'TapError';
  /** Linux's name of the error: `ENOENT`, `EPERM`, `EBUSY` …; `ENOTSUP` on another system than Linux. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
