"""select.epoll, which this build of CPython was compiled without, over the machine's own epoll(7)."""

import array
import errno
import fcntl
import importlib
import math
import select
import struct
import time

# ioctl requests that only this interpreter knows (epoll.ts).
CREATE = 0x4E540010
CONTROL = 0x4E540011
WAIT = 0x4E540012
ADD, DELETE, MODIFY = 1, 2, 3

# sys/epoll.h
CONSTANTS = {
    "EPOLLIN": 0x001, "EPOLLPRI": 0x002, "EPOLLOUT": 0x004, "EPOLLERR": 0x008, "EPOLLHUP": 0x010,
    "EPOLLRDNORM": 0x040, "EPOLLRDBAND": 0x080, "EPOLLWRNORM": 0x100, "EPOLLWRBAND": 0x200, "EPOLLMSG": 0x400,
    "EPOLLRDHUP": 0x2000, "EPOLLEXCLUSIVE": 1 << 28, "EPOLLWAKEUP": 1 << 29, "EPOLLONESHOT": 1 << 30,
    "EPOLLET": 1 << 31, "EPOLL_CLOEXEC": 0o2000000,
}
MOST = 1023
HEADER = struct.Struct("iiq")


def adapt():
    for name, value in CONSTANTS.items():
        setattr(select, name, value)
    select.epoll = epoll
    # It looks at what select has when it is imported.
    import selectors

    importlib.reload(selectors)


def _number(fd):
    if not isinstance(fd, int):
        try:
            fd = fd.fileno
        except AttributeError:
            raise TypeError("argument must be an int, or have a fileno() method.") from None
        fd = fd()
        if not isinstance(fd, int):
            raise TypeError("fileno() returned a non-integer")
    if fd < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({fd})")
    return fd


class epoll:
    """Returns an epolling object.

      sizehint
        The expected number of events to be registered.  It must be positive,
        or -1 to use the default.  It is only used on older systems where
        epoll_create1() is not available; otherwise it has no effect (though its
        value is still checked).
      flags
        Deprecated and completely ignored.  However, when supplied, its value
        must be 0 or select.EPOLL_CLOEXEC, otherwise OSError is raised.
    """

    __module__ = "select"

    def __init__(self, sizehint=-1, flags=0):
        if sizehint < -1 or sizehint == 0:
            raise ValueError("negative sizehint")
        if flags not in (0, select.EPOLL_CLOEXEC):
            raise OSError("invalid flags")
        self._fd = fcntl.ioctl(0, CREATE)

    @classmethod
    def fromfd(cls, fd):
        """Create an epoll object from a given control fd."""
        made = cls.__new__(cls)
        made._fd = fd
        return made

    @property
    def closed(self):
        """True if the epoll handler is closed"""
        return self._fd < 0

    def close(self):
        """Close the epoll control file descriptor."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            _close(fd)

    def fileno(self):
        """Return the epoll control file descriptor."""
        if self._fd < 0:
            raise ValueError("I/O operation on closed epoll object")
        return self._fd

    def register(self, fd, eventmask=CONSTANTS["EPOLLIN"] | CONSTANTS["EPOLLPRI"] | CONSTANTS["EPOLLOUT"]):
        """Registers a new fd or raises an OSError if the fd is already registered."""
        self._control(ADD, fd, eventmask)

    def modify(self, fd, eventmask):
        """Modify event mask for a registered file descriptor."""
        self._control(MODIFY, fd, eventmask)

    def unregister(self, fd):
        """Remove a registered file descriptor from the epoll object."""
        self._control(DELETE, fd, 0)

    def _control(self, operation, fd, events):
        fcntl.ioctl(self.fileno(), CONTROL, array.array("I", [operation, _number(fd), events]))

    def poll(self, timeout=None, maxevents=-1):
        """Wait for events on the epoll file descriptor.

          timeout
            the maximum time to wait in seconds (with fractions);
            a timeout of None or -1 makes poll wait indefinitely
          maxevents
            the maximum number of events returned; -1 means no limit

        Returns a list containing any descriptors that have events to report,
        as a list of (fd, events) 2-tuples.
        """
        fd = self.fileno()
        if maxevents == -1:
            maxevents = MOST
        elif maxevents < 1:
            raise ValueError(f"maxevents must be greater than 0, got {maxevents}")
        wait = -1 if timeout is None or timeout < 0 else math.ceil(timeout * 1000) * 1_000_000
        until = time.monotonic_ns() + wait if wait > 0 else 0
        while True:
            room = bytearray(HEADER.size + 8 * maxevents)
            HEADER.pack_into(room, 0, maxevents, 0, wait)
            try:
                count = fcntl.ioctl(fd, WAIT, room)
            except InterruptedError:
                # A signal's handler has run and raised nothing (PEP 475).
                if wait > 0:
                    wait = max(0, until - time.monotonic_ns())
                continue
            return list(struct.iter_unpack("iI", room[HEADER.size : HEADER.size + 8 * count]))

    def __enter__(self):
        self.fileno()
        return self

    def __exit__(self, exc_type=None, exc_value=None, exc_tb=None):
        self.close()

    def __del__(self):
        if getattr(self, "_fd", -1) >= 0:
            self.close()


def _close(fd):
    import os

    try:
        os.close(fd)
    except OSError as error:
        if error.errno != errno.EBADF:
            raise
