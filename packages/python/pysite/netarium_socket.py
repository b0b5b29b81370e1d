"""What the socket module of this build lacks, with Linux's numbers."""

import asyncio
import importlib

import _socket
import socket

import netarium_errno

# socket(7), ip(7), tcp(7), packet(7); asm-generic/socket.h, linux/in.h, linux/tcp.h, linux/if_packet.h, netdb.h
CONSTANTS = {
    "SO_DEBUG": 1, "SO_REUSEADDR": 2, "SO_TYPE": 3, "SO_ERROR": 4, "SO_DONTROUTE": 5, "SO_BROADCAST": 6,
    "SO_SNDBUF": 7, "SO_RCVBUF": 8, "SO_KEEPALIVE": 9, "SO_OOBINLINE": 10, "SO_PRIORITY": 12, "SO_LINGER": 13,
    "SO_REUSEPORT": 15, "SO_PASSCRED": 16, "SO_PEERCRED": 17, "SO_RCVLOWAT": 18, "SO_SNDLOWAT": 19,
    "SO_RCVTIMEO": 20, "SO_SNDTIMEO": 21, "SO_BINDTODEVICE": 25, "SO_ACCEPTCONN": 30, "SO_MARK": 36,
    "SO_PROTOCOL": 38, "SO_DOMAIN": 39,
    "IP_TOS": 1, "IP_TTL": 2, "IP_HDRINCL": 3, "IP_OPTIONS": 4, "IP_RECVOPTS": 6, "IP_MTU_DISCOVER": 10,
    "IP_RECVERR": 11, "IP_RECVTTL": 12, "IP_RECVTOS": 13, "IP_MTU": 14, "IP_FREEBIND": 15, "IP_MULTICAST_IF": 32,
    "IP_MULTICAST_TTL": 33, "IP_MULTICAST_LOOP": 34, "IP_ADD_MEMBERSHIP": 35, "IP_DROP_MEMBERSHIP": 36,
    "TCP_NODELAY": 1, "TCP_MAXSEG": 2, "TCP_CORK": 3, "TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 6,
    "TCP_SYNCNT": 7, "TCP_LINGER2": 8, "TCP_DEFER_ACCEPT": 9, "TCP_WINDOW_CLAMP": 10, "TCP_INFO": 11,
    "TCP_QUICKACK": 12, "TCP_CONGESTION": 13, "TCP_USER_TIMEOUT": 18, "TCP_FASTOPEN": 23,
    "MSG_OOB": 1, "MSG_PEEK": 2, "MSG_DONTROUTE": 4, "MSG_CTRUNC": 8, "MSG_TRUNC": 32, "MSG_DONTWAIT": 64,
    "MSG_EOR": 128, "MSG_WAITALL": 256, "MSG_CONFIRM": 2048, "MSG_ERRQUEUE": 8192, "MSG_NOSIGNAL": 16384,
    "MSG_MORE": 32768, "MSG_FASTOPEN": 0x20000000, "MSG_CMSG_CLOEXEC": 0x40000000,
    "SOMAXCONN": 4096, "SOCK_RAW": 3, "SOCK_NONBLOCK": 2048, "SOCK_CLOEXEC": 524288, "AF_UNIX": 1, "AF_PACKET": 17,
    "IPPROTO_ICMP": 1, "IPPROTO_SCTP": 132, "SOL_SOCKET": 1, "SO_ORIGINAL_DST": 80,
    "INADDR_BROADCAST": 0xFFFFFFFF, "INADDR_NONE": 0xFFFFFFFF, "INADDR_UNSPEC_GROUP": 0xE0000000,
    "INADDR_ALLHOSTS_GROUP": 0xE0000001, "INADDR_MAX_LOCAL_GROUP": 0xE00000FF,
    "PACKET_HOST": 0, "PACKET_BROADCAST": 1, "PACKET_MULTICAST": 2, "PACKET_OTHERHOST": 3, "PACKET_OUTGOING": 4,
    "PACKET_LOOPBACK": 5, "PACKET_FASTROUTE": 6, "NI_MAXHOST": 1025, "NI_IDN": 32,
}


def adapt():
    for name, value in CONSTANTS.items():
        setattr(_socket, name, value)
    _socket.has_ipv6 = True
    # It makes enumerations of the constants, and has what the platform had when it was imported.
    importlib.reload(socket)
    _adapt_asyncio()
    socket.socket.connect_ex = _connect_ex


def _adapt_asyncio():
    """What it has for local sockets it has if socket had them when it was imported."""
    streams = importlib.reload(asyncio.streams)
    for name in streams.__all__:
        setattr(asyncio, name, getattr(streams, name))
    asyncio.__all__ += tuple(name for name in streams.__all__ if name not in asyncio.__all__)


def _connect_ex(self, address, _connect_ex=_socket.socket.connect_ex):
    number = _connect_ex(self, address)
    return netarium_errno.TO_LINUX.get(number, number)


_connect_ex.__name__ = "connect_ex"
_connect_ex.__qualname__ = "socket.connect_ex"
_connect_ex.__doc__ = _socket.socket.connect_ex.__doc__
