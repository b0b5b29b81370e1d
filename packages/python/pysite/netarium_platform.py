"""Programs find themselves on Linux, whose system calls they make: this build of CPython calls its platform otherwise."""

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
    os.sendfile = sendfile
    os.__all__.append("sendfile")


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
