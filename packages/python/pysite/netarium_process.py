"""Starts and ends a program as the `python3` command does (CPython's Modules/main.c, Python/pythonrun.c)."""

import atexit
import gc
import io
import json
import os
import random
import sys
import types

import netarium_finalize
import netarium_interactive
import netarium_threads
import netarium_tls

# Not a status: the process ends as one that SIGINT has ended, which a shell shows as 130 (`exit_sigint` in Modules/main.c).
INTERRUPTED = 256 + 2

nothing = None
_module = None
# A person goes on where the program has ended, or begins without one.
_interactive = False
_startup = False


def adapt():
    _remove_pyodide()
    netarium_finalize.adapt()
    netarium_tls.adapt()


def _remove_pyodide():
    """Pyodide puts a page's JavaScript and event loop into Python: a machine has neither."""
    import asyncio
    import time

    from pyodide import webloop

    time.sleep = webloop._orig_sleep
    asyncio.run = webloop._orig_run
    asyncio.set_event_loop_policy(None)
    asyncio._set_running_loop(None)
    sys.meta_path[:] = [finder for finder in sys.meta_path if "yodide" not in type(finder).__module__]


def prepare(description):
    """Sets up everything a program finds. Returns a text when it cannot be run: status and message, as JSON."""
    global _module, _interactive, _startup
    process = json.loads(description)
    os.environ.clear()
    os.environ.update(process["env"])
    _set_colors()
    sys.argv[:] = process["argv"]
    sys.executable = sys._base_executable = "/usr/bin/python3"
    sys.excepthook = sys.__excepthook__
    sys.unraisablehook = sys.__unraisablehook__
    sys.breakpointhook = sys.__breakpointhook__
    _set_ids(**process["ids"])
    netarium_threads.begin(process["ids"]["pid"])
    try:
        os.chdir(process["cwd"])
    except OSError:
        os.chdir("/")
    random.seed()
    _open_standard_streams(process["terminals"], process["unbuffered"])
    path = process["path"]
    for name in ("js", "pyodide_js"):
        sys.modules.pop(name, None)
    problem = _look_for_script(path, process["argv"][0]) if path else None
    if problem:
        return json.dumps(problem)
    first = os.path.dirname(path) if path else process["cwd"] if process["kind"] == "module" else ""
    given = process["env"].get("PYTHONPATH", "")
    # As site makes them: whole paths, each once.
    others = [os.path.abspath(entry) for entry in (given.split(":") if given else [])]
    library = [entry for entry in sys.path if entry.startswith("/lib/")]
    sys.path[:] = [first, *dict.fromkeys(others + library)]
    _make_main(path)
    if process["greets"]:
        _greet()
    _module = process["module"] or None
    _interactive = process["interactive"]
    _startup = process["kind"] == "input"
    return None


def _set_ids(pid, ppid, uid, gid):
    os.getpid, os.getppid = pid.__index__, ppid.__index__
    os.getuid = os.geteuid = uid.__index__
    os.getgid = os.getegid = gid.__index__
    os.getgroups = lambda: [gid]
    os.getlogin = _login_name


def _login_name():
    import pwd

    return os.environ.get("LOGNAME") or pwd.getpwuid(os.getuid()).pw_name


def _greet():
    print(f"Python {sys.version} on {sys.platform}", file=sys.stderr)
    print('Type "help", "copyright", "credits" or "license" for more information.', file=sys.stderr)


def _look_for_script(path, name):
    if os.path.isdir(path):
        return 1, f"python3: can't find '__main__' module in '{path}'\n"
    if not os.path.exists(path):
        return 2, f"python3: can't open file '{path}': [Errno 2] No such file or directory\n"
    if not os.access(path, os.R_OK):
        return 2, f"python3: can't open file '{path}': [Errno 13] Permission denied\n"
    return None


def _make_main(path):
    from importlib.machinery import BuiltinImporter, SourceFileLoader
    import builtins

    main = types.ModuleType("__main__")
    main.__builtins__ = builtins
    main.__loader__ = BuiltinImporter
    if path:
        main.__loader__ = SourceFileLoader("__main__", path)
        main.__file__ = path
        main.__cached__ = None
    sys.modules["__main__"] = main


