"""Makes the interpreter one of a machine: done once, before a program is known. Also part of the memory snapshot."""

import netarium_errno
import netarium_process  # noqa: F401  (so that it is there when a process starts)
import netarium_socket


def adapt():
    netarium_errno.adapt()
    netarium_socket.adapt()
    netarium_process.adapt()
