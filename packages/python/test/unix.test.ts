import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { runAlone } = machines();

/** What prints the same on Linux: local sockets, descriptors, interfaces, what select says of what is not open. */
const PROGRAM = `
import array, asyncio, errno, os, select, socket, socketserver, stat, tempfile, threading

os.chdir(tempfile.mkdtemp())

def attempt(work, *args):
    try:
        return work(*args)
    except Exception as error:
        return type(error).__name__, str(error)

with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
    print(server.family, server.type, repr(server.getsockname()), attempt(server.getpeername))
    print(attempt(client.connect, 'door'))
    server.bind('door')
    server.listen()
    print(stat.S_ISSOCK(os.stat('door').st_mode), server.getsockname(), os.listdir())
    print(attempt(socket.socket(socket.AF_UNIX).bind, 'door'), attempt(client.bind, 'x' * 200))
    client.settimeout(5)
    client.connect('door')
    conn, address = server.accept()
    print(type(conn).__name__, conn.family, repr(address), conn.getsockname(), client.getpeername())
    client.sendall('안녕'.encode())
    print(conn.recvfrom(100))
    conn.close()
    print(client.recv(10), attempt(client.send, b'x'))
    os.unlink('door')

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
    one.bind(b'\\0one')
    other.bind('other')
    other.sendto(b'first', b'\\0one')
    other.connect(bytearray(b'\\0one'))
    other.sendmsg([b'sec', b'ond'])
    print(one.recvfrom(10), one.recvmsg(10, 100), one.getsockname())
    one.settimeout(0.1)
    print(attempt(one.recv, 1), attempt(other.sendto, b'x', 5), attempt(other.sendto, b'x', 'nobody'))

left, right = socket.socketpair()
read, write = os.pipe()
with tempfile.TemporaryFile() as file:
    file.write(b'0123456789')
    file.seek(3)
    socket.send_fds(left, [b'take'], [write, file.fileno()])
os.close(write)
data, fds, flags, address = socket.recv_fds(right, 10, 5)
os.write(fds[0], b'through the pipe')
print(data, len(fds), flags, address, os.read(read, 99), os.read(fds[1], 4), os.get_inheritable(fds[0]))
left.sendmsg([b'cut'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [read, read]))])
data, ancillary, flags, _ = right.recvmsg(9, socket.CMSG_LEN(4))
print(data, [(level, kind, len(value)) for level, kind, value in ancillary], flags == socket.MSG_CTRUNC)

class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline().upper())

with socketserver.ThreadingUnixStreamServer('echo', Echo) as echo:
    threading.Thread(target=echo.serve_forever).start()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect('echo')
        client.sendall(b'shout\\n')
        print(client.makefile().readline())
    echo.shutdown()

number = socket.socket().detach()
print(os.get_inheritable(number), attempt(os.set_inheritable, number, True), os.get_inheritable(number))
copy = os.dup(number)
print(os.get_inheritable(copy), attempt(os.set_inheritable, 77, True))
os.close(number)
print(attempt(select.select, [number], [], [], 0), attempt(select.select, [], [read], [], 0))
print(select.select([right], [left], [left], 0) == ([], [left], []))
with select.epoll() as poller:
    poller.register(right, select.EPOLLIN)
    print(attempt(poller.register, right), attempt(poller.modify, 77, 0), poller.poll(0))
    left.send(b'!')
    print([(fd == right.fileno(), events) for fd, events in poller.poll()], attempt(poller.poll, 0, -5))
print(poller.closed, attempt(poller.poll), right.recv(1), attempt(select.epoll, 0))

with tempfile.TemporaryFile() as file:
    file.write(b'0123456789')
    file.flush()
    print(os.sendfile(left.fileno(), file.fileno(), 4, 100), right.recv(100), file.tell())

async def talk():
    async def shout(reader, writer):
        writer.write((await reader.readline()).upper())
        writer.close()
    async with await asyncio.start_unix_server(shout, 'async'):
        reader, writer = await asyncio.open_unix_connection('async')
        writer.write(b'softly\\n')
        print(await reader.read(), type(asyncio.get_running_loop()._selector).__name__)
        writer.close()
asyncio.run(talk())

print(socket.if_nameindex()[0], socket.if_nametoindex('lo'), socket.if_indextoname(1))
print(socket.getservbyname('ssh'), socket.getservbyport(80), socket.getservbyport(53, 'udp'), attempt(socket.getservbyport, 59999))
print(attempt(socket.gethostbyname, '::1'))
`;

const EXPECTED = `1 1 '' ('OSError', '[Errno 107] Transport endpoint is not connected')
('FileNotFoundError', '[Errno 2] No such file or directory')
True door ['door']
('OSError', '[Errno 98] Address already in use') ('OSError', 'AF_UNIX path too long')
socket 1 '' door door
(b'\\xec\\x95\\x88\\xeb\\x85\\x95', None)
b'' ('BrokenPipeError', '[Errno 32] Broken pipe')
(b'first', 'other') (b'second', [], 0, 'other') b'\\x00one'
('TimeoutError', 'timed out') ('TypeError', "a bytes-like object is required, not 'int'") ('FileNotFoundError', '[Errno 2] No such file or directory')
b'take' 2 0 None b'through the pipe' b'3456' True
b'cut' [(1, 1, 4)] True
SHOUT

False None True
False ('OSError', '[Errno 9] Bad file descriptor')
('OSError', '[Errno 9] Bad file descriptor') ([], [], [])
True
('FileExistsError', '[Errno 17] File exists') ('OSError', '[Errno 9] Bad file descriptor') []
[(True, 1)] ('ValueError', 'maxevents must be greater than 0, got -5')
True ('ValueError', 'I/O operation on closed epoll object') b'!' ('ValueError', 'negative sizehint')
6 b'456789' 10
b'SOFTLY\\n' EpollSelector
(1, 'lo') 1 lo
22 http domain ('OSError', 'port/proto not found')
('gaierror', '[Errno -9] Address family for hostname not supported')
`;

describe('Python on a machine', () => {
  it('has the local sockets, descriptors and names of Linux', async () => {
    const { text, status } = await runAlone(PROGRAM);
    expect([status, text]).toEqual([0, EXPECTED]);
  });

  it.skipIf(!hasPython())('prints what this computer prints', () => {
    const folder = mkdtempSync(join(tmpdir(), 'netarium-unix-'));
    writeFileSync(join(folder, 'program.py'), PROGRAM);
    expect(execFileSync('python3', [join(folder, 'program.py')]).toString()).toBe(EXPECTED);
  });
});

function hasPython(): boolean {
  try {
    return /^Python 3/.test(execFileSync('python3', ['--version']).toString());
  } catch {
    return false;
  }
}
