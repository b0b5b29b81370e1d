/** The place of what stands in no queue. */
export const NOWHERE = -1;

/** Copies what there is into an array that has room for more. */
export function longer<A extends Int32Array | Float64Array>(old: A, array: A): A {
  array.set(old);
  return array;
}
