"""Threads have the numbers that their machine knows them by (gettid(2)), which this build of CPython does not ask for."""

import fcntl

import _thread
import threading

# An ioctl request that only this interpreter knows (process.ts).
GETTID = 0x4E540106


def adapt():
    get_native_id.__module__ = "_thread"
    _thread.get_native_id = threading.get_native_id = get_native_id
    threading.__all__.append("get_native_id")
    threading._HAVE_THREAD_NATIVE_ID = True
    threading.Thread._set_native_id = _set_native_id
    threading.Thread.native_id = property(_native_id, doc=NATIVE_ID)


def begin(pid):
    """A process begins: its main thread has its number."""
    threading.main_thread()._native_id = pid


def get_native_id():
    """Return a non-negative integer identifying the thread as reported
    by the OS (kernel). This may be used to uniquely identify a
    particular thread within a system.
    """
    return fcntl.ioctl(0, GETTID)


def _set_native_id(self):
    self._native_id = get_native_id()


NATIVE_ID = """Native integral thread ID of this thread, or None if it has not been started.

This is a non-negative integer. See the get_native_id() function.
This represents the Thread ID as reported by the kernel.

"""


def _native_id(self):
    assert self._initialized, "Thread.__init__() not called"
    return self._native_id
