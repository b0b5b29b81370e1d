import { HOOKED_IMPORTS } from './imports.ts';

/** Where `PyThreadState` has the number of its thread. */
const THREAD_ID = 92;

/**
 * The shim below Python, in WebAssembly's text format: for each hooked import a function that calls JavaScript's
 * handler. That answers null (the result is ready in the global `value`) or a promise; then the whole WebAssembly
 * stack of this Python thread is suspended, and when it goes on `finish` makes the result of what was promised.
 *
 * It imports from `host`: the handlers, `finish`, `value`, and a table whose only element is the binary's
 * `syscall_syncify` (which exists only once the binary, which imports the shim, is instantiated).
 */
export function shimText(): string {
  const handlers: string[] = [];
  const functions: string[] = [];
  for (const [name, { parameters }] of Object.entries(HOOKED_IMPORTS)) {
    const types = [...parameters].map((letter) => (letter === 'I' ? 'i64' : 'i32')).join(' ');
    const arguments_ = [...parameters].map((_, index) => `(local.get ${index})`).join(' ');
    handlers.push(`(import "host" "${name}" (func $handle_${name} (param ${types}) (result externref)))`);
    functions.push(`(func (export "${name}") (param ${types}) (result i32) (local $promise externref)
  (if (result i32) (ref.is_null (local.tee $promise (call $handle_${name} ${arguments_})))
    (then (global.get $value))
    (else (call $finish (call_indirect (type $syncify) (local.get $promise) (i32.const 0))))))`);
  }
  return `(module
(type $syncify (func (param externref) (result i32)))
${handlers.join('\n')}
(import "host" "finish" (func $finish (param i32) (result i32)))
(import "host" "syncify" (table 1 funcref))
(import "host" "value" (global $value (mut i32)))
${functions.join('\n')}
)`;
}

/**
 * The entry above Python: runs a program from beginning to end in one task that can be suspended, so that the
 * program's own module is the outermost frame, as under `python3`. One of `file` (a FILE *) and `source` (a C
 * string) is given, 0 for the other; both 0 runs nothing. `finish(exception or None)` ends the process in Python
 * and returns its exit status. The program may use `stack_size` bytes of the C stack from `stack` upwards.
 *
 * `thread` runs a thread in a task of its own, from the C function that CPython would give to pthread_create(3): it
 * brings its own thread state, so that of the task is put aside meanwhile, and is no state of that thread to who looks for
 * one (PyThreadState_SetAsyncExc).
 */
export function entryText(): string {
  return `(module
(type $start (func (param i32)))
(import "python" "memory" (memory 0))
(import "python" "__indirect_function_table" (table 0 funcref))
(import "python" "PyEval_SaveThread" (func $save (result i32)))
(import "python" "PyEval_RestoreThread" (func $restore (param i32)))
(import "python" "enter_promising_task" (func $enter (result i32)))
(import "python" "exit_promising_task" (func $exit))
(import "python" "PyRun_FileExFlags"
  (func $run_file (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
(import "python" "PyRun_StringFlags" (func $run_string (param i32 i32 i32 i32 i32) (result i32)))
(import "python" "PyErr_GetRaisedException" (func $raised (result i32)))
(import "python" "PyObject_CallOneArg" (func $call (param i32 i32) (result i32)))
(import "python" "PyLong_AsLong" (func $long (param i32) (result i32)))
(import "python" "PyThreadState_Get" (func $thread (result i32)))
(import "python" "PyUnstable_ThreadState_SetStackProtection"
  (func $protect (param i32 i32 i32) (result i32)))
(func (export "run")
  (param $file i32) (param $name i32) (param $source i32) (param $globals i32) (param $finish i32) (param $none i32)
  (param $stack i32) (param $stack_size i32)
  (result i32) (local $exception i32) (local $result i32) (local $status i32)
  (if (call $enter) (then (return (i32.const -1))))
  (drop (call $protect (call $thread) (local.get $stack) (local.get $stack_size)))
  (if (local.get $file) (then
    (local.set $result (call $run_file
      (local.get $file) (local.get $name) (i32.const 257) (local.get $globals) (local.get $globals)
      (i32.const 1) (i32.const 0)))))
  (if (local.get $source) (then
    (local.set $result (call $run_string
      (local.get $source) (i32.const 257) (local.get $globals) (local.get $globals) (i32.const 0)))))
  (local.set $exception (local.get $none))
  (if (i32.and (i32.eqz (local.get $result)) (i32.ne (i32.const 0) (i32.or (local.get $file) (local.get $source)))) (then
    (local.set $exception (call $raised))))
  (local.set $result (call $call (local.get $finish) (local.get $exception)))
  (local.set $status (i32.const -1))
  (if (local.get $result) (then (local.set $status (call $long (local.get $result)))))
  (call $exit)
  (local.get $status))
(func (export "thread") (param $function i32) (param $argument i32) (result i32) (local $state i32)
  (if (call $enter) (then (return (i32.const -1))))
  (local.set $state (call $save))
  (i32.store offset=${THREAD_ID} (local.get $state) (i32.const 0))
  (call_indirect (type $start) (local.get $argument) (local.get $function))
  (call $restore (local.get $state))
  (call $exit)
  (i32.const 0))
)`;
}
