"""Programs find themselves on Linux, whose system calls they make: this build of CPython calls its platform otherwise."""

import importlib.machinery
import os
import sys
import sysconfig

# What a machine cannot do: a copy of a running interpreter. Programs ask for it by the name.
MISSING = ("fork", "forkpty")


def adapt():
    # It is found by the platform's name.
    sysconfig.get_config_vars()
    sys.platform = "linux"
    for name in MISSING:
        if hasattr(os, name):
            delattr(os, name)
            os.__all__.remove(name)
    os.__getattr__ = _missing
    sys.meta_path.insert(0, _WithoutProcesses)
    os.sendfile = sendfile
    os.__all__.append("sendfile")


INSTEAD = "use threading or concurrent.futures.ThreadPoolExecutor, or subprocess for another program"
NO_FORK = f"a machine's Python cannot copy itself, so there is no os.{{}}(): {INSTEAD}"
NO_MULTIPROCESSING = f"a machine's Python has no multiprocessing: {INSTEAD}"


def _missing(name):
    if name in MISSING:
        raise AttributeError(NO_FORK.format(name), name=name, obj=os)
    raise AttributeError(f"module 'os' has no attribute {name!r}", name=name, obj=os)


class _WithoutProcesses:
    """Where multiprocessing would come to what it is made of, it says that there is nothing; and so do pools of processes."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "_multiprocessing":
            raise ModuleNotFoundError(NO_MULTIPROCESSING, name=name)
        if name == "concurrent.futures.process":
            spec = importlib.machinery.PathFinder.find_spec(name, path, target)
            cls.loader, spec.loader = spec.loader, cls
            return spec
        return None

    @classmethod
    def create_module(cls, spec):
        return cls.loader.create_module(spec)

    @classmethod
    def exec_module(cls, module):
        cls.loader.exec_module(module)
        module._system_limits_checked, module._system_limited = True, NO_MULTIPROCESSING


# Bytes that are copied at a time.
PIECE = 256 * 1024


def sendfile(out_fd, in_fd, offset, count):
    """Copy count bytes from file descriptor in_fd to file descriptor out_fd."""
    # A process has its files in memory of its own: what the kernel would copy is handed to it.
    count = min(count, PIECE)
    if offset is not None:
        return os.write(out_fd, os.pread(in_fd, count, offset))
    data = os.read(in_fd, count)
    sent = 0
    try:
        sent = os.write(out_fd, data)
    finally:
        if sent < len(data):
            os.lseek(in_fd, sent - len(data), os.SEEK_CUR)
    return sent
