"""Sockets of AF_UNIX, for an interpreter that was compiled without them.

Its C code takes such a socket for one of AF_INET, whose addresses stand for names: everything about waiting and
timeouts is CPython's own, and only addresses are translated here. The kernel knows what the socket is.
"""

import array
import fcntl
import os
import struct

import _socket
import socket

AF_UNIX = 1
# sun_path in unix(7)
LONGEST = 108

# ioctl requests that only this interpreter knows (sockets.ts).
SOCKETPAIR = 0x4E540001
NAME = 0x4E540002
DOMAIN = 0x4E540003

_stands = {}
_names = {}


def adapt():
    _socket.socketpair = _socketpair
    socket.socketpair = socketpair
    socket.socket.__init__ = _init
    _adapt_asyncio()


def _adapt_asyncio():
    """What it has for these sockets it has if socket had them when it was imported."""
    import asyncio
    import importlib

    streams = importlib.reload(asyncio.streams)
    for name in streams.__all__:
        setattr(asyncio, name, getattr(streams, name))
    asyncio.__all__ += tuple(name for name in streams.__all__ if name not in asyncio.__all__)


def socketpair(family=None, type=socket.SOCK_STREAM, proto=0):
    """socketpair([family[, type[, proto]]]) -> (socket object, socket object)

    Create a pair of socket objects from the sockets returned by the platform
    socketpair() function.
    The arguments are the same as for socket() except the default family is AF_UNIX
    if defined on the platform; otherwise, the default is AF_INET.
    """
    family = AF_UNIX if family is None else family
    return tuple(socket.socket(family, type, proto, fd) for fd in _pair(family, type, proto))


def _socketpair(family=AF_UNIX, type=socket.SOCK_STREAM, proto=0):
    """socketpair([family[, type [, proto]]]) -> (socket object, socket object)"""
    return tuple(_socket.socket(socket.AF_INET, type, proto, fd) for fd in _pair(family, type, proto))


_socketpair.__name__ = _socketpair.__qualname__ = "socketpair"


def _pair(family, type, proto):
    request = array.array("i", [family, type | socket.SOCK_CLOEXEC, proto, -1, -1])
    fcntl.ioctl(0, SOCKETPAIR, request)
    return request[3:]


def _init(self, family=-1, type=-1, proto=-1, fileno=None, _init=socket.socket.__init__):
    if family == AF_UNIX or (family == -1 and isinstance(fileno, int) and fileno >= 0 and _domain(fileno) == AF_UNIX):
        self.__class__ = _unix_class(self.__class__)
        if fileno is None:
            type = socket.SOCK_STREAM if type == -1 else type
            made = _socket.socket(AF_UNIX, type, 0 if proto == -1 else proto)
            fileno = made.detach()
        family = socket.AF_INET
    _init(self, family, type, proto, fileno)


_init.__name__ = "__init__"
_init.__qualname__ = "socket.__init__"


def _domain(fileno):
    try:
        return fcntl.ioctl(fileno, DOMAIN)
    except OSError:
        return -1


def _unix_class(cls):
    """The class, with translated addresses."""
    if issubclass(cls, _Unix):
        return cls
    made = _classes.get(cls)
    if made is None:
        names = {"__slots__": (), "__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
        made = _classes[cls] = type(cls.__name__, (_Unix, cls), names)
    return made


_classes = {}


def _stand(address):
    """What C is given for a name."""
    if isinstance(address, str):
        path = os.fsencode(address)
    else:
        try:
            path = bytes(memoryview(address))
        except TypeError:
            raise TypeError(f"a bytes-like object is required, not '{type(address).__name__}'") from None
    # A path of the file system ends with NUL, a name of the abstract namespace begins with it.
    if len(path) > (LONGEST if path[:1] in (b"", b"\0") else LONGEST - 1):
        raise OSError("AF_UNIX path too long")
    stand = _stands.get(path)
    if stand is None:
        entry = bytearray(struct.pack(f"ii{LONGEST}s", 0, len(path), path))
        fcntl.ioctl(0, NAME, entry)
        stand = _stands[path] = (socket.inet_ntoa(entry[3::-1]), 1)
    return stand


def _name(stand):
    """The name that C's address means."""
    if stand is None:
        return None
    name = _names.get(stand)
    if name is None:
        entry = bytearray(struct.pack(f"ii{LONGEST}s", *struct.unpack("!i", socket.inet_aton(stand[0])), 0, b""))
        fcntl.ioctl(0, NAME, entry)
        _, length, path = struct.unpack(f"ii{LONGEST}s", entry)
        path = path[:length]
        name = _names[stand] = path if path[:1] == b"\0" else os.fsdecode(path)
    return name


class _Unix(socket.socket):
    __slots__ = ()

    @property
    def family(self):
        """Read-only access to the address family for this socket."""
        return socket.AddressFamily.AF_UNIX

    def bind(self, address):
        return super().bind(_stand(address))

    def connect(self, address):
        return super().connect(_stand(address))

    def connect_ex(self, address):
        return super().connect_ex(_stand(address))

    def getsockname(self):
        return _name(super().getsockname())

    def getpeername(self):
        return _name(super().getpeername())

    def _accept(self):
        fd, address = super()._accept()
        return fd, _name(address)

    def recvfrom(self, *args):
        data, address = super().recvfrom(*args)
        return data, _name(address)

    def recvfrom_into(self, *args, **named):
        length, address = super().recvfrom_into(*args, **named)
        return length, _name(address)

    def recvmsg(self, *args):
        *received, address = super().recvmsg(*args)
        return *received, _name(address)

    def recvmsg_into(self, *args):
        *received, address = super().recvmsg_into(*args)
        return *received, _name(address)

    def sendto(self, data, *rest):
        if not rest:
            return super().sendto(data)
        *flags, address = rest
        return super().sendto(data, *flags, _stand(address))

    def sendmsg(self, buffers, ancdata=(), flags=0, address=None):
        if address is None:
            return super().sendmsg(buffers, ancdata, flags)
        return super().sendmsg(buffers, ancdata, flags, _stand(address))
