"""Runs a command in a terminal of its own: its keys are standard input, its screen standard output; "ROWS COLUMNS" on descriptor 3 sets its size."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios

child, screen = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])


def resize(rows, columns):
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


resize(24, 80)
sources = [0, 3, screen]
while screen in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:  # EIO: nobody has the terminal open any more.
            data = b""
        if data == b"":
            sources.remove(source)
        elif source == 0:
            os.write(screen, data)
        elif source == 3:
            resize(*map(int, data.split()))
        else:
            os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
