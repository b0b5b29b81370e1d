import type { Nanoseconds } from '@netarium/osi/time';

const DURATION = /^(\d+(?:\.\d+)?) ?(ns|us|µs|ms|s)$/;
const RATE = /^(\d+(?:\.\d+)?) ?([kKMGT]?)bit(?:\/s)?$/;
const PERCENT = /^(\d+(?:\.\d+)?) ?%$/;

const NANOSECONDS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };
const BITS: Record<string, number> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** A duration in nanoseconds, or as text with its unit: `50us`, `10 ms`, `1.5s`. */
export type Duration = Nanoseconds | string;
/** A rate in bits per second, or as text: `100 Mbit`, `1 Gbit/s` (decimal multiples). */
export type BitRate = number | string;
/** A probability from 0 to 1, or as text: `5%`. */
export type Probability = number | string;

/** @returns nanoseconds. @throws RangeError for text that is no duration. */
export function parseDuration(value: Duration): Nanoseconds {
  if (typeof value === 'number') return value;
  const [, number, unit = ''] = DURATION.exec(value) ?? [];
  if (number === undefined) throw new RangeError(`"${value}" is no duration; expected for example "10ms"`);
  return Math.round(Number(number) * (NANOSECONDS[unit] ?? 1));
}

/** @returns bits per second. @throws RangeError for text that is no rate, and for rates not above 0. */
export function parseBitRate(value: BitRate): number {
  const [, number, unit = ''] = (typeof value === 'string' && RATE.exec(value)) || [];
  const rate = typeof value === 'number' ? value : Number(number) * (BITS[unit] ?? 1);
  if (!(rate > 0)) throw new RangeError(`"${value}" is no bit rate; expected for example "100 Mbit"`);
  return rate;
}

/** @returns a number from 0 to 1. @throws RangeError for anything else. */
export function parseProbability(value: Probability): number {
  const [, percent] = (typeof value === 'string' && PERCENT.exec(value)) || [];
  const p = typeof value === 'number' ? value : Number(percent) / 100;
  if (!(p >= 0 && p <= 1)) throw new RangeError(`"${value}" is no probability; expected for example "5%"`);
  return p;
}

/** A duration for people, with the unit that suits it: `1.5 ms`, `12 µs`. */
export function formatDuration(t: Nanoseconds): string {
  const [unit, size] =
    t >= 1e9
      ? (['s', 1e9] as const)
      : t >= 1e6
        ? (['ms', 1e6] as const)
        : t >= 1e3
          ? (['µs', 1e3] as const)
          : (['ns', 1] as const);
  return `${Number((t / size).toFixed(3))} ${unit}`;
}
