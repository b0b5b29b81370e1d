"""Alarms, which this build of CPython leaves out."""

import array
import fcntl
import math
import _signal
import signal

# An ioctl request that only this interpreter knows: which timer, seconds, seconds from then on.
ALARM = 0x4E540104


def adapt():
    for module in (_signal, signal):
        module.setitimer = setitimer
        module.alarm = alarm


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
