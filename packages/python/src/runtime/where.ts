import type { SourceLocation } from '@netarium/osi/trace';
import type { Emscripten, Exports } from './emscripten.ts';

interface Code {
  readonly file: string;
  readonly function: string;
  /** Whether it is the user's, not the library's. */
  readonly own: boolean;
}

/** Code of the standard library, of this package, and code that has no file. */
const LIBRARY = /^(?:\/lib\/python|<(?!stdin>|string>|python-input-))/;

/**
 * Where in the user's program a system call comes from: the nearest frame that is not the library's. Read through
 * Python's C API, so that nothing of it shows in the program.
 */
export class Where {
  /** Each key is a reference that we keep, so that the address stays that code's own. */
  readonly #codes = new Map<number, Code>();
  readonly #python: Emscripten;
  readonly #exports: Exports;
  readonly #names: { readonly file: number; readonly function: number };

  constructor(python: Emscripten, exports: Exports) {
    this.#python = python;
    this.#exports = exports;
    this.#names = {
      file: python.stringToNewUTF8('co_filename'),
      function: python.stringToNewUTF8('co_qualname'),
    };
  }

  current(): SourceLocation | undefined {
    const { PyGILState_Ensure, PyGILState_Release } = this.#exports;
    const state = PyGILState_Ensure();
    try {
      return this.#nearest();
    } finally {
      PyGILState_Release(state);
    }
  }

  #nearest(): SourceLocation | undefined {
    const { PyEval_GetFrame, PyFrame_GetBack, PyFrame_GetLineNumber, Py_DecRef } = this.#exports;
    let frame = PyEval_GetFrame();
    let owned = false;
    while (frame !== 0) {
      const code = this.#code(frame);
      if (code.own) {
        const line = PyFrame_GetLineNumber(frame);
        if (owned) Py_DecRef(frame);
        return { file: code.file, line, function: code.function };
      }
      const back = PyFrame_GetBack(frame);
      if (owned) Py_DecRef(frame);
      frame = back;
      owned = true;
    }
    return undefined;
  }

  #code(frame: number): Code {
    const { PyFrame_GetCode, Py_DecRef } = this.#exports;
    const pointer = PyFrame_GetCode(frame);
    const known = this.#codes.get(pointer);
    if (known !== undefined) {
      Py_DecRef(pointer);
      return known;
    }
    const file = this.#attribute(pointer, this.#names.file);
    const code = {
      file,
      function: this.#attribute(pointer, this.#names.function),
      own: !LIBRARY.test(file),
    };
    this.#codes.set(pointer, code);
    return code;
  }

  #attribute(object: number, name: number): string {
    const { PyObject_GetAttrString, PyUnicode_AsUTF8, Py_DecRef } = this.#exports;
    const value = PyObject_GetAttrString(object, name);
    const text = this.#python.UTF8ToString(PyUnicode_AsUTF8(value));
    Py_DecRef(value);
    return text;
  }
}
