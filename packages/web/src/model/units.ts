import type { Nanoseconds } from '@netarium/osi/time';

/** A virtual time as a clock shows it: `0.000 123 4 s` → `123.4 µs`, `1.500 ms`, `60.000 s`. */
export function formatTime(time: Nanoseconds): string {
  if (time < 1000) return `${Math.round(time)} ns`;
  if (time < 1_000_000) return `${(time / 1000).toFixed(2)} µs`;
  if (time < 1_000_000_000) return `${(time / 1_000_000).toFixed(3)} ms`;
  return `${(time / 1_000_000_000).toFixed(6)} s`;
}

/** The same, as short as it can be said: `5 µs`, `40 ms`. */
export function formatSpan(span: Nanoseconds): string {
  const [value, unit] =
    span < 1000
      ? [span, 'ns']
      : span < 1_000_000
        ? [span / 1000, 'µs']
        : span < 1_000_000_000
          ? [span / 1_000_000, 'ms']
          : [span / 1_000_000_000, 's'];
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(3))} ${unit}`;
}

export function formatBitRate(rate: number): string {
  if (rate >= 1e9) return `${rate / 1e9} Gbit/s`;
  if (rate >= 1e6) return `${rate / 1e6} Mbit/s`;
  if (rate >= 1e3) return `${rate / 1e3} kbit/s`;
  return `${rate} bit/s`;
}

export const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0');
