import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machines } from './machines.ts';

const { runAlone, twoMachines } = machines();

/** What prints the same on Linux: sockets of AF_INET6, names of both versions of IP, asyncio and servers over them. */
const PROGRAM = `
import asyncio, http.server, socket, threading, urllib.request

def attempt(work, *args):
    try:
        return work(*args)
    except Exception as error:
        return type(error).__name__, str(error)

def shown(work, *args):
    found = attempt(work, *args)
    return found if isinstance(found, tuple) else [(int(one[0]), int(one[1]), *one[2:]) for one in found]

print(socket.has_ipv6, socket.has_dualstack_ipv6())
with socket.socket(socket.AF_INET6) as server:
    print(server.family, server.type, server.proto, server.getsockname(), attempt(server.getpeername))
    server.bind(('::1', 0))
    server.listen()
    host, port, flow, scope = server.getsockname()
    client = socket.create_connection(('::1', port))
    conn, peer = server.accept()
    print(peer[0], peer[2:], type(conn).__name__, conn.family, client.getpeername() == conn.getsockname())
    client.sendall(b'hello')
    print(conn.recvfrom(10), attempt(socket.socket(socket.AF_INET6).bind, ('::1', port)))
    client.close()
    conn.close()

class Own(socket.socket):
    def connect(self, address):
        self.wanted = address
        super().connect(address)

with socket.socket(socket.AF_INET6) as server, Own(socket.AF_INET6) as own:
    server.bind(('::1', 0))
    server.listen()
    own.connect(server.getsockname())
    print(type(own).__name__, own.wanted[0], own.getpeername() == server.getsockname())

one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
one.bind(('::', 0))
port = one.getsockname()[1]
for option in (socket.IPV6_RECVPKTINFO, socket.IPV6_RECVHOPLIMIT, socket.IPV6_RECVTCLASS):
    one.setsockopt(socket.IPPROTO_IPV6, option, 1)
other = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0x20)
other.sendto(b'first', ('::1', port))
print([(level, kind, value.hex()) for level, kind, value in one.recvmsg(10, 200)[1]])
other.sendmsg([b'far'], [(socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT, b'\\2\\0\\0\\0')], 0, ('::1', port))
print([value.hex() for _, _, value in one.recvmsg(10, 200)[1][1:]])
print(attempt(other.sendmsg, [b'x'], [(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, b'12345')], 0, ('::1', port)))
other.sendmsg([b'sec', b'ond'], [], 0, ('::1', port, 0, 0))
print(one.recvfrom(10)[0], one.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four:
    four.sendto(b'from four', ('127.0.0.1', port))
    print(one.recvfrom(10)[1][0])
copy = socket.socket(fileno=one.detach())
print(copy.family, copy.type, copy.getsockname() == ('::', port, 0, 0))
copy.close()

print(attempt(other.sendto, b'x', '::1'), attempt(other.sendto, b'x', ('::1',)), attempt(other.bind, ('::1', 70000)))
print(attempt(other.bind, ('::1', 1, 1 << 20)), attempt(other.bind, ('127.0.0.1', 1)), attempt(other.sendto, b'x', (5, 1)))
print(attempt(other.bind, ('::1', 1)), attempt(other.connect, ('<broadcast>', 1)))

for args in [
    ('::1', 80), ('127.0.0.1', 'http', 0, 0, socket.IPPROTO_TCP), ('::1', 80, socket.AF_INET),
    ('127.0.0.1', 80, socket.AF_INET6), ('127.0.0.1', 80, socket.AF_INET6, 1, 0, socket.AI_V4MAPPED),
    (None, 80, 0, 1), (None, 80, 0, 1, 0, socket.AI_PASSIVE), ('fe80::1%lo', 80, 0, 1), ('fe80::1%nope', 80),
    ('127.1', None, 0, 2), (None, None), ('::1', 80, 99), ('::1', 80, 0, 77), ('::1', 80, 0, 1, 17),
    ('::1', 'http', 0, 1, 0, socket.AI_NUMERICSERV), ('::1::2', 1, 0, 1, 0, socket.AI_NUMERICHOST),
]:
    print(*args[1:], shown(socket.getaddrinfo, *args))
print(attempt(socket.getnameinfo, ('127.0.0.1', 80), 0), attempt(socket.getnameinfo, ('2001:db8::9', 80), 0))
print(attempt(socket.getnameinfo, ('fe80::1', 80, 0, 1), 3), attempt(socket.getnameinfo, ('127.0.0.1', 80, 0), 3))
for text in ('::', '::1', '::ffff:1.2.3.4', '::1.2.3.4', '1:2:3:4:5:6:7::', 'FE80:0:0::1', '::1::2', ':::', '1', ''):
    packed = attempt(socket.inet_pton, socket.AF_INET6, text)
    print(packed if isinstance(packed, tuple) else socket.inet_ntop(socket.AF_INET6, packed))
print(attempt(socket.inet_ntop, socket.AF_INET6, b'123'))

with socket.create_server(('', 0), family=socket.AF_INET6, dualstack_ipv6=True) as both:
    port = both.getsockname()[1]
    for host in ('127.0.0.1', '::1'):
        with socket.create_connection((host, port)) as client:
            conn, peer = both.accept()
            print(peer[0], conn.getsockname()[0])
            conn.close()
with socket.create_server(('', 0), family=socket.AF_INET6) as six:
    print(attempt(socket.create_connection, ('127.0.0.1', six.getsockname()[1])))

async def talk():
    async def shout(reader, writer):
        writer.write((await reader.readline()).upper())
        writer.close()
    async with await asyncio.start_server(shout, '::1', 0) as server:
        reader, writer = await asyncio.open_connection('::1', server.sockets[0].getsockname()[1])
        writer.write(b'softly\\n')
        print(await reader.read(), writer.get_extra_info('peername')[0])
        writer.close()
asyncio.run(talk())

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].encode())
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
with Server(('::', 0), Page) as server:
    threading.Thread(target=server.serve_forever).start()
    print(urllib.request.urlopen(f'http://[::1]:{server.server_port}/').read())
    server.shutdown()
`;

