import type { Emscripten, Exports, Imports } from './emscripten.ts';

/** Bytes of the C stack that JavaScript's own calls into Python use while the program is suspended. */
const SIDE_STACK = 256 * 1024;
/** Bytes below what a thread may use: C functions that do not ask how much there is have to end well. */
const RESERVE = 64 * 1024;

/** Who runs: a thread. */
export type Task = object;

/** A suspended task: what has to be put back before it goes on. */
interface SavedTask {
  readonly threadState: number;
  readonly stackPointer: number;
  readonly suspender: unknown;
  readonly task: Task;
}

/**
 * One C stack for each task.
 *
 * WebAssembly's own stack is suspended by the engine, but C keeps what has an address on a stack in the memory,
 * and Pyodide has one for all tasks: it copies a suspended task's part away when another needs the room, while
 * CPython's garbage collector still follows pointers into it. Here a suspended task's stack stays as it is, and
 * whoever runs next has another. The program's main thread has the interpreter's original stack.
 */
export class Stacks {
  /** Whose code runs now, or ran last. */
  task: Task = {};
  readonly #exports: () => Exports;
  readonly #python: () => Emscripten;
  readonly #free: number[] = [];
  #side = 0;

  constructor(exports: () => Exports, python: () => Emscripten) {
    this.#exports = exports;
    this.#python = python;
  }

  /** Replaces Pyodide's way of saving and restoring a task, in the imports of the binary. */
  install(imports: Imports): void {
    const { env } = imports;
    if (env === undefined) throw new Error('The binary has no imports from env.');
    env.saveState = (): SavedTask | unknown => {
      const python = this.#python();
      if (!python.validSuspender.value) return python.error;
      const threadState = python._captureThreadState();
      if (threadState === 0) return python.error;
      const saved: SavedTask = {
        threadState,
        stackPointer: this.#exports().emscripten_stack_get_current(),
        suspender: python.suspenderGlobal.value,
        task: this.task,
      };
      this.toSide();
      return saved;
    };
    env.restoreState = (saved: SavedTask): void => {
      const python = this.#python();
      this.task = saved.task;
      this.#exports()._emscripten_stack_restore(saved.stackPointer);
      python._restoreThreadState(saved.threadState);
      python.suspenderGlobal.value = saved.suspender;
      python.validSuspender.value = true;
    };
  }

  /** Leaves the current stack as it is and goes over to the side stack, empty. */
  toSide(): void {
    const exports = this.#exports();
    if (this.#side === 0) {
      const base = exports.malloc(SIDE_STACK);
      if (base === 0) throw new Error('No memory for a stack.');
      this.#side = (base + SIDE_STACK) & ~15;
    }
    exports._emscripten_stack_restore(this.#side);
  }

  /** @returns where `size` bytes of a stack begin, always the same size; 0 when there is no memory. */
  allocate(size: number): number {
    const kept = this.#free.pop();
    if (kept !== undefined) return kept;
    const base = this.#exports().malloc(RESERVE + size + 16);
    return base === 0 ? 0 : ((base + 15) & ~15) + RESERVE;
  }

  /** A new task begins, on its own stack. */
  enter(task: Task, stack: number, size: number): void {
    this.task = task;
    this.#python().validSuspender.value = true;
    this.#exports()._emscripten_stack_restore(stack + size);
  }

  /** A task has ended: its stack is for the next. */
  leave(task: Task, stack: number): void {
    this.task = task;
    this.toSide();
    this.#free.push(stack);
  }
}
