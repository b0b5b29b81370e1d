import type { Nanoseconds } from '../../time/index.ts';

/** Bytes per nanosecond of the fastest path that is reckoned with: 200 Gbit/s. */
const FASTEST = 25;

/** In bytes: what a path without any delay gets. */
const LEAST = 256 * 1024;

/**
 * The most that it is worth having in flight on a path: what the fastest one of this round trip would hold. Buffers
 * that fit themselves to the path stop there, short of `tcp_rmem` and `tcp_wmem`; those a program has sized do not.
 *
 * Linux has no such bound, and needs none: its cables have a speed. Here one may have none, and sending take no time;
 * then every window is too small, and all that growing brings is that the bytes under way no longer fit in a cache.
 *
 * @returns bytes.
 */
export const usefulWindow = (roundTrip: Nanoseconds): number => Math.max(LEAST, FASTEST * roundTrip);
