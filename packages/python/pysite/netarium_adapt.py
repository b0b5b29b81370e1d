"""Makes the interpreter one of a machine: done once, before a program is known. Also part of the memory snapshot."""

import netarium_children
import netarium_epoll
import netarium_errno
import netarium_interactive
import netarium_platform
import netarium_process  # noqa: F401  (so that it is there when a process starts)
import netarium_signal
import netarium_socket
import netarium_threads
import netarium_times
import pwd  # noqa: F401


# What network programs import: in the snapshot it is there already.
import argparse, collections, datetime, gc, json, logging, os, queue, random, re, runpy  # noqa: E401, F401
import select, selectors, signal, socket, string, struct, threading, time, traceback, uuid  # noqa: E401, F401

# What a person at the interpreter waits for.
import _pyrepl.console, _pyrepl.simple_interact  # noqa: E401, F401


def adapt():
    netarium_platform.adapt()
    netarium_errno.adapt()
    netarium_signal.adapt()
    netarium_socket.adapt()
    _adapt_families()
    netarium_children.adapt()
    netarium_epoll.adapt()
    netarium_threads.adapt()
    netarium_times.adapt()
    netarium_process.adapt()
    netarium_interactive.adapt()
    # What is there now stays: the collector need not look at it again.
    gc.collect()
    gc.freeze()


def _adapt_families():
    # Their classes are made of the socket module's, which is another one only now.
    import netarium_families, netarium_inet6, netarium_names, netarium_packet, netarium_unix  # noqa: E401

    for module in (netarium_families, netarium_unix, netarium_inet6, netarium_packet, netarium_names):
        module.adapt()
