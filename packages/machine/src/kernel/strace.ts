import { errnoMessage, errnoName } from '@netarium/osi/trace';
import type { SystemCallArguments, SystemCallName, SystemCallResult, SystemCalls } from '../system-calls.ts';
import { FORMATS, type Format } from './strace-formats.ts';

/** Where strace puts the `=` (its option -a). */
const RESULT_COLUMN = 40;

/** The arguments of a call that is made: `3, "hi", 2, 0, NULL, 0`. What only the result will tell is `…`. */
export function describeCall<N extends SystemCallName>(name: N, args: SystemCallArguments<N>): string {
  const format = FORMATS[name] as Format<N> | undefined;
  if (format === undefined) return '';
  return format.call(...args) + (format.rest?.(undefined, ...args) ?? '');
}

/** A result as a number, and as strace writes it: `5`, `-1 ECONNREFUSED (Connection refused)`. */
export function describeResult<N extends SystemCallName>(
  name: N,
  args: SystemCallArguments<N>,
  result: SystemCallResult<N>,
): { result: number; text: string } {
  const format = FORMATS[name] as Format<N> | undefined;
  if (typeof result === 'number' && result < 0) {
    return { result, text: `-1 ${errnoName(-result)} (${errnoMessage(-result)})` };
  }
  const zero = name === 'clock_gettime';
  const value =
    typeof result === 'number'
      ? zero
        ? 0
        : result
      : (format?.value?.(result as Exclude<SystemCallResult<N>, number>) ?? 0);
  return { result: value, text: `${value}${format?.note?.(result, ...args) ?? ''}` };
}

/**
 * A line of `strace -p`.
 *
 * @param result undefined for a call that has not returned.
 * @param unfinished the call had to wait: it gets two lines, `… <unfinished ...>` and `<... resumed>…`.
 */
export function straceLine<N extends SystemCallName>(
  name: N,
  args: SystemCallArguments<N>,
  result: SystemCallResult<N> | undefined,
  unfinished: boolean,
): string {
  const format = FORMATS[name] as Format<N> | undefined;
  const called = `${LINUX_NAMES[name] ?? name}(`;
  const known = format?.call(...args) ?? '';
  if (result === undefined) {
    return unfinished
      ? `${called}${known} <unfinished ...>`
      : `${`${called}${known})`.padEnd(RESULT_COLUMN - 1)} = ?`;
  }
  const rest = format?.rest?.(result, ...args) ?? '';
  const start = unfinished ? `<... ${LINUX_NAMES[name] ?? name} resumed>` : `${called}${known}`;
  return `${`${start}${rest})`.padEnd(RESULT_COLUMN - 1)} = ${describeResult(name, args, result).text}`;
}

const LINUX_NAMES: Partial<Record<keyof SystemCalls, string>> = {
  getdents: 'getdents64',
  spawn: 'posix_spawn',
};
