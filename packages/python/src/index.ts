/**
 * CPython as a process of a machine: unmodified programs on the machine's system call table. `@netarium/python/node`
 * and `@netarium/python/browser` make the `Program`; they differ in how a worker is made and where files come from.
 */
export { ASSET_FILES } from './assets.ts';

export interface PythonOptions {
  /** How many workers with a started CPython to keep ready for the next processes. By default none. */
  readonly warm?: number;
}
