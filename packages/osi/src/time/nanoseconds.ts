/**
 * A point in virtual time or a duration: an integer number of nanoseconds.
 *
 * A plain `number`: integers are exact up to 2^53 ns, about 104 days of virtual time.
 */
export type Nanoseconds = number;

export const microseconds = (n: number): Nanoseconds => Math.round(n * 1_000);
export const milliseconds = (n: number): Nanoseconds => Math.round(n * 1_000_000);
export const seconds = (n: number): Nanoseconds => Math.round(n * 1_000_000_000);

/** A time as seconds with nine decimals, the way captures print it: `0.000123456`. */
export function formatSeconds(t: Nanoseconds): string {
  const whole = Math.floor(t / 1_000_000_000);
  return `${whole}.${String(t - whole * 1_000_000_000).padStart(9, '0')}`;
}
