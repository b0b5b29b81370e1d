"""Sockets of AF_INET6: addresses are (host, port, flowinfo, scope_id), as Modules/socketmodule.c has them with IPv6."""

import fcntl
import operator
import struct

import _socket
import socket

import netarium_families

# ioctl requests that only this interpreter knows (sockets.ts): the 16 bytes of an address, and its text.
PTON = 0x4E540005
NTOP = 0x4E540006
TEXT = struct.Struct("16s46s")

# `struct sockaddr_in6` of ipv6(7): family, then port and flowinfo in network order, the address, scope_id.
BEFORE = struct.Struct(">HI16s")
SCOPE = struct.Struct("=I")
FAMILY = int(socket.AF_INET6).to_bytes(2, "little")

SHAPE = "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])"

_stands = {}
_names = {}


def adapt():
    for module in (_socket, socket):
        module.inet_pton = inet_pton
        module.inet_ntop = inet_ntop
    netarium_families.add(socket.AF_INET6, _Inet6)


def inet_pton(address_family, ip_string, /, _inet_pton=_socket.inet_pton):
    """inet_pton(af, ip) -> packed IP address string

    Convert an IP address from string format to a packed string suitable
    for use with low-level network functions.
    """
    if address_family != socket.AF_INET6:
        return _inet_pton(address_family, ip_string)
    if not isinstance(ip_string, str):
        raise TypeError(f"inet_pton() argument 2 must be str, not {type(ip_string).__name__}")
    packed = _packed(ip_string)
    if packed is None:
        raise OSError("illegal IP address string passed to inet_pton")
    return packed


def inet_ntop(address_family, packed_ip, /, _inet_ntop=_socket.inet_ntop):
    """inet_ntop(af, packed_ip) -> string formatted IP address

    Convert a packed IP address of the given family to string format.
    """
    if address_family != socket.AF_INET6:
        return _inet_ntop(address_family, packed_ip)
    packed = bytes(memoryview(packed_ip))
    if len(packed) != 16:
        raise ValueError("invalid length of packed IP address string")
    return _text(packed)


def _packed(host):
    """The 16 bytes of an address without a zone, or None."""
    if len(host) > 45 or not host.isascii() or "\0" in host:
        return None
    room = bytearray(TEXT.pack(b"", host.encode()))
    return bytes(room[:16]) if fcntl.ioctl(0, PTON, room) else None


def _text(packed):
    room = bytearray(TEXT.pack(packed, b""))
    fcntl.ioctl(0, NTOP, room)
    return TEXT.unpack(room)[1].rstrip(b"\0").decode()


class _Inet6(netarium_families.Translating):
    __slots__ = ()

    @property
    def family(self):
        """Read-only access to the address family for this socket."""
        return socket.AddressFamily.AF_INET6

    def _stand(self, address, function):
        if not isinstance(address, tuple):
            raise TypeError(f"{function}(): AF_INET6 address must be tuple, not {type(address).__name__}")
        if not 2 <= len(address) <= 4:
            raise TypeError(SHAPE)
        host, port, flowinfo, scope_id = (*address, 0, 0)[:4]
        port, flowinfo, scope_id = map(operator.index, (port, flowinfo, scope_id))
        known = (host, flowinfo, scope_id) if isinstance(host, str) else None
        stand = _stands.get(known)
        packed = _resolve(host) if stand is None else None
        if not 0 <= port <= 0xFFFF:
            raise OverflowError(f"{function}(): port must be 0-65535.")
        if not 0 <= flowinfo <= 0xFFFFF:
            raise OverflowError(f"{function}(): flowinfo must be 0-1048575.")
        if stand is None:
            structure = FAMILY + BEFORE.pack(0, flowinfo, packed) + SCOPE.pack(scope_id & 0xFFFFFFFF)
            stand = netarium_families.number_of(structure)
            # What a name means may change; an address stays one.
            if known is not None and _packed(host) is not None:
                _stands[known] = stand
        return stand, port

    def _name(self, stand):
        if stand is None:
            return None
        number, port = stand
        name = _names.get(number)
        if name is None:
            structure = netarium_families.structure_of(number)
            _, flowinfo, packed = BEFORE.unpack_from(structure, 2)
            name = _names[number] = _text(packed), flowinfo, *SCOPE.unpack_from(structure, 24)
        host, flowinfo, scope_id = name
        return host, port, flowinfo, scope_id


def _resolve(host):
    """The 16 bytes of a host (`idna_converter`, `setipaddr`)."""
    if isinstance(host, bytearray):
        host = bytes(host)
    if not isinstance(host, (str, bytes)):
        raise TypeError(f"str, bytes or bytearray expected, not {type(host).__name__}")
    if host in ("", b""):
        return bytes(16)
    if host in ("<broadcast>", b"<broadcast>"):
        raise OSError("address family mismatched")
    packed = _packed(host) if isinstance(host, str) else None
    if packed is not None:
        return packed
    found = socket.getaddrinfo(host, None, socket.AF_INET6)
    return _packed(found[0][4][0])
