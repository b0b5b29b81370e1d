/**
 * Imports of the CPython binary (Pyodide) that may have to wait: each goes through a shim function that can
 * suspend the WebAssembly stack of the Python thread that calls.
 */
export interface HookedImport {
  readonly module: 'env' | 'wasi_snapshot_preview1';
  readonly name: string;
  /** One letter for each parameter: `i` an i32 (numbers and pointers), `I` an i64. All return an i32. */
  readonly parameters: string;
}

const env = (name: string, parameters: string): HookedImport => ({ module: 'env', name, parameters });
const wasi = (name: string, parameters: string): HookedImport => ({
  module: 'wasi_snapshot_preview1',
  name,
  parameters,
});

/**
 * The hooked imports by the names our handlers have. The socket calls have six parameters, whatever they use:
 * Emscripten's calling convention (`system/lib/libc/emscripten_syscall_stubs.c`).
 */
export const HOOKED_IMPORTS = {
  socket: env('__syscall_socket', 'iiiiii'),
  bind: env('__syscall_bind', 'iiiiii'),
  listen: env('__syscall_listen', 'iiiiii'),
  accept4: env('__syscall_accept4', 'iiiiii'),
  connect: env('__syscall_connect', 'iiiiii'),
  getsockname: env('__syscall_getsockname', 'iiiiii'),
  getpeername: env('__syscall_getpeername', 'iiiiii'),
  getsockopt: env('__syscall_getsockopt', 'iiiiii'),
  recvfrom: env('__syscall_recvfrom', 'iiiiii'),
  sendto: env('__syscall_sendto', 'iiiiii'),
  recvmsg: env('__syscall_recvmsg', 'iiiiii'),
  sendmsg: env('__syscall_sendmsg', 'iiiiii'),
  poll: env('__syscall_poll', 'iii'),
  ioctl: env('__syscall_ioctl', 'iii'),
  fcntl: env('__syscall_fcntl64', 'iii'),
  shutdown: env('_try_shutdown', 'iii'),
  read: wasi('fd_read', 'iiii'),
  write: wasi('fd_write', 'iiii'),
  close: wasi('fd_close', 'i'),
  clockTime: wasi('clock_time_get', 'iIi'),
  checkSignals: env('_Py_CheckEmscriptenSignals_Helper', ''),
} as const satisfies Record<string, HookedImport>;

export type HookName = keyof typeof HOOKED_IMPORTS;

/**
 * Functions inside the binary that answer by themselves, without any import, where a process of a machine has to
 * ask its kernel, or where Linux's numbers and texts are expected. The build replaces their bodies with a call of
 * the `accept4` import, whose first argument is then no descriptor but `FIRST_REPLACED - index` (see
 * `replace-functions.ts`). Each has at most five parameters and returns an i32.
 */
export const REPLACED_FUNCTIONS = {
  /** Emscripten's says -ENOPROTOOPT or nothing. */
  setsockopt: 5,
  /** Emscripten's spins on the host's clock. */
  clock_nanosleep: 4,
  uname: 1,
  /** Emscripten's knows one process. */
  kill: 2,
  strerror: 1,
  gai_strerror: 1,
  /** Makes the OSError of a failed call: there the error number becomes Linux's. */
  PyErr_SetFromErrnoWithFilenameObjects: 3,
} as const satisfies Record<string, number>;

export const FIRST_REPLACED = -1000;

/** Exports of the binary that the shim and the runtime call. */
export const NEEDED_EXPORTS = [
  'syscall_syncify',
  'enter_promising_task',
  'exit_promising_task',
  'emscripten_stack_get_current',
  '_emscripten_stack_restore',
  '__errno_location',
  'sigaction',
  'malloc',
  'free',
  'fopen',
  'PyEval_GetFrame',
  'PyErr_GetRaisedException',
  'PyErr_SetObject',
  'PyFrame_GetBack',
  'PyFrame_GetCode',
  'PyFrame_GetLineNumber',
  'PyGILState_Ensure',
  'PyGILState_Release',
  'PyImport_AddModuleRef',
  'PyFrame_GetLasti',
  'PyLong_AsLong',
  'Py_GetVersion',
  'PyLong_FromLong',
  'PyModule_GetDict',
  'PyObject_Call',
  'PyObject_CallOneArg',
  'PyObject_GetAttrString',
  'PyRun_FileExFlags',
  'PyRun_StringFlags',
  'PyThreadState_Get',
  'PyThreadState_GetUnchecked',
  'PyTuple_New',
  'PyTuple_SetItem',
  'PyUnstable_ThreadState_SetStackProtection',
  'PyUnicode_AsUTF8',
  'PyUnicode_FromString',
  'Py_DecRef',
  'Py_IncRef',
] as const;

export type NeededExport = (typeof NEEDED_EXPORTS)[number];
