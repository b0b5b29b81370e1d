"""This module provides access to the Unix password database: the machine's /etc/passwd."""

import collections

__all__ = ["getpwall", "getpwnam", "getpwuid", "struct_passwd"]

struct_passwd = collections.namedtuple(
    "struct_passwd", "pw_name pw_passwd pw_uid pw_gid pw_gecos pw_dir pw_shell", module=__name__
)


def getpwall():
    """Return a list of all available password database entries, in arbitrary order."""
    entries = []
    with open("/etc/passwd", encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split(":")
            if len(fields) == 7:
                fields[2:4] = map(int, fields[2:4])
                entries.append(struct_passwd(*fields))
    return entries


def getpwuid(uid, /):
    """Return the password database entry for the given numeric user ID."""
    for entry in getpwall():
        if entry.pw_uid == uid:
            return entry
    raise KeyError(f"getpwuid(): uid not found: {uid}")


def getpwnam(name, /):
    """Return the password database entry for the given user name."""
    for entry in getpwall():
        if entry.pw_name == name:
            return entry
    raise KeyError(f"getpwnam(): name not found: {name!r}")
