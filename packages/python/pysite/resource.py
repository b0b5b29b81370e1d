"""This module provides basic mechanisms for measuring and controlling system resources utilized by a program."""

import collections
import errno
import fcntl
import operator
import struct
import sys

# ioctl requests that only this interpreter knows (limits.ts): pid, resource, whether to set it, soft and hard limit, which
# become those that were; who, and room for user time, system time and memory.
_LIMIT = 0x4E540108
_USAGE = 0x4E540109
_LIMIT_FIELDS = struct.Struct("=iiiiQQ")
_USAGE_FIELDS = struct.Struct("=iiqqq")

# asm-generic/resource.h
RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE = range(8)
RLIMIT_MEMLOCK, RLIMIT_AS = 8, 9
RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_RTTIME = range(11, 16)
RLIMIT_OFILE = RLIMIT_NOFILE
RLIM_INFINITY = -1
RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD = 0, -1, 1

_RESOURCES = 16
_MOST = 2**64 - 1

error = OSError
struct_rusage = collections.namedtuple(
    "struct_rusage",
    "ru_utime ru_stime ru_maxrss ru_ixrss ru_idrss ru_isrss ru_minflt ru_majflt ru_nswap ru_inblock ru_oublock ru_msgsnd"
    " ru_msgrcv ru_nsignals ru_nvcsw ru_nivcsw",
    module=__name__,
)


def getrlimit(resource, /):
    resource = _resource(resource)
    return _prlimit(0, resource)


def setrlimit(resource, limits, /):
    resource = _resource(_c_int(resource))
    sys.audit("resource.setrlimit", resource, limits)
    try:
        _prlimit(0, resource, *_pair(limits))
    except OSError as wrong:
        if wrong.errno == errno.EINVAL:
            raise ValueError("current limit exceeds maximum limit") from None
        if wrong.errno == errno.EPERM:
            raise ValueError("not allowed to raise maximum limit") from None
        raise


def prlimit(pid, resource, limits=None, /):
    pid, resource = _c_int(pid), _resource(resource)
    sys.audit("resource.prlimit", pid, resource, limits)
    try:
        return _prlimit(pid, resource, *(() if limits is None else _pair(limits)))
    except OSError as wrong:
        if wrong.errno == errno.EINVAL:
            raise ValueError("current limit exceeds maximum limit") from None
        raise


def getrusage(who, /):
    try:
        user, system, memory = _used(_c_int(who))
    except OSError as wrong:
        if wrong.errno == errno.EINVAL:
            raise ValueError("invalid who parameter") from None
        raise
    return struct_rusage(user / 1e9, system / 1e9, memory // 1024, *(0,) * 13)


def getpagesize():
    return 4096


def _c_int(number):
    number = operator.index(number)
    if not -(2**31) <= number < 2**31:
        raise OverflowError("Python int too large to convert to C int")
    return number


def _resource(number):
    number = _c_int(number)
    if not 0 <= number < _RESOURCES:
        raise ValueError("invalid resource specified")
    return number


def _pair(limits):
    limits = tuple(limits)
    if len(limits) != 2:
        raise ValueError("expected a tuple of 2 integers")
    return [_limit(operator.index(limit)) for limit in limits]


def _limit(number):
    if number == RLIM_INFINITY:
        return _MOST
    if number < 0:
        raise ValueError("Cannot convert negative int")
    if number > _MOST:
        raise OverflowError("Python int too large to convert to C rlim_t")
    return number


def _prlimit(pid, resource, *wanted):
    request = bytearray(_LIMIT_FIELDS.pack(pid, resource, len(wanted) > 0, 0, *(wanted or (0, 0))))
    fcntl.ioctl(0, _LIMIT, request)
    limits = _LIMIT_FIELDS.unpack(request)[4:]
    return tuple(RLIM_INFINITY if limit == _MOST else limit for limit in limits)


def _used(who):
    """Nanoseconds of user and of system time, bytes of memory."""
    request = bytearray(_USAGE_FIELDS.pack(who, 0, 0, 0, 0))
    fcntl.ioctl(0, _USAGE, request)
    return _USAGE_FIELDS.unpack(request)[2:]
