import type { Journey } from 'netarium';

/** Below this width there is no room for file names beside the lifelines. */
export const NARROW = 600;

/** Where the lifeline of the i-th of `count` machines stands. */
export function columnAt(i: number, count: number, width: number): number {
  const side = width < NARROW ? 72 : 142;
  return count === 1 ? width / 2 : side + (i * (width - 2 * side)) / (count - 1);
}

/** 1 for a lifeline on the right half, whose outside is on the right. */
export const outwards = (x: number, width: number): number => (x > width / 2 ? 1 : -1);

/** When a frame was last seen. */
export const endOf = (journey: Journey): number =>
  Math.max(journey.sent.time, ...journey.hops.map(({ sent, received }) => received?.time ?? sent.time));
