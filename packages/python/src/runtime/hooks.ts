import { ERRNO } from '@netarium/osi/trace';
import { FIRST_REPLACED, HOOKED_IMPORTS, type HookName, REPLACED_FUNCTIONS } from '../shim/imports.ts';
import type { Emscripten, Exports, Imports } from './emscripten.ts';

/**
 * What a handler answers: the C function's result; or a promise, for which the Python thread is suspended, of the
 * result or of a function that makes it. Pointers that C gave the handler may be written to before the handler
 * returns and in that function, never between: while the thread is suspended its memory is not to be touched.
 */
export type Outcome = number | Promise<number | (() => number)>;
export type Handler = (...values: number[]) => Outcome;

/** Handlers of hooked imports, and of functions that were replaced in the binary. */
export type Handlers = Readonly<Record<string, Handler>>;

/**
 * The JavaScript side of the shim: brings handlers between the CPython binary and its imports.
 */
export class Hooks {
  /** The imports as Emscripten has them: what handlers fall back to. */
  readonly original = {} as Record<HookName, (...values: number[]) => number>;
  readonly #handlers = new Map<string, Handler>();
  readonly #value = new WebAssembly.Global({ value: 'i32', mutable: true }, 0);
  readonly #syncify = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  readonly #slots: (number | (() => number) | undefined)[] = [];
  readonly #freeSlots: number[] = [];

  /** Handlers may be added after the binary was instantiated: until then the original imports answer. */
  add(handlers: Handlers): void {
    for (const [name, handler] of Object.entries(handlers)) {
      if (!Object.hasOwn(HOOKED_IMPORTS, name) && !Object.hasOwn(REPLACED_FUNCTIONS, name))
        throw new Error(`Nothing calls the handler ${name}.`);
      this.#handlers.set(name, handler);
    }
  }

  /** Exchanges the hooked imports for the shim's functions. */
  install(imports: Imports, shim: WebAssembly.Module): void {
    const host: Record<string, WebAssembly.ImportValue> = {
      finish: (slot: number) => this.#finish(slot),
      syncify: this.#syncify,
      value: this.#value,
    };
    for (const name of Object.keys(HOOKED_IMPORTS) as HookName[]) {
      const { module, name: importName } = HOOKED_IMPORTS[name];
      const original = imports[module]?.[importName];
      if (typeof original !== 'function') throw new Error(`The binary does not import ${importName}.`);
      this.original[name] = original as (...values: number[]) => number;
      host[name] = (...values: number[]) => this.#handle(name, values);
    }
    const { exports } = new WebAssembly.Instance(shim, { host });
    for (const name of Object.keys(HOOKED_IMPORTS) as HookName[]) {
      const { module, name: importName } = HOOKED_IMPORTS[name];
      const functions = imports[module];
      if (functions !== undefined) functions[importName] = exports[name];
    }
  }

  /** The binary has been instantiated. */
  connect(exports: Exports): void {
    this.#syncify.set(0, exports.syscall_syncify);
  }

  #handle(name: HookName, values: number[]): Promise<number> | null {
    let outcome: Outcome;
    const [first = 0, ...rest] = values;
    if (name === 'getnameinfo' && first <= FIRST_REPLACED) {
      const replaced = REPLACED[FIRST_REPLACED - first] ?? '';
      outcome = this.#handlers.get(replaced)?.(...rest) ?? 0;
    } else {
      const handler = this.#handlers.get(name) ?? this.original[name];
      outcome = handler?.(...values) ?? 0;
    }
    if (typeof outcome === 'number') {
      this.#value.value = outcome;
      return null;
    }
    return outcome.then((result) => this.#keep(result));
  }

  #keep(result: number | (() => number)): number {
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    this.#slots[slot] = result;
    return slot;
  }

  #finish(slot: number): number {
    const result = this.#slots[slot];
    this.#slots[slot] = undefined;
    this.#freeSlots.push(slot);
    return typeof result === 'function' ? result() : (result ?? 0);
  }
}

const REPLACED = Object.keys(REPLACED_FUNCTIONS);

/**
 * The error of a call that would have to wait where Python cannot be suspended: in a function that C code calls back
 * (ctypes).
 */
export const CANNOT_WAIT = ERRNO.EDEADLK;

/** What handlers work with. */
export interface HandlerContext {
  readonly python: Emscripten;
  readonly exports: Exports;
  /** Whether the Python code that calls now can be suspended. */
  canWait(): boolean;
  /** The id of the thread that calls now: that of the process for its main thread (gettid(2)). */
  thread(): number;
}