const EXPECTED = `True True
10 1 0 ('::', 0, 0, 0) ('OSError', '[Errno 107] Transport endpoint is not connected')
::1 (0, 0) socket 10 True
(b'hello', None) ('OSError', '[Errno 98] Address already in use')
Own ::1 True
[(41, 50, '0000000000000000000000000000000101000000'), (41, 52, '40000000'), (41, 67, '20000000')]
['02000000', '20000000']
('OSError', '[Errno 22] Invalid argument')
b'second' 0
::ffff:127.0.0.1
10 2 True
('TypeError', 'sendto(): AF_INET6 address must be tuple, not str') ('TypeError', 'AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])') ('OverflowError', 'bind(): port must be 0-65535.')
('OverflowError', 'bind(): flowinfo must be 0-1048575.') ('gaierror', '[Errno -9] Address family for hostname not supported') ('TypeError', 'str, bytes or bytearray expected, not int')
('OSError', '[Errno 22] Invalid argument') ('OSError', 'address family mismatched')
80 [(10, 1, 6, '', ('::1', 80, 0, 0)), (10, 2, 17, '', ('::1', 80, 0, 0)), (10, 3, 0, '', ('::1', 80, 0, 0))]
http 0 0 6 [(2, 1, 6, '', ('127.0.0.1', 80))]
80 2 ('gaierror', '[Errno -9] Address family for hostname not supported')
80 10 ('gaierror', '[Errno -9] Address family for hostname not supported')
80 10 1 0 8 [(10, 1, 6, '', ('::ffff:127.0.0.1', 80, 0, 0))]
80 0 1 [(10, 1, 6, '', ('::1', 80, 0, 0)), (2, 1, 6, '', ('127.0.0.1', 80))]
80 0 1 0 1 [(2, 1, 6, '', ('0.0.0.0', 80)), (10, 1, 6, '', ('::', 80, 0, 0))]
80 0 1 [(10, 1, 6, '', ('fe80::1', 80, 0, 1))]
80 ('gaierror', '[Errno -2] Name or service not known')
None 0 2 [(2, 2, 17, '', ('127.0.0.1', 0))]
None ('gaierror', '[Errno -2] Name or service not known')
80 99 ('gaierror', '[Errno -6] ai_family not supported')
80 0 77 ('gaierror', '[Errno -7] ai_socktype not supported')
80 0 1 17 ('gaierror', '[Errno -7] ai_socktype not supported')
http 0 1 0 1024 ('gaierror', '[Errno -2] Name or service not known')
1 0 1 0 4 ('gaierror', '[Errno -2] Name or service not known')
('localhost', 'http') ('2001:db8::9', 'http')
('fe80::1%lo', '80') ('OSError', 'IPv4 sockaddr must be 2 tuple')
::
::1
::ffff:1.2.3.4
::1.2.3.4
1:2:3:4:5:6:7:0
fe80::1
('OSError', 'illegal IP address string passed to inet_pton')
('OSError', 'illegal IP address string passed to inet_pton')
('OSError', 'illegal IP address string passed to inet_pton')
('OSError', 'illegal IP address string passed to inet_pton')
('ValueError', 'invalid length of packed IP address string')
::ffff:127.0.0.1 ::ffff:127.0.0.1
::1 ::1
('ConnectionRefusedError', '[Errno 111] Connection refused')
b'SOFTLY\\n' ::1
b'::1'
`;

