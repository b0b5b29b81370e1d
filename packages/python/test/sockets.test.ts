import { describe, expect, it } from 'vitest';
import { lab } from './lab.ts';

const { network, start, run } = lab();

const SERVER = `import socket

server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(('', 9000))
server.listen()
print('기다림', server.getsockname())
conn, addr = server.accept()
print('연결', addr)
with conn:
    while True:
        data = conn.recv(1024)
        if not data:
            break
        print('받음:', data.decode())
        conn.sendall('에코: '.encode() + data)
server.close()
`;
const CLIENT = `import socket
client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect(('server', 9000))
client.sendall('안녕하세요, 네트워크!'.encode())
print('응답:', client.recv(1024).decode())
client.close()
`;

describe('a TCP server and a client as a lecture has them', () => {
  it('exchange Korean text, and end with status 0', async () => {
    const { network: net, server, client } = network();
    const s = start(server, 'server.py', SERVER);
    await net.run();
    expect(s.waitsIn).toBe('accept4');
    expect(s.output).toBe("기다림 ('0.0.0.0', 9000)\n");
    const c = start(client, 'client.py', CLIENT);
    await net.run();
    expect(c).toMatchObject({ output: '응답: 에코: 안녕하세요, 네트워크!\n', errors: '', status: 0 });
    expect(s.output).toContain("연결 ('10.0.0.2', ");
    expect(s.output).toContain('받음: 안녕하세요, 네트워크!\n');
    expect(s).toMatchObject({ errors: '', status: 0 });
  });

  it('make the system calls of Linux, each attributed to its line', async () => {
    const { network: net, server, client } = network();
    start(server, 'server.py', SERVER);
    const c = start(client, 'client.py', CLIENT);
    await net.run();
    const lines = c.calls.filter(({ where }) => where).map(({ name, where }) => [name, where?.line]);
    expect(lines).toEqual([
      ['socket', 2],
      ['connect', 3],
      ['sendto', 4],
      ['recvfrom', 5],
      ['write', 5],
      ['close', 6],
    ]);
    expect(c.calls.at(-1)?.where).toEqual({ file: '/home/student/client.py', line: 6, function: '<module>' });
  });
});

describe('what goes wrong says so as on Linux', () => {
  it('nobody listens: ConnectionRefusedError, with its errno', async () => {
    const p = await run(CLIENT);
    expect(p.status).toBe(1);
    expect(p.errors).toBe(`Traceback (most recent call last):
  File "/home/student/program.py", line 3, in <module>
    client.connect(('server', 9000))
    ~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^
ConnectionRefusedError: [Errno 111] Connection refused
`);
  });

  it('str instead of bytes: TypeError', async () => {
    const p = await run(`import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(('127.0.0.1', 9))
s.send('안녕')
`);
    expect(p.errors).toContain("TypeError: a bytes-like object is required, not 'str'\n");
    expect(p.status).toBe(1);
  });

  it('the port is taken: EADDRINUSE; below 1024: EACCES; not ours: EADDRNOTAVAIL', async () => {
    const p = await run(`import socket, errno
def attempt(address):
    s = socket.socket()
    try:
        s.bind(address)
        return s
    except OSError as e:
        print(type(e).__name__, e, errno.errorcode[e.errno], e.strerror)
a = attempt(('', 8000))
attempt(('', 8000))
attempt(('', 80))
attempt(('1.2.3.4', 8000))
`);
    expect(p.errors).toBe('');
    expect(p.output).toBe(`OSError [Errno 98] Address already in use EADDRINUSE Address already in use
PermissionError [Errno 13] Permission denied EACCES Permission denied
OSError [Errno 99] Cannot assign requested address EADDRNOTAVAIL Cannot assign requested address
`);
  });

  it('an option or a family that is not there', async () => {
    const p = await run(`import socket
s = socket.socket()
for action in (
    lambda: s.setsockopt(99, 1, 1),
    lambda: socket.socket(socket.AF_INET6),
    lambda: s.recv(10),
    lambda: s.getpeername(),
):
    try:
        action()
    except OSError as e:
        print(e)
`);
    expect(p.output).toBe(`[Errno 92] Protocol not available
[Errno 97] Address family not supported by protocol
[Errno 107] Transport endpoint is not connected
[Errno 107] Transport endpoint is not connected
`);
  });

  it('a name that nobody knows: gaierror', async () => {
    const p = await run(`import socket
try:
    socket.create_connection(('nowhere.example', 80))
except socket.gaierror as e:
    print(e)
print(socket.gethostbyname('client'), socket.gethostname(), socket.getaddrinfo('server.example', 80)[0][4])
print(socket.gethostbyaddr('10.0.0.2')[0], socket.gethostbyname_ex('client'))
try:
    socket.gethostbyname_ex('nowhere.example')
except socket.gaierror as e:
    print(e.errno)
`);
    expect(p.errors).toBe('');
    expect(p.output).toBe(`[Errno -3] Temporary failure in name resolution
10.0.0.2 server ('10.0.0.1', 80)
client ('client', [], ['10.0.0.2'])
-3
`);
  });

  it('a silent address: ETIMEDOUT when the kernel gives up', async () => {
    const p = await run(`import socket, time
t = time.monotonic()
try:
    socket.create_connection(('10.9.9.9', 80))
except TimeoutError as e:
    print(e, round(time.monotonic() - t))
`);
    expect(p.output).toBe('[Errno 110] Connection timed out 127\n');
  });
});