def _set_colors():
    # CPython colors tracebacks on a terminal. One that does not say what it is gets plain text.
    import _colorize

    _colorize.COLORIZE = os.environ.get("TERM", "dumb") != "dumb"


def _open_standard_streams(terminals, unbuffered):
    """As Python/pylifecycle.c, create_stdio: a line at a time to a terminal, blocks to a pipe; errors at once."""
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            raw = io.FileIO(fd, "r" if fd == 0 else "w", closefd=False)
        except OSError:
            setattr(sys, name, None)
            setattr(sys, f"__{name}__", None)
            continue
        raw.name = f"<{name}>"
        buffer = io.BufferedReader(raw) if fd == 0 else raw if unbuffered else io.BufferedWriter(raw)
        text = io.TextIOWrapper(
            buffer,
            encoding="utf-8",
            errors="backslashreplace" if fd == 2 else "strict",
            newline="\n" if fd else None,
            line_buffering=fd == 2 or terminals[fd],
            write_through=unbuffered and fd > 0,
        )
        text.mode = "r" if fd == 0 else "w"
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)


def finish(exception):
    """Ends the process: prints what was not caught, runs what was to run at the end. Returns the exit status."""
    if exception is None and _module is not None:
        exception = _run_module(_module)
    if _interactive or os.environ.get("PYTHONINSPECT") and os.isatty(0):
        if exception is not None:
            _show(exception)
        exception = netarium_interactive.run(_startup)
    status = 0 if exception is None else _report(exception)
    _wait_for_threads()
    try:
        atexit._run_exitfuncs()
    except BaseException as error:
        status = _report(error)
    netarium_finalize.stop_others(sys._getframe())
    if not _flush(sys.stdout, "sys.stdout"):
        status = 120
    netarium_finalize.without_tracebacks(exception)
    exception = None
    netarium_finalize.let_go()
    if status != 120 and not _flush(sys.stdout, "sys.stdout"):
        status = 120
    _flush(sys.stderr, "sys.stderr")
    return status


def _wait_for_threads():
    """As Python/pylifecycle.c, wait_for_thread_shutdown."""
    try:
        sys.modules["threading"]._shutdown()
    except BaseException as error:
        print("Exception ignored on threading shutdown:", file=sys.stderr)
        sys.__excepthook__(type(error), error, _without_ours(error.__traceback__))


def _run_module(name):
    import runpy

    try:
        runpy._run_module_as_main(name)
    except BaseException as error:
        return error
    return None


def _flush(stream, name):
    try:
        if stream is not None and not stream.closed:
            stream.flush()
    except BaseException as error:
        print(f"Exception ignored while flushing {name}:", file=sys.stderr)
        sys.__excepthook__(type(error), error.with_traceback(None), None)
        return False
    return True


def _report(exception):
    if isinstance(exception, SystemExit):
        return _exit_status(exception.code)
    return _show(exception)


def _show(exception):
    try:
        sys.stdout.flush()
    except BaseException:
        pass
    exception.__traceback__ = _without_ours(exception.__traceback__)
    sys.last_exc = sys.last_value = exception
    sys.last_type = type(exception)
    sys.last_traceback = exception.__traceback__
    try:
        sys.excepthook(type(exception), exception, exception.__traceback__)
    except SystemExit as error:
        return _exit_status(error.code)
    except BaseException as error:
        print("Error in sys.excepthook:", file=sys.stderr)
        sys.__excepthook__(type(error), error, _without_ours(error.__traceback__))
        print("\nOriginal exception was:", file=sys.stderr)
        sys.__excepthook__(type(exception), exception, exception.__traceback__)
    return INTERRUPTED if isinstance(exception, KeyboardInterrupt) else 1


def _exit_status(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _without_ours(traceback):
    """Frames of this package are no part of the program."""
    frames = []
    while traceback is not None:
        if "/site-packages/netarium_" not in traceback.tb_frame.f_code.co_filename:
            frames.append(traceback)
        traceback = traceback.tb_next
    following = None
    for frame in reversed(frames):
        frame.tb_next = following
        following = frame
    return following
