/**
 * The files that CPython in a worker is loaded from, in `packages/python/build/` once they are built. A page copies
 * all of them into one folder of its own and gives that folder's address to `pythonProgram`.
 */
export const ASSET_FILES = {
  /** Pyodide's JavaScript, as it is published. */
  loader: 'pyodide.mjs',
  /** Emscripten's, which keeps the bytes of names. */
  factory: 'pyodide.asm.mjs',
  /** CPython's standard library, as Pyodide publishes it. */
  library: 'python_stdlib.zip',
  /** Pyodide's CPython with some functions replaced. */
  python: 'python.wasm',
  shim: 'shim.wasm',
  entry: 'entry.wasm',
  /** Our Python modules, by name. */
  site: 'site.json',
  /** The memory of an interpreter that has started, compressed (gzip, RFC 1952). */
  snapshot: 'snapshot.bin.gz',
} as const;

/** The same memory as it is, for Node: not for pages. */
export const SNAPSHOT = 'snapshot.bin';

/** The worker in one file, for Node, and the list of what it was made of. */
export const WORKER = 'worker.mjs';
export const WORKER_SOURCES = 'worker-sources.json';
