"""Signals: alarms, which this build of CPython leaves out, and those that come only to a program that asked for them."""

import array
import enum
import fcntl
import math
import _signal
import signal

# ioctl requests that only this interpreter knows: which timer, seconds, seconds from then on; a signal, and what to do with it.
ALARM = 0x4E540104
ACTION = 0x4E540105
# By default nothing comes of them (signal(7)): the kernel has to know that someone wants to hear of them.
QUIET = (signal.SIGCHLD, signal.SIGCONT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGURG, signal.SIGWINCH)


# What this build of CPython was compiled with; Linux's is 1.
_IGNORE = _signal.SIG_IGN
SIG_IGN = 1


def adapt():
    _signal.SIG_IGN, signal.SIG_IGN, signal.SIG_DFL = SIG_IGN, SIG_IGN, _signal.SIG_DFL
    enum.IntEnum._convert_("Handlers", "signal", lambda name: name in ("SIG_DFL", "SIG_IGN"))
    _signal.getsignal = _get
    for module in (_signal, signal):
        module.setitimer = setitimer
        module.alarm = alarm
    _signal.signal = _set


def setitimer(which, seconds, interval=0.0, /):
    """Sets given itimer (one of ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF).

    The timer will fire after value seconds and after that every interval seconds.
    The itimer can be cleared by setting seconds to zero.

    Returns old values as a tuple: (delay, interval).
    """
    request = array.array("d", [which, seconds, interval])
    try:
        fcntl.ioctl(0, ALARM, request)
    except OSError as error:
        raise signal.ItimerError(error.errno, error.strerror) from None
    return request[1], request[2]


def alarm(seconds, /):
    """Arrange for SIGALRM to arrive after the given number of seconds."""
    return math.ceil(setitimer(signal.ITIMER_REAL, seconds)[0])


def _set(signalnum, handler, /, _set=_signal.signal):
    before = _set(signalnum, _IGNORE if handler == SIG_IGN else handler)
    if signalnum in QUIET:
        fcntl.ioctl(0, ACTION, array.array("i", [signalnum, handler if handler in (signal.SIG_DFL, signal.SIG_IGN) else 2]))
    return SIG_IGN if before == _IGNORE else before


def _get(signalnum, /, _get=_signal.getsignal):
    handler = _get(signalnum)
    return SIG_IGN if handler == _IGNORE else handler


_set.__name__ = _set.__qualname__ = "signal"
_set.__doc__ = signal.signal.__doc__
