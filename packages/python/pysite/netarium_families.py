"""Sockets of families that this interpreter was compiled without.

Its C code takes such a socket for one of AF_INET, whose addresses stand for others: everything about waiting and
timeouts is CPython's own, and only addresses are translated here. The kernel knows what the socket is.
"""

import fcntl
import struct

import _socket
import socket

# ioctl requests that only this interpreter knows (sockets.ts).
ADDRESS = 0x4E540002
DOMAIN = 0x4E540003

# The number that stands for an address, the length of C's structure for it, and the structure.
ENTRY = struct.Struct("ii128s")

# By family: classes that translate.
_families = {}
_classes = {}


def adapt():
    socket.socket.__init__ = _init


def add(family, translating):
    _families[family] = translating


def number_of(structure):
    """The address that stands for C's structure, in C's eyes a host of AF_INET."""
    entry = bytearray(ENTRY.pack(0, len(structure), structure))
    fcntl.ioctl(0, ADDRESS, entry)
    return socket.inet_ntoa(entry[3::-1])


def structure_of(host):
    """C's structure for the address that a host of AF_INET stands for."""
    entry = bytearray(ENTRY.pack(*struct.unpack("!i", socket.inet_aton(host)), 0, b""))
    fcntl.ioctl(0, ADDRESS, entry)
    _, length, structure = ENTRY.unpack(entry)
    return structure[:length]


def _init(self, family=-1, type=-1, proto=-1, fileno=None, _init=socket.socket.__init__):
    if family == -1 and isinstance(fileno, int) and fileno >= 0:
        family = _domain(fileno)
        if family not in _families:
            family = -1
    translating = _families.get(family)
    if translating is not None:
        self.__class__ = _translated(self.__class__, translating)
        if fileno is None:
            type = socket.SOCK_STREAM if type == -1 else type
            proto = 0 if proto == -1 else proto
            fileno = _socket.socket(family, type, proto).detach()
        family = socket.AF_INET
    _init(self, family, type, proto, fileno)


_init.__name__ = "__init__"
_init.__qualname__ = "socket.__init__"


def _domain(fileno):
    try:
        return fcntl.ioctl(fileno, DOMAIN)
    except OSError:
        return -1


def _translated(cls, translating):
    """The class, with translated addresses."""
    if issubclass(cls, translating):
        return cls
    made = _classes.get((cls, translating))
    if made is None:
        names = {"__slots__": (), "__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
        # What a program's class does itself comes before the translation, as it comes before C's methods.
        bases = (translating,) if issubclass(translating, cls) else (cls, translating)
        made = _classes[cls, translating] = type(cls.__name__, bases, names)
    return made


class Translating(socket.socket):
    """A socket whose addresses C does not know: `_stand` makes an address of AF_INET, `_name` what it stands for."""

    __slots__ = ()

    def bind(self, address):
        return super().bind(self._stand(address, "bind"))

    def connect(self, address):
        return super().connect(self._stand(address, "connect"))

    def connect_ex(self, address):
        return super().connect_ex(self._stand(address, "connect_ex"))

    def getsockname(self):
        return self._name(super().getsockname())

    def getpeername(self):
        return self._name(super().getpeername())

    def _accept(self):
        fd, address = super()._accept()
        return fd, self._name(address)

    def recvfrom(self, *args):
        data, address = super().recvfrom(*args)
        return data, self._name(address)

    def recvfrom_into(self, *args, **named):
        length, address = super().recvfrom_into(*args, **named)
        return length, self._name(address)

    def recvmsg(self, *args):
        *received, address = super().recvmsg(*args)
        return *received, self._name(address)

    def recvmsg_into(self, *args):
        *received, address = super().recvmsg_into(*args)
        return *received, self._name(address)

    def sendto(self, data, *rest):
        if not 1 <= len(rest) <= 2:
            return super().sendto(data, *rest)
        *flags, address = rest
        return super().sendto(data, *flags, self._stand(address, "sendto"))

    def sendmsg(self, *args):
        if len(args) < 4 or args[3] is None:
            return super().sendmsg(*args)
        return super().sendmsg(*args[:3], self._stand(args[3], "sendmsg"), *args[4:])
