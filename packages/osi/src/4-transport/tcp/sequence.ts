/**
 * Sequence numbers: arithmetic modulo 2^32 (RFC 9293 section 3.4). Once, here.
 *
 * Inside the stack a sequence number is a *signed* 32-bit integer, because small integers need no memory of
 * their own in JavaScript engines; only what is shown to people is unsigned.
 */

/** A sequence number: an integer from -2^31 to 2^31 - 1. */
export type Sequence = number;

/** `n` bytes after `a`; `n` may be negative. */
export const seqAdd = (a: Sequence, n: number): Sequence => (a + n) | 0;

/** How many bytes `a` lies after `b`: from -2^31 to 2^31 - 1. */
export const seqDiff = (a: Sequence, b: Sequence): number => (a - b) | 0;

export const seqLess = (a: Sequence, b: Sequence): boolean => ((a - b) | 0) < 0;

export const seqAtMost = (a: Sequence, b: Sequence): boolean => ((a - b) | 0) <= 0;

export const seqMax = (a: Sequence, b: Sequence): Sequence => (((a - b) | 0) < 0 ? b : a);

export const seqMin = (a: Sequence, b: Sequence): Sequence => (((a - b) | 0) < 0 ? a : b);

/**
 * Whether `[seq, end)` touches the window `[from, to)`, or is empty and at its beginning or end: how connections of which
 * little is remembered judge (Linux: tcp_in_window).
 */
export const seqInWindow = (seq: Sequence, end: Sequence, from: Sequence, to: Sequence): boolean =>
  seq === from || (seqLess(from, end) && seqLess(seq, to)) || (seq === to && seq === end);

/** The sequence number as headers and people have it, 0 to 2^32 - 1. */
export const seqUnsigned = (a: Sequence): number => a >>> 0;
