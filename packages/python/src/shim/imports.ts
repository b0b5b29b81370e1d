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
  syscallIoctl: env('__syscall_ioctl', 'iii'),
  fcntl: env('__syscall_fcntl64', 'iii'),
  openat: env('__syscall_openat', 'iiii'),
  shutdown: env('_try_shutdown', 'iii'),
  read: wasi('fd_read', 'iiii'),
  write: wasi('fd_write', 'iiii'),
  close: wasi('fd_close', 'i'),
  clockTime: wasi('clock_time_get', 'iIi'),
  getnameinfo: env('getnameinfo', 'iiiiiii'),
  checkSignals: env('_Py_CheckEmscriptenSignals_Helper', ''),
} as const satisfies Record<string, HookedImport>;

export type HookName = keyof typeof HOOKED_IMPORTS;

/** A function of the binary: its parameters in letters as above (`_` is one that is not passed on), and what it returns: `i`, `I`, or nothing. */
export interface ReplacedFunction {
  readonly parameters: string;
  readonly result: 'i' | 'I' | '';
}

const replaced = (parameters: string, result: ReplacedFunction['result'] = 'i'): ReplacedFunction => ({
  parameters,
  result,
});

/**
 * Functions inside the binary that answer by themselves, without any import, where a process of a machine has to
 * ask its kernel, or where Linux's numbers and texts are expected. The build replaces their bodies with a call of
 * the `getnameinfo` import, whose first argument is then no pointer but `FIRST_REPLACED - index` (see
 * `replace-functions.ts`). Their parameters are at most six words; an i64 is two, the lower one first. What they
 * return is an i32 to the handler.
 */
export const REPLACED_FUNCTIONS = {
  /** Emscripten's says -ENOPROTOOPT or nothing. */
  setsockopt: replaced('iiiii'),
  /** Emscripten's spins on the host's clock. */
  clock_nanosleep: replaced('iiii'),
  uname: replaced('i'),
  /** Emscripten's knows one process. */
  kill: replaced('ii'),
  /** Nobody can wait for Emscripten's pipes. */
  pipe: replaced('i'),
  /** Emscripten's tells of a descriptor that is not open as one that is not ready. */
  select: replaced('iiiii'),
  /** This build's says of FIOCLEX that it has been done, and asks nobody. */
  ioctl: replaced('iii'),
  /** Emscripten knows no interfaces. */
  if_nameindex: replaced(''),
  if_nametoindex: replaced('i'),
  if_indextoname: replaced('ii'),
  /** Emscripten's timers are those of the platform. */
  getitimer: replaced('ii'),
  strerror: replaced('i'),
  gai_strerror: replaced('i'),
  /** Makes the OSError of a failed call: there the error number becomes Linux's. */
  PyErr_SetFromErrnoWithFilenameObjects: replaced('iii'),

  // This build of CPython has no threads. Below are the places where it would use the platform's.
  PyThread_start_joinable_thread: replaced('iiii'),
  PyThread_get_thread_ident: replaced(''),
  PyThread_get_thread_ident_ex: replaced('', 'I'),
  /** The locks that C code has, of files above all (Python/thread_pthread.h). */
  PyThread_acquire_lock_timed: replaced('iIi'),
  PyThread_release_lock: replaced('i', ''),
  /** Where a thread waits for one of Python's locks, an event or another thread, and is woken (Python/parking_lot.c). */
  _PyParkingLot_Park: replaced('iiiIi_'),
  _PyParkingLot_Unpark: replaced('iii', ''),
  _PyParkingLot_UnparkAll: replaced('i', ''),
} as const satisfies Record<string, ReplacedFunction>;

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
  'fdopen',
  'fopen',
  'getc',
  'ungetc',
  'PyEval_GetFrame',
  'PyEval_RestoreThread',
  'PyEval_SaveThread',
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
  'PyConfig_Set',
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
