"""Runs the cases of one test module one by one and says how each came out.

Usage: runner.py MODULE [FILE]. FILE names cases, a line each, that are not to be run: an earlier process has.

What it says are lines on standard output that begin with a record separator and are JSON: `start` before each case,
`case` after it, `stacks` when it is asked by SIGUSR1 where it waits, `end` at the end.
"""

import importlib
import json
import os
import signal
import sys
import traceback
import unittest
import warnings


def say(kind, **values):
    os.write(1, b"\x1e" + json.dumps({"kind": kind, **values}).encode() + b"\n")


def describe(error):
    """The error as a line, and where it was raised."""
    cls, value, trace = error
    lines = str(value).strip().splitlines()
    frames = traceback.extract_tb(trace)
    own = [frame for frame in frames if "unittest" not in frame.filename] or frames
    return {
        "message": f"{cls.__name__}: {lines[0]}" if lines else cls.__name__,
        "where": f"{os.path.basename(own[-1].filename)}:{own[-1].lineno}" if own else "",
        "text": "".join(traceback.format_exception(cls, value, trace)),
    }


class Result(unittest.TestResult):
    """Each case has one outcome: the first that is no success."""

    def __init__(self):
        super().__init__()
        self._outcome = None

    def startTest(self, test):
        super().startTest(test)
        self._outcome = None
        say("start", id=test.id())

    def stopTest(self, test):
        super().stopTest(test)
        say("case", id=test.id(), **(self._outcome or {"result": "ok"}))
        self._outcome = None

    def _tell(self, test, result, **values):
        if self._outcome is not None:
            return
        self._outcome = {"result": result, **values}
        if not isinstance(test, unittest.TestCase):
            # A fixture of a class or a module: no case is running.
            say("start", id=test.id())
            say("case", id=test.id(), **self._outcome)
            self._outcome = None

    def addError(self, test, error):
        self._tell(test, "error", **describe(error))

    def addFailure(self, test, error):
        self._tell(test, "fail", **describe(error))

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self._tell(test, "fail" if issubclass(error[0], test.failureException) else "error", **describe(error))

    def addSkip(self, test, reason):
        self._tell(test, "skip", message=reason)

    def addUnexpectedSuccess(self, test):
        self._tell(test, "fail", message="unexpected success", where="", text="")


def without(suite, done):
    """The suite without the cases whose names are in `done`."""
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(without(test, done))
        elif test.id() not in done:
            kept.addTest(test)
    return kept


def say_stacks(_signal, _frame):
    stacks = ["".join(traceback.format_stack(frame)) for frame in sys._current_frames().values()]
    say("stacks", text="\n".join(stacks))


def main(name, done):
    from test import support

    # What regrtest would ask for with -u: everything but huge files, screens and the Internet by its name.
    support.use_resources = {"cpu": None, "walltime": None, "network": None}
    signal.signal(signal.SIGUSR1, say_stacks)
    try:
        module = importlib.import_module(f"test.{name}")
    except unittest.SkipTest as reason:
        say("skipped", message=str(reason))
        return
    except BaseException:
        say("broken", **describe(sys.exc_info()))
        return
    suite = without(unittest.defaultTestLoader.loadTestsFromModule(module), done)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        suite.run(Result())


if __name__ == "__main__":
    finished = set()
    if len(sys.argv) > 2:
        with open(sys.argv[2]) as file:
            finished.update(file.read().splitlines())
    main(sys.argv[1], finished)
    say("end")
    # What the cases left running or open is not waited for.
    sys.stdout.flush()
    os._exit(0)
