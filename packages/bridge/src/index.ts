/**
 * Where a lab meets the real world: a cable that ends in a real Linux kernel, and the driver that lets virtual time
 * follow the real clock meanwhile.
 *
 * Promise: what a machine of the lab sends reaches the kernel byte for byte, and the other way. Nothing here follows
 * from a seed any more.
 */
export { type MonotonicClock, type Outside, RealTime } from './real-time.ts';
export { TapError } from './tap/error.ts';
export { Tap, type TapOptions } from './tap/tap.ts';
