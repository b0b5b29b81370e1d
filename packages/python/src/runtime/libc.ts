import { ERRNO } from '@netarium/osi/trace';
import type { Emscripten, Exports } from './emscripten.ts';
import { ErrorNumbers } from './errno.ts';
import type { HandlerContext, Handlers } from './hooks.ts';
import { readI32, writeI32 } from './memory.ts';
import type { SystemCallPort } from './system-calls.ts';
import { MAIN_IDENT } from './threads.ts';

/** Bytes of each field of `struct utsname`. */
const UTSNAME_FIELD = 65;

/** What glibc's gai_strerror(3) says of getaddrinfo's errors. */
const NAME_ERRORS: Readonly<Record<number, string>> = {
  [-1]: 'Bad value for ai_flags',
  [-2]: 'Name or service not known',
  [-3]: 'Temporary failure in name resolution',
  [-4]: 'Non-recoverable failure in name resolution',
  [-5]: 'No address associated with hostname',
  [-6]: 'ai_family not supported',
  [-7]: 'ai_socktype not supported',
  [-8]: 'Servname not supported for ai_socktype',
  [-9]: 'Address family for hostname not supported',
  [-10]: 'Memory allocation failure',
  [-11]: 'System error',
};

/** Functions of the binary that have Linux's numbers and texts instead of Emscripten's. */
export function libcHandlers(python: Emscripten, exports: Exports): Handlers {
  const errors = new ErrorNumbers(python.ERRNO_CODES);
  const texts = new Map<string, number>();
  /** A C string that stays. */
  function text(value: string): number {
    let pointer = texts.get(value);
    if (pointer === undefined) {
      pointer = python.stringToNewUTF8(value);
      texts.set(value, pointer);
    }
    return pointer;
  }

  return {
    // Before there is a process there is one thread (see threads.ts).
    PyThread_get_thread_ident: () => MAIN_IDENT,
    PyThread_get_thread_ident_ex: () => MAIN_IDENT,
    PyThread_acquire_lock_timed(lock = 0) {
      if (python.HEAPU8[lock] !== 0) return 0;
      python.HEAPU8[lock] = 1;
      return 1;
    },
    PyThread_release_lock(lock = 0) {
      python.HEAPU8[lock] = 0;
      return 0;
    },

    strerror: (errno = 0) => text(errno === 0 ? 'Success' : errors.message(errno)),

    gai_strerror: (error = 0) => text(NAME_ERRORS[error] ?? 'Unknown error'),

    /** As in CPython's Python/errors.c, with the number and the text that Linux has for the error. */
    PyErr_SetFromErrnoWithFilenameObjects(type = 0, filename1 = 0, filename2 = 0) {
      const errno = errors.toLinux(readI32(python, exports.__errno_location()));
      const values = [
        exports.PyLong_FromLong(errno),
        exports.PyUnicode_FromString(text(errors.message(errno))),
      ];
      if (filename1 !== 0) {
        values.push(filename1);
        exports.Py_IncRef(filename1);
        if (filename2 !== 0) {
          values.push(exports.PyLong_FromLong(0), filename2);
          exports.Py_IncRef(filename2);
        }
      }
      const tuple = exports.PyTuple_New(values.length);
      for (const [index, value] of values.entries()) exports.PyTuple_SetItem(tuple, index, value);
      const exception = exports.PyObject_Call(type, tuple, 0);
      exports.Py_DecRef(tuple);
      if (exception !== 0) {
        exports.PyErr_SetObject(type, exception);
        exports.Py_DecRef(exception);
      }
      return 0;
    },
  };
}

/** Functions of the C library that are system calls, though Emscripten's makes none: uname(2), kill(2). */
export function systemHandlers(
  { python, exports, thread, canWait }: HandlerContext,
  calls: SystemCallPort,
): Handlers {
  const errors = new ErrorNumbers(python.ERRNO_CODES);
  /** The C library's convention: -1, and the error in errno. */
  const result = (value: number): number => {
    if (value >= 0) return value;
    writeI32(python, exports.__errno_location(), errors.fromLinux(-value));
    return -1;
  };
  return {
    uname(pointer = 0) {
      if (!canWait()) return result(-ERRNO.EAGAIN);
      return calls.call(thread(), 'uname').then((names) => () => {
        if (typeof names === 'number') return result(names);
        const fields = [names.sysname, names.nodename, names.release, names.version, names.machine, '(none)'];
        fields.forEach((field, index) => {
          python.stringToUTF8(field, pointer + UTSNAME_FIELD * index, UTSNAME_FIELD);
        });
        return 0;
      });
    },

    kill(pid = 0, signal = 0) {
      if (!canWait()) return result(-ERRNO.EAGAIN);
      return calls.call(thread(), 'kill', pid, signal).then((sent) => () => result(sent));
    },
  };
}
