"""Sockets of AF_PACKET: addresses are (interface, protocol, type, hardware type, hardware address), of packet(7)."""

import errno
import os
import struct

import socket

import netarium_families

# `struct sockaddr_ll`: family; protocol, in network order; the interface's number, hardware type, packet type, length, address.
PROTOCOL = struct.Struct(">H")
REST = struct.Struct("=iHBB8s")
FAMILY = int(socket.AF_PACKET).to_bytes(2, "little")
LONGEST = 8

SHAPE = "AF_PACKET address must be a tuple of two to five elements"


def adapt():
    netarium_families.add(socket.AF_PACKET, _Packet)


class _Packet(netarium_families.Translating):
    __slots__ = ()

    @property
    def family(self):
        """Read-only access to the address family for this socket."""
        return socket.AddressFamily.AF_PACKET

    def _stand(self, address, function):
        if not isinstance(address, tuple):
            raise TypeError(f"{function}(): AF_PACKET address must be tuple, not {type(address).__name__}")
        if not 2 <= len(address) <= 5:
            raise TypeError(SHAPE)
        interface, protocol, packet_type, hardware_type, hardware = (*address, *(0, 0, b"")[len(address) - 2 :])
        try:
            index = socket.if_nametoindex(interface)
        except OSError:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from None
        hardware = bytes(memoryview(hardware))
        if len(hardware) > LONGEST:
            raise ValueError("Hardware address must be 8 bytes or less")
        if not 0 <= protocol <= 0xFFFF:
            raise OverflowError(f"{function}(): proto argument must be 0-65535.")
        rest = REST.pack(index, hardware_type & 0xFFFF, packet_type & 0xFF, len(hardware), hardware)
        return netarium_families.number_of(FAMILY + PROTOCOL.pack(protocol) + rest), 1

    def _name(self, stand):
        if stand is None:
            return None
        structure = netarium_families.structure_of(stand[0])
        (protocol,) = PROTOCOL.unpack_from(structure, 2)
        index, hardware_type, packet_type, length, hardware = REST.unpack_from(structure, 4)
        return _interface(index), protocol, packet_type, hardware_type, hardware[:length]


def _interface(index):
    try:
        return socket.if_indextoname(index) if index else ""
    except OSError:
        return ""
