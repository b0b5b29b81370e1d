"""Child processes: what CPython does with fork(2) and execve(2), a machine does with posix_spawn(3)."""

import array
import errno
import fcntl
import importlib
import json
import os
import shlex
import struct
import subprocess
import sys
import types

# ioctl requests that only this interpreter knows: the length of a text, room for a pid, the text; and pid, options,
# room for a status.
SPAWN = 0x4E540102
WAIT = 0x4E540103
# A process that there is not: what became of a child that could not be started.
NOBODY = 4194305
SHELL = "/bin/sh"
NO_SHELL = "sh: there is no shell on this machine: a command and its words, nothing else\n"


def adapt():
    module = types.ModuleType("_posixsubprocess", "A POSIX helper for the subprocess module.")
    module.fork_exec = fork_exec
    sys.modules["_posixsubprocess"] = module
    for function in (waitpid, wait):
        setattr(os, function.__name__, function)
    # It was imported where there are no processes.
    importlib.reload(subprocess)
    os.system = system


def fork_exec(args, executables, close_fds, pass_fds, cwd, env, stdin_read, stdin_write, stdout_read, stdout_write,
              stderr_read, stderr_write, error_read, error_write, restore_signals, start_new_session, process_group,
              gid, groups, uid, umask, preexec_fn, *_):
    if preexec_fn is not None:
        raise RuntimeError("preexec_fn needs fork(), which a machine's Python does not have")
    if any(fd > 2 and fd != error_write for fd in pass_fds):
        raise RuntimeError("a machine's Python passes descriptors 0, 1 and 2 only")
    argv = [os.fsdecode(word) for word in args]
    variables = dict(os.environ) if env is None else dict(_variable(entry) for entry in env)
    stdio = [0 if stdin_read < 0 else stdin_read, 1 if stdout_write < 0 else stdout_write, 2 if stderr_write < 0 else stderr_write]
    folder = os.path.abspath(os.fsdecode(cwd)) if cwd is not None else os.getcwd()
    if not os.path.isdir(folder):
        return _failed(error_write, errno.ENOENT, "noexec:chdir")
    paths = [os.fsdecode(path) for path in executables]
    if paths == [SHELL] and argv[1:2] == ["-c"] and not os.path.exists(SHELL):
        words = _words(argv[2])
        if words is None:
            os.write(stdio[2], NO_SHELL.encode())
            words = ["false"]
        paths, argv = [words[0]], words
    error = errno.ENOENT
    for path in paths:
        pid = _spawn({"path": path, "argv": argv, "env": variables, "cwd": folder, "stdio": stdio})
        if pid >= 0:
            return pid
        if -pid not in (errno.ENOENT, errno.ENOTDIR):
            error = -pid
    return _failed(error_write, error, "")


def _variable(entry):
    name, _, value = entry.partition(b"=")
    return os.fsdecode(name), os.fsdecode(value)


def _failed(error_write, number, message):
    # What a child tells its parent that did not come to run (CPython's Modules/_posixsubprocess.c).
    os.write(error_write, f"OSError:{number:X}:{message}".encode())
    return NOBODY


def _spawn(child):
    text = json.dumps(child).encode()
    request = bytearray(struct.pack("=ii", len(text), 0) + text)
    fcntl.ioctl(0, SPAWN, request)
    return struct.unpack_from("=i", request, 4)[0]


def _words(command):
    """The words of a command that needs no shell, or None."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="();<>|&`$*?~\n")
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return None
    return words if words and not any(set(word) <= set("();<>|&`$*?~\n") for word in words) else None


def waitpid(pid, options, /):
    """Wait for completion of a given child process.

    Returns a tuple of information regarding the child process: (pid, status)
    """
    request = array.array("i", [pid, options, 0])
    ended = fcntl.ioctl(0, WAIT, request)
    return ended, request[2]


def wait():
    """Wait for completion of a child process.

    Returns a tuple of information about the child process: (pid, status)
    """
    return waitpid(-1, 0)


def system(command):
    """Execute the command in a subshell."""
    status = subprocess.call(command, shell=True)
    return -status if status < 0 else status << 8
