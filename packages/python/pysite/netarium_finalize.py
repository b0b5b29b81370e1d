"""The end of an interpreter as CPython brings it about (Python/pylifecycle.c, Py_FinalizeEx)."""

import _thread
import atexit
import fcntl
import gc
import logging
import sys
import threading
import weakref

# An ioctl request that only this interpreter knows (process.ts): from now on no thread runs but the caller's.
ALONE = 0x4E540107


def adapt():
    # A program that has not imported logging is not asked about it at its end.
    atexit.unregister(logging.shutdown)
    atexit.register(_shut_down_logging, len(logging._handlerList))


def _shut_down_logging(before):
    logging.shutdown(logging._handlerList[before:])


def stop_others(caller):
    """Daemon threads stop for ever; nobody looks any more at what is called."""
    fcntl.ioctl(0, ALONE)
    sys.settrace(None)
    sys.setprofile(None)
    caller.f_trace = None


def let_go():
    """What the program still has goes, so that `__del__` runs."""
    _refuse_threads()
    for name in ("last_exc", "last_value", "last_type", "last_traceback"):
        setattr(sys, name, None)
    modules = _forget_modules()
    # Their variables go with them, together: a destructor finds what it names.
    gc.collect()
    for reference in reversed(modules):
        module = reference()
        if module is not None:
            _clear(module.__dict__)
        del module
    gc.collect()


def _refuse_threads():
    def start(*_, **__):
        raise PythonFinalizationError("can't create new thread at interpreter shutdown")

    _thread.start_new_thread = _thread.start_new = _thread.start_joinable_thread = start
    threading._start_joinable_thread = threading._start_new_thread = start
    threading.Thread.join = _join


def _join(self, timeout=None, _join=threading.Thread.join):
    # The others do not run, so that it would be waited for without end.
    if self._started.is_set() and self.is_alive():
        raise PythonFinalizationError("cannot join thread at interpreter shutdown")
    return _join(self, timeout)


def _forget_modules():
    """Takes the program's own modules away (`finalize_remove_modules`). Returns weak references to them."""
    own = [name for name, module in sys.modules.items() if _is_own(name, module)]
    return [weakref.ref(sys.modules.pop(name)) for name in own]


def _is_own(name, module):
    if type(module) is not type(sys):
        return False
    return name == "__main__" or not (getattr(module, "__file__", None) or "/lib/python").startswith("/lib/python")


def _clear(variables):
    """As Objects/moduleobject.c, _PyModule_ClearDict."""
    private = [name for name in variables if name.startswith("_") and name != "__builtins__"]
    for name in private + [name for name in variables if not name.startswith("_")]:
        variables[name] = None


def without_tracebacks(exception):
    """An exception that was told of must not keep the program's variables."""
    while exception is not None:
        exception.__traceback__ = None
        exception = exception.__cause__ or exception.__context__
