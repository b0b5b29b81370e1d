import { bytesOfText, textOfBytes } from '@netarium/machine/byte-names';
import type { Assets } from '../protocol.ts';
import type { TextFunctions } from '../shim/byte-names.ts';
import type { Emscripten, Exports, Imports } from './emscripten.ts';
import { Hooks } from './hooks.ts';
import { libcHandlers } from './libc.ts';
import { writeI32 } from './memory.ts';
import { installNames } from './names.ts';
import type { Chance } from './random.ts';
import { Stacks } from './stacks.ts';

/** What `pyodide.mjs` exports and returns, as far as we use it. */
interface PyodideModule {
  loadPyodide(options: object): Promise<Pyodide>;
}
interface FactoryModule {
  default(settings: Settings): Promise<unknown>;
}
interface Settings {
  instantiateWasm?: (
    imports: Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) => object;
}
export interface Pyodide {
  readonly _module: Emscripten;
  readonly version: string;
  pyimport(name: string): PythonObject;
  setInterruptBuffer(buffer: object): void;
  makeMemorySnapshot(): Uint8Array;
}
type PythonObject = Readonly<Record<string, PythonFunction>> & { destroy(): void };
type PythonFunction = ((...values: unknown[]) => unknown) & { destroy(): void };

/**
 * Calls a function of a Python module. What stands for Python's objects in JavaScript is let go at once: later the
 * engine would do it, at a time of its own.
 */
export function callPython(pyodide: Pyodide, moduleName: string, name: string, ...values: string[]): unknown {
  const module = pyodide.pyimport(moduleName);
  const callable = module[name];
  try {
    return callable?.(...values);
  } finally {
    callable?.destroy();
    module.destroy();
  }
}

/** Where our Python modules are put. */
const SITE = '/lib/python3.14/site-packages';

