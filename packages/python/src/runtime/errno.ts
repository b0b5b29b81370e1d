import { ERRNO, errnoMessage } from '@netarium/osi/trace';

/**
 * Error numbers at the border between the kernel, which has Linux's, and the CPython binary, whose C code was
 * compiled with Emscripten's (those of WASI). Python programs see Linux's: `libc.ts` translates back where C makes
 * an exception of a number, and `netarium_errno.py` gives Python Linux's `errno` module.
 */

/** Names of one number of Linux that the C library tells apart, or calls differently. */
const SAME_AS: Readonly<Record<string, string>> = { EOPNOTSUPP: 'ENOTSUP', EAGAIN: 'EWOULDBLOCK' };

export class ErrorNumbers {
  readonly #fromLinux = new Map<number, number>();
  readonly #toLinux = new Map<number, number>();

  /** @param emscripten Emscripten's numbers by name. */
  constructor(emscripten: Readonly<Record<string, number>>) {
    for (const [name, linux] of Object.entries(ERRNO)) {
      const number = emscripten[name] ?? emscripten[SAME_AS[name] ?? ''];
      if (number === undefined) continue;
      this.#fromLinux.set(linux, number);
      this.#toLinux.set(number, linux);
    }
  }

  /** A result of the kernel as C code expects it: negated errors are translated, other numbers are not touched. */
  result(result: number): number {
    return result < 0 ? -this.fromLinux(-result) : result;
  }

  fromLinux(errno: number): number {
    return this.#fromLinux.get(errno) ?? errno;
  }

  toLinux(errno: number): number {
    return this.#toLinux.get(errno) ?? errno;
  }

  /** What Linux's `strerror(3)` says of Linux's number. */
  message(errno: number): string {
    return errnoMessage(errno);
  }
}
