import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { runAlone } = machines();

describe('descriptors that a child inherits', () => {
  it('pass_fds: a socket, a pipe and a file under the same numbers; others are closed', async () => {
    const { text } = await runAlone(`import os, socket, subprocess, sys
a, b = socket.socketpair()
r, w = os.pipe()
f = open('file', 'w+')
f.write('from the parent\\n'); f.flush()
hidden = os.dup(r)
child = '''import os, socket, sys
s, w, f, hidden = map(int, sys.argv[1:])
sock = socket.socket(fileno=s)
print(sock.family.name, sock.type.name, sock.recv(99))
os.write(w, b'through the pipe')
os.write(f, b'from the child')
for fd in (hidden, 0):
    try: print(os.fstat(fd).st_mode & 0o170000 != 0)
    except OSError as e: print(e)
'''
a.sendall(b'hello')
p = subprocess.Popen([sys.executable, '-c', child, str(b.fileno()), str(w), str(f.fileno()), str(hidden)],
    pass_fds=[b.fileno(), w, f.fileno()])
print(p.wait(), os.read(r, 99), open('file').read().split('\\n'))
try: subprocess.run(['true'], pass_fds=[999])
except OSError as e: print(e)
`);
    expect(text).toBe(`AF_UNIX SOCK_STREAM b'hello'
[Errno 9] Bad file descriptor
True
0 b'through the pipe' ['from the parent', 'from the child']
[Errno 9] Bad file descriptor
`);
  });

  it('close_fds=False: those that are inheritable; a server hands on the socket it listens at', async () => {
    const { text } = await runAlone(`import os, socket, subprocess, sys
server = socket.create_server(('127.0.0.1', 9000))
other = socket.socket()
server.set_inheritable(True)
child = '''import os, socket, sys
server = socket.socket(fileno=int(sys.argv[1]))
try: os.fstat(int(sys.argv[2]))
except OSError as e: print(e)
c, _ = server.accept()
c.sendall(b'from the child')
'''
p = subprocess.Popen([sys.executable, '-c', child, str(server.fileno()), str(other.fileno())], close_fds=False)
server.close()
print(socket.create_connection(('127.0.0.1', 9000)).recv(99), p.wait())
`);
    expect(text).toBe("[Errno 9] Bad file descriptor\nb'from the child' 0\n");
  });
});

describe('another program in place of this one', () => {
  it('os.exec keeps the number, the streams and what is inheritable', async () => {
    const { text, status } = await runAlone(`import os, sys
if len(sys.argv) > 1:
    print(sys.argv[1:], os.getpid(), os.environ.get('GREETING'), os.getcwd(), os.read(int(sys.argv[1]), 9))
    os.execvp('echo', ['echo', 'the', 'end'])
for call in lambda: os.execv('nowhere', ['x']), lambda: os.execv('program.py', []), lambda: os.execlp('nowhere', 'x'):
    try: call()
    except (OSError, ValueError) as e: print(e)
r, w = os.pipe()
os.write(w, b'inherited')
os.set_inheritable(r, True)
os.mkdir('sub'); os.chdir('sub')
sys.stdout.flush()
os.execve(sys.executable, [sys.executable, '../program.py', str(r)], {'GREETING': 'hello'})
`);
    expect(text).toBe(`[Errno 2] No such file or directory
execv() arg 2 must not be empty
[Errno 2] No such file or directory
['3'] 100 hello /home/student/sub b'inherited'
the end
`);
    expect(status).toBe(0);
  });

  it('os.spawn starts programs and waits for them', async () => {
    const { text } = await runAlone(`import os
print(os.spawnlp(os.P_WAIT, 'echo', 'echo', 'hello'), os.spawnv(os.P_WAIT, '/usr/bin/false', ['false']))
pid = os.spawnvp(os.P_NOWAIT, 'sleep', ['sleep', '1'])
ended, status, usage = os.wait4(pid, 0)
print(ended == pid, status, usage.ru_stime > 0, os.spawnv(os.P_WAIT, '/nowhere', ['x']))
`);
    expect(text).toBe('hello\n0 1\nTrue 0 True 127\n');
  });
});

describe('processes that are copies of this one', () => {
  it('there are not: one line says so, and what there is instead', async () => {
    const { text } = await runAlone(`import os, multiprocessing
from concurrent.futures import ProcessPoolExecutor
def work(): pass
print(hasattr(os, 'fork'))
for call in (
    lambda: os.fork(), lambda: multiprocessing.Process(target=work).start(), lambda: multiprocessing.Pool(2),
    lambda: multiprocessing.Queue(), lambda: multiprocessing.Lock(), lambda: ProcessPoolExecutor(),
):
    try: call()
    except Exception as e: print(f'{type(e).__name__}: {e}')
`);
    const instead =
      'use threading or concurrent.futures.ThreadPoolExecutor, or subprocess for another program';
    const none = `a machine's Python has no multiprocessing: ${instead}\n`;
    expect(text).toBe(
      `False\nAttributeError: a machine's Python cannot copy itself, so there is no os.fork(): ${instead}\n` +
        `ModuleNotFoundError: ${none}`.repeat(4) +
        `NotImplementedError: ${none}`,
    );
  });
});