/** What the binary is told of the program exiting, instead of Emscripten's own way. */
export class Exited extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit(${status})`);
    this.status = status;
  }
}

/**
 * CPython in this worker, before it is a process: the binary with its imports hooked, started, and adapted in
 * Python. It may wait like this until a process is wanted, or become a memory snapshot.
 */
export class Interpreter {
  readonly hooks: Hooks;
  readonly pyodide: Pyodide;
  readonly python: Emscripten;
  readonly exports: Exports;
  readonly stacks: Stacks;
  /** What the process is told of the machine it is on, once there is one. */
  readonly machine: Surroundings;

  private constructor(loaded: Loaded) {
    this.hooks = loaded.hooks;
    this.pyodide = loaded.pyodide;
    this.python = loaded.pyodide._module;
    this.exports = loaded.exports;
    this.stacks = loaded.stacks;
    this.machine = loaded.machine;
  }

  /** @param makeSnapshot prepares for `pyodide.makeMemorySnapshot()`. */
  static async start(assets: Assets, chance: Chance, makeSnapshot = false): Promise<Interpreter> {
    const interpreter = new Interpreter(await load(assets, chance, makeSnapshot));
    if (assets.snapshot === undefined) interpreter.#adapt(assets);
    return interpreter;
  }

  /** Writes our Python modules, which a snapshot does not hold, and lets them adapt the interpreter. */
  #adapt(assets: Assets): void {
    for (const [name, source] of Object.entries(assets.site))
      this.python.FS.writeFile(`${SITE}/${name}.py`, source);
    callPython(this.pyodide, 'netarium_adapt', 'adapt');
  }
}

/** What the interpreter is told of the machine it is on, once it is a process there. */
interface Surroundings {
  hostname: string;
  /** How many bytes of memory it may have. */
  memory: () => number;
}

interface Loaded {
  readonly hooks: Hooks;
  readonly pyodide: Pyodide;
  readonly exports: Exports;
  readonly stacks: Stacks;
  readonly machine: Surroundings;
}

async function load(assets: Assets, chance: Chance, makeSnapshot: boolean): Promise<Loaded> {
  const hooks = new Hooks();
  let exports: Exports | undefined;
  let python: Emscripten | undefined;
  let memory: WebAssembly.Memory | undefined;
  const machine: Surroundings = { hostname: 'localhost', memory: () => Number.POSITIVE_INFINITY };
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('CPython has not started yet.');
    return part;
  };
  const stacks = new Stacks(
    () => started(exports),
    () => started(python),
  );

  const instantiateWasm: NonNullable<Settings['instantiateWasm']> = (imports, done) => {
    hooks.install(imports, assets.shim);
    stacks.install(imports);
    installNames(
      imports,
      () => python,
      () => machine.hostname,
    );
    installChanceAndExit(imports, () => memory?.buffer ?? new ArrayBuffer(0), chance);
    installErrorMarker(imports);
    limitMemory(imports, () => machine.memory());
    refuseWaitingInForeignCalls(imports, () => started(python));
    installTimeZone(imports, () => started(python));
    void WebAssembly.instantiate(assets.python, imports as WebAssembly.Imports).then((instance) => {
      exports = instance.exports as unknown as Exports;
      memory = instance.exports.memory as WebAssembly.Memory;
      hooks.connect(exports);
      if (python !== undefined) hooks.add(libcHandlers(python, exports));
      done(instance, assets.python);
    });
    return {};
  };

  const [{ loadPyodide }, factory] = await Promise.all([
    import(/* @vite-ignore */ assets.loader) as Promise<PyodideModule>,
    import(/* @vite-ignore */ assets.factory) as Promise<FactoryModule>,
  ]);
  const pyodide = await loadPyodide({
    indexURL: assets.folder,
    stdLibURL: assets.library,
    lockFileContents: {
      info: {
        python: '3.14.0',
        version: '314.0.7',
        platform: 'emscripten',
        arch: 'wasm32',
        abi_version: '2026_0',
      },
      packages: {},
    },
    packageBaseUrl: assets.folder,
    createPyodideModule: (settings: Settings) => {
      settings.instantiateWasm = instantiateWasm;
      Object.assign(settings, { textOfBytes, bytesOfText } satisfies TextFunctions);
      python = settings as Emscripten & Settings;
      return factory.default(settings);
    },
    env: { PYTHONHASHSEED: '0', HOME: '/root' },
    ...(makeSnapshot ? { _makeSnapshot: true } : {}),
    ...(assets.snapshot === undefined ? {} : { _loadSnapshot: assets.snapshot }),
  });
  return { hooks, pyodide, exports: started(exports), stacks, machine };
}

/** Chance and exits of the binary: from the process's seed, and to its kernel. */
function installChanceAndExit(imports: Imports, memory: () => ArrayBufferLike, chance: Chance): void {
  const { env, wasi_snapshot_preview1: wasi } = imports;
  if (env === undefined || wasi === undefined) throw new Error('The binary has other imports than expected.');
  wasi.random_get = (pointer: number, length: number): number => {
    chance.fill(new Uint8Array(memory(), pointer, length));
    return 0;
  };
  const exit = (status: number): never => {
    throw new Exited(status & 0xff);
  };
  env.exit = exit;
  wasi.proc_exit = exit;
}

/**
 * Beyond the limit (RLIMIT_AS) there is no memory, which Python tells of by MemoryError. Memory grows by a fifth at a time,
 * so what it has may be a fifth more.
 */
function limitMemory(imports: Imports, limit: () => number): void {
  const { env } = imports;
  const grow = env?.emscripten_resize_heap as ((size: number) => number) | undefined;
  if (env === undefined || grow === undefined)
    throw new Error('The binary does not import emscripten_resize_heap.');
  env.emscripten_resize_heap = (size: number): number => (size >>> 0 > limit() ? 0 : grow(size));
}

/** How the binary knows that a call into JavaScript failed: by a value that nothing else is. */
function installErrorMarker(imports: Imports): void {
  const marker = Symbol('error');
  Object.assign(imports.env ?? {}, {
    Jsv_GetError_import: () => marker,
    JsvError_Check: (value: unknown) => (value === marker ? 1 : 0),
  });
}

/** Where `struct tm` has what `gmtime` leaves out. */
const TM = { isDaylightSaving: 32, offset: 36 } as const;

/** The machine's time zone, which is UTC; Emscripten's would be that of the computer the lab runs on. */
function installTimeZone(imports: Imports, python: () => Emscripten): void {
  const { env } = imports;
  if (env === undefined) return;
  const gmtime = env._gmtime_js as (time: bigint, pointer: number) => void;
  env._localtime_js = (time: bigint, pointer: number): void => {
    gmtime(time, pointer);
    writeI32(python(), pointer + TM.isDaylightSaving, 0);
    writeI32(python(), pointer + TM.offset, 0);
  };
  env._mktime_js = env._timegm_js;
  env._tzset_js = (offset: number, hasDaylightSaving: number, name: number, summerName: number): void => {
    writeI32(python(), offset, 0);
    writeI32(python(), hasDaylightSaving, 0);
    for (const pointer of [name, summerName]) python().stringToUTF8('UTC', pointer, 4);
  };
}

/** ctypes calls C through JavaScript, which cannot be suspended: what C calls back may not wait. */
function refuseWaitingInForeignCalls(imports: Imports, python: () => Emscripten): void {
  const { env } = imports;
  if (env === undefined) return;
  const call = env.ffi_call_js as (...values: unknown[]) => unknown;
  env.ffi_call_js = (...values: unknown[]): unknown => {
    const { validSuspender } = python();
    const before = validSuspender.value;
    validSuspender.value = false;
    try {
      return call(...values);
    } finally {
      validSuspender.value = before;
    }
  };
}