describe('timeouts', () => {
  it('end accept, recv and connect after their time, in virtual time', async () => {
    const p = await run(`import socket, time
s = socket.create_server(('', 9000))
s.settimeout(2.5)
def timed(action):
    t = time.monotonic()
    try:
        print(action())
    except TimeoutError as e:
        print(repr(e), round(time.monotonic() - t, 2))
timed(s.accept)
c = socket.create_connection(('127.0.0.1', 9000), timeout=1)
timed(lambda: c.recv(10))
timed(lambda: socket.create_connection(('10.9.9.9', 80), timeout=3))
`);
    expect(p.errors).toBe('');
    expect(p.output).toBe(`TimeoutError('timed out') 2.5
TimeoutError('timed out') 1.0
TimeoutError('timed out') 3.0
`);
  });

  it('a refused connection with a timeout is still refused', async () => {
    const p = await run(`import socket
try:
    socket.create_connection(('127.0.0.1', 9000), timeout=1)
except OSError as e:
    print(repr(e))
`);
    expect(p.output).toBe("ConnectionRefusedError(111, 'Connection refused')\n");
  });

  it('without waiting: BlockingIOError, connect_ex and SO_ERROR give Linux numbers', async () => {
    const p = await run(`import socket, errno, select
s = socket.create_server(('', 9000))
s.setblocking(False)
try:
    s.accept()
except BlockingIOError as e:
    print(e)
for port in (9000, 9001):
    c = socket.socket()
    c.setblocking(False)
    n = c.connect_ex(('127.0.0.1', port))
    print(n, n == errno.EINPROGRESS)
    r, w, x = select.select([], [c], [], 5)
    print(w == [c], c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
`);
    expect(p.errors).toBe('');
    expect(p.output).toBe(`[Errno 11] Resource temporarily unavailable
115 True
True 0
115 True
True 111
`);
  });
});

describe('streams and datagrams', () => {
  it('sendall passes a large text on whole; makefile reads lines of it', async () => {
    const { network: net, server, client } = network();
    const s = start(
      server,
      's.py',
      `import socket
s = socket.create_server(('', 9000))
c, _ = s.accept()
with c, c.makefile('r', encoding='utf-8') as f:
    n = sum(len(line) for line in f)
print(n)
`,
    );
    const c = start(
      client,
      'c.py',
      `import socket
c = socket.create_connection(('server', 9000))
c.settimeout(10)
c.sendall(('가나다\\n' * 100_000).encode())
c.close()
`,
    );
    await net.run();
    expect(c).toMatchObject({ errors: '', status: 0 });
    expect(s.output).toBe('400000\n');
  });

  it('recv_into and recvfrom_into fill a buffer; shutdown ends one direction', async () => {
    const p = await run(`import socket
s = socket.create_server(('', 9000))
a = socket.create_connection(('127.0.0.1', 9000))
b, _ = s.accept()
a.sendall(b'hello')
buffer = bytearray(10)
n = b.recv_into(buffer)
print(n, bytes(buffer))
a.shutdown(socket.SHUT_WR)
print(b.recv(10))
b.sendall(b'late')
print(a.recv(2, socket.MSG_PEEK), a.recv(10))
a.close()
`);
    expect(p.errors).toBe('');
    expect(p.output).toBe("5 b'hello\\x00\\x00\\x00\\x00\\x00'\nb''\nb'la' b'late'\n");
  });

  it('UDP: sendto and recvfrom, cut datagrams, nobody there', async () => {
    const { network: net, server, client } = network();
    const s = start(
      server,
      's.py',
      `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 5000))
data, addr = s.recvfrom(1024)
print(data.decode(), addr[0])
s.sendto('받았음'.encode(), addr)
print(s.recvfrom(3)[0], s.recvmsg(2)[0:3:2])
`,
    );
    const c = start(
      client,
      'c.py',
      `import socket
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
c.settimeout(1)
c.sendto('안녕'.encode(), ('10.0.0.1', 5000))
print(c.recvfrom(100)[0].decode())
c.sendto(b'abcdef', ('10.0.0.1', 5000))
c.sendto(b'abcdef', ('10.0.0.1', 5000))
try:
    c.recv(1)
except TimeoutError as e:
    print(e)
`,
    );
    await net.run();
    expect(c).toMatchObject({ errors: '', output: '받았음\ntimed out\n' });
    expect(s.errors).toBe('');
    expect(s.output).toBe("안녕 10.0.0.2\nb'abc' (b'ab', 32)\n");
  });

  it('poll and select wait for several sockets at once', async () => {
    const p = await run(`import select, socket, time
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); a.bind(('127.0.0.1', 5001))
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); b.bind(('127.0.0.1', 5002))
t = time.monotonic()
print(select.select([a, b], [], [], 0.5), round(time.monotonic() - t, 2))
a.sendto(b'x', ('127.0.0.1', 5002))
print(select.select([a, b], [], [])[0] == [b])
p = select.poll()
p.register(a, select.POLLIN)
p.register(b, select.POLLIN)
print(p.poll() == [(b.fileno(), select.POLLIN)])
`);
    expect(p.errors).toBe('');
    expect(p.output).toBe('([], [], []) 0.5\nTrue\nTrue\n');
  });
});