describe('Python on a machine', () => {
  it('has the sockets of AF_INET6 and the names of Linux', async () => {
    const { text, status } = await runAlone(PROGRAM);
    expect([status, text]).toEqual([0, EXPECTED]);
  });

  it.skipIf(!hasIpv6())('prints what this computer prints', () => {
    const folder = mkdtempSync(join(tmpdir(), 'netarium-ipv6-'));
    writeFileSync(join(folder, 'program.py'), PROGRAM);
    expect(execFileSync('python3', [join(folder, 'program.py')]).toString()).toBe(EXPECTED);
  });

  it('asks its machine for what a line of the program wants, and strace shows it', async () => {
    const { server, run, start, calls } = twoMachines();
    const program = start(
      server,
      `import socket
input()
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(('::1', 5000))
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
s.sendto(b'hi', ('::1', 5000))
s.recvfrom(10)
`,
    );
    await run();
    const strace = server.run(`strace -p ${program.pid}`);
    await run();
    program.terminal.enter('go');
    await run(() => strace.status !== null);
    const address =
      '{sa_family=AF_INET6, sin6_port=htons(5000), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}';
    const lines = strace.terminal.text.replaceAll('\r', '').split('\n');
    expect(lines).toContain(`bind(3, ${address}, 28) = 0`);
    expect(lines).toContain('setsockopt(3, SOL_IPV6, IPV6_RECVHOPLIMIT, [1], 4) = 0');
    expect(lines).toContain(`sendto(3, "hi", 2, 0, ${address}, 28) = 2`);
    expect(lines.find((line) => line.includes('recvfrom'))).toContain('3, ');
    const where = calls().flatMap(({ name, where }) =>
      where === undefined ? [] : [`${name} ${where.line}`],
    );
    expect(where).toEqual(expect.arrayContaining(['bind 4', 'setsockopt 5', 'sendto 6', 'recvfrom 7']));
  });

  it('sends and sees frames by sockets of AF_PACKET', async () => {
    const { server, client, run } = twoMachines();
    const start = (machine: typeof server, source: string) => {
      machine.files.put('/home/student/program.py', source);
      return machine.spawn(['python3', '/home/student/program.py'], { uid: 0, env: { NO_COLOR: '1' } });
    };
    const listener = start(
      server,
      `import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
print(s.family, s.getsockname())
s.bind(('eth0', 0x88b5))
print(s.getsockname()[:4], len(s.getsockname()[4]))
frame, (interface, protocol, kind, hardware, source) = s.recvfrom(2000)
print(frame[12:].rstrip(b'\\0'), interface, hex(protocol), kind == socket.PACKET_BROADCAST, hardware, source == frame[6:12])
try:
    s.bind(('eth7', 0))
except OSError as error:
    print(error)
`,
    );
    await run();
    const sender = start(
      client,
      `import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
s.sendto(b'a frame', ('eth0', 0x88b5, 0, 0, b'\\xff' * 6))
`,
    );
    await run();
    expect(sender.terminal.text).toBe('');
    expect(listener.terminal.text.replaceAll('\r', '')).toBe(`17 ('', 34997, 0, 0, b'')
('eth0', 34997, 0, 1) 6
b'\\x88\\xb5a frame' eth0 0x88b5 True 1 True
[Errno 19] No such device
`);
  });
});

/** Whether this computer has Python, and IPv6 on its loopback interface. */
function hasIpv6(): boolean {
  const check = 'import socket, sys; assert sys.version_info >= (3, 11); socket.socket(10).bind(("::1", 0))';
  try {
    execFileSync('python3', ['-c', check], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
