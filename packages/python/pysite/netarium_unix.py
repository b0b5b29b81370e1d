"""Sockets of AF_UNIX: their addresses are paths, or bytes of the abstract namespace (unix(7))."""

import array
import fcntl
import os

import _socket
import socket

import netarium_families

AF_UNIX = 1
# sun_path in unix(7)
LONGEST = 108
FAMILY = AF_UNIX.to_bytes(2, "little")

# An ioctl request that only this interpreter knows (sockets.ts).
SOCKETPAIR = 0x4E540001

_stands = {}
_names = {}


def adapt():
    _socket.socketpair = _socketpair
    socket.socketpair = socketpair
    netarium_families.add(AF_UNIX, _Unix)


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


class _Unix(netarium_families.Translating):
    __slots__ = ()

    @property
    def family(self):
        """Read-only access to the address family for this socket."""
        return socket.AddressFamily.AF_UNIX

    def _stand(self, address, function):
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
            stand = _stands[path] = (netarium_families.number_of(FAMILY + path), 1)
        return stand

    def _name(self, stand):
        if stand is None:
            return None
        name = _names.get(stand)
        if name is None:
            path = netarium_families.structure_of(stand[0])[2:]
            name = _names[stand] = path if path[:1] == b"\0" else os.fsdecode(path)
        return name
