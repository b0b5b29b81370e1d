"""Names of hosts and services of both versions of IP, as Modules/socketmodule.c has them with IPv6."""

import fcntl
import json
import struct

import _socket
import socket

# An ioctl request that only this interpreter knows (sockets.ts): the length of a question in JSON, the room for an
# answer, and the text. A negative length is an error of getaddrinfo(3).
NAMES = 0x4E540004
HEADER = struct.Struct("ii")
ROOM = 1 << 16


def adapt():
    for function in (getaddrinfo, getnameinfo, gethostbyaddr, gethostbyname_ex, getservbyport):
        setattr(_socket, function.__name__, function)
    # That of socket is Python code, which makes enumerations of the numbers.
    for function in (getnameinfo, gethostbyaddr, gethostbyname_ex, getservbyport):
        setattr(socket, function.__name__, function)


def _ask(**question):
    text = json.dumps(question).encode()
    request = bytearray(HEADER.pack(len(text), ROOM) + text.ljust(ROOM, b"\0"))
    fcntl.ioctl(0, NAMES, request)
    length, _ = HEADER.unpack_from(request)
    if length < 0:
        raise socket.gaierror(length, _messages.get(length, "Unknown error"))
    return json.loads(request[HEADER.size : HEADER.size + length])


# gai_strerror(3) of glibc
_messages = {
    -1: "Bad value for ai_flags",
    -2: "Name or service not known",
    -3: "Temporary failure in name resolution",
    -6: "ai_family not supported",
    -7: "ai_socktype not supported",
    -8: "Servname not supported for ai_socktype",
    -9: "Address family for hostname not supported",
    -10: "Memory allocation failure",
}


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    """getaddrinfo(host, port [, family, type, proto, flags])
        -> list of (family, type, proto, canonname, sockaddr)

    Resolve host and port into addrinfo struct.
    """
    found = _find(_host(host), _port(port), family, type, proto, flags)
    canonical = found["canonical"] if flags & socket.AI_CANONNAME else ""
    entries = []
    for place in found["places"]:
        for use in found["uses"]:
            address = place["address"], use["port"]
            if place["family"] == socket.AF_INET6:
                address += 0, place["scopeId"]
            entries.append((place["family"], use["type"], use["protocol"], canonical, address))
            canonical = ""
    return entries


def _find(node, service, family, type, protocol, flags):
    return _ask(
        ask="addresses", node=node, service=service, family=int(family), type=int(type), protocol=int(protocol),
        flags=int(flags),
    )


def _host(host):
    if host is None:
        return None
    if isinstance(host, str):
        host = host.encode("idna")
    elif not isinstance(host, bytes):
        raise TypeError("getaddrinfo() argument 1 must be string or None")
    if b"\0" in host:
        raise ValueError("embedded null character")
    return host.decode("latin-1")


def _port(port):
    if port is None:
        return None
    if isinstance(port, str):
        port = port.encode()
    if isinstance(port, bytes):
        return port.decode()
    if isinstance(port, int):
        return str(int(port))
    raise OSError("Int or String expected")


def getnameinfo(sockaddr, flags, /):
    """getnameinfo(sockaddr, flags) --> (host, port)

    Get host and port for a sockaddr.
    """
    if not isinstance(sockaddr, tuple):
        # As where a function is C's, the traceback keeps nothing of the caller's.
        del sockaddr
        raise TypeError("getnameinfo() argument 1 must be a tuple")
    if not 2 <= len(sockaddr) <= 4 or not isinstance(sockaddr[0], str):
        raise TypeError("getnameinfo(): illegal sockaddr argument")
    host, port, flowinfo, scope_id = (*sockaddr, 0, 0)[:4]
    if not 0 <= flowinfo <= 0xFFFFF:
        raise OverflowError("getnameinfo(): flowinfo must be 0-1048575.")
    found = _find(host, str(port), 0, socket.SOCK_DGRAM, 0, socket.AI_NUMERICHOST)["places"]
    if len(found) > 1:
        raise OSError("sockaddr resolved to multiple addresses")
    family, address = found[0]["family"], found[0]["address"]
    if family == socket.AF_INET and len(sockaddr) != 2:
        raise OSError("IPv4 sockaddr must be 2 tuple")
    name = None
    if not flags & socket.NI_NUMERICHOST:
        try:
            name = _ask(ask="host", address=address)["names"][0]
        except socket.gaierror:
            if flags & socket.NI_NAMEREQD:
                raise
    if name is None:
        name = address + (_zone(address, scope_id) if scope_id and family == socket.AF_INET6 else "")
    service = None
    if not flags & socket.NI_NUMERICSERV:
        service = _service(port, "udp" if flags & socket.NI_DGRAM else "tcp")
    return name, service or str(port)


def getservbyport(port, protocolname=None, /):
    """getservbyport(port[, protocolname]) -> string

    Return the service name from a port number and protocol name.
    The optional protocol name, if given, should be 'tcp' or 'udp',
    otherwise any protocol will match.
    """
    if not 0 <= port <= 0xFFFF:
        raise OverflowError("getservbyport: port must be 0-65535.")
    for protocol in ("tcp", "udp") if protocolname is None else (protocolname,):
        name = _service(port, protocol)
        if name is not None:
            return name
    raise OSError("port/proto not found")


def _service(port, protocol):
    return _ask(ask="service", place=f"{port}/{protocol}")["name"]


def _zone(address, scope_id):
    # glibc names the interface where the address is of one link only.
    packed = socket.inet_pton(socket.AF_INET6, address)
    of_link = packed[0] == 0xFE and packed[1] & 0xC0 == 0x80 or packed[0] == 0xFF and packed[1] & 0x0F in (1, 2)
    if of_link:
        try:
            return f"%{socket.if_indextoname(scope_id)}"
        except OSError:
            pass
    return f"%{scope_id}"


def gethostbyname_ex(host, /):
    """gethostbyname_ex(host) -> (name, aliaslist, addresslist)

    Return the true host name, a list of aliases, and a list of IP addresses,
    for a host.  The host argument is a string giving a host name or IP number.
    """
    # Of a name that nobody knows it gives an error, and of a number the number.
    address = _socket.gethostbyname(host)
    found = _ask(ask="name", name=_host(host))
    return found["name"], found["aliases"], found["addresses"] or [address]


def gethostbyaddr(ip_address, /):
    """gethostbyaddr(host) -> (name, aliaslist, addresslist)

    Return the true host name, a list of aliases, and a list of IP addresses,
    for a host.  The host argument is a string giving a host name or IP number.
    """
    address = _find(_host(ip_address), None, 0, 0, 0, 0)["places"][0]["address"]
    try:
        name, *aliases = _ask(ask="host", address=address)["names"]
    except socket.gaierror:
        raise socket.herror(2, "Host name lookup failure") from None
    return name, aliases, [address]
