"""Child processes: what CPython does with fork(2) and execve(2), a machine does with posix_spawn(3)."""

import array
import errno
import fcntl
import importlib
import json
import os
import shlex
import struct
import resource
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
    for function in (waitpid, wait, wait3, wait4, execv, execve):
        function.__module__ = "posix"
        setattr(os, function.__name__, function)
    os._spawnvef = _spawnvef
    # It was imported where there are no processes.
    importlib.reload(subprocess)
    os.system = system


def fork_exec(args, executables, close_fds, pass_fds, cwd, env, stdin_read, stdin_write, stdout_read, stdout_write,
              stderr_read, stderr_write, error_read, error_write, restore_signals, start_new_session, process_group,
              gid, groups, uid, umask, preexec_fn, *_):
    if preexec_fn is not None:
        raise RuntimeError("preexec_fn needs fork(), which a machine's Python does not have")
    argv = [os.fsdecode(word) for word in args]
    variables = dict(os.environ) if env is None else dict(_variable(entry) for entry in env)
    stdio = [0 if stdin_read < 0 else stdin_read, 1 if stdout_write < 0 else stdout_write, 2 if stderr_write < 0 else stderr_write]
    others = pass_fds if close_fds else _inheritable()
    for fd in others:
        try:
            os.get_inheritable(fd)
        except OSError as error:
            return _failed(error_write, error.errno, "noexec")
    descriptors = [*zip(stdio, range(3)), *((fd, fd) for fd in others if fd > 2 and fd != error_write)]
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
        pid = _spawn({"path": path, "argv": argv, "env": variables, "cwd": folder, "descriptors": descriptors, "replaces": False})
        if pid >= 0:
            return pid
        if -pid not in (errno.ENOENT, errno.ENOTDIR):
            error = -pid
    return _failed(error_write, error, "")


def _inheritable():
    """The descriptors that a program finds which is run in place of this one."""
    return [fd for fd in map(int, os.listdir("/proc/self/fd")) if _is_inheritable(fd)]


def _is_inheritable(fd):
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False


def execv(path, argv, /):
    """Execute an executable path with arguments, replacing current process.

      path
        Path of executable file.
      argv
        Tuple or list of strings.
    """
    _execute("execv", path, argv, os.environ)


def execve(path, argv, env):
    """Execute an executable path with arguments, replacing current process.

      path
        Path of executable file.
      argv
        Tuple or list of strings.
      env
        Dictionary of strings mapping to strings.
    """
    _execute("execve", path, argv, env)


def _execute(function, path, argv, env):
    if not isinstance(argv, (tuple, list)):
        raise TypeError(f"{function}() arg 2 must be a tuple or list")
    words = [os.fsdecode(word) for word in argv]
    if not words or not words[0]:
        raise ValueError(f"{function}() arg 2 {'first element ' if words else 'must not '}{'cannot ' if words else ''}be empty")
    sys.audit("os.exec", path, argv, env)
    variables = {os.fsdecode(name): os.fsdecode(value) for name, value in env.items()}
    # A name without a slash is one of this folder: the kernel would look it up on PATH.
    file = os.path.join(os.getcwd(), os.fsdecode(path))
    descriptors = [(fd, fd) for fd in _inheritable()]
    error = _spawn({"path": file, "argv": words, "env": variables, "cwd": os.getcwd(), "descriptors": descriptors, "replaces": True})
    raise OSError(-error, os.strerror(-error), *([path] if function == "execve" else []))


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


def wait3(options):
    """Wait for completion of a child process.

    Returns a tuple of information about the child process:
      (pid, status, rusage)
    """
    return wait4(-1, options)


def wait4(pid, options):
    """Wait for completion of a specific child process.

    Returns a tuple of information about the child process:
      (pid, status, rusage)
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended, status = waitpid(pid, options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended, status, resource.struct_rusage(*(new - old for new, old in zip(after, before)))


def _spawnvef(mode, file, args, env, func):
    """What os.spawnv and the others do, which would fork."""
    if not isinstance(args, (tuple, list)):
        raise TypeError("argv must be a tuple or a list")
    if not args or not args[0]:
        raise ValueError("argv first element cannot be empty")
    search = func in (os.execvp, os.execvpe)
    child = {
        "path": os.fsdecode(file) if search else os.path.join(os.getcwd(), os.fsdecode(file)),
        "argv": [os.fsdecode(word) for word in args],
        "env": dict(os.environ if env is None else env),
        "cwd": os.getcwd(),
        "descriptors": [(fd, fd) for fd in _inheritable()],
        "replaces": False,
    }
    pid = _spawn(child)
    # A child that could not be started ends with 127 (os._spawnvef).
    if mode == os.P_NOWAIT:
        return pid if pid >= 0 else NOBODY
    return 127 if pid < 0 else os.waitstatus_to_exitcode(waitpid(pid, 0)[1])


def system(command):
    """Execute the command in a subshell."""
    status = subprocess.call(command, shell=True)
    return -status if status < 0 else status << 8
