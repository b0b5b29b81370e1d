"""A person at the terminal: the interactive interpreter, as the end of CPython's Modules/main.c starts it; readline."""

import importlib.machinery
import os
import sys

from _pyrepl import readline, unix_console


def adapt():
    # The editor keeps what were standard input and output where it was imported.
    for fd in (readline._wrapper.f_in, readline._wrapper.f_out):
        os.close(fd)
    unix_console.UnixConsole.__init__ = _init
    unix_console.UnixConsole.wait = _wait
    sys.meta_path.append(_Readline)


def run(startup):
    """Until the end of input. `startup`: what PYTHONSTARTUP names comes first. Returns what ended it otherwise, or None."""
    try:
        edited = os.isatty(0) and not os.environ.get("PYTHON_BASIC_REPL")
        if edited:
            _take_streams()
        _call_hook()
        if edited:
            # The editor of lines and blocks, with history, which is CPython's own.
            from _pyrepl import main

            main.interactive_console(sys.modules["__main__"], pythonstartup=startup)
        else:
            sys._baserepl()
    except BaseException as error:
        return error
    return None


def _call_hook():
    try:
        getattr(sys, "__interactivehook__", lambda: None)()
    except Exception as error:
        print("Failed calling sys.__interactivehook__", file=sys.stderr)
        sys.excepthook(type(error), error, error.__traceback__)


def _take_streams():
    readline._wrapper.f_in = os.dup(0)
    readline._wrapper.f_out = os.dup(1)


def _init(self, *args, _init=unix_console.UnixConsole.__init__, **named):
    _init(self, *args, **named)
    # It would make room for one column, whatever the character takes.
    self.ich1 = None


def _wait(self, timeout=None):
    """Wait for events on the console."""
    # Ten times a second it would look what other threads have to show: without any, only a key can bring something, and a
    # lab comes to rest.
    if timeout and self.input_hook is None and len(sys._current_frames()) == 1:
        timeout = None
    return not self.event_queue.empty() or bool(self.pollob.poll(timeout))


class _Readline:
    """Finds and loads the module `readline`: CPython's own editor, in place of GNU's, for the lines that input() reads."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, cls) if name == "readline" else None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        vars(module).update((name, getattr(readline, name)) for name in readline.__all__)
        module.__doc__ = readline.__doc__
        module.backend = "pyrepl"
        module.read_init_file = lambda filename=None: None
        wrapper = readline._wrapper
        if os.isatty(0) and os.isatty(1):
            _take_streams()
        # What it finds out where it is imported it does not ask again.
        from _pyrepl.main import CAN_USE_PYREPL

        if CAN_USE_PYREPL:
            readline._setup(vars(sys.modules["__main__"]))
        else:
            # No terminal, or one that cannot move its cursor: there is a history, but input() is what it was.
            wrapper.reader = readline.ReadlineAlikeReader(console=None, config=wrapper.config)
