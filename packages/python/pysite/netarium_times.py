"""What a process has used, and may use, in the words of os: this build of CPython asks its platform, which does not know."""

import os
import time

import resource


def adapt():
    os.times = times
    os.sysconf = _sysconf


def times():
    """Return a collection containing process timing information."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return os.times_result((own.ru_utime, own.ru_stime, children.ru_utime, children.ru_stime, time.monotonic()))


def _sysconf(name, /, _sysconf=os.sysconf):
    if name in ("SC_OPEN_MAX", os.sysconf_names["SC_OPEN_MAX"]):
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _sysconf(name)


_sysconf.__name__ = _sysconf.__qualname__ = "sysconf"
_sysconf.__doc__ = os.sysconf.__doc__
